"""A log in which text can be looked for: every hit marked, one of them the current one."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from dhcptui.logs.lines import NO_CLOCK, FoldResult, LogRow
from dhcptui.logs.mixed import tag
from dhcptui.ui.panes.log_cursor import CursorPane


class FindingPane(CursorPane):
    """Looks for plain text, whatever its case, in time and words of each row; with a `[` in it, in its tag too. A row counts once."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log-pane--hit", "log-pane--current"}

    caption = ""
    """What the log is called."""
    _wanted: re.Pattern[str] | None = None
    _current = -1
    """Number of the row the search stands on; -1: none."""
    _anchor = -1
    """Number of the row from which is looked upwards as the text grows and shrinks."""
    _hits: tuple[object, list[int]] = (None, [])

    def look_for(self, words: str) -> None:
        """Mark `words` and go to the newest hit on view or above it; an empty text ends the search."""
        if (self._wanted.pattern if self._wanted else "") == re.escape(words):
            return
        if self._wanted is None:
            lines = self._lines()
            self._anchor = lines[-1][0] if lines else -1
        self._wanted = re.compile(re.escape(words), re.IGNORECASE) if words else None
        hits = self.hits
        above = [number for number in hits if number <= self._anchor]
        self._current = above[-1] if above else hits[-1] if hits else -1
        self._reveal()

    def refill(self, results: Iterable[FoldResult], still: Iterable[FoldResult] | None = None) -> None:
        """Other rows have other hits."""
        super().refill(results, still)
        if self._wanted is not None:
            hits = self.hits
            self._anchor = self._current = hits[-1] if hits else -1

    def step_hit(self, step: int) -> None:
        """To the next older (-1) or newer (1) hit; after the last comes the first."""
        hits = self.hits
        if not hits:
            return
        at = bisect_left(hits, self._current)
        on_hit = at < len(hits) and hits[at] == self._current
        at += step if on_hit or step < 0 else 0
        self._current = self._anchor = hits[at % len(hits)]
        self._reveal()

    @property
    def hits(self) -> list[int]:
        """Numbers of the rows that hold what is looked for, oldest first."""
        key = (self._wanted, self._changes, self.paused, self._first)
        if self._hits[0] != key:
            wanted, first = self._wanted, self._first
            numbers = [first + at for at, row in enumerate(self.rows) if wanted and self._has(wanted, row)]
            self._hits = (key, numbers)
        return self._hits[1]

    def _has(self, wanted: re.Pattern[str], row: LogRow) -> bool:
        text = self._text(row)
        if wanted.search(f"{row.line.clock} {text}"):
            return True
        # Each line of dhcpd bears its name: who looks for DHCPACK does not mean that. With a pid it is meant.
        return "[" in wanted.pattern and wanted.search(f"{tag(row.line)}: {text}") is not None

    def _is_hit(self, number: int) -> bool:
        hits = self.hits
        at = bisect_left(hits, number)
        return at < len(hits) and hits[at] == number

    @property
    def place(self) -> tuple[int, int]:
        """(which hit the search stands on, how many there are), counted from the oldest; 0 while it stands on none."""
        hits = self.hits
        return (bisect_left(hits, self._current) + 1 if self._is_hit(self._current) else 0), len(hits)

    def _reveal(self) -> None:
        """Bring the current row into view, in the middle where it was not."""
        if self._current >= 0 and self._current not in {number for number, _ in self._lines()}:
            top, room = self._current, self.content_size.height // 2
            while top > self._first and (room := room - self._height(top - 1)) >= 0:
                top -= 1
            self._go(top)
        self._repaint()

    def decorated(self, number: int, strip: Strip) -> Strip:
        """The line with its hits marked."""
        strip = super().decorated(number, strip)
        if self._wanted is None:
            return strip
        text = strip.text
        spans = [found.span() for found in self._wanted.finditer(text)]
        if not spans and text[: len(NO_CLOCK)].strip() and self._is_hit(number):  # in its tag, which is not shown
            spans = [(0, len(NO_CLOCK))]
        if not spans:
            return strip
        style = self._style("current" if number == self._current else "hit")
        cuts = [cell_len(text[:at]) for span in spans for at in span]
        parts = strip.divide([*cuts, strip.cell_length])
        # Every second part is a hit.
        return Strip.join(
            [
                Strip([Segment(each.text, style) for each in part], part.cell_length) if at % 2 else part
                for at, part in enumerate(parts)
            ]
        )
