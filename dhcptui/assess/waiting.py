"""Until when a recover-wait lasts, and whether a clock that was set back has made it longer. Pure.

dhcpd waits until local-stos + mclt by its own clock, at every moment anew: set back, it waits longer; set right, it ends
in time (seen on a real pair).
"""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.assess.evidence import CLOCK_CLOSE_SECONDS
from dhcptui.assess.freshness import CLOCK_SECONDS, fresh
from dhcptui.assess.visibility import ServerAssessment
from dhcptui.model.moments import Moment
from dhcptui.model.snapshot import ServerView
from dhcptui.model.states import FailoverState

REFUSED_SECONDS = 60.0
"""dhcpd connects to no partner whose clock is further away; one that is so on a live link was set since."""
SLACK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class SetBack:
    """A recover-wait that lasts longer than mclt allows. Times are epoch seconds of that server's clock."""

    ends: int
    remaining_seconds: float
    behind_seconds: float
    """How far its clock is behind the others' now; 0: it is right now, and was ahead when its last state began."""


def mclt_of(view: ServerView, partner: ServerView) -> int:
    """The pair's MCLT in seconds: a secondary reads 0 until it has met its primary once."""
    mine = view.status.value.mclt_seconds if view.status else 0
    return mine or (partner.status.value.mclt_seconds if partner.status else 0)


def recover_wait_ends(view: ServerView, partner: ServerView) -> int | None:
    """When the server's recover-wait ends: local-stos + mclt on its own clock (proven to the second), or None.

    The start of the state is no use: local-stos is not touched on entering recover-wait (failover.c:1825).
    """
    if view.status is None or view.status.value.local_state is not FailoverState.RECOVER_WAIT:
        return None
    return view.status.value.local_stos + mclt_of(view, partner)


def set_back(each: ServerAssessment, partner: ServerView) -> SetBack | None:
    """What a clock that was set has done to the server's recover-wait; None where nothing is known of such."""
    view = each.view
    ends = recover_wait_ends(view, partner) if each.live else None
    if ends is None or not fresh(view.clock, each.now, CLOCK_SECONDS):
        return None
    mclt = mclt_of(view, partner)
    remaining = ends - each.time
    behind = _behind(view, partner, each.now)
    # No wait is longer than mclt, unless the state before it began in the future of this clock.
    impossible = bool(mclt) and remaining > mclt + SLACK_SECONDS
    if not impossible and not (behind > REFUSED_SECONDS and remaining > 0):
        return None
    return SetBack(ends, remaining, behind if behind > CLOCK_CLOSE_SECONDS else 0.0)


def _behind(view: ServerView, partner: ServerView, now: Moment) -> float:
    """How far its clock is behind both ours and its partner's; behind ours alone where the partner's is not known."""
    mine, theirs = view.clock, fresh(partner.clock, now, CLOCK_SECONDS)
    return max(0.0, min(0.0, theirs.value.seconds if theirs else 0.0) - mine.value.seconds) if mine else 0.0
