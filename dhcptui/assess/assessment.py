"""Both servers of a pair judged at one moment: made once for a judgement, and passed on through it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dhcptui.assess.cannot_start import last_sign, why_not
from dhcptui.assess.freshness import CLOCK_SECONDS, POOLS_SECONDS, fresh
from dhcptui.assess.visibility import ServerAssessment, judged
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.log_line import LineKind, Mover, NotableLine, Transition
from dhcptui.model.messages import MessageId
from dhcptui.model.moments import Moment
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Lock, PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.model.words import clock

_S = FailoverState
BAD = frozenset({LineKind.WARNING, LineKind.ERROR, LineKind.FATAL, LineKind.LINK})
_HEARD = frozenset({_S.NORMAL, _S.STARTUP, _S.PAUSED, _S.UNKNOWN})
"""A partner's states that leave a server in communications-interrupted although they hear each other, or may be about to."""
AHEAD_SECONDS = 5.0
"""A line may be this much younger than now: the offset of the clock was measured a moment earlier or later."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was observed. `at`: epoch seconds by that server's clock; None for what is so now."""

    server: str
    """Its name; empty for what both show together."""
    text: str
    """Sanitised."""
    at: float | None = None
    disk_full: bool = False
    """It shows that the disk is full."""

    @property
    def sentence(self) -> str:
        """`dhcp1 11:33:05 peer foo: disconnected`."""
        return " ".join(
            part for part in (self.server, clock(self.at) if self.at is not None else "", self.text) if part
        )


@dataclass(frozen=True)  # no slots: what is read from its log is kept once it was asked for
class PairMember(ServerAssessment):
    """One server of a pair, with what its log said lately."""

    peer: str
    """The relationship, by dhcpd's name."""

    @cached_property
    def by_incident(self) -> Mapping[IncidentId, Sequence[NotableLine]]:
        """Its notable lines by incident, oldest first."""
        found: dict[IncidentId, list[NotableLine]] = {}
        for notable in self.view.notable_lines:
            if notable.line.incident:
                found.setdefault(notable.line.incident, []).append(notable)
        return found

    @cached_property
    def changes(self) -> Sequence[tuple[NotableLine, Transition]]:
        """The state changes, its own or its partner's, that its log tells of this relationship; oldest first."""
        transitions = [(notable, notable.line.transition) for notable in self.view.notable_lines]
        return [(notable, move) for notable, move in transitions if move and move.peer == self.peer]

    @cached_property
    def starts(self) -> Sequence[tuple[NotableLine, Transition, Transition | None]]:
        """Each start as its log tells it: the move to startup, and the last move before it (None: not remembered).

        None while the log does not lead to the present state: a console that has just come reads it from behind.
        """
        moves, found = self.moves(), []
        led_to: set[FailoverState] = set()
        for index, (notable, move) in enumerate(moves):
            if move.to_state is _S.STARTUP:
                found.append((notable, move, moves[index - 1][1] if index else None))
                led_to.clear()
            else:
                led_to.add(move.to_state)
        behind = led_to and self.state not in {None, _S.STARTUP} and self.state not in led_to
        return [] if behind else found

    def moves(self, within: float | None = None) -> list[tuple[NotableLine, Transition]]:
        """Its own state changes as its log tells them, oldest first."""
        begin = 0.0 if within is None else self.time - within
        return [each for each in self.changes if each[1].who is Mover.ME and each[0].last_at >= begin]

    def hears(self, within: float | None = None) -> list[tuple[NotableLine, Transition]]:
        """Its partner's state changes as its log tells them, oldest first."""
        begin = 0.0 if within is None else self.time - within
        return [each for each in self.changes if each[1].who is Mover.PEER and each[0].last_at >= begin]

    def lines(
        self, ids: Collection[IncidentId], within: float, kinds: Collection[LineKind] = BAD, *, after: float = 0.0
    ) -> list[NotableLine]:
        """Lines of these incidents and kinds, no older than `within` seconds and later than `after`; oldest first."""
        now = self.time
        begin = max(now - within, after)
        return [
            notable
            for id_ in ids
            for notable in self.by_incident.get(id_, ())
            if notable.line.kind in kinds
            and begin <= notable.last_at <= now + AHEAD_SECONDS
            and not self._other_process(notable)
        ]

    def why_not(self, ids: Collection[IncidentId]) -> tuple[NotableLine, ...]:
        """Why it could not be started when that was tried last, the first complaint first."""
        return why_not(self.view, self.now, self.peer, ids)

    def _other_process(self, notable: NotableLine) -> bool:
        """The end of another process (a `dhcpd -t`, a second start) and its complaint say nothing of the one that runs, or ran."""
        bad_file = notable.line.message is MessageId.CONFIGURATION_ERROR
        if bad_file and notable.last_at < last_sign(self.view, self.now, self.peer):
            return True
        if not (bad_file or notable.line.kind is LineKind.FATAL) or not self.running or self.view.process is None:
            return False
        return notable.line.pid is not None and notable.line.pid not in self.view.process.value.pids

    @property
    def since(self) -> float:
        """When its present state began, by its own clock; 0 where that is not known. Later in recover-wait than true."""
        return float(self.status.local_stos) if self.status and self.live and self.state is not _S.STARTUP else 0.0

    @property
    def action(self) -> str:
        """The action that a console, ours or another, runs on it now; empty for none."""
        lock_files = self.view.lock_files.value if self.view.lock_files else None
        locks: tuple[Lock | None, ...] = (lock_files.own, lock_files.lock) if lock_files else ()
        return next((lock.action for lock in locks if lock and lock.expires > self.time), "")

    @property
    def pools(self) -> tuple[PoolCounters, ...]:
        """Its pool counters, unless they are old."""
        seen = fresh(self.view.pools, self.now, POOLS_SECONDS)
        return seen.value if seen else ()

    def own(self, pool: PoolCounters) -> int:
        """Addresses of the pool that are this server's to give."""
        return pool.free if self.role is Role.PRIMARY else pool.backup

    def says(self) -> Evidence:
        """What it tells now, or how it fails to."""
        return Evidence(self.name, f"reads {self.state.word}" if self.state is not None else self.visibility.value)

    def records(self) -> Evidence:
        """What it has recorded of its partner."""
        return Evidence(self.name, f"recorded its partner as {self.heard.word if self.heard else 'nothing known'}")

    def counts(self, pool: PoolCounters) -> Evidence:
        """A pool as it counts it."""
        return Evidence(self.name, f"{pool.network}: free {pool.free}, backup {pool.backup} of {pool.total}")

    def said(self, notable_lines: Sequence[NotableLine], most: int = 2) -> tuple[Evidence, ...]:
        """The latest of these lines."""
        return self.first(notable_lines[-most:], most)

    def first(self, notable_lines: Sequence[NotableLine], most: int = 2) -> tuple[Evidence, ...]:
        """The first of these lines: what dhcpd complains of comes before what it says of its end."""
        return tuple(
            Evidence(self.name, notable.text, notable.last_at, notable.line.disk_full)
            for notable in notable_lines[:most]
        )


