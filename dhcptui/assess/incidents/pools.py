"""I-23: a healthy pair runs out of addresses. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from dhcptui.assess.assessment import Assessment, Evidence
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.incidents.found import Found
from dhcptui.assess.pool_exhausted import PoolLeft, Shortage, log_read, shortage
from dhcptui.logs.refusals import REFUSED_SECONDS
from dhcptui.model.action import Action
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.messages import MessageId
from dhcptui.model.role import Role

MOST_POOLS = 2


def used_up(pair: Assessment) -> Iterator[Found]:
    """Pools that are used up or nearly so, who was turned away, and who took the addresses."""
    found = shortage(pair)
    if found is None:
        return
    counts = [_count(pool) for pool in found.pools[:MOST_POOLS]]
    holders = [Evidence(side.name, side.view.holders.words) for side in pair.servers if side.view.holders]
    wanted = ((Action.SYNC_RESTART, Role.PRIMARY),)
    refusal = MessageId.PEER_HOLDS_ALL_FREE_LEASES if found.elsewhere else MessageId.NO_FREE_LEASES
    weight = Weight.CRITICAL if found.critical else Weight.WARNING
    yield Found(
        IncidentId.POOL_EXHAUSTED,
        weight,
        (
            *counts,
            _turned_away(found, pair_read=log_read(pair)),
            *holders,
            *_lines(pair, refusal),
        ),
        wanted,
    )


def _count(pool: PoolLeft) -> Evidence:
    return Evidence("", f"{pool.network}: {pool.left} of {pool.total} addresses left on both servers together")


def _turned_away(found: Shortage, *, pair_read: bool) -> Evidence:
    """How many clients; where a log is not read, none seen is not none."""
    if found.refused:
        return Evidence("", f"{len(found.refused)} clients turned away within {REFUSED_SECONDS:.0f} s, by the logs")
    none = "no client turned away lately, by the logs"
    return Evidence("", none if pair_read else "whether clients are turned away is not known: a log is not read")


def _lines(pair: Assessment, refusal: MessageId) -> Iterator[Evidence]:
    for me, _ in pair.sides:
        lines = [
            each
            for each in me.lines({IncidentId.POOL_EXHAUSTED, IncidentId.ALONE_ON_HALF}, REFUSED_SECONDS, after=me.since)
            if each.line.message is refusal
        ]
        yield from me.said(lines, 1)
