"""A list to choose from: key, name and a sentence per row, one of them chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from dhcptui.ui.line import cut
from dhcptui.ui.style import ACCENT, MUTED, Glyphs, ascii_only, text


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. Texts are printable lines."""

    value: str
    """What is chosen."""
    key: str
    label: str
    help: str
    refused: str = ""
    """Why it would do nothing now; such an entry is greyed, and says so."""


class Menu(Widget, can_focus=False):
    """Shows as many entries as fit around the chosen one; showing the same again costs nothing."""

    def __init__(self, *, glyphs: Glyphs, empty: str) -> None:
        super().__init__()
        self._glyphs, self._empty = glyphs, empty
        self._entries: tuple[Entry, ...] = ()
        self._at = self._top = 0

    def show(self, entries: Sequence[Entry], *, keep: bool = False) -> None:
        """Show these entries; `keep`: stay on the chosen one where it is still there."""
        new = tuple(entries)
        if new == self._entries and keep:
            return
        values = [each.value for each in new]
        here = self.chosen.value if keep and self.chosen else None
        self._entries, self._at = new, values.index(here) if here in values else 0
        self._scroll()
        self.refresh()

    @property
    def chosen(self) -> Entry | None:
        """The entry the mark stands on."""
        return self._entries[self._at] if self._entries else None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of them."""
        return self._entries

    def move(self, rows: int) -> None:
        """Move the mark."""
        before, top = self._at, self._top
        self._at = max(0, min(self._at + rows, len(self._entries) - 1))
        self._scroll()
        if self._top != top:
            self.refresh()
        elif self._at != before:
            self.refresh(*(Region(0, at - top, self.size.width, 1) for at in (before, self._at)))

    def _scroll(self) -> None:
        room = max(1, self.size.height)
        self._top = max(0, min(self._top, self._at, len(self._entries) - room), self._at - room + 1)

    @property
    def shown(self) -> str:
        """The text on screen."""
        return self.render().plain

    def on_resize(self) -> None:
        """Another height shows other entries."""
        self._scroll()

    def render(self) -> Content:
        """The entries that fit."""
        if not self._entries:
            return text((self._empty, MUTED))
        keys = max(len(each.key) for each in self._entries)
        labels = max(len(each.label) for each in self._entries)
        shown = enumerate(self._entries[self._top : self._top + self.size.height], self._top)
        return Content("\n").join(self._row(each, at == self._at, keys, labels) for at, each in shown)

    def _row(self, entry: Entry, chosen: bool, keys: int, labels: int) -> Content:
        glyphs = self._glyphs
        key, label = entry.key.ljust(keys), entry.label.ljust(labels)
        mark = (f"{glyphs.run} " if chosen else "  ", f"bold {ACCENT}")
        if entry.refused:
            style = "bold $text-disabled" if chosen else "$text-disabled"
            content = text(mark, (f"{key}  {label}  {glyphs.bad} {entry.refused}", style))
        else:
            bold = "bold" if chosen else ""
            content = text(mark, (key, f"bold {ACCENT}"), "  ", (label, bold), "  ", (entry.help, MUTED))
        content = cut(content, self.size.width, glyphs.ellipsis)
        return ascii_only(content) if glyphs.ascii else content
