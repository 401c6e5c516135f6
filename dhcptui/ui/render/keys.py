"""The key bar: what a key does now, and why a refused one does not. One row, whatever the width."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rich.cells import cell_len
from textual.content import Content

from dhcptui.assess.guards import Ruling
from dhcptui.model.action import Action
from dhcptui.model.commands import Command
from dhcptui.ui.line import cut
from dhcptui.ui.style import ACCENT, MUTED, Glyphs, text

GAP = "  "
REASON = 44
"""Cells for a reason where there is room; the whole of it stands in the prompt."""
SHORTEST_REASON = 18
FIRST = ("look.help", "drill.menu", "look.find", "look.palette", "quit")
"""Whose words come first where there is little room; their keys are always shown."""
EXTRAS = ("look.audit", "look.pause", "look.next-pane")
"""Shown only where all else has room."""
KEY, SHORT, LONG = range(3)


@dataclass(frozen=True, slots=True)
class _Item:
    """One command in the bar."""

    command: Command
    ruling: Ruling | None
    size: int = KEY
    loose: bool = False
    """A space before the mark of a refused one."""
    reason: str = ""

    @property
    def name(self) -> str:
        return self.command.name

    @property
    def refused(self) -> bool:
        return self.ruling is not None and not self.ruling.allowed

    def words(self, glyphs: Glyphs) -> tuple[str, str]:
        """The key, and what stands behind it."""
        label = self.command.labels(self.ruling.action if self.ruling else None)[self.size]
        label = f" {label}" if label else ""
        if self.refused:
            label += (" " if self.loose else "") + glyphs.bad + (f" {self.reason}" if self.reason else "")
        return self.command.shown_key, label

    def paint(self, glyphs: Glyphs) -> Content:
        key, label = self.words(glyphs)
        if self.refused:
            return text((key + label, "$text-disabled"))
        return text((key, f"bold {ACCENT}"), (label, "" if self.command.acting else MUTED))


class _Bar:
    """The items, and how much room is left; an improvement that does not fit is not made."""

    def __init__(self, items: Sequence[_Item], glyphs: Glyphs, width: int) -> None:
        self.items = {item.name: item for item in items}
        self._hidden = set(EXTRAS)
        self._glyphs, self._width = glyphs, width

    @property
    def _shown(self) -> list[_Item]:
        return [item for name, item in self.items.items() if name not in self._hidden]

    @property
    def content(self) -> Content:
        """The bar as it is now."""
        return Content(GAP).join(item.paint(self._glyphs) for item in self._shown)

    @property
    def room(self) -> int:
        """Cells left over."""
        return self._width - cell_len(GAP.join("".join(item.words(self._glyphs)) for item in self._shown))

    def improve(self, *better: _Item) -> None:
        """Take these items, all or none."""
        before, hidden = dict(self.items), set(self._hidden)
        self.items.update((item.name, item) for item in better)
        self._hidden -= {item.name for item in better}
        if self.room < 0:
            self.items, self._hidden = before, hidden

    def explain(self, item: _Item) -> None:
        """Give a refused item its reason, cut to the room there is."""
        if not item.refused or item.ruling is None:
            return
        reason = item.ruling.reasons[0]
        space = min(REASON, self.room - len(" "))
        if space >= min(SHORTEST_REASON, len(reason)):
            self.improve(replace(item, reason=cut(Content(reason), space, self._glyphs.ellipsis).plain))


def key_bar(commands: Sequence[Command], rulings: Mapping[Action, Ruling], glyphs: Glyphs, width: int) -> Content:
    """Every command of the bar, as well as there is room: marks first, then the first reason, then longer words."""
    return _key_bar(tuple(commands), tuple(rulings.items()), glyphs, width)


@lru_cache(maxsize=4)
def _key_bar(
    commands: tuple[Command, ...], ruled: tuple[tuple[Action, Ruling], ...], glyphs: Glyphs, width: int
) -> Content:
    rulings = dict(ruled)
    items = [_Item(command, _ruling(command, rulings)) for command in commands if command.in_bar and command.keys]
    bar = _Bar(items, glyphs, width)

    def grow(names: Iterable[str], size: int) -> None:
        for name in names:
            if name in bar.items:
                bar.improve(replace(bar.items[name], size=size))

    grow(FIRST, SHORT)
    grow(("act.hand-over",), LONG)  # the short word of this one says too little
    bar.improve(*(replace(item, loose=True) for item in bar.items.values() if item.name not in EXTRAS))
    if (first := bar.items.get("act.partner-down")) is not None:
        bar.explain(first)
    grow((item.name for item in items if item.command.acting), LONG)
    for item in items:
        bar.explain(bar.items[item.name])
    grow(EXTRAS, SHORT)
    grow((item.name for item in items), LONG)
    return bar.content


def _ruling(command: Command, rulings: Mapping[Action, Ruling]) -> Ruling | None:
    return rulings.get(command.action) if command.action else None


def key_list(keys: Sequence[tuple[str, str]]) -> Content:
    """Keys that do one plain thing each."""
    return Content(GAP).join(text((key, f"bold {ACCENT}"), (f" {word}", MUTED)) for key, word in keys)
