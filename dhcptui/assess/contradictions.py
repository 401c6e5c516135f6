"""Witnesses that contradict each other: which, what each saw, and what to look at. Pure.

A contradiction is named only where both witnesses were heard recently, and longer than a change takes to reach both:
each server is read at its own moment, a start opens its ports one after the other, and a log comes behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from dhcptui.assess.assessment import Assessment, PairMember
from dhcptui.assess.states_overlap import overlap_seconds
from dhcptui.assess.visibility import ServerAssessment, impostor, other_leases
from dhcptui.model.snapshot import Link
from dhcptui.model.states import FailoverState

_S = FailoverState
SILENT_SECONDS = 20.0
"""A dhcpd opens its OMAPI port when it has read its leases: so long after that it is not busy with its start."""
APART_SECONDS = 4.0
"""Two that hear each other tell a change within milliseconds; the polls see it a second later, and a log may lag."""
_OLDER_START = frozenset({_S.STARTUP, _S.RECOVER_WAIT})
"""States whose start is that of the one before."""


class Kind(Enum):
    """Which witnesses disagree."""

    IMPOSTOR = "OMAPI and processes"
    LEASES = "processes and configuration"
    SILENT = "processes and OMAPI"
    PARTNER = "partner and server"
    LOG = "log and OMAPI"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two witnesses, what each saw, and where to look."""

    kind: Kind
    server: str
    """Name of the server that it is about."""
    short: str
    """Both witnesses, as a headline's beginning."""
    witnesses: tuple[str, str]
    look_at: str

    @property
    def text(self) -> str:
        """In whole sentences."""
        return f"{self.witnesses[0]}; {self.witnesses[1]}. {self.look_at}"


def contradictions(pair: Assessment) -> tuple[Contradiction, ...]:
    """All of a pair at one moment, what matters most first."""
    found = [one for witness in (_impostor, _leases, _silent) for each in pair.servers for one in witness(each)]
    strange = {one.server for one in found}
    for me, other in pair.sides:
        if not strange & {me.name, other.name}:
            found += _partner(me, other)
    for each in pair.servers:
        if each.name not in strange:
            found += _log(each)
    return tuple(found)


def _impostor(each: ServerAssessment) -> Iterator[Contradiction]:
    """OMAPI answers, and whoever holds its port holds nothing else that a dhcpd of ours holds."""
    view = each.view
    if not each.live or each.status is None or view.process is None or not impostor(view, each.now):
        return
    name, who = view.name, view.process.value.lone
    yield Contradiction(
        Kind.IMPOSTOR,
        name,
        f"{name}'s OMAPI answers, but its dhcpd is not there ({who})",
        (
            f"OMAPI of {name} answers and reads {each.status.local_state.word}",
            f"its processes: {who} holds the OMAPI port, and nobody the lease file, the failover port or port 67",
        ),
        f"Look on {name} at who listens on the OMAPI port (ss -ltnp): what it says is not dhcpd's word.",
    )


def _leases(each: ServerAssessment) -> Iterator[Contradiction]:
    """Its dhcpd, in a chroot, has another lease file than the one that is looked at: what is seen of that one is nobody's."""
    who = other_leases(each.view, each.now)
    if not each.live or not who:
        return
    name = each.name
    yield Contradiction(
        Kind.LEASES,
        name,
        f"{name}'s dhcpd has another lease file than `leases` says",
        (
            f"processes of {name}: {who} holds its OMAPI port",
            f"the configuration of this console names another lease file of {name}",
        ),
        f"Set `leases` of {name} to the file that dhcpd has open (`dhcptui lint` names it): until then nothing is acted on.",
    )


def _silent(each: ServerAssessment) -> Iterator[Contradiction]:
    """A dhcpd that is there, not held, with its OMAPI port open, and it does not answer."""
    view = each.view
    if each.live or not each.running or view.process is None:
        return
    look = view.process.value
    since = [look.since, *(seen.at for seen in (view.status, view.work) if seen)]  # before that it read its leases
    quiet = each.now.mono - max(since)
    if look.stopped or not look.omapi_held or view.omapi.answered or view.omapi.untried or quiet < SILENT_SECONDS:
        return
    if view.omapi.link is Link.CONNECTING:
        return
    pid = f"pid {look.pids[0]}" if look.pids else "its dhcpd"
    yield Contradiction(
        Kind.SILENT,
        view.name,
        f"{view.name}'s dhcpd runs ({pid}), but its OMAPI does not answer",
        (
            f"processes of {view.name}: {pid} is there and holds the OMAPI port",
            f"OMAPI of {view.name} has not answered for {quiet:.0f} s ({view.omapi.detail or 'no answer'})",
        ),
        f"Look at the load and the log of {view.name}, and at what lies between the console and its OMAPI port.",
    )


def _partner(me: ServerAssessment, other: ServerAssessment) -> Iterator[Contradiction]:
    """`me` is in contact and says its partner is normal; the partner has read otherwise for longer than that takes."""
    status = me.status
    if not me.live or status is None or me.state is not _S.NORMAL or status.partner_state is not _S.NORMAL:
        return
    if other.state is None or other.state is _S.NORMAL or other.state in _OLDER_START:
        return
    both = overlap_seconds(me, other)
    heard = me.time - status.partner_stos - (me.age_seconds or 0.0)
    if both is None or min(both, heard) < APART_SECONDS:
        return
    name, partner = me.name, other.name
    yield Contradiction(
        Kind.PARTNER,
        partner,
        f"{name} says {partner} is normal, {partner} itself reads {other.state.word}",
        (
            f"{name} reads normal and says that its partner is normal",
            f"{partner} itself has read {other.state.word} for {both:.0f} s meanwhile",
        ),
        f"Look at the link between the two: {name} has not noticed what {partner} has.",
    )


def _log(each: PairMember) -> Iterator[Contradiction]:
    """The log's last word is another state than OMAPI reads, and what OMAPI reads began before that word."""
    view, status = each.view, each.status
    moves = each.moves()
    if not each.live or status is None or not moves or view.clock is None:
        return
    notable, move = moves[-1]
    at, state = notable.last_at, move.to_state
    if state in {status.local_state, _S.STARTUP} or status.local_state in _OLDER_START:
        return
    if each.time - at < APART_SECONDS + (each.age_seconds or 0.0) or status.local_stos >= at - 1:
        return
    name = view.name
    yield Contradiction(
        Kind.LOG,
        name,
        f"{name}'s log says it moved to {state.word}, its OMAPI reads {status.local_state.word}",
        (
            f"log of {name}: {notable.line.text}, {each.time - at:.0f} s ago",
            f"OMAPI of {name} reads {status.local_state.word} since before that",
        ),
        f"Look on {name} at who listens on the OMAPI port, and whether the log is that of the same dhcpd.",
    )
