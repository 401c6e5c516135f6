"""Two screens of cells: what should stand in the terminal, and what was sent to it. Their difference is what is written.

Textual repaints whole regions; most of their cells have not changed. Its frames are cursor moves, SGR and text.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import lru_cache

from rich.cells import split_graphemes

from dhcptui.ui.terminal.sgr import PLAIN, blank, change, parts

Cell = tuple[str, str]
"""What stands in it, and its SGR parameters. The right half of a wide character is ""."""

_TOKEN = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|([^\x00-\x1f\x7f]+)|\x1b.?|[\x00-\x1f\x7f]")
_FRAME = re.compile(r"\x1b\[\d+;\d+H")
_EMPTY: Cell = (" ", PLAIN)
_UNKNOWN: Cell = ("\0", PLAIN)
_NEAR = 3
"""Unchanged cells that are sent again rather than jumped over."""
_CALM_SECONDS = 0.6
"""A row that changes again so soon belongs to a log."""
_ERASE = 9
"""Blanks from which on erasing is shorter than writing."""


def is_frame(data: str) -> bool:
    """Whether this is a picture, rather than a mode, a title or a query."""
    return _FRAME.match(data) is not None


class CellBuffer:
    """A terminal of `columns` x `rows`; at first a cleared one.

    `erases`: erasing fills with the present background (bce); else blanks are written out.
    """

    def __init__(
        self, columns: int, rows: int, *, erases: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.erases = erases
        self._clock = clock
        self._turn = 0
        self.resize(columns, rows)
        self._sent = [[_EMPTY] * columns for _ in range(rows)]
        self._dirty.clear()

    def resize(self, columns: int, rows: int) -> None:
        """Another size. What the terminal makes of its cells then is not known."""
        self.columns, self.rows = columns, rows
        self._wanted = [[_EMPTY] * columns for _ in range(rows)]
        self._odd: set[int] = set()
        """Rows with cells on whose width terminals do not agree."""
        self._order = [0] * rows
        """When each row was sent last, counted in pieces."""
        self._changed = [0.0] * rows
        """When each row changed last."""
        self._answered = [0.0] * rows
        """When it changed after it had stood still, and that change still waits; else 0."""
        self._cursor = (0, 0)
        self.forget()

    def forget(self) -> None:
        """Nothing is known of the terminal any more: everything is to be sent again."""
        self._sent = [[_UNKNOWN] * self.columns for _ in range(self.rows)]
        self._dirty = set(range(self.rows))
        self._pen: str | None = None
        self._at: tuple[int, int] | None = None

    @property
    def behind(self) -> bool:
        """Whether rows wait to be sent (they may turn out to be as they were)."""
        return bool(self._dirty)

    # -- what should stand there

    def draw(self, frame: str) -> None:
        """Take over a frame. What lies outside of the terminal is cut off."""
        x = y = 0
        style = PLAIN
        self._now = self._clock()
        for match in _TOKEN.finditer(frame):
            row, column, sgr, text = match.groups()
            if text is not None:
                x = self._put(x, y, text, style)
            elif row is not None:
                x, y = int(column) - 1, int(row) - 1
            elif sgr is not None:
                style = PLAIN if sgr == "0" else sgr
        self._cursor = (x, y)

    def _put(self, x: int, y: int, text: str, style: str) -> int:
        """Text at a place; returns the column behind it."""
        cells, even = _cells(text, style)
        end = x + len(cells)
        if not (0 <= y < self.rows and 0 <= x < self.columns):
            return end
        row = self._wanted[y]
        if row[x:end] == cells:
            return end
        self._mark(y)
        if not even:
            self._odd.add(y)
        if y in self._odd:  # half of a wide character cannot be left standing
            if row[x][0] == "":
                row[x - 1] = (" ", blank(row[x - 1][1]))
            if end < self.columns and row[end][0] == "":
                row[end] = (" ", blank(row[end][1]))
        row[x:end] = cells[: self.columns - x]
        return end

    def _mark(self, y: int) -> None:
        if self._changed[y] != self._now:
            if self._now - self._changed[y] >= _CALM_SECONDS:
                self._answered[y] = self._now
            elif y not in self._dirty:
                self._answered[y] = 0.0
            self._changed[y] = self._now
        self._dirty.add(y)

    # -- what is to be written

    def changes(self, limit: int) -> str:
        """What makes the terminal show what it should, in about `limit` characters.

        Where not all of it fits, rows that had stood still (the answer to a key) go before those that change all the time
        (a log); the former by the newest key and from the top, the latter in turn.
        """
        out: list[str] = []
        size = 0
        self._turn += 1
        for y in sorted(self._dirty, key=lambda y: (-self._answered[y], 0 if self._answered[y] else self._order[y], y)):
            if size >= limit:
                break
            self._dirty.discard(y)
            if data := self._row(y):
                self._order[y] = self._turn
                out.append(data)
                size += len(data)
        if out and self._at != self._cursor:
            out.append(self._move(*self._cursor))
        return "".join(out)

    def _row(self, y: int) -> str:
        wanted, sent = self._wanted[y], self._sent[y]
        if wanted == sent:
            return ""
        out: list[str] = []
        if y in self._odd:
            runs = [(0, self.columns)]
            if not any(len(each[0]) != 1 for each in wanted):
                self._odd.discard(y)
        else:
            runs = _runs(wanted, sent)
        for start, end in runs:
            self._write(start, end, y, wanted, out)
        self._sent[y] = wanted.copy()
        return "".join(out)

    def _write(self, x: int, end: int, y: int, row: list[Cell], out: list[str]) -> None:
        while x < end:
            text, style = row[x]
            if text == "":  # came with its left half
                x += 1
                continue
            out.append(self._move(x, y))
            if text == " ":
                stop = x + 1
                while stop < end and row[stop] == row[x]:
                    stop += 1
                self._ink(style, out, bare=True)
                if stop - x >= _ERASE and (self.erases or not style) and not parts(style)[0]:
                    out.append("\x1b[K" if stop == self.columns else f"\x1b[{stop - x}X")
                else:
                    out.append(" " * (stop - x))
                    self._at = (stop, y) if stop < self.columns else None
                x = stop
                continue
            self._ink(style, out)
            out.append(text)
            x += 1
            certain = len(text) == 1 and (x == end or row[x][0] != "")
            self._at = (x, y) if certain and x < self.columns else None

    def _ink(self, style: str, out: list[str], *, bare: bool = False) -> None:
        """Take the pen for a style. For a blank any pen will do that shows the same there."""
        pen = self._pen
        if pen == style or (bare and pen is not None and blank(pen) == style):
            return
        out.append(change(pen, style) if pen is not None else f"\x1b[0;{style}m" if style else "\x1b[m")
        self._pen = style

    def _move(self, x: int, y: int) -> str:
        """Go there; "" if the cursor is there already."""
        at, self._at = self._at, (x, y)
        if at == (x, y):
            return ""
        if at is not None and at[1] == y and at[0] < x:
            return f"\x1b[{x - at[0]}C" if x - at[0] > 1 else "\x1b[C"
        return f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"


@lru_cache(maxsize=512)
def _cells(text: str, style: str) -> tuple[list[Cell], bool]:
    """The cells of a text, not to be changed; and whether each holds one character."""
    bare = (" ", blank(style))
    if text.isascii():
        return [bare if char == " " else (char, style) for char in text], True
    cells: list[Cell] = []
    even = True
    for start, end, width in split_graphemes(text)[0]:
        piece = text[start:end]
        even = even and width == 1 == len(piece)
        if width:
            cells.append(bare if piece == " " else (piece, style))
            cells.extend([("", style)] * (width - 1))
    return cells, even


def _runs(wanted: list[Cell], sent: list[Cell]) -> list[tuple[int, int]]:
    """The stretches that differ, [start, end). Small gaps belong to them, and blanks that go on as blanks: one erasure."""
    runs: list[tuple[int, int]] = []
    start = last = blanks = -1
    for x, (new, old) in enumerate(zip(wanted, sent, strict=True)):
        if new != old:
            if start < 0:
                start = x
            elif x - last > _NEAR and blanks != x - 1:
                runs.append((start, last + 1))
                start = x
            last = x
            blanks = x if new[0] == " " else -1
        elif blanks == x - 1 and blanks >= 0 and new == wanted[blanks]:
            blanks = x
    if start >= 0:
        runs.append((start, last + 1))
    return runs
