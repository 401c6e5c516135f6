"""What an action does to the other relationships of a dhcpd: evidence before, and who serves each afterwards.

A state write concerns one relationship. A stop or a restart of dhcpd takes all of them along, and is refused or must be
answered for where one of them would be left with nobody serving it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from dhcptui.assess.assessment import Assessment, PairMember
from dhcptui.assess.evidence import Finding
from dhcptui.assess.peers import PeerAssessment, judge_one, partners, served_sentence
from dhcptui.model.peers import label
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ServerView
from dhcptui.model.states import FailoverState
from dhcptui.model.words import joined

_S = FailoverState


class Interruption(Enum):
    """How a dhcpd is taken away from its relationships."""

    STAGED = "staged restart"
    """One server after the other: nobody is to notice."""
    RESTART = "restart"
    STOP = "stop"


class _Loss(Enum):
    """What one relationship loses when a dhcpd goes."""

    UNKNOWN = "unknown"
    NOTHING = "nothing"
    ONE_SERVER = "one of its servers"
    PERHAPS_THE_LAST = "perhaps its last server"
    THE_LAST = "its last server"


def judge_all(server: PairMember, each: Assessment) -> tuple[PeerAssessment, ...]:
    """Every other relationship of one server."""
    return tuple(judge_one(peer, server, each.other(server)) for peer in server.view.other_peers or ())


def untouched(each: Assessment) -> list[Finding]:
    """Other relationships of the same dhcpd are not touched: a state write concerns one."""
    del each
    return []


def when_started(each: Assessment) -> list[Finding]:
    """Other relationships of the acting server's dhcpd start too: the plan names each, with what it waits for."""
    return untouched(each)


def when_stopped(each: Assessment) -> list[Finding]:
    """Every other relationship of the acting server's dhcpd stops without being handed over: a sentence names each."""
    return [*no_other(each.me.view), *interrupted(each, Interruption.STOP, each.me)]


def when_restarted(each: Assessment) -> list[Finding]:
    """Other relationships of the acting server's dhcpd: a sentence where nobody else is known to serve one meanwhile."""
    return interrupted(each, Interruption.RESTART, each.me)


def when_restarted_in_turn(each: Assessment) -> list[Finding]:
    """Other relationships of both dhcpd: refused where one of them would be left with nobody serving it."""
    return interrupted(each, Interruption.STAGED, each.me, each.partner)


def without_those_that_stay(
    each: Assessment, findings: tuple[Finding, ...], restarted: frozenset[Role]
) -> tuple[Finding, ...]:
    """The findings of a staged restart, less what is about a server that this run leaves alone: a rollback, a rest."""
    kept = [server for server in (each.me, each.partner) if server.role in restarted]
    about_others = set(when_restarted_in_turn(each)) - set(interrupted(each, Interruption.STAGED, *kept))
    return tuple(found for found in findings if found not in about_others)


def interrupted(each: Assessment, how: Interruption, *servers: PairMember) -> list[Finding]:
    """One finding for each other relationship of the dhcpd that are stopped or restarted."""
    found: list[Finding] = []
    for server in servers:
        if server.view.other_peers is None:
            found.append(_unread(server.view))
            continue
        assessments = judge_all(server, each)
        found += [_finding(one, how, assessments) for one in assessments]
    return found


def _unread(view: ServerView) -> Finding:
    asked, by = f"{view.name}'s other failover peers are known", f"dhcpd.conf of {view.name}"
    if view.configuration_note:
        return Finding(asked, _blind(view), False, by, sentence="every other failover peer stops too", seen=False)
    return Finding(asked, f"{view.name}'s dhcpd.conf is still being read", False, by, pending=True, seen=False)


def _loss(each: PeerAssessment) -> _Loss:
    if each.serving is None:
        return _Loss.UNKNOWN
    if not each.serving:
        return _Loss.NOTHING
    if each.elsewhere:
        return _Loss.ONE_SERVER
    return _Loss.PERHAPS_THE_LAST if each.elsewhere is None else _Loss.THE_LAST


