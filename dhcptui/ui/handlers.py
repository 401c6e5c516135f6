"""What each command does: one row for each command of `model.commands`, or nothing of the ui can be imported.

A row is the node whose keys it belongs to, the method that runs, and why it would do nothing at the moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dhcptui.model.action import Action
from dhcptui.model.commands import COMMANDS, DISMISS, THEMES
from dhcptui.ui.keymap import Handler, complete, on
from dhcptui.ui.panes.log_pane import LogPane
from dhcptui.ui.panes.prompt import Prompt
from dhcptui.ui.screens.main import ActScreen, LookScreen
from dhcptui.ui.screens.view_switcher import Over


def _act(action: Action) -> Handler:
    return on(ActScreen, lambda screen: screen.action_act(action), ActScreen.busy)


def _page(over: Over) -> Handler:
    return on(LookScreen, lambda screen: screen.action_page(over))


def _theme(name: str) -> Handler:
    return on(LookScreen, lambda screen: screen.action_theme(name))


HANDLERS: Final[Mapping[str, Handler]] = complete(
    {
        "act.sync-restart": _act(Action.SYNC_RESTART),
        "act.partner-down": _act(Action.PARTNER_DOWN),
        "act.shutdown": _act(Action.SHUTDOWN),
        "act.hand-over": _act(Action.HAND_OVER),
        "act.start": _act(Action.START),
        "act.rescue": _act(Action.RESCUE),
        DISMISS: on(ActScreen, ActScreen.action_dealt_with, ActScreen.no_interrupted_run),
        "drill.menu": on(LookScreen, LookScreen.action_drills),
        "drill.explain": on(LookScreen, LookScreen.action_drill_explain, LookScreen.no_drill),
        "drill.review": on(LookScreen, LookScreen.action_drill_review, LookScreen.no_drill),
        "look.next-pane": on(LookScreen, lambda screen: screen.action_pane(1)),
        "look.previous-pane": on(LookScreen, lambda screen: screen.action_pane(-1)),
        "look.pause": on(LookScreen, LookScreen.action_pause),
        "look.audit": on(LookScreen, LookScreen.action_audit),
        "look.find": on(LookScreen, LookScreen.action_find),
        "look.filter": on(LookScreen, LookScreen.action_filter),
        "look.only": on(LookScreen, LookScreen.action_only),
        "look.others": on(LookScreen, LookScreen.action_others),
        "look.next-problem": on(LookScreen, lambda screen: screen.action_problem(1)),
        "look.previous-problem": on(LookScreen, lambda screen: screen.action_problem(-1)),
        "look.explain": on(LookScreen, LookScreen.action_explain),
        "look.copy": on(LookScreen, LookScreen.action_copy),
        "look.merged": on(LookScreen, LookScreen.action_merged),
        "look.timeline": on(LookScreen, LookScreen.action_timeline),
        "look.incident": on(LookScreen, LookScreen.action_incident),
        "look.network": _page(Over.NETWORK),
        "look.pools": _page(Over.POOLS),
        "look.lease": on(LookScreen, LookScreen.action_lease),
        "look.configuration": _page(Over.CONFIGURATION),
        "look.redraw": on(LookScreen, LookScreen.action_redraw),
        "look.palette": on(LookScreen, LookScreen.action_palette),
        "look.help": on(LookScreen, LookScreen.action_help),
        "look.back": on(LookScreen, LookScreen.action_back),
        **{f"theme.{name}": _theme(name) for name in THEMES},
        "quit": on(LookScreen, LookScreen.action_leave),
        "log.up": on(LogPane, lambda pane: pane.action_rows(-1)),
        "log.down": on(LogPane, lambda pane: pane.action_rows(1)),
        "log.page-up": on(LogPane, lambda pane: pane.action_pages(-1)),
        "log.page-down": on(LogPane, lambda pane: pane.action_pages(1)),
        # Not the method itself: a log with a cursor has its own.
        "log.head": on(LogPane, lambda pane: pane.action_head()),
        "log.tail": on(LogPane, lambda pane: pane.action_tail()),
        "log.left": on(LogPane, lambda pane: pane.action_shift(-1)),
        "log.right": on(LogPane, lambda pane: pane.action_shift(1)),
        "page.again": on(LookScreen, LookScreen.action_again),
        "prompt.copy": on(Prompt, Prompt.action_copy),
    },
    COMMANDS,
)
