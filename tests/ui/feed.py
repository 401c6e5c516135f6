"""A feed of values at the seam: a `Console` that shows literal snapshots and rules by the real guards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from dhcptui.act.actions import make_plan
from dhcptui.act.leaving import Departure
from dhcptui.act.plan import Outcome, Plan, Progress, StepReport, StepState
from dhcptui.assess.comparison import Comparison
from dhcptui.assess.forecast import PoolForecast, PoolMismatch, PoolSample, forecasts, mismatches
from dhcptui.assess.history.post_mortem import PoolLow
from dhcptui.assess.history.timeline import Event
from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.engine.api import Listener
from dhcptui.logs.lines import parse
from dhcptui.model.action import Action
from dhcptui.model.audit import Answer, AuditEntry, AuditEvent, Interrupted
from dhcptui.model.failover import ConfWriter, FailoverStatus
from dhcptui.model.leases import LookUp
from dhcptui.model.moments import Moment, Seen
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.sentence import Sentence, sentence
from dhcptui.model.snapshot import (
    Channel,
    ClockOffset,
    Link,
    Lock,
    LockFiles,
    Lockout,
    PairSnapshot,
    PartnerReach,
    ProcessSighting,
    Reach,
    ServerView,
    unseen,
)
from dhcptui.model.states import FailoverState
from dhcptui.setup.configuration_check import ConfigurationCheck

S = FailoverState
WALL = 1732273142.0  # 22 Nov 2024 10:59:02 UTC
MONO = 5000.0


@dataclass
class FakeClock:
    """A clock that stands still until told."""

    wall: float = WALL
    mono: float = MONO

    def __call__(self) -> Moment:
        """The moment it shows."""
        return Moment(self.wall, self.mono)

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += seconds
        self.mono += seconds


NAMES = {Role.PRIMARY: ("dhcp1", "10.0.0.10"), Role.SECONDARY: ("dhcp2", "10.0.0.20")}
OK = Channel(Link.OK, round_trip_seconds=0.0007)
DAYS = 3 * 86400 + 4 * 3600 + 1800


def status(
    role: Role, local: S, partner: S, *, since: float = DAYS, unacked: int = 0, mclt: int = 1800
) -> FailoverStatus:
    """What a server says; `since` seconds ago it entered its state."""
    return FailoverStatus(
        "foo", role, local, partner, int(WALL - since), int(WALL - since), mclt, unacked, 10, 60, 3, 647, 647
    )


def server(
    role: Role,
    local: S = S.NORMAL,
    partner: S = S.NORMAL,
    *,
    at: float = MONO,
    since: float = DAYS,
    mclt: int = 1800,
    pools: tuple[PoolCounters, ...] = (PoolCounters("10.0.0.0/24", 101, 51, 50),),
    offset: float = 0.01,
) -> ServerView:
    """A server that answers on every way."""
    return ServerView(
        role,
        *NAMES[role],
        omapi=OK,
        ssh=OK,
        log=OK,
        status=Seen(status(role, local, partner, since=since, mclt=mclt), at),
        clock=Seen(ClockOffset(offset, 0.01), at),
        process=Seen(ProcessSighting((4711,)), at),
        pools=Seen(pools, at),
        other_peers=(),
        conf_writer=ConfWriter(known_by="what is declared"),
    )


def down(role: Role, *, at: float = MONO, read: float = 12) -> ServerView:
    """A server whose dhcpd has died `read` seconds ago; its machine still answers."""
    return replace(
        server(role, at=at - read),
        omapi=Channel(Link.FAILED, "connection refused on 127.0.0.1:7911", "start dhcpd, or check omapi-port"),
        process=Seen(ProcessSighting(()), at),
        clock=Seen(ClockOffset(0.02, 0.01), at),
    )


def unreachable(role: Role) -> ServerView:
    """A server that never answered on any way."""
    name, host = NAMES[role]
    no = Channel(Link.FAILED, f"no route to {host}", "check the network and the server's power")
    return ServerView(
        role,
        name,
        host,
        omapi=Channel(Link.FAILED, "no SSH session"),
        ssh=no,
        log=Channel(Link.FAILED, "no SSH session"),
    )


def pair(primary: ServerView, secondary: ServerView) -> PairSnapshot:
    """Both."""
    return PairSnapshot("office", "foo", primary, secondary)


P, Q = Role.PRIMARY, Role.SECONDARY


def healthy(at: float = MONO) -> PairSnapshot:
    """Both normal."""
    return pair(server(P, at=at), server(Q, at=at, offset=-0.02))


def one_down(at: float = MONO) -> PairSnapshot:
    """dhcp2's dhcpd died; dhcp1 is in communications-interrupted."""
    return pair(server(P, S.COMMUNICATIONS_INTERRUPTED, S.NORMAL, since=11, at=at), down(Q, at=at))


