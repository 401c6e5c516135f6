"""Whether two readings may be put side by side: each server is read at its own moment, a second or more apart. Pure."""

from __future__ import annotations

from dhcptui.assess.visibility import ServerAssessment
from dhcptui.model.states import FailoverState

_S = FailoverState
_SERVES_ON = frozenset({_S.NORMAL, _S.COMMUNICATIONS_INTERRUPTED, _S.PARTNER_DOWN})
WHOLE_SECOND = 1.0
"""dhcpd tells the start of a state in whole seconds: it may have begun so much later."""
CLOCK_SLACK_SECONDS = 0.5
HEARD_SECONDS = 4.0
"""What a server has only just heard of its partner may be newer than what the console saw of the partner."""


def contradicting(one: FailoverState | None, two: FailoverState | None) -> bool:
    """Whether one state is partner-down, and the other that of a server which gives out addresses of its own, too."""
    states = [one, two]
    if _S.PARTNER_DOWN not in states:
        return False
    states.remove(_S.PARTNER_DOWN)
    return states[0] in _SERVES_ON


def together(a: ServerAssessment, b: ServerAssessment) -> bool:
    """Whether both servers are known to have been in their states at one moment.

    A state was held from its start until it was read; two that never overlap are one change, seen half-way. Where a
    clock was never read, or contradicts itself, that cannot be told, and the answer is yes: want of a clock must not
    hide that two servers contradict each other. Not for startup and recover-wait: they keep an older start.
    """
    seconds = overlap_seconds(a, b)
    return seconds is None or seconds >= 0


def overlap_seconds(a: ServerAssessment, b: ServerAssessment) -> float | None:
    """For how many seconds both were surely in their states at once; None where that cannot be told."""
    ages = [_ages(each) for each in (a, b)]
    known = [each for each in ages if each is not None]
    if len(known) < 2:
        return None
    return min(begun for begun, _ in known) - max(read for _, read in known)


def _ages(each: ServerAssessment) -> tuple[float, float] | None:
    """For how many seconds the state has surely been held, and how long ago it was read."""
    status, clock = each.status, each.view.clock
    if not each.live or status is None or each.age_seconds is None or clock is None:
        return None
    begun = each.time - status.local_stos
    slack = CLOCK_SLACK_SECONDS + clock.value.uncertainty_seconds
    if begun < each.age_seconds - slack:  # read before it began: the clock was set meanwhile
        return None
    return begun - WHOLE_SECOND - clock.value.uncertainty_seconds, each.age_seconds


def just_heard(each: ServerAssessment) -> bool:
    """Whether what it recorded of its partner is so new that the partner must have lived a moment ago."""
    status = each.status
    return each.live and status is not None and 0 <= each.time - status.partner_stos < HEARD_SECONDS


def just_changed(each: ServerAssessment) -> bool:
    """Whether its own state is so new that its partner may not have heard of it. Not for startup and recover-wait."""
    status = each.status
    return each.live and status is not None and 0 <= each.time - status.local_stos < HEARD_SECONDS