@dataclass(frozen=True, slots=True)
class Assessment:
    """Both servers at one moment, seen from one of them: the one that acts, or the primary."""

    snapshot: PairSnapshot
    now: Moment
    me: PairMember
    partner: PairMember

    def __getitem__(self, role: Role) -> PairMember:
        return self.me if self.me.role is role else self.partner

    @property
    def primary(self) -> PairMember:
        """The one that is configured as primary."""
        return self[Role.PRIMARY]

    @property
    def secondary(self) -> PairMember:
        """The one that is configured as secondary."""
        return self[Role.SECONDARY]

    @property
    def servers(self) -> tuple[PairMember, PairMember]:
        """Primary, secondary."""
        return (self.me, self.partner) if self.me.role is Role.PRIMARY else (self.partner, self.me)

    @property
    def sides(self) -> Iterator[tuple[PairMember, PairMember]]:
        """Each server with its partner."""
        a, b = self.servers
        yield a, b
        yield b, a

    def other(self, server: ServerAssessment) -> PairMember:
        """The partner of `server`."""
        return self[server.view.role.other]

    def seen_from(self, role: Role) -> Assessment:
        """The same judgement, as the server of this role sees it."""
        return self if self.me.role is role else Assessment(self.snapshot, self.now, self.partner, self.me)

    @property
    def both_live(self) -> bool:
        """Both tell their states now."""
        return self.me.live and self.partner.live

    @property
    def both_normal(self) -> bool:
        """Both read normal now."""
        return self.me.state is self.partner.state is _S.NORMAL

    @property
    def healthy(self) -> bool:
        """Both are normal and serve."""
        return self.both_normal and bool(self.me.serving and self.partner.serving)

    @property
    def served(self) -> bool:
        """At least one server is seen to serve."""
        return bool(self.me.serving or self.partner.serving)

    @property
    def awaited(self) -> bool:
        """One of them is still being contacted."""
        return self.me.awaited or self.partner.awaited

    @property
    def action(self) -> str:
        """The action that a console runs on the pair now; empty for none."""
        return next((each.action for each in self.servers if each.action), "")

    @property
    def skew(self) -> float | None:
        """The secondary's clock minus the primary's, in seconds; None unless both were read lately."""
        one, two = (fresh(each.view.clock, self.now, CLOCK_SECONDS) for each in self.servers)
        return two.value.seconds - one.value.seconds if one and two else None

    @property
    def apart(self) -> bool:
        """Both tell their states, and these can only be so without a link between them."""
        states = {self.me.state, self.partner.state}
        return self.both_live and _S.COMMUNICATIONS_INTERRUPTED in states and not states & _HEARD


def assess_pair(snapshot: PairSnapshot, now: Moment) -> Assessment:
    """Judge both servers at `now`."""
    one, two = (PairMember(*judged(view, now), snapshot.peer) for view in snapshot.servers)
    return Assessment(snapshot, now, one, two)
