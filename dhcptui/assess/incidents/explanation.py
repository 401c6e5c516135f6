"""A log line explained: what it says, what it weighs, which incident it belongs to, what to do and where to look."""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.assess.incidents.catalogue import BY_ID, Incident, Weight
from dhcptui.model.log_line import LineKind, LogLine, Mover, Transition
from dhcptui.model.messages import MessageId
from dhcptui.model.states import FailoverState

_S = FailoverState

TRANSITIONS: dict[FailoverState, tuple[Weight | None, str]] = {
    _S.NORMAL: (None, "it is in sync with its partner"),
    _S.COMMUNICATIONS_INTERRUPTED: (
        Weight.WARNING,
        "it does not hear its partner: it serves from its own half only, with leases no longer than the MCLT",
    ),
    _S.PARTNER_DOWN: (
        Weight.WARNING,
        "it serves for both; expected after a hand-over. The other one must not start without it",
    ),
    _S.POTENTIAL_CONFLICT: (Weight.CRITICAL, "it serves nobody until the conflict is resolved"),
    _S.CONFLICT_DONE: (Weight.CRITICAL, "its part of the conflict is resolved, it serves nobody yet"),
    _S.RESOLUTION_INTERRUPTED: (
        Weight.CRITICAL,
        "the link broke while a conflict was being resolved, it serves nobody",
    ),
    _S.RECOVER: (Weight.WARNING, "it serves nobody: it fetches the leases, or waits for a link to do so"),
    _S.RECOVER_WAIT: (Weight.WARNING, "it serves nobody until the start of its last state plus mclt"),
    _S.RECOVER_DONE: (Weight.NOTE, "it has all leases and waits for its partner"),
    _S.SHUTDOWN: (Weight.NOTE, "it has handed over and serves nobody; critical when nobody asked for it"),
    _S.PAUSED: (Weight.CRITICAL, "it serves nobody until someone acts"),
    _S.STARTUP: (Weight.NOTE, "it has just started and serves nobody, for 15 s at most"),
    _S.UNKNOWN: (Weight.CRITICAL, "no state that dhcpd defines"),
}
"""The state a server moves to -> how heavy that is (None: good), and what to say."""

_MESSAGES = {
    MessageId.DHCPDISCOVER: "a client looks for a server",
    MessageId.DHCPOFFER: "this server offers an address",
    MessageId.DHCPREQUEST: "a client asks for this address",
    MessageId.DHCPACK: "this server gives or renews the lease",
    MessageId.DHCPNAK: "this server refuses: the client has to begin anew",
    MessageId.DHCPDECLINE: "a client found the address in use",
    MessageId.DHCPRELEASE: "a client gives its address back",
    MessageId.DHCPINFORM: "a client has an address and asks for options only",
    MessageId.DHCPLEASEQUERY: "a relay asks about a lease",
    MessageId.BOOTREQUEST: "a BOOTP client asks",
    MessageId.BOOTREPLY: "this server answers a BOOTP client",
    MessageId.LEASE_REUSED: "the lease is young: answered without writing it again",
}
_KINDS = {
    LineKind.OTHER: "another program than dhcpd wrote this",
    LineKind.CLIENT: "the daily work with clients",
    LineKind.UNREAD: "in no format that this console knows: what it says is not known",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a line means. Texts are phrases or sentences in plain words; none is markup."""

    kind: LineKind
    meaning: str
    weight: Weight | None = None
    """Of a state change: how heavy it is; None for a good one, and for every other line."""
    serves: str = ""
    """Of a state change: who answers clients now, if all is as it should be."""
    incident: Incident | None = None
    """The incident it usually belongs to, with title, remedy and what to avoid."""
    look: tuple[str, ...] = ()
    """Where to look next."""


def explain(line: LogLine) -> Explanation:
    """Explain any line."""
    incident = BY_ID.get(line.incident) if line.incident else None
    look = incident.look if incident else ()
    if line.transition is not None:
        return _moved(line, line.transition, incident)
    return Explanation(line.kind, line.meaning or _plain(line), incident=incident, look=look)


def _moved(line: LogLine, move: Transition, incident: Incident | None) -> Explanation:
    who = "this server" if move.who is Mover.ME else "its partner"
    target = move.to_state
    if move.from_state is target and target is not _S.UNKNOWN:
        return Explanation(line.kind, f"{who} says {target.word} once more; nothing has changed")
    weight, words = TRANSITIONS[target]
    return Explanation(
        line.kind,
        f"{who} moves to {target.word}: {words}",
        weight,
        target.info.serving,
        incident,
        incident.look if incident else (),
    )


def _plain(line: LogLine) -> str:
    """For lines that the lexicon does not know."""
    if line.message is not None and line.message in _MESSAGES:
        return _MESSAGES[line.message]
    return _KINDS.get(line.kind, "dhcpd says this in its daily work")
