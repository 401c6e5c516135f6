"""Something to read in the place of the logs: the help, what a drill did, its review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from dhcptui.ui.panes.text_sheet import Sheet
from dhcptui.ui.style import WARNING, Glyphs, Paragraph, text


class Reading(VerticalScroll, can_focus=True):
    """One sheet that scrolls. The border says when there is more."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "lines(-1)", show=False),
        Binding("down", "lines(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("home,g", "to(0)", show=False),
        Binding("end,G", "to(1)", show=False),
        Binding("q", "screen.close", show=False),
    ]

    def __init__(self, *, glyphs: Glyphs, id: str = "reading") -> None:  # noqa: A002 (Textual's own name)
        super().__init__(id=id)
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """The sheet."""
        yield Sheet(glyphs=self._glyphs)

    def on_mount(self) -> None:
        """Say when there is more to read than fits."""
        self.watch(self, "scroll_y", self._mark_more, init=False)

    def on_resize(self) -> None:
        """Another height leaves more or less below."""
        self.call_after_refresh(self._mark_more)

    def open(self, title: str, paragraphs: Sequence[Paragraph]) -> None:
        """Show this, from its beginning."""
        self.border_title = Content(title)
        self.renew(paragraphs, from_start=True)
        self.focus()

    def renew(self, paragraphs: Sequence[Paragraph], *, from_start: bool = False) -> None:
        """Show this instead; the place stays, unless it is read `from_start`. The same again costs nothing."""
        self.query_one(Sheet).show(paragraphs)
        if from_start:
            self.scroll_home(animate=False)
        self.call_after_refresh(self._mark_more)

    @property
    def shown(self) -> str:
        """All of the text, unwrapped."""
        return self.query_one(Sheet).shown

    def action_lines(self, rows: int) -> None:
        """Scroll by rows."""
        self.scroll_relative(y=rows, animate=False)

    def action_page(self, pages: int) -> None:
        """Scroll by pages, which overlap by one row."""
        self.scroll_relative(y=pages * max(1, self.size.height - 1), animate=False)

    def action_to(self, share: int) -> None:
        """To the beginning (0) or the end (1)."""
        self.scroll_to(y=share * self.max_scroll_y, animate=False)

    def _mark_more(self) -> None:
        below = self.max_scroll_y > self.scroll_offset.y
        words = "more below: PgDn" if below else "more above: PgUp" if self.scroll_offset.y else ""
        if (self.border_subtitle or "") != words:
            self.border_subtitle = text((words, WARNING))


class LogExplanation(Reading, can_focus=False):
    """Follows the selection."""

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs, id="explanation")

    def tell(self, title: str, paragraphs: Sequence[Paragraph]) -> None:
        """Explain another line, from the beginning."""
        if str(self.border_title or "") != title:
            self.border_title = Content(title)
        self.query_one(Sheet).show(paragraphs)
        self.scroll_home(animate=False)
        self.call_after_refresh(self._mark_more)
