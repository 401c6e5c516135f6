"""A partner that vanished without a word, before the survivor's dhcpd has noticed: it still reads normal. Pure.

dhcpd notices a broken connection at once, and silence (power, a cut, a dhcpd that is stopped) only after
max-response-delay. Until then it serves as one of two: from its own half, and for its own share of the clients at first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dhcptui.assess.assessment import Assessment
from dhcptui.assess.evidence import Finding
from dhcptui.assess.freshness import REACH_SECONDS, STALE_AFTER_SECONDS, fresh
from dhcptui.assess.visibility import ServerAssessment, Visibility
from dhcptui.model.snapshot import Link
from dhcptui.model.states import FailoverState
from dhcptui.model.words import clock


@dataclass(frozen=True, slots=True)
class Unnoticed:
    """Until when the survivor may read normal. `seconds`: from now, at most."""

    seconds: float
    by: str
    """The same as a time of day, UTC by the console's clock."""


def unnoticed(me: ServerAssessment, other: ServerAssessment) -> Unnoticed | None:
    """Whether `me` has not noticed yet that `other` is gone; None where it has, or where `other` may well be heard by it."""
    status = me.status
    if me.state is not FailoverState.NORMAL or status is None or not _vanished(me, other):
        return None
    seen = other.view.status
    if seen is not None:
        last = seen.at + STALE_AFTER_SECONDS
    elif other.view.omapi.link is Link.FAILED:
        last = other.view.omapi.since
    else:
        return None
    left = last + status.max_response_delay_seconds - me.now.mono
    return Unnoticed(left, clock(me.now.wall + left)) if left > 0 else None


def _vanished(me: ServerAssessment, other: ServerAssessment) -> bool:
    """Gone from two places, or seen to be stopped: a server that only the console cannot reach may be heard by its partner."""
    if other.gone:
        return True
    if other.visibility is Visibility.SILENT:
        return other.serving is False and other.stopped
    reach = fresh(me.view.reach, me.now, REACH_SECONDS)
    tried = reach is not None and reach.value.alive is False
    return other.visibility is Visibility.UNREACHABLE and tried and not other.view.ssh.answered


def not_yet(case: Assessment, found: Finding) -> Finding:
    """The finding on the survivor's state: "not yet" where it will leave normal by itself in a moment."""
    waits = unnoticed(case.me, case.partner)
    if waits is None:
        return found
    name, other = case.me.name, case.partner.name
    observed = (
        f"not yet: {waits.seconds:.0f} s at most, until {name} notices that {other} is gone (it still reads normal)"
    )
    return replace(found, observed=observed, ok=False, pending=True)


def unnoticed_words(begin: str, partner: str, lost: Sequence[str], by: str, most: int) -> str:
    """The headline; `lost`: what is known of the partner, the longest first; `most`: letters that there is room for."""
    ways = (
        f"{begin}, not noticed yet (will by {by}): {partner} {lost[0]}",
        f"{begin}, not noticed yet (will by {by}): {partner} {lost[-1]}",
        f"{begin}; {partner} {lost[-1]}",
    )
    return next((way for way in ways if len(way) <= most), ways[-1])
