"""A bounded, tail-following log: `render_line` over a deque, one repaint per batch.

Not a ScrollView: its `virtual_size` is a layout reactive, so that every appended line would lay out the whole screen
anew. Here a scroll position is one number and a new line costs the rows it changes.
"""

from __future__ import annotations

import textwrap
from collections import deque
from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from dhcptui.logs.lines import FoldResult, LogRow
from dhcptui.model.log_line import LineKind
from dhcptui.model.sanitize import clean
from dhcptui.ui.keymap import Commands, bind

MAX_ROWS = 5000
SHIFT = 16  # cells per step to the left or right
NARROW = 30  # a text with less room than this gets the short form of the count
HEAD = len("HH:MM:SS ! ")

WRAPPED = frozenset({LineKind.STATE, LineKind.LINK, LineKind.WARNING, LineKind.ERROR, LineKind.FATAL})
"""What must be read to its end at 3 a.m. goes on in further lines; noise is cut."""
MAX_LINES = 4

# A kind is a glyph as well as a colour: (unicode, ascii).
GLYPHS: dict[LineKind, tuple[str, str]] = {
    LineKind.STATE: ("→", ">"),
    LineKind.LINK: ("~", "~"),
    LineKind.WARNING: ("!", "!"),
    LineKind.ERROR: ("▲", "#"),
    LineKind.FATAL: ("▲", "#"),
}


