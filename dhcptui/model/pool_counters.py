"""What a server counts of one pool."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

FINE_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class PoolCounters:
    """Counters of one pool as one server holds them: free is the primary's to give, backup the secondary's."""

    network: str
    """As dhcpd names it; empty where it is not known."""
    total: int
    free: int
    backup: int
    pools: tuple[str, ...] = ()
    """The networks or ranges that it stands for: dhcpd makes one of several `pool {}` that permit the same."""

    @property
    def used(self) -> int:
        """Addresses that are neither free nor backup."""
        return max(0, self.total - self.free - self.backup)

    @property
    def name(self) -> tuple[str, tuple[str, ...]]:
        """What tells it from the others: several pools may lie in one network."""
        return self.network, self.pools

    @property
    def need(self) -> tuple[float, float, tuple[int, ...], str]:
        """Sorts the pools: one of which a half is used up first, before it one with nothing left; equal ones by network.

        Above a tenth shares count in tenths, so that healthy pools keep their places while clients come and go.
        """
        shares = (_coarse(part / max(1, self.total)) for part in (min(self.free, self.backup), self.free + self.backup))
        numbers = tuple(map(int, re.findall(r"\d{1,9}", self.network)))
        return *shares, numbers, self.network  # type: ignore[return-value]


def _coarse(share: float) -> float:
    return share if share < FINE_SHARE else int(share * 10) / 10


@dataclass(frozen=True, slots=True)
class Emptied:
    """Addresses that were in use by the last counters of one OMAPI connection, and none by the first of the next one."""

    used: int
    last: float
    """When they were counted last (mono seconds)."""


class Scarcity(IntEnum):
    """How near a pool is to its end."""

    NONE = 0
    LOW = 1
    """A few addresses are left."""
    DRY = 2
    """None is left, or none was a moment ago."""


Memory = tuple[tuple[str, Scarcity], ...]
"""By network; what is well is left out."""
