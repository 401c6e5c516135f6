"""The key bar: what a key does now, and why a refused one does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from dhcptui.model.guards import Action, Ruling
from dhcptui.ui.commands import Command
from dhcptui.ui.line import cut
from dhcptui.ui.look import ACCENT, MUTED, Glyphs, text

GAP = "  "
REASON = 44
"""Cells for a reason where there is room; the whole of it stands in the prompt."""
SHORTEST_REASON = 22


def key_bar(commands: Sequence[Command], rulings: Mapping[Action, Ruling], glyphs: Glyphs, width: int) -> Content:
    """Every command of the bar. A refused one is marked, and says why as far as there is room."""
    shown = [command for command in commands if command.in_bar]
    items = {command.name: _item(command, _ruling(command, rulings), glyphs, 0) for command in shown}
    if width < sum(item.cell_length for item in items.values()) + len(GAP) * (len(items) - 1):
        items.pop("look.next-pane", None)  # tab is what people try anyway
    room = width - sum(item.cell_length for item in items.values()) - len(GAP) * (len(items) - 1)
    refused = [command for command in shown if (ruling := _ruling(command, rulings)) and not ruling.allowed]
    for command in sorted(refused, key=lambda command: command.action is not Action.PARTNER_DOWN):
        space = min(REASON, room - len(" (refused: )") + len(f" {glyphs.bad}"))
        ruling = _ruling(command, rulings)
        if ruling and space >= min(SHORTEST_REASON, len(ruling.reasons[0])):
            item = _item(command, ruling, glyphs, space)
            room -= item.cell_length - items[command.name].cell_length
            items[command.name] = item
    return Content(GAP).join(items.values())


def _ruling(command: Command, rulings: Mapping[Action, Ruling]) -> Ruling | None:
    return rulings.get(command.action) if command.action else None


def _item(command: Command, ruling: Ruling | None, glyphs: Glyphs, room: int) -> Content:
    if ruling is None or ruling.allowed:
        return text((command.shown_key, f"bold {ACCENT}"), (f" {command.label}", "" if command.acting else MUTED))
    reason = cut(Content(ruling.reasons[0]), room, glyphs.ellipsis).plain
    why = f" (refused: {reason})" if room else f" {glyphs.bad}"
    return text((f"{command.shown_key} {command.label}{why}", "$text-disabled"))
