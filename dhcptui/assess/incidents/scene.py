"""What the signs of an incident are read from: both servers, and what their logs said lately. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dhcptui.assess.cannot_start import last_sign, why_not
from dhcptui.assess.declared import last_heard, last_word, marker_on, moves_of
from dhcptui.assess.evidence import CLOCK_FRESH_SECONDS
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.visibility import ServerAssessment, Visibility, assess, process_running
from dhcptui.model.action import Action
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.log_line import LineKind, NotableLine, Transition
from dhcptui.model.messages import MessageId
from dhcptui.model.moments import Moment
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Lock, Lockout, PairSnapshot, ServerView
from dhcptui.model.states import FailoverState
from dhcptui.model.words import clock

_S = FailoverState
BAD = frozenset({LineKind.WARNING, LineKind.ERROR, LineKind.FATAL, LineKind.LINK})
POOLS_FRESH_SECONDS = 30.0
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


@dataclass(frozen=True, slots=True)
class Found:
    """What a sign reports: an incident's id with what speaks for it, and the actions that would help, best first."""

    id: IncidentId
    weight: Weight
    evidence: tuple[Evidence, ...]
    wanted: tuple[tuple[Action, Role], ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """One server as the signs see it."""

    visibility: ServerAssessment
    peer: str
    """The relationship, by dhcpd's name."""
    now: Moment
    told: Mapping[IncidentId, Sequence[NotableLine]]
    """Its remarks by incident, oldest first."""
    changes: Sequence[tuple[NotableLine, Transition]]
    """Those that tell of a state change, its own or its partner's, oldest first."""

    @property
    def view(self) -> ServerView:
        """What is known of it."""
        return self.visibility.view

    @property
    def role(self) -> Role:
        """Its place in the pair."""
        return self.view.role

    @property
    def name(self) -> str:
        """Its label."""
        return self.view.name

    @property
    def live(self) -> bool:
        """Whether it tells its state now."""
        return self.visibility.live

    @property
    def state(self) -> FailoverState | None:
        """The state it tells now; None unless live."""
        return self.visibility.state

    @property
    def heard(self) -> FailoverState | None:
        """What it has recorded of its partner; None unless live."""
        status = self.visibility.status
        return status.partner_state if status and self.live else None

    @property
    def serving(self) -> bool:
        """Whether it is seen to serve."""
        return self.visibility.serving is True

    @property
    def lost(self) -> bool:
        """It was looked for and tells nothing now."""
        return self.visibility.visibility in {Visibility.DOWN, Visibility.SILENT, Visibility.UNREACHABLE}

    @property
    def awaited(self) -> bool:
        """It is still being contacted: nothing is known of it yet."""
        return self.visibility.awaited

    @property
    def gone(self) -> bool:
        """Its dhcpd is proven not to run."""
        return self.visibility.visibility is Visibility.DOWN

    @property
    def time(self) -> float:
        """Now by its own clock, in epoch seconds."""
        return self.view.server_time(self.now)

    @property
    def since(self) -> float:
        """When its present state began, by its own clock; 0 where that is not known. Later in recover-wait than true."""
        status = self.visibility.status
        return float(status.local_stos) if status and self.live and self.state is not _S.STARTUP else 0.0

    @property
    def last_state(self) -> FailoverState | None:
        """Its state now, or the last one that is known of it: from OMAPI, its lease file or its log."""
        if self.live:
            return self.state
        word = last_word(self.visibility, self.peer)
        return word.state if word else None

    @property
    def last_heard(self) -> FailoverState | None:
        """The last thing its partner told it: by what it has recorded now, its log, its lease file, or its last answer."""
        return self.heard if self.live else last_heard(self.visibility, self.peer)

    @property
    def action(self) -> str:
        """The action that a console, ours or another, runs on it now; empty for none."""
        lock_files = self.view.lock_files.value if self.view.lock_files else None
        locks: tuple[Lock | None, ...] = (lock_files.own, lock_files.lock) if lock_files else ()
        return next((lock.action for lock in locks if lock and lock.expires > self.time), "")

    @property
    def lockout(self) -> Lockout | None:
        """The marker of a partner-down that lies on it: it means the other server."""
        return marker_on(self.view)

    @property
    def pools(self) -> tuple[PoolCounters, ...]:
        """Its pool counters, unless they are old."""
        seen = self.view.pools
        return seen.value if seen and seen.age(self.now) <= POOLS_FRESH_SECONDS else ()

    def own(self, pool: PoolCounters) -> int:
        """Addresses of the pool that are this server's to give."""
        return pool.free if self.role is Role.PRIMARY else pool.backup

    def lines(
        self, ids: Collection[IncidentId], within: float, kinds: Collection[LineKind] = BAD, *, after: float = 0.0
    ) -> list[NotableLine]:
        """Remarks of these incidents and kinds, no older than `within` seconds and later than `after`; oldest first."""
        now = self.time
        begin = max(now - within, after)
        return [
            notable
            for id_ in ids
            for notable in self.told.get(id_, ())
            if notable.line.kind in kinds
            and begin <= notable.last_at <= now + AHEAD_SECONDS
            and not self._other_process(notable)
        ]

    def moves(self, within: float | None = None) -> list[tuple[NotableLine, Transition]]:
        """Its own state changes as its log tells them, oldest first."""
        begin = 0.0 if within is None else self.time - within
        return [each for each in self.changes if each[1].who == "me" and each[0].last_at >= begin]

    def hears(self, within: float) -> list[tuple[NotableLine, Transition]]:
        """Its partner's state changes as its log tells them, oldest first."""
        begin = self.time - within
        return [each for each in self.changes if each[1].who == "peer" and each[0].last_at >= begin]

    def says(self) -> Evidence:
        """What it tells now, or how it fails to."""
        if self.state is not None:
            return Evidence(self.name, f"reads {self.state.word}")
        return Evidence(self.name, self.visibility.visibility.value)

    def records(self) -> Evidence:
        """What it has recorded of its partner."""
        return Evidence(self.name, f"recorded its partner as {self.heard.word if self.heard else 'nothing known'}")

    def counts(self, pool: PoolCounters) -> Evidence:
        """A pool as it counts it."""
        return Evidence(self.name, f"{pool.network}: free {pool.free}, backup {pool.backup} of {pool.total}")

    def said(self, notable_lines: Collection[NotableLine], most: int = 2) -> tuple[Evidence, ...]:
        """The latest of these remarks."""
        return self.first(list(notable_lines)[-most:], most)

    def first(self, notable_lines: Sequence[NotableLine], most: int = 2) -> tuple[Evidence, ...]:
        """The first of these remarks: what dhcpd complains of comes before what it says of its end."""
        return tuple(
            Evidence(self.name, notable.text, notable.last_at, notable.line.disk_full)
            for notable in notable_lines[:most]
        )

    def why_not(self, ids: Collection[IncidentId], peer: str) -> tuple[NotableLine, ...]:
        """Why it could not be started when that was tried last, the first complaint first."""
        return why_not(self.view, self.now, peer, ids)

    def _other_process(self, notable: NotableLine) -> bool:
        """The end of another process (a `dhcpd -t`, a second start) and its complaint say nothing of the one that runs, or ran."""
        bad_file = notable.line.message is MessageId.CONFIGURATION_ERROR
        if bad_file and notable.last_at < last_sign(self.view, self.now, self.peer):
            return True
        if (
            not (bad_file or notable.line.kind is LineKind.FATAL)
            or not process_running(self.view, self.now)
            or self.view.process is None
        ):
            return False
        return notable.line.pid is not None and notable.line.pid not in self.view.process.value.pids


@dataclass(frozen=True, slots=True)
class Scene:
    """Both servers at one moment."""

    a: Side
    b: Side
    snapshot: PairSnapshot
    now: Moment

    @property
    def sides(self) -> Iterator[tuple[Side, Side]]:
        """Each server with its partner."""
        yield self.a, self.b
        yield self.b, self.a

    @property
    def both_live(self) -> bool:
        """Both tell their states now."""
        return self.a.live and self.b.live

    @property
    def healthy(self) -> bool:
        """Both are normal and serve."""
        return all(side.state is _S.NORMAL and side.serving for side in (self.a, self.b))

    @property
    def served(self) -> bool:
        """At least one server is seen to serve."""
        return self.a.serving or self.b.serving

    @property
    def outage(self) -> Weight:
        """Critical while nobody serves as far as can be seen, a warning otherwise, and while one was not read yet."""
        return Weight.WARNING if self.served or self.a.awaited or self.b.awaited else Weight.CRITICAL

    @property
    def action(self) -> str:
        """The action that a console runs on the pair now; empty for none."""
        return self.a.action or self.b.action

    @property
    def skew(self) -> float | None:
        """The second server's clock minus the first's, in seconds; None unless both were read lately."""
        clocks = [side.view.clock for side in (self.a, self.b)]
        one, two = clocks
        if one is None or two is None or max(one.age(self.now), two.age(self.now)) > CLOCK_FRESH_SECONDS:
            return None
        return two.value.seconds - one.value.seconds

    @property
    def apart(self) -> bool:
        """Both tell their states, and these can only be so without a link between them."""
        states = {self.a.state, self.b.state}
        return self.both_live and _S.COMMUNICATIONS_INTERRUPTED in states and not states & _HEARD


def scene(snapshot: PairSnapshot, now: Moment) -> Scene:
    """The scene at `now`."""
    one, two = (_side(view, snapshot.peer, now) for view in snapshot.servers)
    return Scene(one, two, snapshot, now)


def _side(view: ServerView, peer: str, now: Moment) -> Side:
    told: dict[IncidentId, list[NotableLine]] = {}
    for notable in view.notable_lines:
        if notable.line.incident:
            told.setdefault(notable.line.incident, []).append(notable)
    return Side(assess(view, now), peer, now, told, moves_of(view, peer))
