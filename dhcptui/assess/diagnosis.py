"""What a reachability matrix means: which way is broken, in one sentence, and what to look at.

Pure and total. A cause is named only where what was observed leaves no other; else it is `UNKNOWN`, with what is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from ipaddress import AddressValueError, IPv4Address

from dhcptui.assess.links import LinkMatrix, ServerLinks, Way
from dhcptui.assess.timesync import REFUSED_SECONDS
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.snapshot import Reach
from dhcptui.model.words import joined


class Cause(Enum):
    """What is broken, in a few words."""

    NONE = "every way is open"
    UNKNOWN = "not known"
    CONSOLE_PATH = "the console's own path"
    LOGIN = "SSH lets the console not in"
    HOST_GONE = "host gone"
    OMAPI = "OMAPI only"
    HELD = "dhcpd is held"
    LISTENER_MISSING = "nobody listens"
    WRONG_PEER = "peer address or port is wrong"
    TRANSLATED = "addresses are translated"
    NETWORK_ONE_WAY = "network cut one way"
    NETWORK = "network cut both ways"
    PORT_ONE_WAY = "failover port blocked one way"
    PORT = "failover port blocked both ways"
    UNREACHED = "neither reaches the other's failover port"
    REFUSED = "failover port refused"
    CLOCKS = "clocks too far apart"
    NOT_CONNECTED = "open, but not connected"


_INCIDENTS = {
    Cause.CLOCKS: IncidentId.CLOCKS_DISAGREE,
    Cause.WRONG_PEER: IncidentId.CONFIGURATIONS_MISFIT,
    Cause.TRANSLATED: IncidentId.CONFIGURATIONS_MISFIT,
    Cause.NETWORK_ONE_WAY: IncidentId.LINK_BLOCKED,
    Cause.NETWORK: IncidentId.LINK_BLOCKED,
    Cause.PORT_ONE_WAY: IncidentId.LINK_BLOCKED,
    Cause.PORT: IncidentId.LINK_BLOCKED,
    Cause.UNREACHED: IncidentId.LINK_BLOCKED,
    Cause.REFUSED: IncidentId.LINK_BLOCKED,
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The cause, one sentence for people, and what to look at (may be empty)."""

    cause: Cause
    sentence: str
    look_at: str
    broken: tuple[Way, ...]
    """The ways that are refused or meet silence."""

    @property
    def incident(self) -> IncidentId | None:
        """The incident of the catalogue this is."""
        return _INCIDENTS.get(self.cause)


_Said = tuple[Cause, str, str]


def diagnose(matrix: LinkMatrix) -> Diagnosis:
    """Judge a matrix. The order of the questions is from what hides the rest to what is left over."""
    checks: tuple[Callable[[LinkMatrix], _Said | None], ...] = (
        _blind, _lost_one, _linked, _held, _not_running, _wrong_place, _not_listening, _translated, _blocked, _open,
    )  # fmt: skip
    cause, sentence, look_at = next((answer for check in checks if (answer := check(matrix))), _unknown(matrix))
    return Diagnosis(cause, sentence, look_at, tuple(way for way in matrix.ways if way.state.closed))


def _pairs(matrix: LinkMatrix) -> Iterator[tuple[ServerLinks, ServerLinks]]:
    """Each server with its partner."""
    yield matrix.primary, matrix.secondary
    yield matrix.secondary, matrix.primary


def _port(me: ServerLinks) -> str:
    """Where `me` looks for its partner."""
    return f"{me.place.peer_address}:{me.place.peer_port}" if me.place else "the failover port"


# --- what the console sees ---


def _blind(matrix: LinkMatrix) -> _Said | None:
    a, b = matrix.sides
    if a.seen or b.seen:
        return None
    if Reach.UNKNOWN in {a.ssh.state, b.ssh.state}:
        return Cause.UNKNOWN, "The console is still looking for the servers.", ""
    if {a.ssh.state, b.ssh.state} == {Reach.SILENT}:
        sentence = f"The console reaches neither {a.name} nor {b.name}: whether they reach each other cannot be told from here."
        return Cause.UNKNOWN, sentence, "Look at the console's own network first, then at both hosts."
    names = joined(each.name for each in matrix.sides if each.ssh.state is Reach.REFUSED)
    sentence = f"The console is turned away by {names}, so nothing can be said of the link."
    return Cause.LOGIN, sentence, "Look at what SSH says, on the server's panel."