def _finding(each: PeerAssessment, how: Interruption, others: tuple[PeerAssessment, ...]) -> Finding:
    """The evidence for one relationship. Those that share a fate share the sentence, so that it is typed once."""
    loss = _loss(each)
    if how is Interruption.STAGED and loss is _Loss.THE_LAST and each.other_down:
        return _after_the_other(each)
    alike = joined(one.name for one in others if _loss(one) is loss)
    sentence = _sentence(loss, how, alike, alone=alike == each.name)
    ok = loss is _Loss.NOTHING or (loss is _Loss.ONE_SERVER and how is not Interruption.STOP)
    goes = "stops" if how is Interruption.STOP else "restarts"
    return Finding(
        f"{each.name} is served when {each.on} {goes}",
        _observed(each, loss, how),
        ok,
        f"OMAPI of {each.on}",
        each.age_seconds,
        "" if ok else sentence,
        pending=not each.peer.asked,
        seen=loss not in {_Loss.UNKNOWN, _Loss.PERHAPS_THE_LAST},
    )


def _after_the_other(each: PeerAssessment) -> Finding:
    """Its other server is down: a restart goes on with that one, and looks again before this one's turn."""
    observed = f"{each.name}: only {each.on} serves it now: it is not restarted before {each.by} serves it too"
    return Finding(
        f"{each.name} is served when {each.on} restarts", observed, True, f"OMAPI of {each.on}", each.age_seconds
    )


def _sentence(loss: _Loss, how: Interruption, names: str, *, alone: bool) -> str:
    match loss:
        case _Loss.UNKNOWN:
            return f"what becomes of {names} is not known"
        case _Loss.PERHAPS_THE_LAST:
            return f"nobody else is known to serve {names}"
        case _Loss.ONE_SERVER:
            return f"{names} {'stops' if alone else 'stop'} too"
        case _Loss.THE_LAST if how is not Interruption.STAGED:  # staged: there is no reason good enough
            return f"nobody serves {names} {'then' if how is Interruption.STOP else 'while dhcpd restarts'}"
        case _:
            return ""


def _observed(each: PeerAssessment, loss: _Loss, how: Interruption) -> str:
    word = each.state.word if each.state else "no dhcpd"
    while_ = "" if how is Interruption.STOP else " while dhcpd restarts"
    match loss:
        case _Loss.UNKNOWN:
            return f"{each.name}: its state on {each.on} is not known ({each.why})"
        case _Loss.NOTHING:
            return f"{each.name}: {word} on {each.on}, which serves nobody of it now: its clients lose nothing"
        case _Loss.THE_LAST:
            return f"{each.name}: {word} on {each.on}: only this server serves it: nobody would serve it{while_}"
        case _Loss.PERHAPS_THE_LAST:
            return f"{each.name}: {word} on {each.on}; whether {each.by} serves it is not known"
        case _Loss.ONE_SERVER:
            return _shared(each, how)


def _shared(each: PeerAssessment, how: Interruption) -> str:
    word = each.state.word if each.state else ""
    moves = f"{word} -> communications-interrupted" if each.state is _S.NORMAL else word
    if how is Interruption.STOP:
        return (
            f"{each.name}: {moves}: not handed over before {each.on}'s dhcpd stops; {each.by} serves it from its half;"
            f" when {each.on} comes back it waits for the MCLT in it, and {each.by} serves it alone"
        )
    return f"{each.name}: {moves} while dhcpd restarts on {each.on}; {each.by} serves it meanwhile"


def no_other(view: ServerView) -> list[Finding]:
    """That there is no other relationship, where that was looked at."""
    if view.other_peers != ():
        return []
    return [
        Finding(
            f"{view.name}'s dhcpd serves this failover peer only",
            "no other failover peer",
            True,
            f"dhcpd.conf of {view.name}",
        )
    ]


