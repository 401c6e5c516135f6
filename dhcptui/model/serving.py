"""Who served clients, and when: computed from both logs, as far as logs can tell.

Each server's log gives its own state ("I move"), the state it has recorded of its partner ("peer moves"), and its
process id. A killed dhcpd writes no last word: the moment is then taken from its partner's log, which notes the loss of
the link; where that is silent too, the time from its last line to its next start is not known.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dhcptui.model.lexicon import LineKind
from dhcptui.model.loglines import LogLine
from dhcptui.model.snapshot import Role
from dhcptui.model.states import FailoverState, from_word, serves

_S = FailoverState
STARTED = "Server starting service."
LOSS_SECONDS = 5.0
"""A loss noted by the partner counts from this long before the last line: the lines of two logs cross."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which nothing changed. `begin`, `end`: epoch seconds of the console's clock."""

    begin: float
    end: float
    primary: bool | None
    """Whether it served; None: not known."""
    secondary: bool | None

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end - self.begin

    @property
    def word(self) -> str:
        """`both`, `one`, `nobody`, or `unknown` where a missing answer decides."""
        both = (self.primary, self.secondary)
        if all(both):
            return "both"
        if None in both:
            return "unknown"
        return "one" if any(both) else "nobody"


def serving_spans(
    logs: Mapping[Role, Sequence[LogLine]],
    peer: str,
    *,
    offsets: Mapping[Role, float],
    begin: float,
    end: float,
    present: Mapping[Role, bool | None],
) -> tuple[Span, ...]:
    """What each server did from `begin` to `end`, in spans without a gap; `present`: whether it serves at `end`.

    `logs` may begin earlier: that tells the state at `begin`. `offsets`: server's clock minus the console's.
    """
    losses = {role: _losses(logs.get(role, ()), peer, offsets.get(role, 0.0)) for role in Role}
    known = {
        role: _up_to(
            end,
            present.get(role),
            losses[role.other],
            *_changes(logs.get(role, ()), peer, offsets.get(role, 0.0), losses[role.other]),
        )
        for role in Role
    }
    times = sorted({begin, end, *(at for each in known.values() for at, _ in each if begin < at < end)})
    spans: list[Span] = []
    for start, stop in pairwise(times):
        made = Span(start, stop, *(_value(known[role], start) for role in Role))
        if spans and (spans[-1].primary, spans[-1].secondary) == (made.primary, made.secondary):
            made = Span(spans.pop().begin, stop, made.primary, made.secondary)
        spans.append(made)
    return tuple(spans)


Change = tuple[float, bool | None]


def _losses(lines: Sequence[LogLine], peer: str, offset: float) -> list[float]:
    """When this server noted that the link was lost."""
    return [
        line.stamp - offset
        for line in lines
        if line.stamp is not None and line.kind is LineKind.LINK and line.text == f"peer {peer}: disconnected"
    ]


def _changes(
    lines: Sequence[LogLine], peer: str, offset: float, losses: list[float]
) -> tuple[list[Change], float | None]:
    """(time, serves) of one server, in order, and the time of its last line. Before the first time nothing is known."""
    local, partner = _before(lines, peer)
    changes: list[Change] = []
    process: int | None = None
    last = None
    for line in lines:
        if line.stamp is None:
            continue
        at = line.stamp - offset
        move = line.transition if line.transition and line.transition.peer == peer else None
        if line.pid != process and (move or line.text == STARTED):
            if process is not None and last is not None:
                changes += _death(last, at, losses, changes)
                # What it was when it died stands in its lease file: it goes on from there.
            process = line.pid
        if line.pid != process and process is not None:
            continue  # `dhcpd -t` and other servers on the host write here too
        last = at
        if not changes and local is not None:
            changes.append((at, serves(local, partner)))
        if move is not None:
            if move.who == "me":
                local = from_word(move.to_state)
            else:
                partner = from_word(move.to_state)
            changes.append((at, serves(local or _S.UNKNOWN, partner)))
        elif line.text == "exiting.":
            changes.append((at, False))
    return changes, last


def _up_to(
    end: float, present: bool | None, losses: list[float], changes: list[Change], last: float | None
) -> list[Change]:
    """The changes, and what must have happened behind the last line for the server to be as it is."""
    if present is None or (changes and changes[-1][1] == present):
        return changes
    if not changes:  # the log tells of no change: it has been as it is
        return [(float("-inf"), present)]
    if present is False and last is not None:
        return [*changes, *_death(last, end, losses, changes)]
    return [*changes, (changes[-1][0], None), (end, present)]


def _death(last: float, next_start: float, losses: list[float], changes: list[Change]) -> list[Change]:
    """Between the last line of one process and the first of the next: dead since the partner noted it, if it did."""
    if not changes or changes[-1][1] is False:
        return [(last, False)]
    noted = next((at for at in losses if last - LOSS_SECONDS <= at <= next_start), None)
    if noted is not None:
        return [(max(noted, changes[-1][0]), False)]
    return [(last, None), (next_start, False)]


def _before(lines: Sequence[LogLine], peer: str) -> tuple[FailoverState | None, FailoverState]:
    """The states before the first lines: a transition names where it comes from."""
    moves = [line.transition for line in lines if line.transition and line.transition.peer == peer]
    mine = next((from_word(each.from_state) for each in moves if each.who == "me"), None)
    theirs = next((from_word(each.from_state) for each in moves if each.who == "peer"), _S.NORMAL)
    return mine, theirs


def _value(changes: list[Change], at: float) -> bool | None:
    index = bisect_right([each[0] for each in changes], at)
    return changes[index - 1][1] if index else None