class LogPane(Widget, can_focus=True):
    """The rows of one log. It follows the tail until somebody scrolls up; `end` leads back.

    Texts are shown as they are, never read as markup. They come from `loglines.parse`, which sanitises them.
    """

    ALLOW_SELECT = False
    WRAPPED_KINDS: ClassVar[frozenset[LineKind]] = WRAPPED
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"log-pane--{kind}" for kind in LineKind),
        "log-pane--time",
        "log-pane--count",
        "log-pane--mark",
        "log-pane--hint",
    }

    def __init__(
        self,
        *,
        max_rows: int = MAX_ROWS,
        hint: str = "no lines yet",
        drop: str = "",
        ascii_only: bool = False,
        commands: Commands,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 (Textual's own name)
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._commands = commands
        bind(self, commands, "log")
        self._rows: deque[LogRow] = deque(maxlen=max_rows)
        self._end = 0  # number of the row after the last; rows keep their number while older ones drop out
        self._frozen: tuple[tuple[LogRow, ...], int] | None = None  # rows and end as they were when paused
        self._top = 0  # number of the first visible row, while not following
        self._follow = True
        self._shift = 0
        self._waiting = 0
        self._hint = clean(hint)
        self._ascii_only = ascii_only
        self._changes = 0
        self._map: tuple[object, list[tuple[int, int]]] | None = None  # what `_lines` said last, and for what
        self._drop = drop  # said by the border already, as in "failover peer foo: "
        self._strips: LRUCache[int, tuple[LogRow, int, int, list[Strip]]] = LRUCache(512)

    # -- what the caller does

    def append(self, results: Iterable[FoldResult]) -> None:
        """Take a batch from a `Folder`; repaints once, and only the visible rows that changed."""
        before, lines, rows = self._lines(), 0, self._rows
        changed = end = self._end
        for row, back in results:
            lines += 1
            if 0 < back <= len(rows):
                rows[-back] = row
                changed = min(changed, end - back)
            else:
                rows.append(row)
                end += 1
        if not lines:
            return
        self._end = end
        self._changes += 1
        if self.paused or not self._follow:
            old_mark = self.mark
            self._waiting += lines
            self._repaint_mark(old_mark)
        if self.paused:
            return
        after = self._lines()
        same = (y for y, (old, new) in enumerate(zip(before, after, strict=False)) if old != new or new[0] >= changed)
        self._repaint(next(same, min(len(before), len(after))), max(len(before), len(after)))

    def pause(self) -> None:
        """Freeze the view; lines are still taken, and counted."""
        if self._frozen is None:
            old_mark = self.mark
            self._frozen = (tuple(self._rows), self._end)
            self._repaint_mark(old_mark)

    def resume(self) -> None:
        """Back to the live log: to its tail, or to the same rows where somebody had scrolled up."""
        if self._frozen is None:
            return
        old_mark, caught_up = self.mark, self._waiting == 0
        self._frozen = None
        if self._follow:
            self._waiting = 0
        if caught_up:
            self._repaint_mark(old_mark)
        else:
            self._repaint()

    def hold(self, still: bool) -> None:
        """Pause or follow."""
        if still:
            self.pause()
        else:
            self.resume()

    def clear(self) -> None:
        """Forget all rows and follow again. Clear the `Folder` too: its rows are gone."""
        self._rows.clear()
        self._changes += 1
        self._strips.clear()
        self._frozen, self._follow, self._waiting, self._shift = None, True, 0, 0
        self._repaint()

    @property
    def hint(self) -> str:
        """Stands there while there are no lines, and says why; text from outside is cleaned."""
        return self._hint

    @hint.setter
    def hint(self, text: str) -> None:
        text = clean(text)
        if text != self._hint:
            self._hint = text
            if not self.rows:
                self._repaint()

    @property
    def rows(self) -> Sequence[LogRow]:
        """The rows on view, oldest first: the live ones, or those of the moment of the pause."""
        return self._rows if self._frozen is None else self._frozen[0]

    @property
    def paused(self) -> bool:
        """The view is frozen."""
        return self._frozen is not None

    @property
    def following(self) -> bool:
        """The newest row is in view and stays so."""
        return self._follow and self._frozen is None

    @property
    def waiting(self) -> int:
        """Lines that came since the view stopped following."""
        return self._waiting

    @property
    def mark(self) -> str:
        """What the corner of the last row says: `▼ 214 new lines`, `= paused, 3 waiting`, or nothing."""
        if self.paused:
            return f" = paused, {self._waiting} waiting " if self._waiting else " = paused "
        if self._waiting == 0:
            return ""
        return f" {'v' if self._ascii_only else '▼'} {self._waiting} new line{'s' if self._waiting > 1 else ''} "

    # -- where the view stands

    @property
    def _last(self) -> int:
        """Number of the row after the last one on view."""
        return self._end if self._frozen is None else self._frozen[1]

    @property
    def _first(self) -> int:
        """Number of the oldest row on view."""
        return self._last - len(self.rows)

    @property
    def _lowest_top(self) -> int:
        """The top at which the newest row stands on the last line."""
        number, room = self._last, max(1, self.content_size.height)
        while number > self._first and room > 0:
            number -= 1
            room -= self._height(number)
        return number

    def _height(self, number: int) -> int:
        """How many lines a row takes."""
        wrapped = self.rows[number - self._first].line.kind in self.WRAPPED_KINDS
        return len(self._row_strips(number)) if wrapped else 1

    def _lines(self) -> list[tuple[int, int]]:
        """What stands on each line of the content, from the top: (row number, line of that row)."""
        key = (self._changes, self._follow, self._top, self.content_size, self.paused)
        if self._map is not None and self._map[0] == key:
            return self._map[1]
        height, number = max(1, self.content_size.height), self.top
        lines: list[tuple[int, int]] = []
        while number < self._last and len(lines) < 2 * height:
            lines += [(number, part) for part in range(self._height(number))]
            number += 1
        # At the tail the newest line stands at the bottom, even where the top row is cut for it.
        lines = lines[-height:] if self.top == self._lowest_top else lines[:height]
        self._map = (key, lines)
        return lines

    @property
    def top(self) -> int:
        """Number of the first visible row, counted from the first row ever appended."""
        return self._lowest_top if self._follow else min(max(self._top, self._first), self._lowest_top)

    def _go(self, top: int) -> None:
        """Move the view; at its lower end it follows again."""
        before, old_mark = self.top, self.mark
        self._top = min(max(top, self._first), self._lowest_top)
        self._follow = self._top == self._lowest_top
        if self.following:
            self._waiting = 0
        if self.top != before:
            self._repaint()
        else:
            self._repaint_mark(old_mark)

    async def action_command(self, name: str) -> None:
        """Run a command of the table."""
        await self._commands.handler(name).run(self)

    def action_rows(self, rows: int) -> None:
        """Scroll by rows."""
        self._go(self.top + rows)

    def action_pages(self, pages: int) -> None:
        """Scroll by pages, which overlap by one row."""
        self._go(self.top + pages * max(1, self.content_size.height - 1))

    def action_head(self) -> None:
        """To the oldest row."""
        self._go(self._first)

    def action_tail(self) -> None:
        """To the newest row, and follow."""
        self._go(self._last)

    def action_shift(self, steps: int) -> None:
        """Show what is cut off on the right (1) or return (-1)."""
        widest = max((cell_len(self._text(self.rows[n - self._first])) for n, _ in self._lines()), default=0)
        shift = max(0, min(self._shift + steps * SHIFT, widest - SHIFT))
        if shift != self._shift:
            self._shift = shift
            self._repaint()

    # -- painting

    def _repaint(self, start: int = 0, stop: int | None = None) -> None:
        """Repaint content lines [start, stop): never the border, never what is out of view."""
        width, height = self.content_size
        start, stop = max(0, start), height if stop is None else min(stop, height)
        if start < stop and width:
            self.refresh(Region(0, start, width, stop - start))

    def _repaint_mark(self, old: str) -> None:
        """Repaint the corner where the mark stands, if it differs from `old`."""
        width, height = self.content_size
        cells = min(width, max(len(old), len(self.mark)))
        if self.mark != old and cells and height:
            self.refresh(Region(width - cells, height - 1, cells, 1))

    def notify_style_update(self) -> None:
        """Strips carry styles: a new theme or focus makes new ones."""
        super().notify_style_update()
        self._strips.clear()
        self._map = None

    def _style(self, part: str) -> Style:
        """The style of a component class, blended with what lies beneath."""
        name = f"log-pane--{part}"
        # A visual style knows no `reverse`: the text style brings it back.
        return self.get_visual_style(name).rich_style + self.get_component_styles(name).text_style

    def render_line(self, y: int) -> Strip:
        """Line `y` of the content."""
        width, height = self.content_size
        lines = self._lines()
        if not self.rows and y == 0:
            strip = Strip([Segment(self._plain(self._hint), self._style("hint"))])
            strip = strip.crop_extend(0, width, self.visual_style.rich_style)
        elif y < len(lines):
            number, part = lines[y]
            strip = self.decorated(number, self._row_strips(number)[part])
        else:
            strip = Strip.blank(width, self.visual_style.rich_style)
        if y == height - 1 and (mark := self.mark[:width]):
            strip = Strip.join(
                [strip.crop(0, width - len(mark)), Strip([Segment(mark, self._style("mark"))], len(mark))]
            )
        return strip

    def decorated(self, number: int, strip: Strip) -> Strip:
        """A line of row `number` as it is shown; what is looked for may be marked in it."""
        return strip

    def _row_strips(self, number: int) -> list[Strip]:
        """One row as `HH:MM:SS ! text (n times)`: on one line and cut, or on several where it matters."""
        row, width = self.rows[number - self._first], self.content_size.width
        cached = self._strips.get(number)
        if cached is not None and cached[0] is row and cached[1:3] == (width, self._shift):
            return cached[3]
        count = row.summary
        if count and width - HEAD - len(count) - 1 < NARROW:
            count = f"({row.count}{'x' if self._ascii_only else '×'})"
        room = max(0, width - HEAD - (len(count) + 1 if count else 0))
        glyph = self.glyph(row.line.kind)
        style, base = self._style(row.line.kind), self.visual_style.rich_style
        first, *more = self._broken(row, room)
        segments = [
            Segment(row.line.clock + " ", self._style("time")),
            Segment(glyph + " ", style),
            *self._cut(Segment(first, style), room),
        ]
        if count:
            segments += [Segment(" " + count, self._style("count"))]
        strips = [Strip(segments).crop_extend(0, width, base)]
        strips += [
            Strip([Segment(" " * HEAD, base), Segment(text, style)]).crop_extend(0, width, base) for text in more
        ]
        self._strips[number] = (row, width, self._shift, strips)
        return strips

    def glyph(self, kind: LineKind) -> str:
        """The sign of a kind, one cell wide."""
        return GLYPHS.get(kind, (" ", " "))[self._ascii_only]

    def _text(self, row: LogRow) -> str:
        """A row's text as it is shown."""
        return self._plain(row.line.text.removeprefix(self._drop))

    def _broken(self, row: LogRow, room: int) -> list[str]:
        """A row's text in pieces of at most `room` cells; in one piece where it may be cut."""
        text = self._text(row)
        if row.line.kind not in self.WRAPPED_KINDS or len(text) <= room or room < NARROW or not text.isascii():
            return [text]
        return textwrap.wrap(text, room, max_lines=MAX_LINES, placeholder=" ...", break_on_hyphens=False) or [text]

    def _cut(self, text: Segment, room: int) -> Strip:
        """The part of `text` that `room` cells show after the sideways shift, with `…` where it goes on."""
        length = cell_len(text.text)
        if length - self._shift <= room:
            return Strip([text], length).crop(self._shift, length)
        more = Segment(">" if self._ascii_only else "…", text.style)
        return Strip([*Strip([text], length).crop(self._shift, self._shift + max(0, room - 1)), more])

    def _plain(self, text: str) -> str:
        """`text` for a terminal that knows no more than ASCII, if it must be."""
        return text.encode("ascii", "backslashreplace").decode() if self._ascii_only else text
