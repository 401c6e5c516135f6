"""Pool counters over one OMAPI connection: a lease of each pool tells the pool's handle, and the handle its counters.

One question at a time: a real dhcpd 4.4.3 ended when a hundred were sent to it in one piece.
"""

from __future__ import annotations

from collections.abc import Sequence

from dhcptui.conf.pools import FailoverPool, merged
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.omapi.errors import OmapiClosed, OmapiError
from dhcptui.watch.turns import RightOfWay

EVERY_SECONDS = 5.0
POOLS_A_SECOND = 30
"""Counters asked for a second, over time: dhcpd answers one question after the other, and has clients to serve."""
LONGEST_SECONDS = 15.0
"""The counters count as the present for thirty."""


class PoolUnread(Exception):
    """A pool could not be read; which one, and why."""


def pools_seconds(count: int) -> float:
    """The pause between two readings of so many pools."""
    return min(LONGEST_SECONDS, max(EVERY_SECONDS, count / POOLS_A_SECOND))


class KnownPools:
    """The pools of one dhcpd process. A handle is good as long as its connection, so the lease of each is asked once."""

    def __init__(self, client: OmapiClient, way: RightOfWay) -> None:
        self._client, self._way = client, way
        self._handles: dict[str, int | None] = {}

    async def counters(self, pools: Sequence[FailoverPool]) -> list[PoolCounters]:
        """Those of each pool that dhcpd has, once however many `pool {}` it made it of. Raises PoolUnread, OmapiClosed."""
        by_handle: dict[int, list[FailoverPool]] = {}
        counters: list[PoolCounters] = []
        try:
            for pool in pools:
                if (handle := await self._handle(pool.probe_address)) is not None:
                    by_handle.setdefault(handle, []).append(pool)
            for handle, parts in by_handle.items():
                pool = parts[0]
                async with self._way.question(urgent=False):
                    found = await self._client.pool(handle)
                network, stands_for = merged(parts)
                counters.append(
                    PoolCounters(network, found.lease_count, found.free_leases, found.backup_leases, stands_for)
                )
        except OmapiClosed:
            raise
        except OmapiError as error:
            raise PoolUnread(f"pool of {pool.probe_address}: {error}") from error
        return counters

    async def _handle(self, address: str) -> int | None:
        """The handle of the pool around an address; None where dhcpd has none there. Raises OmapiError."""
        if address not in self._handles:
            async with self._way.question(urgent=False):
                self._handles[address] = (await self._client.lease(address)).pool_handle
        return self._handles[address]
