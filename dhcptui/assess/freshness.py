"""How long what was read counts as the present: one table, in seconds. Pure.

A value that is older is what was so, and nothing is judged by it; how old it is always stands beside it on the screen.
"""

from __future__ import annotations

from typing import Any, TypeVar

from dhcptui.model.moments import Moment, Seen
from dhcptui.model.snapshot import PartnerReach

S = TypeVar("S", bound=Seen[Any])

STALE_AFTER_SECONDS = 1.5
"""A status: the poll runs every second. On a slow link it is more, see `status_seconds`."""
LONGEST_TRIP_SECONDS = 1.5
"""A link may be this slow; an answer that took longer was held up, by a cut or a dhcpd that was stopped."""
PEER_SECONDS = 4.0
"""The status of another relationship: they are read once a second, behind the pair's own. The same on a slow link."""
SIGHTING_SECONDS = 6.0
"""A look at processes, sockets and lock files: it is taken every two seconds."""
GROWTH_SECONDS = 10.0
"""The size of a lease file that is filled."""
WORK_SECONDS = 15.0
"""That a dhcpd which does not answer yet was seen to work: looks at a slow disk or a busy machine may miss it."""
LINK_SECONDS = 15.0
"""A look at a socket table, while the two are not both normal: it is taken every few seconds."""
CALM_LINK_SECONDS = 120.0
"""And while they are: it is taken every 45 s."""
REACH_SECONDS = 20.0
"""A try of the partner's host, as proof that nothing of it answers."""
TRIED_SECONDS = 40.0
"""The same, as one way of several: tries become rare when nothing changes."""
CLOCK_SECONDS = 30.0
POOLS_SECONDS = 30.0
SPACE_SECONDS = 300.0


def fresh(seen: S | None, now: Moment, seconds: float) -> S | None:
    """What was read, unless it is older than `seconds`."""
    return seen if seen is not None and now.mono - seen.at <= seconds else None


def status_seconds(round_trip_seconds: float | None, seconds: float = STALE_AFTER_SECONDS) -> float:
    """How long after its question an answer over OMAPI counts.

    On a slow link an answer has waited for its way, and the next one has its own before it.
    """
    return seconds + 3 * min(round_trip_seconds or 0.0, LONGEST_TRIP_SECONDS)


def fresh_reach(reach: Seen[PartnerReach] | None, now: Moment, seconds: float) -> Seen[PartnerReach] | None:
    """A try of the partner, unless it is old: where it takes long the next answer comes later, too."""
    return fresh(reach, now, seconds + 2 * reach.value.took_seconds) if reach else None
