"""Find in the logs: a line to type in, in the place of the advice; the logs stay in view and go on."""

from __future__ import annotations

from typing import ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from dhcptui.ui.line import Line, line, say
from dhcptui.ui.panes.row import Row
from dhcptui.ui.style import ACCENT, MUTED, WARNING, Glyphs, text


class Finder(Protocol):
    """What looks for it."""

    def look_for(self) -> None:
        """Look for what stands in the line now."""

    def step(self, step: int) -> None:
        """To an older (-1) or newer (1) hit."""

    def enter(self) -> None:
        """Enter was pressed."""

    def page(self, pages: int) -> None:
        """Scroll the log by pages."""


class FindBar(Vertical, can_focus=False):
    """Two rows: what is looked for, and where it was found."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,ctrl+p", "step(-1)", show=False),
        Binding("down,ctrl+n", "step(1)", show=False),
        Binding("pageup", "pages(-1)", show=False),
        Binding("pagedown", "pages(1)", show=False),
    ]

    def __init__(self, finder: Finder, *, glyphs: Glyphs) -> None:
        super().__init__(id="find")
        self._finder, self._glyphs = finder, glyphs

    def compose(self) -> ComposeResult:
        """The line to type in, and the count."""
        with Horizontal(classes="entry"):
            yield Row(glyphs=self._glyphs, id="find-mark")
            entry = Input(id="find-input", compact=True)
            entry.cursor_blink = False
            yield entry
        yield Row(glyphs=self._glyphs, id="find-count")

    def open(self, mark: str = "/") -> None:
        """Ready for typing; what was typed last stands there, and the first key replaces it. `mark`: before the line."""
        row = self.query_one("#find-mark", Row)
        row.styles.width = len(mark) + 1
        row.show(say((mark, f"bold {ACCENT}")))
        self.screen.set_focus(self.query_one(Input))  # now: `focus` would do it after the keys that have come already

    def set_words(self, words: str) -> None:
        """Let this stand in the line."""
        entry = self.query_one(Input)
        entry.value = words
        entry.action_select_all()

    def say(self, line: Line) -> None:
        """Say something below the line."""
        self.query_one("#find-count", Row).show(line)

    @property
    def words(self) -> str:
        """What is looked for."""
        return self.query_one(Input).value

    def tell(self, here: str, place: tuple[int, int], others: tuple[tuple[str, int], ...]) -> None:
        """Say where it was found: in the log `here`, and how often in the others."""
        at, count = place
        row = self.query_one("#find-count", Row)
        if not self.words:
            row.show(say(("Type what to look for; case does not matter.", MUTED)))
            return
        answer = (f"{at} of {count}" if at else f"{count} found", "bold") if count else ("not found", f"bold {WARNING}")
        first = text(answer, (f" in {here}", MUTED))
        rest = "".join(f" {self._glyphs.dot} {number} in {name}" for name, number in others)
        row.show(line(text(first, (rest, MUTED)), first))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._finder.look_for()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._finder.enter()

    def action_step(self, step: int) -> None:
        """To another hit."""
        self._finder.step(step)

    def action_pages(self, pages: int) -> None:
        """Scroll the log."""
        self._finder.page(pages)
