"""Whether leases are on their way between the two servers: of a large pair that takes minutes, and shows. Pure."""

from __future__ import annotations

from dhcptui.assess.assessment import Assessment
from dhcptui.assess.freshness import GROWTH_SECONDS, fresh
from dhcptui.assess.stuck import STILL_SECONDS
from dhcptui.assess.visibility import ServerAssessment
from dhcptui.model.states import CONFLICT, FailoverState

_EXCHANGING = {FailoverState.RECOVER, *CONFLICT}
"""In these one server sends the other what it knows."""


def exchanging(pair: Assessment) -> ServerAssessment | None:
    """The server that is being brought up to date, while a queue or a lease file is seen to move; None: none is seen to."""
    for each in pair.servers:
        if each.live and each.state in _EXCHANGING and any(map(_moves, pair.servers)):
            return each
    return None


def _moves(each: ServerAssessment) -> bool:
    """Whether its lease file grew lately, or its queue of updates was another one."""
    growth = fresh(each.view.growth, each.now, GROWTH_SECONDS)
    if growth is not None and each.now.mono - growth.value.since <= STILL_SECONDS:
        return True
    waiting, moved = each.status.unacked_updates if each.live and each.status else 0, each.view.queue_moved
    return bool(waiting) and moved is not None and each.now.mono - moved <= STILL_SECONDS


def exchange_words(each: ServerAssessment) -> str:
    """What it does, and how far its lease file has come where that is looked at."""
    state = each.state.word if each.state else "?"
    growth = fresh(each.view.growth, each.now, GROWTH_SECONDS)
    size = f", lease file {growth.value.size / 1e6:.1f} MB" if growth else ""
    return f"{each.name} takes the leases of its partner over ({state}{size})"
