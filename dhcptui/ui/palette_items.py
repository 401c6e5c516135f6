"""What the palette offers: every command, and why a refused one does nothing now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from dhcptui.assess.guards import Ruling
from dhcptui.model.action import Action
from dhcptui.model.commands import DISMISS, Command
from dhcptui.ui.views.menu import Entry

HIDDEN = {"look.palette", "look.back"}
"""They make no sense in a list that is open."""
RARE = {"drill.explain", "drill.review", DISMISS}
"""They are offered only while there is something to speak of."""


def offers(commands: Iterable[Command], rulings: Mapping[Action, Ruling], why_not: Callable[[str], str]) -> list[Entry]:
    """One entry a command. `why_not` says of a command's name why it would do nothing at the moment."""
    wanted = (each for each in commands if each.where in {"screen", "drill"} and each.name not in HIDDEN)
    found = [(each, why_not(each.name)) for each in wanted]
    return [_entry(each, rulings, refused) for each, refused in found if not (refused and each.name in RARE)]


def _entry(command: Command, rulings: Mapping[Action, Ruling], refused: str) -> Entry:
    ruling = rulings.get(command.action) if command.action else None
    *_, label = command.labels(ruling.action if ruling else None)
    if not refused and ruling is not None and not ruling.allowed:
        refused = ruling.reasons[0]
    return Entry(command.name, command.shown_key, label, command.help, refused)