def recovering(at: float = MONO) -> PairSnapshot:
    """dhcp2 waits out an MCLT of 60 s, 44 s to go; dhcp1 serves alone."""
    return pair(
        server(P, S.PARTNER_DOWN, S.RECOVER_WAIT, since=400, mclt=60, at=at),
        server(Q, S.RECOVER_WAIT, S.PARTNER_DOWN, since=16, mclt=60, at=at, offset=0.0),
    )


def cut_off(at: float = MONO, *, tried: bool = True) -> PairSnapshot:
    """dhcp2's host answers neither the console nor dhcp1 (which has `tried` it): nothing can be proven."""
    reach = Seen(PartnerReach("10.0.0.20", Reach.SILENT, Reach.SILENT, Reach.SILENT), at) if tried else None
    return pair(
        replace(server(P, S.COMMUNICATIONS_INTERRUPTED, S.NORMAL, since=95, at=at), reach=reach), unreachable(Q)
    )


def handed_over(at: float = MONO) -> PairSnapshot:
    """dhcp2 has handed over to dhcp1 and runs on."""
    return pair(
        server(P, S.PARTNER_DOWN, S.SHUTDOWN, since=300, at=at), server(Q, S.SHUTDOWN, S.PARTNER_DOWN, since=300, at=at)
    )


def both_stopped(at: float = MONO) -> PairSnapshot:
    """No dhcpd runs; both machines answer."""
    return pair(down(P, at=at), down(Q, at=at))


def silenced(at: float = MONO) -> PairSnapshot:
    """The worst night: dhcp1 had handed over, then dhcp2's dhcpd died; dhcp1 answers nobody."""
    return pair(server(P, S.SHUTDOWN, S.PARTNER_DOWN, since=600, at=at), down(Q, at=at))


def locked_out(at: float = MONO) -> PairSnapshot:
    """dhcp2 was declared down and does not answer; dhcp1 holds the marker."""
    marker = Lockout("dhcp2", "anna@ops1", WALL - 1560, "host dead")
    alone = replace(
        server(P, S.PARTNER_DOWN, S.NORMAL, since=1560, at=at), lock_files=Seen(LockFiles(lockout=marker), at)
    )
    return pair(alone, unreachable(Q))


def busy_elsewhere(at: float = MONO) -> PairSnapshot:
    """Somebody else runs a sync-restart on both servers."""
    lock = Lock(
        "t1", "anna", "ops1", "office", "sync-restart", "2 of 5: restart dhcp2", WALL - 20, WALL + 40, done=1, steps=5
    )
    views = (replace(view, lock_files=Seen(LockFiles(lock=lock), at)) for view in healthy(at).servers)
    return pair(*views)


HALF_DONE = Interrupted(
    "r0", "office", "sync-restart", "dhcp1", 3, 5, WALL + 10980, "ben@ops2", "systemctl restart isc-dhcp-server"
)
DIFF = (
    "--- dhcp2:/etc/dhcp/shared/subnets.conf",
    "+++ dhcp1:/etc/dhcp/shared/subnets.conf",
    "@@ -3,7 +3,8 @@",
    " subnet 10.0.0.0 netmask 255.255.255.0 {",
    "   option routers 10.0.0.1;",
    "-  option domain-name-servers 10.0.0.2;",
    "+  option domain-name-servers 10.0.0.2, 10.0.0.3;",
    "   pool {",
    '     failover peer "foo";',
    "-    range 10.0.0.100 10.0.0.200;",
    "+    range 10.0.0.100 10.0.0.220;",
    "   }",
    " }",
)
SAME = Comparison("dhcp1", "dhcp2", MONO, 4, source_digest="5f" * 32, target_digest="5f" * 32)
DIFFERENT = replace(SAME, changed=("subnets.conf",), diff=DIFF, target_digest="a7" * 32)


