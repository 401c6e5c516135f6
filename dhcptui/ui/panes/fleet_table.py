"""The table of the fleet: a row a pair, a cursor that stays on its pair, and only what differs is painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.containers import Vertical
from textual.content import Content

from dhcptui.ui.fleet_board import Heading, Item, Standing
from dhcptui.ui.line import BLANK, line, say
from dhcptui.ui.panes.row import Row
from dhcptui.ui.style import MUTED, Glyphs

Painter = Callable[[Item, bool], Content]
"""A row's cells; the second argument: the cursor stands on it."""


class FleetTable(Vertical, can_focus=True):
    """As many rows as fit around the cursor. Showing the same again costs nothing."""

    def __init__(self, *, glyphs: Glyphs, paint: Painter, moved: Callable[[], None], empty: Callable[[], str]) -> None:
        """`moved`: called when the cursor stands on another pair. `empty`: what to say where no pair is shown."""
        super().__init__(id="fleet")
        self._glyphs = glyphs
        self._paint, self._moved, self._empty = paint, moved, empty
        self._items: tuple[Item, ...] = ()
        self._rows: list[Row] = []
        self._at = self._top = 0
        self._placed = False
        """Somebody has put the cursor where it is; before that it stands on the first pair, whichever that is."""

    def show(self, items: Sequence[Item]) -> None:
        """These rows. The cursor stays on its pair, wherever that stands now; where it is gone, beside its place."""
        here = self.chosen
        self._items = tuple(items)
        names = [item.name if isinstance(item, Standing) else "" for item in self._items]
        if not self._placed:
            self._at = 0
        elif here is not None and here.name in names:
            self._at = names.index(here.name)
        self._at = self._on_pair(self._at, 1)
        self.draw()

    @property
    def chosen(self) -> Standing | None:
        """The pair the cursor stands on."""
        item = self._items[self._at] if self._at < len(self._items) else None
        return item if isinstance(item, Standing) else None

    @property
    def names(self) -> list[str]:
        """The pairs of the table, from above."""
        return [item.name for item in self._items if isinstance(item, Standing)]

    def go_to(self, pair: str) -> None:
        """The cursor to this pair, where it is shown."""
        for at, item in enumerate(self._items):
            if isinstance(item, Standing) and item.name == pair:
                self._set(at)

    def move(self, rows: int) -> None:
        """The cursor by so many rows; headings are passed over."""
        self._set(self._on_pair(self._at + rows, 1 if rows > 0 else -1))

    def page(self, pages: int) -> None:
        """The cursor by pages, which overlap by one row."""
        self.move(pages * max(1, self.size.height - 1))

    def to(self, end: bool) -> None:
        """The cursor to the last pair, or the first."""
        self._set(self._on_pair(len(self._items) - 1 if end else 0, -1 if end else 1))

    def _set(self, at: int) -> None:
        self._placed = True
        if at != self._at:
            self._at = at
            self.draw()
            self._moved()

    def _on_pair(self, at: int, step: int) -> int:
        """The nearest row with a pair, looked for in one direction first."""
        at = max(0, min(at, len(self._items) - 1))
        for way in (step, -step):
            place = at
            while 0 <= place < len(self._items):
                if not isinstance(self._items[place], Heading):
                    return place
                place += way
        return 0

    def draw(self) -> None:
        """Every row that fits; only the cells that differ are painted."""
        room = max(1, self.size.height)
        # The heading above the first pair of a group is shown with it.
        above = self._at - (self._at > 0 and isinstance(self._items[self._at - 1], Heading))
        self._top = max(0, min(self._top, above, len(self._items) - room), self._at - room + 1)
        for place, row in enumerate(self._rows, self._top):
            if place < len(self._items):
                row.show(line(self._paint(self._items[place], place == self._at)))
            else:
                row.show(say((self._empty(), MUTED)) if place == 0 and not self._items else BLANK)

    async def on_resize(self, event: events.Resize) -> None:
        """Another height has room for another number of rows."""
        more = [Row(glyphs=self._glyphs) for _ in range(event.size.height - len(self._rows))]
        self._rows += more
        if more:
            await self.mount_all(more)
        self.call_after_refresh(self.draw)

    @property
    def shown(self) -> str:
        """The text on screen."""
        return "\n".join(row.shown for row in self._rows[: self.size.height])
