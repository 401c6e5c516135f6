"""The one screen: what its keys do. Whatever is opened stands in the place of the logs; the panels stay live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from textual import events, on
from textual.timer import Timer
from textual.widget import Widget

from dhcptui.engine.api import Console
from dhcptui.model.audit import AuditEntry
from dhcptui.model.guards import Action, Ruling
from dhcptui.model.plan import Progress
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import PairSnapshot, Role
from dhcptui.ui.acting import candidates, meant, rulings
from dhcptui.ui.commands import bind
from dhcptui.ui.line import line
from dhcptui.ui.look import Paragraph, text
from dhcptui.ui.offer import offers
from dhcptui.ui.paint.help import help_text
from dhcptui.ui.paint.keys import key_bar, key_list
from dhcptui.ui.screens.frame import Frame, Setup
from dhcptui.ui.widgets.drill_menu import DrillMenu
from dhcptui.ui.widgets.find_bar import FindBar
from dhcptui.ui.widgets.finding_pane import FindingPane
from dhcptui.ui.widgets.log_view import LogView
from dhcptui.ui.widgets.menu import Entry
from dhcptui.ui.widgets.palette import Palette
from dhcptui.ui.widgets.prompt import Prompt
from dhcptui.ui.widgets.server_panel import ServerPanel


class Over(Enum):
    """What stands where the logs or the prompt would."""

    NOTHING = "nothing"
    AUDIT = "audit"
    HELP = "help"
    PALETTE = "palette"
    DRILLS = "drills"
    EXPLANATION = "explanation"
    REVIEW = "review"


READ = {Over.HELP, Over.EXPLANATION, Over.REVIEW}


class LookScreen(Frame):
    """Everything there is to see."""

    def __init__(self, console: Console, setup: Setup) -> None:
        super().__init__(console, setup)
        bind(self, setup.commands.where("screen", "drill"))
        self._server = Role.PRIMARY
        """The server whose pane had the focus last."""
        self._run_timer: Timer | None = None
        self._over = Over.NOTHING
        self._finding = False

    def on_mount(self) -> None:
        """The first frame needs no network."""
        self.set_class(self._glyphs.ascii, "-ascii")
        self.row("banner").display = self.row("drill").display = False
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

    def logs_grew(self) -> None:
        """Lines have come: what is looked for may stand in them."""
        if self._finding:
            self._tell_found()

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
        back, leave, scroll = (key("look.back"), "back"), (key("quit"), "quit"), ("PgUp PgDn", "scroll")
        if self._finding:
            other = (key("look.next-pane"), "other log")
            row.show(line(key_list([("enter up", "older"), ("down", "newer"), other, scroll, back])))
        elif self._over is Over.AUDIT:
            row.show(line(key_list([(key("look.audit"), "back"), back, scroll, leave])))
        elif self._over in {Over.PALETTE, Over.DRILLS}:
            what = "run" if self._over is Over.PALETTE else "begin"
            row.show(line(key_list([("up down", "choose"), ("enter", what), back])))
        elif self._over in READ:
            row.show(line(key_list([back, ("q", "back"), scroll])))
        elif self.prompt.is_open:
            row.show(line(self.prompt.keys()))
        else:
            row.show(line(key_bar(self._commands.all, self._rulings(), self._glyphs, row.content_size.width)))

    def _rulings(self) -> dict[Action, Ruling]:
        if self.read_only:
            return {}
        return rulings(self.snapshot, self._clock(), looking_at=self._server, sync_from=self.setup.sync_from)

    def _pace(self, running: bool) -> None:
        """Tenths of seconds count only while an action runs."""
        if running and self._run_timer is None:
            self._run_timer = self.set_interval(0.25, self.prompt.tick)
        elif not running and self._run_timer is not None:
            self._run_timer.stop()
            self._run_timer = None

    # -- what stands where

    def _overs(self) -> dict[Over, Widget]:
        drills = self.query_one(DrillMenu)
        return {
            Over.AUDIT: self.command_log, Over.PALETTE: self.palette, Over.DRILLS: drills,
            **dict.fromkeys(READ, self.reading),
        }  # fmt: skip

    def rearrange(self) -> None:
        """One log at a time where there is no room for two; what is open takes the place of logs and advice."""
        shown = self._overs().get(self._over)
        for widget in set(self._overs().values()):
            widget.display = widget is shown
        prompting = self.prompt.is_open and shown is None
        self.prompt.display = prompting
        self.query_one("#logs").display = not prompting and shown is None
        self.query_one(FindBar).display = self._finding
        self.row("what-now").display = not prompting and not self._finding
        for role in Role:
            self.log_view(role).display = not self.is_compact or role is self._server

    def _show(self, over: Over) -> None:
        """Open one of them, or lead back to what it hides; nothing in a prompt is lost."""
        self._end_find()
        self._over = over
        self.rearrange()
        if over is Over.AUDIT:
            self.command_log.focus()
        elif over is Over.NOTHING:
            self._focus_below()
        self.show_keys()

    def _focus_below(self) -> None:
        if self.prompt.is_open:
            self.prompt.take_focus()
        else:
            self.log_view(self._server).focus()

    def _toggle(self, over: Over, fill: Callable[[], None] | None = None) -> None:
        if self._over is over:
            self._show(Over.NOTHING)
        else:
            self._show(over)
            if fill is not None:
                fill()

    def action_audit(self) -> None:
        """Show the command log, or what it hides."""
        self._toggle(Over.AUDIT)

    def action_help(self) -> None:
        """Show the help, or what it hides."""
        words = help_text(self._commands, self._glyphs, self.setup.place)
        self._toggle(Over.HELP, lambda: self.reading.open("help", words))

    def action_palette(self) -> None:
        """Show the palette, or what it hides."""
        self._toggle(Over.PALETTE, lambda: self.palette.open(self._offered()))

    def _offered(self) -> list[Entry]:
        drill = self.setup.drills is not None and bool(self.setup.drills.state())
        return offers(self._commands, self._rulings(), busy=self.prompt.busy, drill=drill)

    @on(Palette.Chosen)
    async def _command_chosen(self, event: Palette.Chosen) -> None:
        command = next(each for each in self._commands if each.name == event.name)
        self._show(Over.NOTHING)
        await self.run_action(command.target)

    def action_theme(self, name: str) -> None:
        """Other colours."""
        self.app.theme = name

    # -- finding

    def _searched(self) -> list[FindingPane]:
        """The logs in which text can be looked for now, the one looked at first."""
        if self._over is Over.AUDIT:
            return [self.command_log]
        return [self.log_view(self._server), self.log_view(self._server.other)]

    def action_find(self) -> None:
        """Look for text in what stands there, if it is a log."""
        if self._finding or self._over not in {Over.NOTHING, Over.AUDIT}:
            return
        if self.prompt.is_open and self._over is Over.NOTHING:
            return
        self._finding = True
        self.rearrange()
        self.query_one(FindBar).open()
        self._look_for()
        self.show_keys()

    @on(FindBar.Changed)
    def _look_for(self) -> None:
        if self._finding:
            words = self.query_one(FindBar).words
            for pane in self._searched():
                pane.look_for(words)
            self._tell_found()

    @on(FindBar.Stepped)
    def _step_found(self, event: FindBar.Stepped) -> None:
        self._searched()[0].step_hit(event.step)
        self._tell_found()

    @on(FindBar.Paged)
    def _page_found(self, event: FindBar.Paged) -> None:
        self._searched()[0].action_pages(event.pages)

    def _tell_found(self) -> None:
        here, *others = self._searched()
        counts = tuple((pane.caption, pane.place[1]) for pane in others)
        self.query_one(FindBar).tell(here.caption, here.place, counts)

    def _end_find(self) -> None:
        if self._finding:
            self._finding = False
            for pane in (*(self.log_view(role) for role in Role), self.command_log):
                pane.look_for("")

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

    def action_pause(self) -> None:
        """Hold both logs still, or follow again."""
        hold = not self.log_view(Role.PRIMARY).paused
        for role in Role:
            self.log_view(role).hold(hold)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Remember which server is looked at."""
        if isinstance(event.widget, (ServerPanel, LogView)):
            self._server = event.widget.role

    def action_back(self) -> None:
        """Leave what was opened last: the search, what stands over the logs, the prompt."""
        if self._finding:
            self._show(self._over)
        elif self._over is not Over.NOTHING:
            self._show(Over.NOTHING)
        elif self.prompt.is_open:
            self.prompt.leave()

    async def action_close(self) -> None:
        """`q` while something is read: only that is left. A second `q` of the same moment finds it closed, and quits."""
        if self._over in READ:
            self._show(Over.NOTHING)
        else:
            await self.action_leave()

    async def action_leave(self) -> None:
        """Quit; asks twice while an action runs, in the prompt."""
        if self._over is not Over.NOTHING and self.prompt.busy:
            self._show(Over.NOTHING)
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
        """The drills' keys exist on a practice pair only, and two of them only while there is a drill to speak of."""
        drills = self.setup.drills
        if action == "drills":
            return drills is not None
        if action in {"drill_explain", "drill_review"}:
            return drills is not None and bool(drills.state())
        return True

    def action_drills(self) -> None:
        """Show the drills, or what they hide."""
        if drills := self.setup.drills:
            self._toggle(Over.DRILLS, lambda: self.query_one(DrillMenu).open(drills.list()))

    @on(DrillMenu.Chosen)
    def _drill_chosen(self, event: DrillMenu.Chosen) -> None:
        if drills := self.setup.drills:
            self._show(Over.NOTHING)
            drills.begin(event.name)
            self.refresh_view()

    def action_drill_explain(self) -> None:
        """Say what the drill did."""
        if drills := self.setup.drills:
            self._toggle(Over.EXPLANATION, lambda: self._read("what happened", [drills.explain()]))

    def action_drill_review(self) -> None:
        """End the drill, if it still runs, and show how it went."""
        drills = self.setup.drills
        if drills is None:
            return
        if drills.running():
            drills.end()
        self._toggle(Over.REVIEW, lambda: self._read("review", drills.review() or ["There is nothing to review yet."]))
        self.refresh_view()

    def _read(self, title: str, lines: Sequence[str]) -> None:
        self.reading.open(title, [Paragraph(text(clean(words)), 2, 2) for words in lines])


class ActScreen(LookScreen):
    """The same, with what the acting keys do. In read-only mode those keys do not exist at all."""

    read_only = False

    def action_act(self, word: str) -> None:
        """Open the prompt of an action."""
        prompt = self.prompt
        if prompt.busy:
            return
        now = self._clock()
        action = meant(Action(word), self.snapshot, now)
        roles = candidates(action, self.snapshot, now, looking_at=self._server, sync_from=self.setup.sync_from)
        self._end_find()
        self._over = Over.NOTHING
        prompt.open(action, roles)
        self.rearrange()
        prompt.take_focus()
