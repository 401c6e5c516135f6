"""A row of fixed height that repaints only when what it shows has changed."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from dhcptui.ui.line import BLANK, Line
from dhcptui.ui.style import UNICODE, Glyphs, ascii_only


def changed_cells(old: Content, new: Content) -> tuple[int, int]:
    """The first cell that differs, and the one after the last: a countdown repaints its digits, not its row."""
    size = max(old.cell_length, new.cell_length)
    if old.spans != new.spans or len(old) != len(new) or not len(old) == old.cell_length == new.cell_length:
        return 0, size
    differ = [at for at, (a, b) in enumerate(zip(old.plain, new.plain, strict=True)) if a != b]
    return (differ[0], differ[-1] + 1) if differ else (0, size)


class Row(Widget, can_focus=False):
    """One line (or, with `wraps`, as many as its fixed height allows). Showing the same again costs nothing."""

    def __init__(
        self,
        *,
        glyphs: Glyphs = UNICODE,
        wraps: bool = False,
        id: str | None = None,  # noqa: A002 (Textual's own name)
    ) -> None:
        super().__init__(id=id)
        self._glyphs, self._wraps = glyphs, wraps
        self._line = BLANK
        self._painted: Content | None = None

    def show(self, line: Line) -> None:
        """Show `line`; no layout, and no repaint unless the text or a style differs."""
        self._line = line
        old, new = self._painted, self._fitted()
        if old is None or self._wraps:
            if old is None or not new.is_same(old):
                self.refresh()
        elif not new.is_same(old):
            start, stop = changed_cells(old, new)
            self.refresh(Region(start, 0, stop - start, 1))

    @property
    def shown(self) -> str:
        """The text on screen."""
        return self._fitted().plain

    def _fitted(self) -> Content:
        if self._wraps:
            content = self._line.ways[0][0]
        else:
            content = self._line.fit(self.content_size.width, self._glyphs.ellipsis)
        return ascii_only(content) if self._glyphs.ascii else content

    def render(self) -> Content:
        """The text, fitted to the width there is now."""
        self._painted = self._fitted()
        return self._painted
