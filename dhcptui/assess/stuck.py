"""A recovery that does not go on: nothing has moved for a while, by every witness that can be had. Pure.

Seen on real pairs: dhcpd asks for its partner's leases once, on entering recover, and again only when its partner tells of
another state; and a first start of a large pair that was restarted within seconds can stand with a full queue. A restart
of the one in recover ends both. A queue that is full at each look proves nothing: acknowledged updates make room for new
ones. So the lease files must stand still as well: the one who receives leases writes each of them down.
"""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.assess.freshness import GROWTH_SECONDS, fresh
from dhcptui.assess.queues import queue_words
from dhcptui.assess.visibility import ServerAssessment
from dhcptui.model.changes import Growth
from dhcptui.model.states import FailoverState

_S = FailoverState
IN_VAIN_SECONDS = 30.0
"""A server that sends its leases has unacknowledged updates all the while; none for so long means that it sends none."""
STILL_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Stuck:
    """A recovery that stands still: the server to restart, for how long, and what was seen."""

    server: ServerAssessment
    seconds: float
    seen: str


def grown(before: Growth | None, size: int, at: float) -> Growth:
    """The lease file as read at `at`."""
    return before if before is not None and before.size == size else Growth(size, at)


def stuck(a: ServerAssessment, b: ServerAssessment) -> Stuck | None:
    """The recovery of one of two servers that stands still while its partner is done; None: none, or it is not known."""
    return _stuck(a, b) or _stuck(b, a)


def _stuck(each: ServerAssessment, other: ServerAssessment) -> Stuck | None:
    mine, theirs = each.status, other.status
    if each.state is not _S.RECOVER or other.state is not _S.RECOVER_DONE or mine is None or theirs is None:
        return None
    age = each.time - max(mine.local_stos, mine.partner_stos)
    if not theirs.unacked_updates and mine.partner_state is _S.RECOVER_DONE:
        return Stuck(each, age, "no lease is on its way") if age > IN_VAIN_SECONDS else None
    still = _still(each, other)
    if still is None or min(still, age) < STILL_SECONDS:
        return None
    return Stuck(each, min(still, age), f"{other.name}'s queue {queue_words(other)}, both lease files stand still")


def _still(each: ServerAssessment, other: ServerAssessment) -> float | None:
    """For how long queues and lease files have not moved; None where one of them is not known."""
    since = []
    for server in (each, other):
        seen = fresh(server.view.growth, each.now, GROWTH_SECONDS)
        if seen is None or server.view.queue_moved is None:
            return None
        since.append(seen.value.since)
        if server.status and server.status.unacked_updates:
            since.append(server.view.queue_moved)
    return each.now.mono - max(since)