def _lost_one(matrix: LinkMatrix) -> _Said | None:
    for me, other in _pairs(matrix):
        if other.seen or not me.seen:
            continue
        if other.ssh.state is Reach.UNKNOWN:
            return Cause.UNKNOWN, f"The console is still looking for {other.name}.", ""
        if other.ssh.state is Reach.REFUSED:
            sentence = f"{other.name}'s host answers, but lets the console not in"
            return Cause.LOGIN, f"{sentence} ({other.ssh.detail}).", "Look at what SSH says, on the server's panel."
        alive = me.reach.alive if me.reach else None
        if alive:
            sentence = f"{me.name} reaches {other.name}, the console does not: the way from the console is broken."
            return Cause.CONSOLE_PATH, sentence, f"Look at network and firewall between the console and {other.name}."
        if alive is False:
            sentence = f"{other.name} answers neither the console nor {me.name}: its host is off, or cut off from both."
            return Cause.HOST_GONE, sentence, f"Look at {other.name} itself: power, console, switch port."
        sentence = f"The console does not reach {other.name}, and {me.name} has not been able to try it."
        return Cause.UNKNOWN, sentence, f"Try {other.name} from {me.name}."
    return None


# --- what the servers see ---


def _linked(matrix: LinkMatrix) -> _Said | None:
    if not matrix.connected or any(side.failover.state.closed for side in matrix.sides):
        return None  # a connection that both ends still have says nothing against a try that met silence
    for side in matrix.sides:
        if side.held:
            return _held(matrix)
        if not side.ssh.ok and side.ssh.state is not Reach.UNKNOWN:
            return _not_in(side)
        if not side.omapi.ok and side.omapi.state is not Reach.UNKNOWN:
            sentence = f"The failover connection is up; {side.name} cannot be asked over OMAPI ({side.omapi.detail})."
            advice = f"{side.name}: {side.omapi.advice}." if side.omapi.advice else ""
            return Cause.OMAPI, sentence, advice or f"Look at omapi-port and omapi-key in dhcpd.conf of {side.name}."
    if any(way.state is Reach.UNKNOWN for way in matrix.ways):
        return Cause.UNKNOWN, "The failover connection is up; the console is still looking at the rest.", ""
    if any(side.failover.inferred for side in matrix.sides):
        sentence = (
            "The failover connection is established as far as both know; that the way is open is inferred from it."
        )
        return Cause.NONE, sentence, ""
    return Cause.NONE, "Every way is open and the failover connection is up.", ""


def _not_in(side: ServerLinks) -> _Said:
    why = side.ssh.detail or side.ssh.state.value
    if side.ssh.what == "local":
        sentence = f"The failover connection is up; {side.name} does not answer the console that runs on it ({why})."
        return Cause.UNKNOWN, sentence, f"Look at {side.name} itself: load, disk, memory."
    return (
        Cause.LOGIN,
        f"The failover connection is up; SSH to {side.name} fails ({why}).",
        f"Look at sshd on {side.name}.",
    )


def _held(matrix: LinkMatrix) -> _Said | None:
    names = [each.name for each in matrix.sides if each.held]
    if not names:
        return None
    sentence = (
        f"dhcpd on {joined(names)} is held by a signal or a debugger: its port takes connections, and nobody answers."
    )
    return Cause.HELD, sentence, "Find out who holds it; `kill -CONT PID` lets it go on."