def both_unreachable() -> PairSnapshot:
    """Nothing answers, from the first frame."""
    return pair(unreachable(P), unreachable(Q))


def first_frame() -> PairSnapshot:
    """Before anything was learned."""
    return unseen("office", "foo", NAMES[P], NAMES[Q])


def _settings(role: Role) -> ServerSettings:
    return ServerSettings(role, *NAMES[role], restart=("systemctl", "restart", "isc-dhcp-server"))


SETTINGS = PairSettings("office", "foo", _settings(Role.PRIMARY), _settings(Role.SECONDARY))


@dataclass
class ScriptedConsole:
    """A `Console` fed by hand."""

    current: PairSnapshot
    clock: FakeClock = field(default_factory=FakeClock)
    read_only: bool = False
    listener: Listener | None = None
    ran: list[tuple[Plan, str]] = field(default_factory=list)
    swore: list[str] = field(default_factory=list)
    """The sentences that came with what was run."""
    prepared: list[tuple[Action, Role]] = field(default_factory=list)
    comparison: Comparison | None = SAME
    """What `prepare` has found out for a sync-restart; None: it is still at it."""
    stopped: bool = False
    failure: BaseException | None = None
    departure: Departure = field(default_factory=Departure)
    acting: Progress | None = None
    cut_short: Progress | None = None
    ended_leaving: tuple[Progress, ...] = ()
    broken_off: Interrupted | None = None
    events: tuple[Event, ...] = ()
    """The timeline."""
    samples: Mapping[Role, Sequence[PoolSample]] = field(default_factory=dict)
    """The pool counters of the last minutes, which the real forecasts are made of."""
    lows: tuple[PoolLow, ...] = ()
    asked: list[tuple[str, Future[LookUp]]] = field(default_factory=list)
    """Every lease looked up; a test sets the answer."""
    checks: list[Future[ConfigurationCheck]] = field(default_factory=list)
    """Every reading of the configuration; a test sets the answer."""

    def start(self, listener: Listener) -> None:
        """Remember whom to tell."""
        self.listener = listener

    def leave(self, reason: str) -> None:
        """Remember the wish."""
        self.departure.leave(reason)

    def stop(self) -> None:
        """Remember that it was stopped."""
        self.stopped = True

    def snapshot(self) -> PairSnapshot:
        """The newest snapshot."""
        return self.current

    def plan(self, action: Action, acting: Role, variant: str = "") -> Plan:
        """A real plan, ruled by the real guards."""
        return make_plan(
            action, acting, SETTINGS, self.current, self.clock(), comparison=self.comparison, variant=variant
        )

    def probe_links(self) -> None:
        """There is nothing to look at."""

    def prepare(self, action: Action, acting: Role) -> None:
        """Nothing to gather: the snapshots are literal."""
        self.prepared.append((action, acting))

    def interrupted(self) -> Interrupted | None:
        """As told."""
        return self.broken_off

    def dismiss_interrupted(self) -> Future[Answer]:
        """Done at once."""
        run, self.broken_off = self.broken_off, None
        answer: Future[Answer] = Future()
        answer.set_result(Answer(run is not None, f"{run.action if run else 'nothing'} is dismissed"))
        return answer

    def forecasts(self) -> tuple[PoolForecast, ...]:
        """Real forecasts of the samples."""
        return forecasts(self.current, self.samples, self.clock())

    def mismatches(self) -> tuple[PoolMismatch, ...]:
        """Real ones, of the samples."""
        return mismatches(self.current, self.samples, self.clock())

    def low_waters(self) -> tuple[PoolLow, ...]:
        """As told."""
        return self.lows

    def look_up(self, text: str) -> Future[LookUp]:
        """Asked; the test answers."""
        answer: Future[LookUp] = Future()
        self.asked.append((text, answer))
        return answer

    def check_configuration(self) -> Future[ConfigurationCheck]:
        """Begun; the test answers."""
        answer: Future[ConfigurationCheck] = Future()
        self.checks.append(answer)
        return answer

    def timeline(self) -> tuple[Event, ...]:
        """As told."""
        return self.events

    def run(self, plan: Plan, typed: str, sentence: str = "") -> None:
        """Remember what was run."""
        self.ran.append((plan, typed))
        self.swore.append(sentence)

    # -- what a test does

    def show(self, snapshot: PairSnapshot) -> None:
        """A new snapshot comes from the engine."""
        self.current = snapshot
        assert self.listener is not None
        self.listener.on_snapshot(snapshot)

    def log(self, role: Role, *raw: str) -> None:
        """Log lines come from the engine."""
        assert self.listener is not None
        self.listener.on_log(role, [parse(line, self.clock.wall) for line in raw])

    def report(
        self,
        *states: StepState,
        outcome: Outcome = Outcome.RUNNING,
        details: Sequence[str] = (),
        result: str = "",
        then: str | Sentence = "",
        off_script: Sequence[str] = (),
    ) -> None:
        """The running plan has come this far."""
        assert self.listener is not None
        plan = self.ran[-1][0]
        reports, at = [], 0.0
        for number, state in enumerate(states):
            detail = details[number] if number < len(details) else ""
            started = at if state is not StepState.WAITING else None
            ended = at + 0.4 if state in {StepState.DONE, StepState.FAILED} else None
            reports.append(StepReport(state, detail, started, ended))
            at += 0.4
        progress = Progress(plan, tuple(reports), outcome, result, sentence(then), tuple(off_script))
        self.acting = progress if outcome is Outcome.RUNNING else None
        self.listener.on_progress(progress)

    def audit(self, event: AuditEvent, step: int, text: str, ok: bool | None = None, *, of: int = 5) -> None:
        """The engine wrote a line to its audit log."""
        assert self.listener is not None
        server = "dhcp2" if step else ""
        at = self.clock.wall
        self.listener.on_audit(AuditEntry(at, "r1", event, "office", "sync-restart", step, of, server, text, ok))