def coming_up(each: Assessment) -> list[str]:
    """What the start of a dhcpd means for its other relationships."""
    view, other = each.me.view, each.partner
    if view.other_peers is None:
        return list(unread(each))
    sentences = []
    for peer in view.other_peers:
        found = next((one for one in other.view.other_peers or () if partners(one, peer)), None)
        if found is None:
            where = peer.place.peer_address or "its partner"
            sentences.append(f"{peer.name}: it looks for {where}, of which nothing is known here.")
        else:
            sentences.append(_joins(judge_one(found, other, each.me), view.name))
    return sentences


def _joins(there: PeerAssessment, name: str) -> str:
    """`there`: the relationship on the server that runs."""
    if there.state is None:
        return f"{there.name}: its state on {there.on} is not known ({there.why})."
    sentence = f"{there.name}: {there.state.word} on {there.on}"
    if there.state is _S.PARTNER_DOWN:
        return f"{sentence}: {name} fetches its leases first and may wait out the MCLT."
    if there.serving:
        # Seen on a real pair: told to exit over OMAPI, dhcpd leaves every relationship in recover, not only the one handed over.
        return (
            f"{sentence}, which serves it: normal again once {name} is there; if {name}'s dhcpd was told to stop it waits for the"
            f" MCLT first, and {there.on} serves it alone."
        )
    return f"{sentence}, which serves nobody of it: {name} takes part again, no more."


def left_waiting(each: Assessment) -> list[str]:
    """Which clients a partner-down is about, and which other relationships go on waiting."""
    view = each.me.view
    if view.other_peers is None:
        return list(unread(each))
    assessments = judge_all(each.me, each)
    if not assessments:
        return []
    sentences = [f"This is about the clients of {label(each.snapshot.peer, view.place)} only."]
    waiting = [one for one in assessments if one.state is _S.COMMUNICATIONS_INTERRUPTED]
    if waiting:
        stay, each_one = ("stay", "each") if len(waiting) > 1 else ("stays", "it")
        sentences.append(
            f"{joined(one.peer.label for one in waiting)} {stay} in communications-interrupted"
            f"{_same_partner(waiting, each)}: {each_one} needs a partner-down of its own."
        )
    sentences += [
        f"{one.peer.label}: {one.state.word} on {one.on}, not touched."
        if one.state
        else f"{one.peer.label}: its state on {one.on} is not known ({one.why})."
        for one in assessments
        if one not in waiting
    ]
    return sentences


def _same_partner(waiting: Iterable[PeerAssessment], each: Assessment) -> str:
    name = each.partner.name
    same = all(one.by == name for one in waiting)
    return f", with the same partner {name}" if same else f" ({joined(one.by for one in waiting)})"


def _blind(view: ServerView) -> str:
    why = f" ({view.configuration_note})" if view.configuration_note else " yet"
    return f"{view.name}'s dhcpd.conf could not be read{why}: whether it serves other failover peers is not known"


def unread(each: Assessment) -> tuple[str, ...]:
    """What the warnings of a plan say where the acting server's other relationships cannot be read."""
    view = each.me.view
    return (f"{_blind(view)}.",) if view.other_peers is None and view.configuration_note else ()


def afterwards(each: Assessment, *servers: PairMember) -> str:
    """Who serves every other relationship of these servers now, in sentences; empty where there is none."""
    sentences: dict[str, str] = {}
    for server in servers:
        if server.view.other_peers is None:
            sentences[""] = f" {_blind(server.view)}."
            continue
        for one in judge_all(server, each):
            sentences.setdefault(one.name, f" {served_sentence(one)}")
    return "".join(sentences.values())


def still_waiting(each: Assessment) -> str:
    """The relationships that wait in communications-interrupted after a partner-down of ours, in a sentence."""
    if each.me.view.other_peers is None:
        return f" {_blind(each.me.view)}."
    assessments = judge_all(each.me, each)
    waiting = [one for one in assessments if one.state is _S.COMMUNICATIONS_INTERRUPTED]
    rest = "".join(f" {served_sentence(one)}" for one in assessments if one not in waiting)
    if not waiting:
        return rest
    still = "still wait" if len(waiting) > 1 else "still waits"
    return f" {joined(one.peer.label for one in waiting)} {still} in communications-interrupted: partner-down there too.{rest}"
