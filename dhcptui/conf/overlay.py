"""Both servers' ranges laid over each other: which addresses stand on which side, and for whom."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from dhcptui.conf.failover import Range, span
from dhcptui.model.role import Role


@dataclass(frozen=True, slots=True)
class Stretch:
    """Addresses that are all in the same range on each server."""

    first: int
    last: int
    primary: Range | None
    secondary: Range | None

    @property
    def words(self) -> str:
        """The addresses, for people."""
        return span(self.first, self.last)

    def __getitem__(self, role: Role) -> Range | None:
        return self.primary if role is Role.PRIMARY else self.secondary


def overlay(primary: list[Range], secondary: list[Range]) -> list[Stretch]:
    """Both servers' ranges laid over each other, by address."""
    sides = [sorted(side, key=lambda each: each.first) for side in (primary, secondary)]
    starts = [[each.first for each in side] for side in sides]
    edges = sorted({edge for side in sides for each in side for edge in (each.first, each.last + 1)})
    found = []
    for first, after in pairwise(edges):
        one, two = (_holding(side, firsts, first) for side, firsts in zip(sides, starts, strict=True))
        if one or two:
            found.append(Stretch(first, after - 1, one, two))
    return found


def _holding(side: list[Range], firsts: list[int], address: int) -> Range | None:
    """The range that holds an address; dhcpd refuses ranges that overlap."""
    index = bisect_right(firsts, address) - 1
    return side[index] if index >= 0 and side[index].last >= address else None