LINES: dict[Role, tuple[str, ...]] = {
    P: (
        "Nov 22 10:12:01 dhcp1 dhcpd[812]: DHCPREQUEST for 10.0.0.117 from 52:54:00:12:34:56 (printer-3) via eth1",
        "Nov 22 10:12:01 dhcp1 dhcpd[812]: DHCPACK on 10.0.0.117 to 52:54:00:12:34:56 (printer-3) via eth1",
        "Nov 22 10:14:40 dhcp1 dhcpd[812]: balancing pool 55d2c3f6a1b0 10.0.0.0/24  total 101  free 51  backup 50  lts 0  max-own (+/-)10",
        "Nov 22 10:14:40 dhcp1 dhcpd[812]: balanced pool 55d2c3f6a1b0 10.0.0.0/24  total 101  free 51  backup 50  lts 0  max-misbal 15",
        "Nov 22 10:31:07 dhcp1 dhcpd[812]: DHCPDISCOVER from 52:54:00:aa:bb:01 via eth1: load balance to peer foo",
        "Nov 22 10:44:19 dhcp1 dhcpd[812]: bind update on 10.0.0.140 from foo rejected: incoming update is less critical than outgoing update",
        "Nov 22 10:58:50 dhcp1 dhcpd[812]: peer foo: disconnected",
        "Nov 22 10:58:51 dhcp1 dhcpd[812]: failover peer foo: I move from normal to communications-interrupted",
    ),
    Q: (
        "Nov 22 10:12:33 dhcp2 dhcpd[655]: DHCPREQUEST for 10.0.0.160 from 52:54:00:aa:bb:01 via eth1",
        "Nov 22 10:12:33 dhcp2 dhcpd[655]: DHCPACK on 10.0.0.160 to 52:54:00:aa:bb:01 via eth1",
        "Nov 22 10:13:02 dhcp2 dhcpd[655]: failover peer foo: peer moves from normal to normal",
        "Nov 22 10:13:02 dhcp2 dhcpd[655]: failover peer foo: Both servers normal",
        "Nov 22 10:58:49 dhcp2 dhcpd[655]: Can't open /var/lib/dhcp/dhcpd.leases for append.",
    ),
}
