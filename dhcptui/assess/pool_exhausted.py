"""Pools of a healthy pair that are used up, or nearly so, and the clients that are turned away because of it. Pure.

Two levels with a memory: a pool that has come to its end stays there until a good many addresses are back, so that one
lease that runs out does not end the alarm, and the next client does not begin it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dhcptui.assess.assessment import Assessment
from dhcptui.assess.freshness import POOLS_SECONDS, fresh
from dhcptui.assess.visibility import ServerAssessment
from dhcptui.logs.refusals import REFUSED_SECONDS, clients, turned_twice
from dhcptui.model.messages import MessageId
from dhcptui.model.pool_counters import Memory, PoolCounters, Scarcity
from dhcptui.model.snapshot import Link

LOW_PERCENT = 5
WELL_PERCENT = 10
"""A pool that was low is well again only above this."""
FEW = 2
"""And above so many addresses."""


@dataclass(frozen=True, slots=True)
class PoolLeft:
    """What is left of one pool for new clients, in both halves."""

    network: str
    total: int
    left: int
    scarcity: Scarcity


@dataclass(frozen=True, slots=True)
class Shortage:
    """What clients meet. `pools`: those that are low or dry, the worst first; `refused`: clients of the last minute."""

    pools: tuple[PoolLeft, ...]
    refused: frozenset[str]
    networks: tuple[str, ...]
    """Where they were refused, by dhcpd's words."""
    counted: bool
    """The pools were counted lately; False: the log alone speaks."""
    elsewhere: bool = False
    """Each of these clients was sent to the other server by one of them, so that it may have the free addresses."""

    @property
    def critical(self) -> bool:
        """Clients get no address, or the next one does not; where addresses are free, a permit list may refuse them."""
        if any(pool.scarcity is Scarcity.DRY for pool in self.pools):
            return True
        return bool(self.refused) and (bool(self.pools) or not self.counted)

    @property
    def on_offer(self) -> bool:
        """Addresses are free by both counters, and none is left to offer: offers hold them, and nobody takes them."""
        return self.elsewhere and self.counted and not self.pools

    @property
    def worst(self) -> tuple[PoolLeft, ...]:
        """Those that have nothing left; where there is none, all that are scarce."""
        return tuple(pool for pool in self.pools if not pool.left) or self.pools

    @property
    def words(self) -> str:
        """What follows "both servers serve, but "."""
        if not self.pools:
            where = f" in {self.networks[0]}" if len(self.networks) == 1 else ""
            why = "free addresses are offered and not taken" if self.on_offer else f"no free leases{where}"
            return f"{_turned_away(self.refused)}: {why}"
        subject = f"{named(self.worst)} {'is' if len(self.worst) == 1 else 'are'}"
        least = min(self.worst, key=lambda pool: pool.left)
        if least.left:
            more = f", {_turned_away(self.refused)}" if self.refused else ""
            return f"{subject} nearly used up: {least.left} of {least.total} left{more}"
        return f"{subject} used up: {_turned_away(self.refused) if self.refused else 'new clients get no address'}"


def remember(pools: Iterable[PoolCounters], before: Mapping[str, Scarcity]) -> Memory:
    """The scarcity of each pool that has one, given how it was before."""
    found = ((pool.network, scarcity(pool, before.get(pool.network, Scarcity.NONE))) for pool in pools)
    return tuple((network, level) for network, level in found if level)


def scarcity(pool: PoolCounters, before: Scarcity = Scarcity.NONE) -> Scarcity:
    """How near a pool is to its end, given how it was before."""
    left = pool.free + pool.backup
    if not pool.total:
        return Scarcity.NONE
    low = max(1, pool.total * LOW_PERCENT // 100)
    if not left or (before is Scarcity.DRY and 2 * left <= pool.total and left <= max(1, low // 2)):
        return Scarcity.DRY
    if left <= low and 4 * left <= pool.total:
        return Scarcity.LOW
    if before and 2 * left <= pool.total and left <= max(FEW, pool.total * WELL_PERCENT // 100):
        return Scarcity.LOW
    return Scarcity.NONE


def shortage(pair: Assessment) -> Shortage | None:
    """What clients of a healthy pair meet now; None for nothing, or where the two are not both in normal and serve."""
    if not pair.healthy:
        return None
    counted = [found for each in pair.servers if (found := _left(each)) is not None]
    pools = _both(counted)
    refused, networks = _refused(pair)
    one, two = (_sent_on(each) for each in pair.servers)
    twice = turned_twice(one, two)
    if not pools and not refused and not twice:
        return None
    everyone = frozenset(refused | twice)
    return Shortage(
        pools, everyone, tuple(sorted(networks)), bool(counted), bool(everyone) and everyone <= one.keys() | two.keys()
    )


def log_read(pair: Assessment) -> bool:
    """Whether both logs are read, so that no refusal means none."""
    return all(each.view.log.link is Link.OK for each in pair.servers)


def _left(each: ServerAssessment) -> dict[str, PoolLeft] | None:
    """Its scarce pools by network; None where they were not counted lately."""
    if (seen := fresh(each.view.pools, each.now, POOLS_SECONDS)) is None:
        return None
    levels = dict(remember(seen.value, dict(each.view.scarce)))
    return {
        pool.network: PoolLeft(pool.network, pool.total, pool.free + pool.backup, levels[pool.network])
        for pool in seen.value
        if pool.network in levels
    }


def _both(counted: list[dict[str, PoolLeft]]) -> tuple[PoolLeft, ...]:
    """What both count as scarce, each pool as the one with more left has it: an update may be under way."""
    if not counted:
        return ()
    shared = [counted[0][network] for network in counted[0] if all(network in each for each in counted)]
    found = [
        max((each[pool.network] for each in counted), key=lambda one: (one.left, -one.scarcity)) for pool in shared
    ]
    return tuple(sorted(found, key=lambda pool: (-pool.scarcity, pool.left, pool.network)))


def _refused(pair: Assessment) -> tuple[set[str], set[str]]:
    """Clients and networks of the last minute, on both servers; what was before the pair became normal is the past."""
    found: set[str] = set()
    networks: set[str] = set()
    for each in pair.servers:
        begin = _begin(each)
        for notable in each.view.notable_lines:
            if notable.line.message is MessageId.NO_FREE_LEASES and (turned := clients([notable], begin)):
                found |= turned
                networks.add(notable.line.slot("net"))
    return found, networks - {""}


def _begin(each: ServerAssessment) -> float:
    """Since when its refusals count, by its clock."""
    return max(each.time - REFUSED_SECONDS, each.status.local_stos if each.status else 0)


def _sent_on(each: ServerAssessment) -> dict[str, float]:
    """Client -> when this server last said that the other one has the free leases, by the console's clock."""
    begin, offset = _begin(each), each.time - each.now.wall
    return {
        client: at - offset
        for notable in each.view.notable_lines
        if notable.line.message is MessageId.PEER_HOLDS_ALL_FREE_LEASES
        for at, client in notable.refused
        if at >= begin
    }


def named(pools: tuple[PoolLeft, ...]) -> str:
    """Them in a few words: "pool 10.0.0.0/24", "3 pools"."""
    return f"pool {pools[0].network}" if len(pools) == 1 else f"{len(pools)} pools"


def _turned_away(refused: frozenset[str]) -> str:
    return f"{len(refused)} client{' was' if len(refused) == 1 else 's were'} refused in a minute"
