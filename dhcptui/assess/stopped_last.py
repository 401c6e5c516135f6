"""Which of two stopped servers served last, by any witness that can tell: it knows most, and starts first. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.assess.assessment import PairMember
from dhcptui.model.log_line import LineKind
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

    server: PairMember
    why: str


def stopped_last(a: PairMember, b: PairMember) -> Last | None:
    """The one that served last; None where no witness tells, or they stopped together."""
    for one, two in ((a, b), (b, a)):
        if found := _outlived(one, two):
            return found
    return _seen_later(a, b) or _wrote_later(a, b)


def _outlived(one: PairMember, two: PairMember) -> Last | None:
    """It went on without its partner: its lease file or its log says so, and the partner's says nothing like it."""
    mine, theirs = one.view.recorded, two.view.recorded
    if mine and theirs and mine.value.state in _ALONE and theirs.value.state not in _ALONE:
        return Last(one, f"its {mine.value.source} says {mine.value.state.word}")
    last, other = (each.moves()[-1][1].to_state if each.moves() else None for each in (one, two))
    if last in _ALONE and other is not None and other not in _ALONE:
        return Last(one, f"its log says {last.word}")
    return None


def _seen_later(a: PairMember, b: PairMember) -> Last | None:
    """By the last answer that this console had from each."""
    one, two = a.view.status, b.view.status
    if one is None or two is None or abs(one.at - two.at) <= APART_SECONDS:
        return None
    server, seen = (a, one) if one.at > two.at else (b, two)
    return Last(server, f"it answered this console until {clock(a.now.wall - seen.age(a.now))}")


def _wrote_later(a: PairMember, b: PairMember) -> Last | None:
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
