"""The other relationships of both dhcpd, judged at one moment: who serves each of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.assess.assessment import Assessment
from dhcptui.assess.freshness import PEER_SECONDS, fresh, status_seconds
from dhcptui.assess.visibility import ServerAssessment
from dhcptui.model.peers import OtherPeer
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ServerView
from dhcptui.model.states import FailoverState, serves

_S = FailoverState


@dataclass(frozen=True, slots=True)
class PeerAssessment:
    """One server in one other relationship, judged at one moment."""

    peer: OtherPeer
    server: ServerAssessment
    state: FailoverState | None
    """What it says of itself now; None: not known."""
    serving: bool | None
    elsewhere: bool | None
    """Whether another server serves it as well, or would as soon as this one is gone; None: not known."""
    by: str
    """Who that is, or would be."""
    age_seconds: float | None = None
    other_down: bool = False
    """The partner's dhcpd is known not to run."""

    @property
    def name(self) -> str:
        """The relationship's name."""
        return self.peer.name

    @property
    def on(self) -> str:
        """The server's name."""
        return self.server.view.name

    @property
    def why(self) -> str:
        """Why its state is not known."""
        return self.peer.note or ("no answer in time" if self.peer.status else "not read yet")


def partners(one: OtherPeer, two: OtherPeer) -> bool:
    """Whether two servers are each other's partner in it: one name, and no address that says otherwise."""
    crossed = (one.place.peer_address, two.place.address), (two.place.peer_address, one.place.address)
    return one.name == two.name and all(theirs == own or not (theirs and own) for theirs, own in crossed)


def counterpart(peer: OtherPeer, server: ServerAssessment) -> OtherPeer | None:
    """The same relationship on another server, which is the partner in it; None: it is not, or that is not known."""
    return next((each for each in server.view.other_peers or () if partners(peer, each)), None)


def judge(pair: Assessment, role: Role) -> tuple[PeerAssessment, ...]:
    """Every other relationship of one server; empty also where its dhcpd.conf was not read: look at `other_peers`."""
    server, other = pair[role], pair[role.other]
    return tuple(judge_one(peer, server, other) for peer in server.view.other_peers or ())


def judge_one(peer: OtherPeer, server: ServerAssessment, other: ServerAssessment) -> PeerAssessment:
    """One relationship on `server`; `other` is its partner in the pair, and perhaps in this relationship."""
    state, serving = _own(peer, server)
    elsewhere, by = _elsewhere(peer, state, other)
    age_seconds = peer.status.age(server.now) if peer.status else None
    other_down = counterpart(peer, other) is not None and other.gone
    return PeerAssessment(peer, server, state, serving, elsewhere, by, age_seconds, other_down)


def _own(peer: OtherPeer, server: ServerAssessment) -> tuple[FailoverState | None, bool | None]:
    if server.gone:
        return None, False
    seen = fresh(peer.status, server.now, status_seconds(server.view.omapi.round_trip_seconds, PEER_SECONDS))
    if peer.note or seen is None or not server.view.omapi.ok:
        return None, None
    status = seen.value
    return status.local_state, serves(status.local_state, status.partner_state)


def _elsewhere(peer: OtherPeer, state: FailoverState | None, other: ServerAssessment) -> tuple[bool | None, str]:
    found = counterpart(peer, other)
    if found is not None:
        return _own(found, other)[1], other.view.name
    heard = peer.status.value.partner_state if peer.status else None
    where = f"its partner {peer.place.peer_address}" if peer.place.peer_address else "its partner"
    if state is _S.NORMAL and heard is _S.NORMAL:
        return True, where  # normal means that the link is up: what was heard of the partner is the present
    return (False if state is _S.PARTNER_DOWN else None), where


def peers_read(view: ServerView, since: float) -> bool:
    """Whether every other relationship was read after `since` (mono), or dhcpd has said why not."""
    return all(each.note or (each.status is not None and each.status.at > since) for each in view.other_peers or ())


def unserved(each: PeerAssessment) -> bool | None:
    """Whether nobody serves it; None: not known."""
    if each.serving or each.elsewhere:
        return False
    return True if each.serving is each.elsewhere is False else None


def who_serves(each: PeerAssessment) -> str:
    """Who answers the clients of a relationship now, as one clause."""
    named, state = each.peer.label, each.state.word if each.state else ""
    if each.serving and each.elsewhere:
        return f"{named}: {each.on} ({state}) and {each.by} serve it"
    if each.serving:
        return f"{named}: {each.on} serves it ({state})"
    if each.elsewhere:
        return f"{named}: {each.by} serves it"
    return f"nobody serves {named}" if unserved(each) else f"{named}: whether anybody serves it is not known"


def served_sentence(each: PeerAssessment) -> str:
    """The same as a sentence. A relationship's name, unlike other words, keeps its small letter at the beginning."""
    return f"Nobody serves {each.peer.label}." if unserved(each) else f"{who_serves(each)}."
