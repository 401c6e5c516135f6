"""The one screen: what its keys do. Whatever is opened stands in the place of the logs; the panels stay live."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual import events, on
from textual.timer import Timer
from textual.widget import Widget

from dhcptui.act.plan import Progress
from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.guards import Ruling
from dhcptui.engine.api import Console
from dhcptui.model.action import Action
from dhcptui.model.audit import AuditEntry
from dhcptui.model.commands import DISMISS
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.sentence import Sentence, in_keys
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.ui.acting import candidates, meant, rulings
from dhcptui.ui.keymap import bind
from dhcptui.ui.line import line, say
from dhcptui.ui.palette_items import offers
from dhcptui.ui.panes.prompt import Prompt
from dhcptui.ui.panes.server_panel import ServerPanel
from dhcptui.ui.render.help import help_text
from dhcptui.ui.render.keys import key_bar, key_list
from dhcptui.ui.screens.frame import Setup
from dhcptui.ui.screens.logs import LogScreen
from dhcptui.ui.screens.pages import Pages
from dhcptui.ui.screens.view_switcher import LOGS, READ, Over
from dhcptui.ui.style import MUTED, PLAIN, WARNING, Paragraph, text
from dhcptui.ui.terminal.driver import TerminalDriver
from dhcptui.ui.views.drill_menu import DrillMenu
from dhcptui.ui.views.log_view import LogView
from dhcptui.ui.views.menu import Entry
from dhcptui.ui.views.palette import Palette

ASKED_SECONDS = 15.0
"""For so long a second press says yes."""
LESS = {"line", "pause", "quit"}
"""Words in the key bar of a log that go first where there is little room."""


class LookScreen(LogScreen, Pages):
    """Everything there is to see."""

    def __init__(self, console: Console, setup: Setup) -> None:
        super().__init__(console, setup)
        bind(self, setup.commands, "screen", "drill", "page")
        self._run_timer: Timer | None = None

    def on_mount(self) -> None:
        """The first frame needs no network."""
        self.set_class(self._glyphs.ascii, "-ascii")
        for name in ("banner", "incident", "drill"):
            self.row(name).display = False
        self.rearrange()
        self.log_view(Role.PRIMARY).focus()
        self.refresh_view()
        self.set_interval(1.0, self.tick)

    # -- news from the engine, and time

    def receive(
        self, snapshot: PairSnapshot | None, progress: Progress | None, audit: Sequence[AuditEntry] = ()
    ) -> None:
        """Show what is new at once."""
        if not self.children:  # the console is being left
            return
        if audit:
            self.command_log.add(audit)
        if progress is not None:
            self.prompt.progress(progress)
        if snapshot is not None:
            self.snapshot = snapshot
            self.refresh_view()
        self._pace(self.prompt.busy)

    def tick(self) -> None:
        """A second has passed: ages and countdowns go on, the clock may show a new minute."""
        if self.children:
            self.refresh_view()

    def refresh_view(self) -> None:
        """Everything, and the keys."""
        super().refresh_view()
        if self._over is Over.PALETTE:
            self.palette.offer(self._offered())
        self.show_keys()

    def show_keys(self) -> None:
        """What every key does now, and why a refused one does not."""
        row, key = self.row("keys"), self._commands.key
        back, scroll = (key("look.back"), "back"), ("PgUp PgDn", "scroll")
        if self._asking_only and self._finding:
            row.show(line(key_list([("enter", "show only these"), back])))
        elif self._finding:
            other = (key("look.next-pane"), "other log")
            row.show(line(key_list([("enter up", "older"), ("down", "newer"), other, scroll, back])))
        elif self._over in LOGS or self._explaining:
            keys = self._line_keys(back)
            row.show(line(key_list(keys), key_list([each for each in keys if each[1] not in LESS]), key_list(keys[:5])))
        elif self._over in {Over.PALETTE, Over.DRILLS}:
            what = "run" if self._over is Over.PALETTE else "begin"
            row.show(line(key_list([("up down", "choose"), ("enter", what), back])))
        elif (page := self.page_keys()) is not None:
            row.show(line(key_list([back, *page])))
        elif self._over in READ:
            row.show(line(key_list([back, ("q", "back"), scroll])))
        elif self.prompt.is_open:
            row.show(line(self.prompt.keys()))
        else:
            row.show(line(key_bar(self._commands.all, self._rulings(), self._glyphs, row.content_size.width)))

    def _line_keys(self, back: tuple[str, str]) -> list[tuple[str, str]]:
        """The keys of a log that fills the place below the panels, or of an explained line."""
        key = self._commands.key
        explain = (key("look.explain"), "no more" if self._explaining else "explain")
        problem = (f"{key('look.next-problem')} {key('look.previous-problem')}", "problem")
        more = [] if self._explaining else [(key("look.find"), "find")]
        more += [(key("look.pause"), "pause"), (key("look.filter"), "filter")] if self._over is not Over.AUDIT else []
        return [back, ("up down", "line"), explain, problem, (key("look.copy"), "copy"), *more, (key("quit"), "quit")]

    def _rulings(self) -> dict[Action, Ruling]:
        if self.read_only:
            return {}
        return rulings(
            assess_pair(self.snapshot, self._clock()), looking_at=self._server, sync_from=self.setup.sync_from
        )

    def _pace(self, running: bool) -> None:
        """Tenths of seconds count only while an action runs."""
        if running and self._run_timer is None:
            self._run_timer = self.set_interval(0.25, self.prompt.tick)
        elif not running and self._run_timer is not None:
            self._run_timer.stop()
            self._run_timer = None

    # -- what stands where

    def action_audit(self) -> None:
        """Show the command log, or what it hides."""
        self.toggle(Over.AUDIT)

    def action_help(self) -> None:
        """Show the help, or what it hides."""
        words = help_text(self._commands, self._glyphs, self.setup.place)
        self.toggle(Over.HELP, lambda: self.reading.open("help", words))

    def action_palette(self) -> None:
        """Show the palette, or what it hides."""
        self.toggle(Over.PALETTE, lambda: self.palette.open(self._offered()))

    def _offered(self) -> list[Entry]:
        return offers(self._commands, self._rulings(), self._refused)

    def _refused(self, name: str) -> str:
        """Why a command does nothing at the moment; empty: it may run."""
        return self._commands.handler(name).refused(self)

    async def action_command(self, name: str) -> None:
        """Run a command of the table, or say why it does nothing now."""
        if not (why := self._refused(name)):
            await self._commands.handler(name).run(self)
        elif not self.prompt.is_open:  # else the prompt says it
            self.note(say((why, MUTED)))

    @on(Palette.Chosen)
    async def _command_chosen(self, event: Palette.Chosen) -> None:
        self.show_over(Over.NOTHING)
        await self.action_command(event.name)

    def action_theme(self, name: str) -> None:
        """Other colours."""
        self.app.theme = name

    def action_redraw(self) -> None:
        """Write every cell again: a broadcast message, or another program, may stand on the terminal."""
        driver = self.app._driver
        if isinstance(driver, TerminalDriver):
            driver.redraw()

    # -- panes

    def _panes(self) -> list[Widget]:
        return [*(self.log_view(role) for role in Role), *self.query(ServerPanel)]

    def action_pane(self, step: int) -> None:
        """Go to the next (1) or previous (-1) pane; while finding, to the other log."""
        if self._over is not Over.NOTHING or self.prompt.is_open:
            return
        if self._finding:
            self._server = self._server.other
            self.rearrange()
            self._tell_found()
            return
        panes = self._panes()
        at = panes.index(self.focused) if self.focused in panes else -1
        pane = panes[(at + step) % len(panes)]
        self._server = pane.role if isinstance(pane, (ServerPanel, LogView)) else self._server
        self.rearrange()
        pane.focus()
        self.explain_here()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Remember which server is looked at."""
        if isinstance(event.widget, (ServerPanel, LogView)):
            self._server = event.widget.role

    def action_back(self) -> None:
        """Leave what was opened last: the search, what stands over the logs, the prompt."""
        if self._finding or self._explaining:
            self.show_over(self._over)
        elif self._over is not Over.NOTHING:
            self.show_over(Over.NOTHING)
        elif self.prompt.is_open:
            self.prompt.leave()

    async def action_close(self) -> None:
        """`q` while something is read: only that is left. A second `q` of the same moment finds it closed, and quits."""
        if self._over in READ:
            self.show_over(Over.NOTHING)
        else:
            await self.action_leave()

    async def action_leave(self) -> None:
        """Quit; asks twice while an action runs, in the prompt."""
        if self._over is not Over.NOTHING and self.prompt.busy:
            self.show_over(Over.NOTHING)
        await self.app.run_action("app.quit")

    @on(Prompt.Moved)
    def _prompt_moved(self) -> None:
        if not self.prompt.is_open and self._over is Over.NOTHING and not self._finding:
            self.rearrange()
            self.log_view(self._server).focus()
        self.show_keys()
        self._pace(self.prompt.busy)

    # -- drills

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key means anything before every view has its place."""
        return self.is_whole

    def no_drill(self) -> str:
        """Why there is no drill to speak of; empty: there is one."""
        drills = self.setup.drills
        return "" if drills and drills.state() else "There is no drill."

    def action_drills(self) -> None:
        """Show the drills, or what they hide."""
        if drills := self.setup.drills:
            self.toggle(Over.DRILLS, lambda: self.view(DrillMenu).open(drills.list()))

    @on(DrillMenu.Chosen)
    def _drill_chosen(self, event: DrillMenu.Chosen) -> None:
        if drills := self.setup.drills:
            self.show_over(Over.NOTHING)
            drills.begin(event.name)
            self.refresh_view()

    def action_drill_explain(self) -> None:
        """Say what the drill did."""
        if drills := self.setup.drills:
            self.toggle(Over.EXPLANATION, lambda: self._read("what happened", [drills.explain()]))

    def action_drill_review(self) -> None:
        """End the drill, if it still runs, and show how it went."""
        drills = self.setup.drills
        if drills is None:
            return
        if drills.running():
            drills.end()
        self.toggle(
            Over.REVIEW, lambda: self._read("review", drills.review() or [("There is nothing to review yet.",)])
        )
        self.refresh_view()

    def _read(self, title: str, lines: Sequence[Sentence]) -> None:
        said = [clean(in_keys(each, self._commands.acting_key)) for each in lines]
        self.reading.open(title, [Paragraph(text(words), 2, 2) for words in said])


class ActScreen(LookScreen):
    """The same, with what the acting keys do. In read-only mode those keys do not exist at all."""

    read_only = False

    def __init__(self, console: Console, setup: Setup) -> None:
        super().__init__(console, setup)
        self._asked = ("", 0.0)
        """The interrupted run that was asked about, and until when (monotonic seconds) the answer counts."""

    def busy(self) -> str:
        """Why no action can begin; empty: one can."""
        return "an action is under way" if self.prompt.busy else ""

    def no_interrupted_run(self) -> str:
        """Why there is nothing to dismiss; empty: there is."""
        return "" if self._engine.interrupted() else "There is no interrupted run."

    def action_act(self, wanted: Action) -> None:
        """Open the prompt of an action."""
        prompt = self.prompt
        pair = assess_pair(self.snapshot, self._clock())
        action = meant(wanted, pair)
        roles = candidates(action, pair, looking_at=self._server, sync_from=self.setup.sync_from)
        self.leave_line()
        self._over = Over.NOTHING
        prompt.open(action, roles)
        self.rearrange()
        prompt.take_focus()

    def action_dealt_with(self) -> None:
        """Say that the interrupted run has been dealt with; asked twice, since nobody is told of it afterwards."""
        run, asked, now = self._engine.interrupted(), self._asked, self._clock().mono
        self._asked = ("", 0.0)
        if run is None:
            return
        if asked[0] == run.run and now < asked[1]:
            self.run_worker(self._dismiss_run(), exclusive=True)
        else:
            self._asked = (run.run, now + ASKED_SECONDS)
            key = self._commands.key(DISMISS) or "the same command"
            what = f"{run.action} on {run.acting} ({run.by}) stopped after step {run.step} of {run.steps}."
            self.note(say((f"{what} ", WARNING), f"Dealt with? {key} again says so, in the audit log too."))

    async def _dismiss_run(self) -> None:
        answer = await asyncio.wrap_future(self._engine.dismiss_interrupted())
        self.note(say((clean(answer.text), PLAIN if answer.done else WARNING)))
        self.refresh_view()
