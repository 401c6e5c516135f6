"""What a server counts of one pool."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


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