def _wrong_place(matrix: LinkMatrix) -> _Said | None:
    """dhcpd takes a connection only from its `peer address`, and listens only on its own `address`."""
    for me, other in _pairs(matrix):
        if not me.place or not other.place or not me.failover.state.closed:
            continue
        here, there = _literal(me.place.peer_address), _literal(other.place.address)
        look = "Look at address, port, peer address and peer port in both dhcpd.conf: they must be crossed."
        if here and there and here != there:
            sentence = (
                f"{me.name} looks for its partner at {here}, but {other.name} has {there} as its own address"
                f" in dhcpd.conf: {me.name} neither finds it nor lets it in."
            )
            return Cause.WRONG_PEER, sentence, look + " Only NAT between the two may make them differ."
        if me.place.peer_port != other.place.port:
            sentence = f"{me.name} tries port {me.place.peer_port}, but {other.name} listens on {other.place.port}."
            return Cause.WRONG_PEER, sentence, look
    return None


def _literal(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except AddressValueError:
        return ""


def _not_running(matrix: LinkMatrix) -> _Said | None:
    gone = [each.name for each in matrix.sides if each.running is False]
    if not gone:
        return None
    sentence = f"Nobody listens on the failover port of {joined(gone)}: dhcpd is not running there."
    return Cause.LISTENER_MISSING, sentence, "Bring it up, or look at its log for why it ended."


def _not_listening(matrix: LinkMatrix) -> _Said | None:
    missing = [each for each in matrix.sides if each.sockets and not each.sockets.listening]
    if not missing:
        return None
    side = missing[0]
    other = matrix[side.role.other]
    if other.failover.ok:
        sentence = f"Something answers {other.name} at {_port(other)}, but {side.name} does not listen there: it is another host."
        return (
            Cause.WRONG_PEER,
            sentence,
            f"Look at who has that address, and at peer address in dhcpd.conf of {other.name}.",
        )
    port = f"port {side.place.port}" if side.place else "its failover port"
    if side.running is None:
        return Cause.LISTENER_MISSING, f"Nobody listens on {port} of {side.name}.", "Look whether dhcpd runs there."
    sentence = f"dhcpd runs on {side.name}, but does not listen on {port}."
    return (
        Cause.LISTENER_MISSING,
        sentence,
        "Look at its log: a busy port, an address that is not there, or no failover.",
    )


def _translated(matrix: LinkMatrix) -> _Said | None:
    for me, other in _pairs(matrix):
        if not me.sockets or not me.place or not other.sockets or not other.place:
            continue
        own = {*other.sockets.own_addresses, _literal(other.place.address)}
        strange = [each for each in me.sockets.strangers if each not in own]
        if strange and (me.failover.ok or other.failover.ok):
            sentence = (
                f"{me.name} gets connections from {strange[0]}, but knows its partner as {me.place.peer_address}:"
                f" it drops them. Addresses are translated on the way from {other.name}, or another host tries."
            )
            return (
                Cause.TRANSLATED,
                sentence,
                f"Look at NAT between the two, and at peer address in dhcpd.conf of {me.name}.",
            )
    return None


def _blocked(matrix: LinkMatrix) -> _Said | None:
    """Nothing is wrong at either end, as far as seen: the way itself."""
    ends = [(me, other, me.failover.state) for me, other in _pairs(matrix)]
    if any(state is Reach.UNKNOWN for _, _, state in ends):
        return None
    closed = [(me, other) for me, other, state in ends if state.closed]
    if not closed:
        return None
    for me, other in closed:
        if me.failover.state is Reach.REFUSED and not (other.sockets and other.sockets.listening):
            sentence = f"{other.name} refuses {me.name} at {_port(me)}: nobody listens there, or a firewall rejects it."
            return Cause.REFUSED, sentence, f"Look at dhcpd and the firewall on {other.name}."
    if len(closed) == 1:
        me, other = closed[0]
        if _open_before(other, me):
            sentence = f"{me.name} does not reach {other.name} any more; whether {other.name} still reaches {me.name} is being tried."
            return Cause.UNKNOWN, sentence, ""
        verb = "are refused" if me.failover.state is Reach.REFUSED else "meet silence"
        sentence = (
            f"Connections from {me.name} to {other.name} at {_port(me)} {verb} although {other.name} listens;"
            f" the other way is open: a firewall blocks the failover port one way."
        )
        return Cause.PORT_ONE_WAY, sentence, f"Look at the firewalls from {me.name} to {other.name}."
    return _both_closed(matrix)


def _open_before(other: ServerLinks, me: ServerLinks) -> bool:
    """Whether the way from `other` was last seen open, or only inferred to be, before the way from `me` was closed."""
    theirs, mine = other.reach, me.reach
    if other.failover.inferred:
        return True
    if theirs is None or mine is None:
        return False
    if theirs.failover_port is not Reach.OPEN or not mine.failover_port.closed:
        return False
    return theirs.failover_met_at < mine.failover_since


def _both_closed(matrix: LinkMatrix) -> _Said:
    """Both tries fail. Packets of one way alone can be lost too: a half-open connection shows which way they do pass."""
    a, b = matrix.sides
    passes = _anything_passes(matrix)
    arrived = [(me, other) for me, other in _pairs(matrix) if me.sockets and me.sockets.half_open]
    if len(arrived) == 1:  # the partner's connection reaches `me`, and what `me` answers is lost
        me, other = arrived[0]
        if passes is False:
            sentence = f"What {me.name} sends to {other.name} is lost; {other.name} still reaches {me.name}"
            look = f"Look at the path and the firewalls from {me.name} to {other.name}."
            return Cause.NETWORK_ONE_WAY, f"{sentence}: the network is cut one way.", look
        sentence = f"What {me.name} sends to {other.name} for failover is lost; {other.name} still reaches {me.name}"
        sentence += ": a firewall blocks the failover port one way."
        return Cause.PORT_ONE_WAY, sentence, f"Look at the firewalls from {me.name} to {other.name}."
    if passes:
        sentence = f"{a.name} and {b.name} reach each other, but not on the failover port, in either direction."
        return Cause.PORT, sentence, "Look at the firewalls between them: the failover ports must be open both ways."
    if passes is None:
        sentence = f"Neither {a.name} nor {b.name} reaches the other on the failover port; whether anything else passes is not known."
        return Cause.UNREACHED, sentence, "Look at the firewalls and the network between them."
    sentence = f"Nothing passes between {a.name} and {b.name}: no try of either is answered; the console reaches both."
    return (
        Cause.NETWORK,
        sentence,
        "Look at the network between the two: switch, VLAN, route, a firewall that drops all.",
    )


def _anything_passes(matrix: LinkMatrix) -> bool | None:
    """Whether ping or SSH from one server to the other is answered: that takes both directions. None: not tried."""
    met = {state for each in matrix.sides if each.reach for state in (each.reach.ping, each.reach.ssh_port)}
    if met & {Reach.OPEN, Reach.REFUSED}:
        return True
    return False if Reach.SILENT in met else None


def _open(matrix: LinkMatrix) -> _Said | None:
    """Both ports open, and no connection: dhcpd itself says no, or has not tried again yet."""
    if matrix.connected is not False or not all(each.failover.ok for each in matrix.sides):
        return None
    apart = matrix.clock_apart_seconds
    if apart is not None and abs(apart) > REFUSED_SECONDS:
        sentence = (
            f"Both ports are open, but the clocks are {abs(apart):.0f} s apart: dhcpd refuses the link above 60 s."
        )
        return Cause.CLOCKS, sentence, "Set the clocks right; the link comes back by itself."
    sentence = "The failover port is open both ways, but there is no connection: dhcpd tries again within 90 s."
    return (
        Cause.NOT_CONNECTED,
        sentence,
        "If it stays so, the logs say why one refuses the other: name, role or version.",
    )


def _unknown(matrix: LinkMatrix) -> _Said:
    a, b = matrix.sides
    known = [
        f"{way.source} to {way.target}: {way.state.value}"
        for way in (a.failover, b.failover)
        if way.state is not Reach.UNKNOWN
    ]
    if matrix.connected is None and not known:
        return Cause.UNKNOWN, f"Whether {a.name} and {b.name} reach each other is not known yet.", ""
    ways = "; ".join(known)
    sentence = (
        "There is no failover connection" if matrix.connected is False else "The failover link is not fully known"
    )
    return Cause.UNKNOWN, f"{sentence}; which way is broken is not known yet{f' ({ways})' if ways else ''}.", ""
