"""The one screen: header, both servers, what counts down, both logs or the prompt, what now, keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from dhcptui.engine.api import Console
from dhcptui.model.audit import AuditEntry
from dhcptui.model.guards import Action
from dhcptui.model.plan import Progress
from dhcptui.model.snapshot import Moment, PairSnapshot, Role
from dhcptui.model.verdict import Verdict, derive
from dhcptui.ui.acting import candidates, meant, rulings
from dhcptui.ui.commands import ACTING, LOOKING, available
from dhcptui.ui.line import BLANK, line, say
from dhcptui.ui.look import ACCENT, Glyphs
from dhcptui.ui.paint.banner import banners
from dhcptui.ui.paint.countdown import countdowns
from dhcptui.ui.paint.header import compact as compact_header
from dhcptui.ui.paint.header import header, title
from dhcptui.ui.paint.keys import key_bar, key_list
from dhcptui.ui.widgets.command_log import CommandLog
from dhcptui.ui.widgets.log_view import LogView
from dhcptui.ui.widgets.prompt import Prompt
from dhcptui.ui.widgets.row import Row
from dhcptui.ui.widgets.server_panel import ServerPanel, rows_for

COMPACT_COLUMNS, COMPACT_ROWS = 100, 30


class LookScreen(Screen[None]):
    """Everything there is to see. It derives the verdict from the newest snapshot and holds no truth of its own."""

    BINDINGS: ClassVar[list[BindingType]] = [command.binding() for command in LOOKING]
    read_only = True

    def __init__(
        self,
        console: Console,
        *,
        label: str,
        clock: Callable[[], Moment],
        glyphs: Glyphs,
        tell_title: Callable[[str], None],
        sync_from: Role = Role.PRIMARY,
    ) -> None:
        super().__init__()
        self._engine, self.label, self._clock, self._glyphs = console, label, clock, glyphs
        self._tell_title, self._sync_from = tell_title, sync_from
        self.snapshot: PairSnapshot = console.snapshot()
        self.verdict: Verdict = derive(self.snapshot, clock())
        self.is_compact = False
        self._panel_rows = 0
        self._server = Role.PRIMARY
        """The server whose pane had the focus last."""
        self._run_timer: Timer | None = None
        self._auditing = False
        """The command log stands where the logs or the prompt would."""

    def compose(self) -> ComposeResult:
        """Fixed rows above and below, panels and logs between."""
        glyphs = self._glyphs
        yield Row(glyphs=glyphs, id="header")
        yield Row(glyphs=glyphs, id="headline")
        with Horizontal(id="panels"):
            for role in Role:
                yield ServerPanel(role, glyphs=glyphs)
        yield Row(glyphs=glyphs, id="countdown")
        with Horizontal(id="logs"):
            for role in Role:
                yield LogView(role, self.snapshot[role].name, self.snapshot.peer, ascii_only=glyphs.ascii)
        yield CommandLog(glyphs=glyphs)
        yield Prompt(self._engine, self._clock, glyphs=glyphs)
        yield Row(glyphs=glyphs, id="banner")
        yield Row(glyphs=glyphs, wraps=True, id="what-now")
        yield Row(glyphs=glyphs, id="keys")

    def on_mount(self) -> None:
        """The first frame needs no network."""
        self.set_class(self._glyphs.ascii, "-ascii")
        for widget in (self.prompt, self.command_log, self._row("banner")):
            widget.display = False
        self.log_view(Role.PRIMARY).focus()
        self.refresh_view()
        self.set_interval(1.0, self.tick)

    def on_resize(self, event: events.Resize) -> None:
        """Compact below 100 columns or 30 rows."""
        self.is_compact = event.size.width < COMPACT_COLUMNS or event.size.height < COMPACT_ROWS
        self.set_class(self.is_compact, "-compact")
        self._arrange()
        self.call_after_refresh(self.refresh_view)

    # -- news from the engine, and time

    def receive(
        self, snapshot: PairSnapshot | None, progress: Progress | None, audit: Sequence[AuditEntry] = ()
    ) -> None:
        """Show what is new at once."""
        prompt = self.prompt
        if audit:
            self.command_log.add(audit)
        if progress is not None:
            prompt.progress(progress)
        if snapshot is not None:
            self.snapshot = snapshot
            self.refresh_view()
        self._pace(prompt.busy)

    def tick(self) -> None:
        """A second has passed: ages and countdowns go on, the clock may show a new minute."""
        self.refresh_view()

    def refresh_view(self) -> None:
        """Derive the verdict anew and show what differs."""
        now, glyphs = self._clock(), self._glyphs
        self.verdict = verdict = derive(self.snapshot, now)
        if self.is_compact:
            first, second = compact_header(
                self.snapshot, verdict, now, read_only=self.read_only, glyphs=glyphs, width=self.size.width - 2
            )
            self._row("header").show(first)
            self._row("headline").show(second)
        else:
            self._row("header").show(header(self.snapshot, verdict, now, read_only=self.read_only, glyphs=glyphs))
        rows = rows_for(self.snapshot, self.size.height, compact=self.is_compact)
        if rows != self._panel_rows:  # a layout, so only when pools came or went
            self._panel_rows = rows
            self.query_one("#panels").styles.height = rows + 2
        for panel in self.query(ServerPanel):
            panel.show(verdict[panel.role], verdict[panel.role.other], now, rows=rows, compact=self.is_compact)
        for role in Role:
            self.log_view(role).tell(self.snapshot[role].log)
        self._show_waits(verdict, now)
        self._row("what-now").show(say(("What now: ", ACCENT), verdict.advice))
        self.prompt.reconsider()
        self._show_keys(now)
        self._tell_title(title(self.label, verdict))

    def _show_waits(self, verdict: Verdict, now: Moment) -> None:
        """Countdowns, and what every console must say; that gets a row of its own only where something counts down."""
        interrupted = self._engine.interrupted()
        self.command_log.recall(interrupted)
        waits = countdowns(verdict, self._glyphs)
        said = banners(self.snapshot, interrupted, now, self._glyphs, acting=self.prompt.busy)
        self._row("countdown").show(said if waits is BLANK else waits)
        banner, own = self._row("banner"), waits is not BLANK and said is not BLANK
        if banner.display != own:
            banner.display = own
        if own:
            banner.show(said)

    def _show_keys(self, now: Moment) -> None:
        """What every key does now, and why a refused one does not."""
        row, prompt = self._row("keys"), self.prompt
        if self._auditing:
            row.show(line(key_list([("a", "back"), ("esc", "back"), ("PgUp PgDn", "scroll"), ("q", "quit")])))
            return
        if prompt.is_open:
            row.show(line(prompt.keys()))
            return
        refused = (
            {} if self.read_only else rulings(self.snapshot, now, looking_at=self._server, sync_from=self._sync_from)
        )
        row.show(line(key_bar(available(self.read_only), refused, self._glyphs, row.content_size.width)))

    def _pace(self, running: bool) -> None:
        """Tenths of seconds count only while an action runs."""
        if running and self._run_timer is None:
            self._run_timer = self.set_interval(0.25, self.prompt.tick)
        elif not running and self._run_timer is not None:
            self._run_timer.stop()
            self._run_timer = None

    # -- panes

    def _panes(self) -> list[Widget]:
        return [*(self.log_view(role) for role in Role), *self.query(ServerPanel)]

    def _arrange(self) -> None:
        """One log at a time where there is no room for two; the prompt takes the place of logs and advice."""
        prompting = self.prompt.is_open and not self._auditing
        self.command_log.display = self._auditing
        self.prompt.display = prompting
        self.query_one("#logs").display = not prompting and not self._auditing
        self._row("what-now").display = not prompting
        for role in Role:
            self.log_view(role).display = not self.is_compact or role is self._server

    def action_audit(self) -> None:
        """Show the command log, or what it hides."""
        self._show_audit(not self._auditing)

    def _show_audit(self, shown: bool) -> None:
        self._auditing = shown
        self._arrange()
        if shown:
            self.command_log.focus()
        elif self.prompt.is_open:
            self.prompt.take_focus()
        else:
            self.log_view(self._server).focus()
        self._show_keys(self._clock())

    def action_pane(self, step: int) -> None:
        """Go to the next (1) or previous (-1) pane."""
        panes = self._panes()
        if self.prompt.is_open or self._auditing:
            return
        at = panes.index(self.focused) if self.focused in panes else -1
        pane = panes[(at + step) % len(panes)]
        self._server = pane.role if isinstance(pane, (ServerPanel, LogView)) else self._server
        self._arrange()
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
        """Leave the command log, or the prompt."""
        if self._auditing:
            self._show_audit(False)
        elif self.prompt.is_open:
            self.prompt.leave()

    async def action_leave(self) -> None:
        """Quit; asks twice while an action runs, in the prompt."""
        if self._auditing and self.prompt.busy:
            self._show_audit(False)
        await self.app.run_action("app.quit")

    @property
    def prompt(self) -> Prompt:
        """The prompt."""
        return self.query_one(Prompt)

    @on(Prompt.Moved)
    def _prompt_moved(self) -> None:
        if not self.prompt.is_open:
            self._arrange()
            self.log_view(self._server).focus()
        self._show_keys(self._clock())
        self._pace(self.prompt.busy)

    @property
    def command_log(self) -> CommandLog:
        """The command log."""
        return self.query_one(CommandLog)

    def _row(self, name: str) -> Row:
        return self.query_one(f"#{name}", Row)

    def log_view(self, role: Role) -> LogView:
        """One server's log."""
        return self.query_one(f"#log-{role.value}", LogView)


class ActScreen(LookScreen):
    """The same, with the keys that act. In read-only mode they do not exist at all."""

    BINDINGS: ClassVar[list[BindingType]] = [command.binding() for command in ACTING]
    read_only = False

    def action_act(self, word: str) -> None:
        """Open the prompt of an action."""
        prompt = self.prompt
        if prompt.busy:
            return
        now = self._clock()
        action = meant(Action(word), self.snapshot, now)
        roles = candidates(action, self.snapshot, now, looking_at=self._server, sync_from=self._sync_from)
        self._auditing = False
        prompt.open(action, roles)
        self._arrange()
        prompt.take_focus()
