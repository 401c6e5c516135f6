"""What the palette offers: every command, and why a refused one does nothing now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dhcptui.assess.guards import Ruling
from dhcptui.model.action import Action
from dhcptui.model.commands import DISMISS, Command
from dhcptui.ui.views.menu import Entry

HIDDEN = {"look.palette", "look.back"}
"""They make no sense in a list that is open."""


def offers(
    commands: Iterable[Command], rulings: Mapping[Action, Ruling], *, busy: bool, drill: bool, interrupted: bool = False
) -> list[Entry]:
    """One entry a command. `busy`: an action is under way; `drill`, `interrupted`: there is one to speak of."""
    wanted = (each for each in commands if each.where in {"screen", "drill"} and each.name not in HIDDEN)
    return [
        _entry(each, rulings, busy=busy)
        for each in wanted
        if (drill or each.name not in {"drill.explain", "drill.review"}) and (interrupted or each.name != DISMISS)
    ]


def _entry(command: Command, rulings: Mapping[Action, Ruling], *, busy: bool) -> Entry:
    ruling = rulings.get(command.action) if command.action else None
    *_, label = command.labels(ruling.action if ruling else None)
    refused = ""
    if command.acting and busy:
        refused = "an action is under way"
    elif ruling is not None and not ruling.allowed:
        refused = ruling.reasons[0]
    return Entry(command.name, command.shown_key, label, command.help, refused)
