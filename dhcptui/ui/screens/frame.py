"""The frame of the one screen: header, both servers, what counts down, what now, keys. What stands between varies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget

from dhcptui.assess.verdict import Verdict, derive
from dhcptui.engine.api import Console, Drills
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.ui.forecast_cache import ForecastCache
from dhcptui.ui.keymap import Commands
from dhcptui.ui.line import BLANK, Line, beside, line, say
from dhcptui.ui.panes.prompt import Prompt
from dhcptui.ui.panes.row import Row
from dhcptui.ui.panes.server_panel import ServerPanel, rows_for
from dhcptui.ui.render.banner import banners
from dhcptui.ui.render.countdown import countdowns
from dhcptui.ui.render.explanation import looks_like
from dhcptui.ui.render.header import compact as compact_header
from dhcptui.ui.render.header import fits, header, title
from dhcptui.ui.render.network import network_row
from dhcptui.ui.style import ACCENT, MUTED, UNICODE, Glyphs, text
from dhcptui.ui.views.command_log import CommandLog
from dhcptui.ui.views.drill_menu import DrillMenu
from dhcptui.ui.views.find_bar import FindBar
from dhcptui.ui.views.lease_view import LeaseView
from dhcptui.ui.views.log_explanation import LogExplanation
from dhcptui.ui.views.log_merged import MergedLog
from dhcptui.ui.views.log_view import LogView
from dhcptui.ui.views.palette import Palette
from dhcptui.ui.views.reading import Reading
from dhcptui.ui.views.timeline_view import TimelineView

COMPACT_COLUMNS, COMPACT_ROWS = 100, 30
View = TypeVar("View", bound=Widget)


@dataclass(frozen=True, slots=True)
class Setup:
    """What a screen is told once."""

    label: str
    """The pair's name, for the terminal's title."""
    clock: Callable[[], Moment]
    tell_title: Callable[[str], None]
    glyphs: Glyphs = UNICODE
    sync_from: Role = Role.PRIMARY
    commands: Commands = field(default_factory=Commands)
    drills: Drills | None = None
    place: str = ""
    """Where the configuration is, in words, for the help."""


class Frame(Screen[None], inherit_bindings=False):
    """Derives the verdict from the newest snapshot and holds no truth of its own."""

    read_only = True

    def __init__(self, console: Console, setup: Setup) -> None:
        super().__init__()
        self._engine, self.setup = console, setup
        self._clock, self._glyphs, self._commands = setup.clock, setup.glyphs, setup.commands
        self.snapshot: PairSnapshot = console.snapshot()
        self.verdict: Verdict = derive(self.snapshot, setup.clock())
        self.forecast_cache = ForecastCache(console)
        self.is_compact = False
        self.is_whole = False
        """Every view has its place; before that no key opens one."""
        self._views: dict[type[Widget], Widget] = {}
        self._panel_rows = 0
        self._note: tuple[Line, float] | None = None
        """What was just done, and until when (monotonic seconds) it stands in the place of the advice."""

    def compose(self) -> ComposeResult:
        """Fixed rows above and below, panels and logs between."""
        glyphs, commands = self._glyphs, self._commands
        self._views = {type(each): each for each in self._made()}
        yield Row(glyphs=glyphs, id="header")
        yield Row(glyphs=glyphs, id="headline")
        with Horizontal(id="panels"):
            for role in Role:
                yield ServerPanel(role, glyphs=glyphs)
        yield Row(glyphs=glyphs, id="countdown")
        with Horizontal(id="logs"):
            for role in Role:
                name, peer = self.snapshot[role].name, self.snapshot.peer
                yield LogView(role, name, peer, ascii_only=glyphs.ascii, commands=commands)
        yield Row(glyphs=glyphs, id="banner")
        yield Row(glyphs=glyphs, id="incident")
        yield Row(glyphs=glyphs, id="drill")
        yield Row(glyphs=glyphs, wraps=True, id="what-now")
        yield Row(glyphs=glyphs, id="keys")

    def _made(self) -> Iterator[Widget]:
        """What is not there before somebody asks for it; a line to type in comes last."""
        glyphs, commands = self._glyphs, self._commands
        yield MergedLog(self.snapshot, glyphs=glyphs, commands=commands)
        yield TimelineView(self.snapshot, glyphs=glyphs, commands=commands)
        yield CommandLog(glyphs=glyphs, commands=commands)
        yield LogExplanation(glyphs=glyphs)
        yield Reading(glyphs=glyphs)
        yield LeaseView(self._engine, glyphs=glyphs)
        yield Palette(glyphs=glyphs)
        yield DrillMenu(glyphs=glyphs)
        yield Prompt(self._engine, self._clock, glyphs=glyphs, commands=commands)
        yield FindBar(glyphs=glyphs)

    async def mount_views(self) -> None:
        """Give them their places, once the first frame is painted: styling them takes as long as all that is on it."""
        if not self.is_attached:  # the console is being left
            return
        *views, bar = self._views.values()
        await self.mount_all(views, after="#logs")
        await self.mount(bar, before="#what-now")
        self.is_whole = True

    def view(self, kind: type[View]) -> View:
        """What is not there before somebody asks for it, by its class."""
        found = self._views[kind]
        assert isinstance(found, kind)  # noqa: S101 - for the type checker
        return found

    def on_resize(self, event: events.Resize) -> None:
        """Compact below 100 columns or 30 rows."""
        self.is_compact = event.size.width < COMPACT_COLUMNS or event.size.height < COMPACT_ROWS
        self.set_class(self.is_compact, "-compact")
        self.rearrange()
        self.call_after_refresh(self.refresh_view)

    def rearrange(self) -> None:
        """Show what belongs between panels and keys."""

    def refresh_view(self) -> None:
        """Derive the verdict anew and show what differs."""
        now, glyphs = self._clock(), self._glyphs
        self.verdict = verdict = derive(self.snapshot, now)
        width = self.size.width - 2
        two_rows = self.is_compact or not fits(verdict, width, glyphs=glyphs)
        self.row("headline").display = two_rows
        if two_rows:
            first, second = compact_header(
                self.snapshot, verdict, now, read_only=self.read_only, glyphs=glyphs, width=width
            )
            self.row("header").show(first)
            self.row("headline").show(second)
        else:
            self.row("header").show(header(self.snapshot, verdict, now, read_only=self.read_only, glyphs=glyphs))
        rows = rows_for(self.snapshot, self.size.height, compact=self.is_compact)
        if rows != self._panel_rows:  # a layout, so only when pools came or went
            self._panel_rows = rows
            self.query_one("#panels").styles.height = rows + 2
        prospects = self.forecast_cache.look(verdict, now)
        for panel in self.query(ServerPanel):
            me, partner = verdict[panel.role], verdict[panel.role.other]
            panel.show(me, partner, now, rows=rows, compact=self.is_compact, prospects=prospects)
        for role in Role:
            self.log_view(role).tell(self.snapshot[role].log)
        self._show_waits(verdict, now)
        self._show_below("drill", self._drill_line())
        self.show_advice()
        self.prompt.reconsider()
        self.setup.tell_title(title(self.setup.label, verdict, glyphs))

    def _show_waits(self, verdict: Verdict, now: Moment) -> None:
        """Countdowns, what every console must say, and what it looks like; only the first has a row that is always there."""
        interrupted = self._engine.interrupted()
        self.command_log.recall(interrupted)
        waits = countdowns(verdict, self._glyphs)
        said = banners(self.snapshot, interrupted, now, self._glyphs, acting=self.prompt.busy, commands=self._commands)
        # What only explains a countdown takes no row from the logs.
        free = waits is BLANK and said is BLANK
        like = looks_like(verdict.incidents, self._glyphs, self._commands.key("look.incident"), notes=free)
        broken = network_row(verdict.assessment, self._glyphs, self._commands.key("look.network"))
        # A broken way never takes a row of its own from the logs: it stands beside what is there.
        if like is not BLANK or free:
            like = beside(like, broken)
        elif waits is not BLANK:
            waits = beside(waits, broken)
        else:
            said = beside(said, broken)
        first, *more = [each for each in (waits, said, like) if each is not BLANK] or [BLANK]
        self.row("countdown").show(first)
        for name, each in zip_longest(("banner", "incident"), more, fillvalue=BLANK):
            self._show_below(str(name), each)

    def show_advice(self) -> None:
        """What now; for a moment, what was just done."""
        if self._note is not None and self._clock().mono < self._note[1]:
            self.row("what-now").show(self._note[0])
            return
        self._note = None
        self.row("what-now").show(say(("What now: ", ACCENT), self.verdict.advise(self._commands.acting_key)))

    def _show_below(self, name: str, said: Line) -> None:
        """A row that takes room only while there is something to say."""
        row, wanted = self.row(name), said is not BLANK
        if row.display != wanted:
            row.display = wanted
        if wanted:
            row.show(said)

    def _drill_line(self) -> Line:
        """How the drill stands, and what may be asked."""
        drills = self.setup.drills
        state = clean(drills.state(), 200) if drills else ""
        if drills is None or not state:
            return BLANK
        key = self._commands.key
        explain = text("   what happened? (", (key("drill.explain"), f"bold {ACCENT}"), ")")
        word = "end and review" if drills.running() else "review"
        review = text(f"   {word} (", (key("drill.review"), f"bold {ACCENT}"), ")")
        said = text((state, f"bold {ACCENT}"))
        return line(text(said, explain, review), text(said, review), text(said, (f" ({key('drill.review')})", MUTED)))

    @property
    def prompt(self) -> Prompt:
        """The prompt."""
        return self.view(Prompt)

    @property
    def command_log(self) -> CommandLog:
        """The command log."""
        return self.view(CommandLog)

    @property
    def reading(self) -> Reading:
        """The help, or what else there is to read."""
        return self.view(Reading)

    @property
    def lease(self) -> LeaseView:
        """The lease look-up."""
        return self.view(LeaseView)

    @property
    def palette(self) -> Palette:
        """The palette."""
        return self.view(Palette)

    def row(self, name: str) -> Row:
        """A row by its name."""
        return self.query_one(f"#{name}", Row)

    def log_view(self, role: Role) -> LogView:
        """One server's log."""
        return self.query_one(f"#log-{role.value}", LogView)
