"""What each command does: one row for each command of `model.commands`, or nothing of the ui can be imported.

A row is the node whose keys it belongs to, the method that runs, and why it would do nothing at the moment.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from dhcptui.model.action import Action
from dhcptui.model.commands import BOTH, BY_NAME, COMMANDS, DISMISS, THEMES
from dhcptui.ui.keymap import Handler, complete, on
from dhcptui.ui.panes.log_pane import LogPane
from dhcptui.ui.panes.prompt import Prompt
from dhcptui.ui.screens.fleet import FleetScreen
from dhcptui.ui.screens.main import MainScreen
from dhcptui.ui.views.catalogue import VIEWS
from dhcptui.ui.views.view import View


def _act(action: Action) -> Handler:
    return on(MainScreen, lambda screen: screen.actions.act(action), lambda screen: screen.actions.busy())


def _view(kind: type[View]) -> Handler:
    return on(MainScreen, lambda screen: screen.views.toggle(kind), lambda screen: screen.views[kind].refused())


def _fleet(call: Callable[[FleetScreen], Awaitable[None] | None]) -> Handler:
    return on(FleetScreen, call)


def _theme(name: str) -> Handler:
    return on(MainScreen, lambda screen: screen.use_theme(name))


HANDLERS: Final[Mapping[str, Handler]] = complete(
    {
        "act.sync-restart": _act(Action.SYNC_RESTART),
        "act.partner-down": _act(Action.PARTNER_DOWN),
        "act.shutdown": _act(Action.SHUTDOWN),
        "act.hand-over": _act(Action.HAND_OVER),
        "act.start": _act(Action.START),
        "act.rescue": _act(Action.RESCUE),
        DISMISS: on(
            MainScreen, lambda screen: screen.actions.dealt_with(), lambda screen: screen.actions.no_interrupted_run()
        ),
        **{kind.command: _view(kind) for kind in VIEWS},
        "look.next-pane": on(MainScreen, lambda screen: screen.step_pane(1)),
        "look.previous-pane": on(MainScreen, lambda screen: screen.step_pane(-1)),
        "look.pause": on(MainScreen, lambda screen: screen.logs.pause()),
        "look.find": on(MainScreen, lambda screen: screen.logs.find()),
        "look.filter": on(MainScreen, lambda screen: screen.logs.filter()),
        "look.only": on(MainScreen, lambda screen: screen.logs.only()),
        "look.others": on(MainScreen, lambda screen: screen.logs.others()),
        "look.next-problem": on(MainScreen, lambda screen: screen.logs.problem(1)),
        "look.previous-problem": on(MainScreen, lambda screen: screen.logs.problem(-1)),
        "look.explain": on(MainScreen, lambda screen: screen.logs.explain()),
        "look.copy": on(MainScreen, lambda screen: screen.logs.copy()),
        "look.redraw": on(MainScreen, MainScreen.redraw),
        "look.back": on(MainScreen, MainScreen.go_back),
        **{f"theme.{name}": _theme(name) for name in THEMES},
        "quit": on(MainScreen, MainScreen.action_leave),
        "log.up": on(LogPane, lambda pane: pane.action_rows(-1)),
        "log.down": on(LogPane, lambda pane: pane.action_rows(1)),
        "log.page-up": on(LogPane, lambda pane: pane.action_pages(-1)),
        "log.page-down": on(LogPane, lambda pane: pane.action_pages(1)),
        # Not the method itself: a log with a cursor has its own.
        "log.head": on(LogPane, lambda pane: pane.action_head()),
        "log.tail": on(LogPane, lambda pane: pane.action_tail()),
        "log.left": on(LogPane, lambda pane: pane.action_shift(-1)),
        "log.right": on(LogPane, lambda pane: pane.action_shift(1)),
        "page.again": on(MainScreen, MainScreen.look_again),
        "prompt.copy": on(Prompt, Prompt.action_copy),
        "pair.previous": on(MainScreen, lambda screen: screen.step_pair(-1)),
        "pair.next": on(MainScreen, lambda screen: screen.step_pair(1)),
        "fleet.up": _fleet(lambda screen: screen.table.move(-1)),
        "fleet.down": _fleet(lambda screen: screen.table.move(1)),
        "fleet.page-up": _fleet(lambda screen: screen.table.page(-1)),
        "fleet.page-down": _fleet(lambda screen: screen.table.page(1)),
        "fleet.first": _fleet(lambda screen: screen.table.to(end=False)),
        "fleet.last": _fleet(lambda screen: screen.table.to(end=True)),
        "fleet.open": _fleet(FleetScreen.open_chosen),
        "fleet.filter": _fleet(FleetScreen.filter),
        "fleet.problems": _fleet(FleetScreen.only_problems),
        "fleet.sort": _fleet(FleetScreen.sort),
        "fleet.mark": _fleet(FleetScreen.mark),
    },
    COMMANDS,
)


def _fleet_theme(name: str) -> Handler:
    return _fleet(lambda screen: screen.use_theme(name))


FLEET_HANDLERS: Final[Mapping[str, Handler]] = {
    **HANDLERS,
    **complete(
        {
            "look.redraw": _fleet(FleetScreen.redraw),
            "look.palette": _fleet(FleetScreen.toggle_palette),
            "look.help": _fleet(FleetScreen.toggle_help),
            "look.back": _fleet(FleetScreen.go_back),
            "quit": _fleet(FleetScreen.leave),
            **{f"theme.{name}": _fleet_theme(name) for name in THEMES},
        },
        [BY_NAME[name] for name in BOTH],
    ),
}
"""The same in the fleet, where some commands of a pair's console are there too."""
