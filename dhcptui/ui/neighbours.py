"""What the console of one pair knows of the other pairs of the fleet, and how it is left for one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dhcptui.assess.headline import Level
from dhcptui.ui.panes.menu import Entry


@dataclass(frozen=True, slots=True)
class Others:
    """The other pairs, as one short judgement."""

    wrong: int
    """How many of them are not ok; what was not seen is not ok."""
    worst: str
    """The worst of them by name; empty where all are ok."""
    level: Level
    """Of the worst."""


class Neighbours(Protocol):
    """The fleet, as the console of one of its pairs sees it."""

    def others(self, pair: str) -> Others:
        """All pairs but this one."""

    def entries(self) -> Sequence[Entry]:
        """Every pair, for the palette; their values are `value_of` their names."""

    def open_pair(self, pair: str) -> None:
        """Go to the console of a pair, soon; nothing is waited for."""

    def step(self, step: int) -> None:
        """Go to the console of the next (1) or previous (-1) pair."""

    def back(self) -> None:
        """Go back to the fleet. An action under way goes on, and so does its prompt."""


_PAIR = "pair:"


def value_of(pair: str) -> str:
    """What a palette's entry that opens a pair stands for."""
    return _PAIR + pair


def pair_of(value: str) -> str | None:
    """The pair that such an entry opens; None for one that runs a command."""
    return value.removeprefix(_PAIR) if value.startswith(_PAIR) else None
