"""The rows and panels that are always there: header, both servers, what counts down, what now, keys."""

from __future__ import annotations

from itertools import zip_longest

from textual.containers import Horizontal
from textual.geometry import Size

from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.ui.line import BLANK, Line, beside, line, say
from dhcptui.ui.panes.row import Row
from dhcptui.ui.panes.server_panel import ServerPanel, rows_for
from dhcptui.ui.render.banner import banners
from dhcptui.ui.render.countdown import countdowns
from dhcptui.ui.render.explanation import looks_like
from dhcptui.ui.render.header import compact as compact_header
from dhcptui.ui.render.header import fits, header
from dhcptui.ui.render.network import network_row
from dhcptui.ui.session import Session
from dhcptui.ui.style import ACCENT, MUTED, text

NOTE_SECONDS = 6.0
ROWS = ("header", "headline", "countdown", "banner", "incident", "drill", "what-now", "keys")


class Frame:
    """Draws what the session knows around what varies, and holds no truth of its own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        glyphs = session.glyphs
        self.rows = {name: Row(glyphs=glyphs, wraps=name == "what-now", id=name) for name in ROWS}
        self.panels = {role: ServerPanel(role, glyphs=glyphs) for role in Role}
        self.panel_box = Horizontal(*self.panels.values(), id="panels")
        self._panel_rows = 0
        self._note: tuple[Line, float] | None = None
        """What was just done, and until when (monotonic seconds) it stands in the place of the advice."""
        for name in ("banner", "incident", "drill"):
            self.rows[name].display = False

    def draw(self, now: Moment, size: Size, *, compact: bool, acting: bool) -> None:
        """Show what differs. `size`: of the screen; `acting`: an action of this console is under way."""
        self._show_header(now, size.width - (2 if compact else 4), compact=compact)  # its padding
        self._show_panels(now, size.height, compact=compact)
        self._show_waits(now, acting=acting)
        self._show_below("drill", self._drill_line())
        self.show_advice()

    def note(self, line: Line) -> None:
        """Say something for a few seconds, in the place of the advice."""
        self._note = (line, self.session.now().mono + NOTE_SECONDS)
        self.show_advice()

    def _show_header(self, now: Moment, width: int, *, compact: bool) -> None:
        session, glyphs, read_only = self.session, self.session.glyphs, self.session.commands.read_only
        place = session.setup.standing()
        two_rows = compact or not fits(session.snapshot, session.verdict, width, glyphs=glyphs, place=place)
        self.rows["headline"].display = two_rows
        if two_rows:
            first, second = compact_header(
                session.snapshot, session.verdict, now, read_only=read_only, glyphs=glyphs, width=width, place=place
            )
            self.rows["header"].show(first)
            self.rows["headline"].show(second)
        else:
            self.rows["header"].show(
                header(session.snapshot, session.verdict, now, read_only=read_only, glyphs=glyphs, place=place)
            )

    def _show_panels(self, now: Moment, height: int, *, compact: bool) -> None:
        verdict, prospects = self.session.verdict, self.session.prospects(now)
        rows = rows_for(self.session.snapshot, height, compact=compact)
        if rows != self._panel_rows:  # a layout, so only when pools came or went
            self._panel_rows = rows
            self.panel_box.styles.height = rows + 2
        for role, panel in self.panels.items():
            panel.show(verdict[role], verdict[role.other], now, rows=rows, compact=compact, prospects=prospects)

    def _show_waits(self, now: Moment, *, acting: bool) -> None:
        """Countdowns, what every console must say, and what it looks like; only the first has a row that is always there."""
        session, glyphs, key = self.session, self.session.glyphs, self.session.commands.key
        waits = countdowns(session.verdict, glyphs)
        interrupted = session.engine.interrupted()
        lines = banners(session.snapshot, interrupted, now, glyphs, acting=acting, commands=session.commands)
        # What only explains a countdown takes no row from the logs.
        free = waits is BLANK and lines is BLANK
        like = looks_like(session.verdict.incidents, glyphs, key("look.incident"), notes=free)
        broken = network_row(session.verdict.assessment, glyphs, key("look.network"))
        # A broken way never takes a row of its own from the logs: it stands beside what is there.
        if like is not BLANK or free:
            like = beside(like, broken)
        elif waits is not BLANK:
            waits = beside(waits, broken)
        else:
            lines = beside(lines, broken)
        first, *more = [each for each in (waits, lines, like) if each is not BLANK] or [BLANK]
        self.rows["countdown"].show(first)
        for name, each in zip_longest(("banner", "incident"), more, fillvalue=BLANK):
            self._show_below(str(name), each)

    def show_advice(self) -> None:
        """What now; for a moment, what was just done."""
        if self._note is not None and self.session.now().mono < self._note[1]:
            self.rows["what-now"].show(self._note[0])
            return
        self._note = None
        self.rows["what-now"].show(
            say(("What now: ", ACCENT), self.session.verdict.advise(self.session.commands.acting_key))
        )

    def _show_below(self, name: str, line: Line) -> None:
        """A row that takes room only while there is something to say."""
        row, wanted = self.rows[name], line is not BLANK
        if row.display != wanted:
            row.display = wanted
        if wanted:
            row.show(line)

    def _drill_line(self) -> Line:
        """How the drill stands, and what may be asked."""
        drills = self.session.setup.drills
        state = clean(drills.state(), 200) if drills else ""
        if drills is None or not state:
            return BLANK
        key = self.session.commands.key
        explain = text("   what happened? (", (key("drill.explain"), f"bold {ACCENT}"), ")")
        word = "end and review" if drills.running() else "review"
        review = text(f"   {word} (", (key("drill.review"), f"bold {ACCENT}"), ")")
        words = text((state, f"bold {ACCENT}"))
        return line(
            text(words, explain, review), text(words, review), text(words, (f" ({key('drill.review')})", MUTED))
        )
