"""What a server counts of one pool."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolCounters:
    """Counters of one pool as one server holds them: free is the primary's to give, backup the secondary's."""

    network: str
    total: int
    free: int
    backup: int

    @property
    def used(self) -> int:
        """Addresses that are neither free nor backup."""
        return max(0, self.total - self.free - self.backup)
