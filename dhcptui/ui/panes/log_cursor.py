"""A log with a selected line. The view stands still while a line is selected; below the newest one it follows again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.strip import Strip

from dhcptui.logs.lines import FoldResult, LogRow
from dhcptui.model.log_line import LogLine
from dhcptui.ui.panes.log_pane import LogPane

CLOCK = len("HH:MM:SS")
"""The mark of the selected line stands in the blank after the time."""


class CursorPane(LogPane):
    """Moving the mark repaints the two rows it leaves and enters; at an edge the view jumps by a third of its height."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log-pane--selected"}

    class Selected(Message):
        """Another line is selected, or none any more."""

        def __init__(self, pane: CursorPane) -> None:
            super().__init__()
            self.pane = pane

    _cursor: int | None = None
    """Number of the selected row."""
    pager: Callable[[int], None] | None = None
    """Takes the page keys while something longer than the log is read."""

    @property
    def cursor(self) -> int | None:
        """Number of the selected row; one that has dropped out is the oldest there is."""
        if self._cursor is None or not self.rows:
            return None
        return max(self._cursor, self._first)

    @property
    def selected(self) -> LogRow | None:
        """The selected row."""
        number = self.cursor
        return None if number is None else self.rows[number - self._first]

    def server_of(self, row: LogRow) -> str:
        """The name of the server that a row is about; empty where it is about none."""
        return ""

    def line_of(self, row: LogRow) -> LogLine:
        """The line of a row as the log has it."""
        return row.line

    def select(self, number: int | None) -> None:
        """Select a row and bring it into view; None: no row."""
        before, old = self.cursor, self._lines()
        if number is not None and self.rows:
            self._top, self._follow = self.top, False
            self._cursor = min(max(number, self._first), self._last - 1)
            self._reveal_cursor()
        else:
            self._cursor = None
        self._repaint_cursor(before, old)
        self.post_message(self.Selected(self))

    def select_newest(self) -> None:
        """Select the newest row on view, where none is selected."""
        lines = self._lines()
        if self.cursor is None and lines:
            self.select(lines[-1][0])

    def reveal_selected(self) -> None:
        """Bring the selected row into view again, after the pane has become smaller."""
        if self.cursor is not None:
            self.select(self.cursor)

    def numbers_of(self, match: Callable[[LogLine], bool]) -> list[int]:
        """Numbers of the rows whose line matches, oldest first."""
        first = self._first
        return [first + at for at, row in enumerate(self.rows) if match(row.line)]

    def refill(self, results: Iterable[FoldResult], still: Iterable[FoldResult] | None = None) -> None:
        """Show other rows; `still`: those of the moment of the pause.

        What was selected stays selected, and where it stood on the screen; so does the top row where nobody follows.
        """
        old, rows, first = self._lines(), self.rows, self._first
        shown = [(rows[number - first], part) for number, part in old]
        anchor = None if self.following else self.cursor if self.cursor is not None else self.top
        line = rows[anchor - first].line if anchor is not None and rows else None
        above = sum(1 for number, _ in old if anchor is not None and number < anchor)
        chosen = self.cursor is not None
        self._put_rows(_folded(results), _folded(still or ()))
        self._cursor = None
        if line is not None and self.rows:
            number = self._number_of(line)
            self._cursor = number if chosen else None
            self._top = self._top_for(number, above)
        self._repaint_from(shown)
        if chosen:
            self.post_message(self.Selected(self))

    def _put_rows(self, live: list[LogRow], still: list[LogRow]) -> None:
        """Other rows in the place of all; numbers are never used twice: strips are kept by them."""
        begin, most = max(self._end, self._last), self._rows.maxlen
        self._rows, self._end = deque(live, most), begin + len(live)
        if self._frozen is not None:
            self._frozen = (tuple(deque(still, most)), begin + len(still))
        self._changes += 1

    def _repaint_from(self, shown: list[tuple[LogRow, int]]) -> None:
        """Repaint from the first line that differs from what was shown."""
        rows, first = self.rows, self._first
        new = [(rows[number - first], part) for number, part in self._lines()]
        differ = [y for y, (a, b) in enumerate(zip(shown, new, strict=False)) if a[0] is not b[0] or a[1] != b[1]]
        if differ or len(shown) != len(new):
            self._repaint(differ[0] if differ else min(len(shown), len(new)))

    # -- keys

    def action_rows(self, rows: int) -> None:
        """Select the line above (-1) or below (1)."""
        if not self.rows:
            return
        at = self.cursor
        if at is None:
            if not (rows > 0 and self.following):
                self.select(self._lines()[-1 if rows < 0 else 0][0])
        elif at + rows >= self._last:
            self.action_tail()
        else:
            self.select(at + rows)

    def action_pages(self, pages: int) -> None:
        """Scroll by pages; the selected line comes along."""
        if self.pager is not None:
            self.pager(pages)
            return
        before = self.top
        super().action_pages(pages)
        if self.cursor is not None and self.top == before:
            self.action_tail() if pages > 0 else self.select(self._first)
        else:
            self._take_along()

    def action_head(self) -> None:
        """To the oldest row."""
        super().action_head()
        if self.cursor is not None:
            self.select(self._first)

    def action_tail(self) -> None:
        """To the newest row, and follow; nothing is selected any more."""
        if self._cursor is not None:
            self.select(None)
        super().action_tail()

    # -- where it stands

    def _go(self, top: int) -> None:
        """Move the view; while a line is selected it never follows by itself."""
        super()._go(top)
        if self._cursor is not None:
            self._follow = False

    def _take_along(self) -> None:
        at, lines = self.cursor, self._lines()
        if at is not None and lines and not lines[0][0] <= at <= lines[-1][0]:
            self.select(lines[0][0] if at < lines[0][0] else lines[-1][0])

    def _reveal_cursor(self) -> None:
        """Bring the whole of the selected row into view."""
        at, height = self._cursor or 0, max(1, self.content_size.height)
        lines = self._lines()
        if sum(1 for number, _ in lines if number == at) >= min(self._height(at), height):
            return
        above = bool(lines) and at <= lines[0][0]
        self._top = self._top_for(at, height // 3 if above else height - self._height(at) - height // 3)
        self._top = min(self.top, at)

    def _top_for(self, number: int, room: int) -> int:
        """The top that leaves `room` lines above a row."""
        top = number
        while top > self._first and (room := room - self._height(top - 1)) >= 0:
            top -= 1
        return top

    def _number_of(self, line: LogLine) -> int:
        """The row of a line; where it is not there, the one next to it in time."""
        for at in range(len(self.rows) - 1, -1, -1):
            if self.rows[at].line == line:
                return self._first + at
        for at, row in enumerate(self.rows):
            if line.stamp is not None and row.line.stamp is not None and row.line.stamp >= line.stamp:
                return self._first + at
        return self._last - 1

    # -- painting

    def _repaint_cursor(self, before: int | None, old: list[tuple[int, int]]) -> None:
        """Repaint the rows between which the mark has moved, or everything where the view has moved."""
        new = self._lines()
        if new != old:
            self._repaint()
            return
        for row in {before, self.cursor} - {None}:
            ys = [y for y, (number, _) in enumerate(new) if number == row]
            if ys:
                self._repaint(ys[0], ys[-1] + 1)

    def decorated(self, number: int, strip: Strip) -> Strip:
        """The selected line stands on other ground and carries a mark: it can be told without colours too."""
        if number != self.cursor:
            return strip
        chosen = self._style("selected")
        ground = Style(bgcolor=chosen.bgcolor, reverse=chosen.reverse or None)
        strip = Strip([Segment(each.text, (each.style or Style()) + ground) for each in strip], strip.cell_length)
        if strip.cell_length <= CLOCK or not strip.text[:CLOCK].strip():
            return strip
        head, _, rest = strip.divide([CLOCK, CLOCK + 1, strip.cell_length])
        sign = Strip([Segment(">" if self._ascii_only else "▸", chosen)], 1)
        return Strip.join([head, sign, rest])


def _folded(results: Iterable[FoldResult]) -> list[LogRow]:
    """The rows that a folder's results make."""
    rows: list[LogRow] = []
    for row, back in results:
        if 0 < back <= len(rows):
            rows[-back] = row
        else:
            rows.append(row)
    return rows
