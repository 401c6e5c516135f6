"""Which of two stopped servers served last, by any witness that can tell: it knows most, and starts first. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.assess.visibility import ServerAssessment
from dhcptui.model.log_line import LineKind
from dhcptui.model.moments import Moment
from dhcptui.model.states import FailoverState
from dhcptui.model.words import clock

_S = FailoverState
_ALONE = frozenset({_S.COMMUNICATIONS_INTERRUPTED, _S.PARTNER_DOWN})
APART_SECONDS = 3.0
"""Times that are closer prove no order: polls are a second apart, and clocks a little."""
_SIGNS = frozenset({LineKind.STATE, LineKind.LINK, LineKind.WARNING})


@dataclass(frozen=True, slots=True)
class Last:
    """The server that outlived its partner, and how that is known."""

    server: ServerAssessment
    why: str


def stopped_last(a: ServerAssessment, b: ServerAssessment, now: Moment, peer: str) -> Last | None:
    """The one that served last; None where no witness tells, or they stopped together."""
    for one, two in ((a, b), (b, a)):
        if found := _outlived(one, two, peer):
            return found
    return _seen_later(a, b, now) or _wrote_later(a, b)


def _outlived(one: ServerAssessment, two: ServerAssessment, peer: str) -> Last | None:
    """It went on without its partner: its lease file or its log says so, and the partner's says nothing like it."""
    mine, theirs = one.view.recorded, two.view.recorded
    if mine and theirs and mine.value.state in _ALONE and theirs.value.state not in _ALONE:
        return Last(one, f"its {mine.value.source} says {mine.value.state.word}")
    last, other = _last_move(one, peer), _last_move(two, peer)
    if last in _ALONE and other is not None and other not in _ALONE:
        return Last(one, f"its log says {last.word}")
    return None


def _last_move(each: ServerAssessment, peer: str) -> FailoverState | None:
    moves = [notable.line.transition for notable in each.view.notable_lines if notable.line.transition]
    own = [move for move in moves if move.who == "me" and move.peer == peer]
    return own[-1].to_state if own else None


def _seen_later(a: ServerAssessment, b: ServerAssessment, now: Moment) -> Last | None:
    """By the last answer that this console had from each."""
    one, two = a.view.status, b.view.status
    if one is None or two is None or abs(one.at - two.at) <= APART_SECONDS:
        return None
    server, seen = (a, one) if one.at > two.at else (b, two)
    return Last(server, f"it answered this console until {clock(now.wall - seen.age(now))}")


def _wrote_later(a: ServerAssessment, b: ServerAssessment) -> Last | None:
    """By the last line of each dhcpd that is worth remembering, both by one clock."""
    times = []
    for each in (a, b):
        lines = [notable.last_at for notable in each.view.notable_lines if notable.line.kind in _SIGNS]
        if not lines or each.view.clock is None:
            return None
        times.append(max(lines) - each.view.clock.value.seconds)
    if abs(times[0] - times[1]) <= APART_SECONDS:
        return None
    server, at = (a, times[0]) if times[0] > times[1] else (b, times[1])
    return Last(server, f"its log ends later, at {clock(at)}")
