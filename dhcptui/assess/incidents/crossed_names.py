"""I-27: the names of two relationships are crossed between the servers. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dhcptui.assess.assessment import Assessment, Evidence, PairMember
from dhcptui.assess.incidents.found import Found, outage
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.log_line import LineKind, LogLine
from dhcptui.model.messages import MessageId
from dhcptui.model.snapshot import PairSnapshot, ServerView
from dhcptui.model.states import FailoverState

RECENT_SECONDS = 600.0
_REFUSALS = frozenset({MessageId.CONNECT_REFUSED, MessageId.CONNECTACK_REFUSED})


@dataclass(frozen=True, slots=True)
class Crossed:
    """Two names, as one server's log sets them side by side."""

    mine: str
    theirs: str


def mismatch(line: LogLine) -> Crossed | None:
    """What a refusal names: the relationship that the addresses stand for here, and the one the partner named."""
    theirs = line.slot("their_name")
    return Crossed(line.peer, theirs) if theirs and line.message in _REFUSALS else None


def names_crossed(pair: Assessment) -> Iterator[Found]:
    """Refusals that name another relationship which both servers have, too: no name is wrong, they are exchanged."""
    if pair.healthy:
        return
    for me, _ in pair.sides:
        after = me.since if me.state is FailoverState.NORMAL else 0.0
        for notable in reversed(
            me.lines({IncidentId.CONFIGURATIONS_MISFIT}, RECENT_SECONDS, {LineKind.ERROR, LineKind.LINK}, after=after)
        ):
            found = mismatch(notable.line)
            if found is not None and _both_known(found, pair.snapshot):
                yield Found(IncidentId.NAMES_CROSSED, outage(pair), (*me.said([notable]), *_places(pair, found)))
                break


def _both_known(found: Crossed, snapshot: PairSnapshot) -> bool:
    """Ours is one of the two names, and the other one is declared on both servers as well."""
    names = {found.mine, found.theirs} - {snapshot.peer}
    return len(names) == 1 and all(names <= _declared(view) for view in snapshot.servers)


def _declared(view: ServerView) -> set[str]:
    return {each.name for each in view.other_peers or ()}


def _places(pair: Assessment, found: Crossed) -> Iterator[Evidence]:
    """What both files say of the addresses of the two."""
    for side in pair.servers:
        for name in sorted({found.mine, found.theirs}):
            if place := _place(side, name, pair.snapshot.peer):
                yield Evidence(side.name, place)


def _place(side: PairMember, name: str, peer: str) -> str:
    places = {each.name: each.place for each in side.view.other_peers or ()}
    place = side.view.place if name == peer else places.get(name)
    return f"{name}: {place.address} looks for {place.peer_address}" if place else ""
