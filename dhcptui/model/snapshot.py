"""What is known of a pair at one moment: frozen values, each with its source and the time it was read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from dhcptui.model.changes import NO_CHANGES, Changes
from dhcptui.model.failover import ConfWriter, FailoverPlace, FailoverStatus
from dhcptui.model.moments import Moment, Seen
from dhcptui.model.pool_counters import Emptied, PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState
from dhcptui.model.way import NO_WAY, SshWay

if TYPE_CHECKING:
    from dhcptui.model.audit import Interrupted
    from dhcptui.model.changes import Growth, Work
    from dhcptui.model.holders import Holders
    from dhcptui.model.log_line import NotableLine
    from dhcptui.model.peers import OtherPeer
    from dhcptui.model.pool_counters import Memory
    from dhcptui.model.sync_record import SyncRecord


class Link(Enum):
    """How one way to a server is doing. The value is what the screen and `status --json` say."""

    OFF = "off"
    CONNECTING = "connecting"
    OK = "ok"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to a server (OMAPI, its host over SSH or directly, its log): its state, why, and since when (mono seconds)."""

    link: Link = Link.CONNECTING
    detail: str = ""
    """Why it failed, in words fit for the screen (already sanitised)."""
    advice: str = ""
    """What to do about it: names the file, key or server."""
    since: float = 0.0
    round_trip_seconds: float | None = None
    answered: bool = False
    """Failed, but something was there to say no: a refused connection, an unknown host key, a rejected login."""
    untried: bool = False
    """Failed, and nothing was asked of the other end: there was no way to it, or nothing to ask with."""

    @property
    def ok(self) -> bool:
        """Whether this way works now."""
        return self.link is Link.OK


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """A server's clock minus the console's, in seconds, with the uncertainty of the measurement."""

    seconds: float
    uncertainty_seconds: float


class Resource(Enum):
    """What of our dhcpd's a process can hold. The value is the word for it."""

    LEASE_FILE = "lease file"
    LEASE_FILE_READ = "lease file (reading)"
    OMAPI_PORT = "OMAPI port"
    FAILOVER_PORT = "failover port"
    DHCP_PORT = "port 67"


class Holding(NamedTuple):
    """One thing that is held: "OMAPI port 7911"."""

    what: Resource
    port: int | None = None
    """Where the word does not name it already."""

    def __str__(self) -> str:
        return self.what.value if self.port is None else f"{self.what.value} {self.port}"


@dataclass(frozen=True, slots=True)
class ProcessSighting:
    """What one look at a server's processes and sockets says of our dhcpd: whoever holds what is ours."""

    pids: tuple[int, ...]
    """Our dhcpd: it holds our lease file or our ports, or is about to."""
    stopped: bool = False
    """Every one of them is stopped (SIGSTOP or a tracer)."""
    born: tuple[str, ...] = ()
    """When each was started, in the system's own form: a process that got the same pid later has another one."""
    holds: tuple[Holding, ...] = ()
    """What of ours they hold."""
    held: tuple[str, ...] = ()
    """What of ours somebody else holds, and who, in words."""
    unseen: tuple[str, ...] = ()
    """What could not be looked at, and why, in words; empty: everything was."""
    others: tuple[str, ...] = ()
    """Processes that look like a dhcpd and are not ours, in words."""
    ports_seen: bool = True
    """Whether the sockets could be read at all."""
    age_seconds: int | None = field(default=None, compare=False)
    """How long ago the youngest of them was started; None: not known."""
    holder_unseen: bool = False
    """One of those who hold what is `held` cannot be seen: it may be our dhcpd itself."""
    lone: str = ""
    """Everything was seen, and nobody of ours holds more than the OMAPI port: who holds that one, in words."""
    refuted: bool = False
    """So it was at two looks, and between them OMAPI answered over one connection."""
    since: float = 0.0
    """When these processes were first seen (mono seconds)."""
    chroot: str = ""
    """The directory that our dhcpd was told to lock itself into (`-chroot`); empty: none, or not known."""
    conf_root: str = ""
    """The chroot in which our dhcpd reads the configured dhcpd.conf; empty: it reads it, or a copy of it, as everybody does."""
    other_leases: str = ""
    """Who holds our OMAPI port, and which lease file its chroot makes its own instead of the configured one, in words."""

    @property
    def omapi_held(self) -> bool:
        """Whether our dhcpd holds its OMAPI port: then it has read its leases and should answer."""
        return any(each.what is Resource.OMAPI_PORT for each in self.holds)

    @property
    def running(self) -> bool:
        """Whether somebody holds what is ours, stopped or not."""
        return bool(self.pids or self.held)

    @property
    def proven_gone(self) -> bool:
        """Whether nobody holds the lease file or the ports: a look that could not see everything proves nothing."""
        return not self.running and not self.unseen and self.ports_seen


@dataclass(frozen=True, slots=True)
class LeaseSpace:
    """The file system of a server's lease file: what is free on it for dhcpd, and how large the file is, in bytes."""

    free_bytes: int
    file_bytes: int
    missing: bool = False
    """There is no such file: its directory was looked into. dhcpd may go on in one that was deleted, and starts with none."""


class Reach(Enum):
    """What a server met when it tried its partner."""

    OPEN = "open"
    REFUSED = "refused"
    SILENT = "no answer"
    UNKNOWN = "not tested"

    @property
    def closed(self) -> bool:
        """Whether a try of it failed."""
        return self in {Reach.REFUSED, Reach.SILENT}


@dataclass(frozen=True, slots=True)
class PartnerReach:
    """What one server sees of its partner's host over the network, tried from that server."""

    address: str
    ping: Reach
    failover_port: Reach
    ssh_port: Reach
    took_seconds: float = 0.0
    """How long the look took."""
    unanswered: bool = False
    """The server's own commands did not end in that time: it was tried, and nothing can be said."""
    failover_kept_seconds: float = 0.0
    """How old what is said of the failover port was at this look: an open one is not tried again so soon."""
    failover_met_at: float = field(default=0.0, compare=False)
    """When the failover port was last really tried (mono seconds)."""
    failover_since: float = field(default=0.0, compare=False)
    """Since when each try met the same there (mono seconds)."""

    @property
    def alive(self) -> bool | None:
        """True when anything answered (a refusal is an answer), False when all tries met silence, None when none could."""
        tries = {self.ping, self.failover_port, self.ssh_port} - {Reach.UNKNOWN}
        return None if not tries else bool(tries - {Reach.SILENT})


@dataclass(frozen=True, slots=True)
class FailoverSockets:
    """What a server's socket table says of the failover link. The partner is whoever stands at its `peer address`."""

    source: str
    """What the table was read with: "ss", "netstat", "sockstat" or "/proc/net/tcp"."""
    listening: bool
    """Something takes connections on the failover port."""
    established: bool
    """A connection with the partner is open, as far as this server knows."""
    connecting: bool = False
    """A try of its own meets silence right now (SYN-SENT)."""
    half_open: bool = False
    """A try of the partner's arrived here, and the answer to it does not reach the partner (SYN-RECV)."""
    untaken: bool = False
    """A connection that was ended here, and that the partner's dhcpd has not ended: it does not run, or is held."""
    strangers: tuple[str, ...] = ()
    """Addresses other than `peer address` that connected to the failover port."""
    own_addresses: tuple[str, ...] = ()
    """Addresses this server had in connections to its partner."""


@dataclass(frozen=True, slots=True)
class TimeSync:
    """Whether something keeps a server's clock right, as far as the server can say."""

    service: str = ""
    """What does: "chrony", "ntpd", "OpenNTPD", "systemd-timesyncd"; empty where nothing was found."""
    running: bool | None = None
    """None: cannot tell."""
    in_sync: bool | None = None
    """None: cannot tell."""
    detail: str = ""
    """What it says besides, sanitised: "stratum 3"."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Who is acting on a server: the advisory lock as it lies beside the lease file. Times are epoch seconds, UTC."""

    token: str
    """Unguessable; tells the holder from everybody else."""
    owner: str
    host: str
    pair: str
    action: str
    step: str
    """How far it is: "2 of 5: restart dhcp2"."""
    since: float
    expires: float
    """By the server's own clock; renewed while the holder lives."""
    peer: str = ""
    """The relationship by dhcpd's name; empty in a lock of an older console."""
    run: str = ""
    """The run's id in the audit log of its console."""
    acting: str = ""
    """Role of the acting server."""
    variant: str = ""
    done: int = 0
    """Steps that were verified."""
    steps: int = 0
    changed: float = 0.0
    """When it was last written, by the server's clock; 0 where that was not read."""


@dataclass(frozen=True, slots=True)
class Lockout:
    """The marker of a partner-down beside the survivor's lease file: which server must not start unsynchronised."""

    server: str
    """Label of the server that was declared down."""
    by: str
    since: float
    reason: str


@dataclass(frozen=True, slots=True)
class DelayedStart:
    """A start of dhcpd that a server's own timer will run. Times are epoch seconds of the server's clock."""

    by: str
    since: float
    earliest: float
    latest: float
    """It begins between these two; `at` keeps minutes, and FreeBSD's looks every five."""
    job: str
    """What runs it: "systemd dhcptui-start-123", "at 12"."""
    there: bool | None = None
    """Whether that job is still there; None: cannot tell."""


@dataclass(frozen=True, slots=True)
class LockFiles:
    """What lies beside a server's lease file for every console to see; None where there is none."""

    lock: Lock | None = None
    lockout: Lockout | None = None
    start: DelayedStart | None = None
    own: Lock | None = None
    """The lock is this console's own: an action of ours is under way. It stands here and not in `lock`."""
    sync: SyncRecord | None = None
    """How far a sync-restart that copied to this server has come; it is there until that run's end."""
    unread: str = ""
    """Why it is not known whether there is a lock-out: it, or what lies beside the lease file, could not be read."""
    left: tuple[Lock, ...] = ()
    """Expired locks that were put aside when another relationship's console took the lock."""
    planted: str = ""
    """What stands at the name of the lock and is none: "symbolic link of nobody"."""


@dataclass(frozen=True, slots=True)
class RecordedState:
    """What a server wrote down of its state, for when it does not tell it over OMAPI: the past, not the present.

    Times are epoch seconds of the server's clock; None where unknown.
    """

    state: FailoverState
    since: float | None
    partner_state: FailoverState | None
    source: str
    """ "lease file" or "log"."""
    written: float | None
    """When it was written; for the lease file: not before that."""


@dataclass(frozen=True, slots=True)
class ServerView:
    """Everything known of one server. None means: never learned."""

    role: Role
    name: str
    host: str
    omapi: Channel = Channel()
    ssh: Channel = Channel()
    log: Channel = Channel()
    status: Seen[FailoverStatus] | None = None
    clock: Seen[ClockOffset] | None = None
    process: Seen[ProcessSighting] | None = None
    pools: Seen[tuple[PoolCounters, ...]] | None = None
    version: str = ""
    """dhcpd's version, as in "4.4.3-P1"; empty until read."""
    reach: Seen[PartnerReach] | None = None
    """Tried only while the partner does not answer the console, or while there is no failover connection."""
    place: FailoverPlace | None = None
    other_peers: tuple[OtherPeer, ...] | None = None
    """Failover relationships besides ours that its dhcpd.conf declares; None while that was not read."""
    queue_moved: float | None = None
    """When its queue of unacknowledged updates was last seen empty or of another length (mono seconds)."""
    growth: Seen[Growth] | None = None
    """Its lease file, looked at only while it fetches the leases."""
    work: Seen[Work] | None = None
    """What its dhcpd does, looked at only while that runs and has not opened its OMAPI port."""
    sockets: Seen[FailoverSockets] | None = None
    way: SshWay = NO_WAY
    """Of the last SSH session, and the jump hosts of the last try of one."""
    time_sync: Seen[TimeSync] | None = None
    lock_files: Seen[LockFiles] | None = None
    notable_lines: tuple[NotableLine, ...] = ()
    """Remarkable lines of its log, in the order of their latest."""
    recorded: Seen[RecordedState] | None = None
    """Read over SSH only while OMAPI gives nothing, and kept afterwards: look at `omapi` first."""
    recorded_note: str = ""
    """Why there is no recorded state, when it was looked for."""
    refused_write: Seen[str] | None = None
    """What dhcpd answered when a state of ours could not be written to its lease file."""
    space: Seen[LeaseSpace] | None = None
    space_note: str = ""
    """Why the room on its disk cannot be seen, when SSH itself works."""
    zone_note: str = ""
    """Why its time zone is not known: stamps of its log that carry none are read as UTC then."""
    process_note: str = ""
    """Why the process table cannot be read, when SSH itself works."""
    clock_note: str = ""
    """Why its clock cannot be read, when SSH itself works."""
    scarce: Memory = ()
    """The pools that have come near their end, and have not got well since: judged at each reading of `pools`."""
    holders: Holders | None = None
    """Who took the addresses, by its log; looked for only while a pool is scarce."""
    lived: float | None = None
    """When its dhcpd last wrote what only one that runs writes (the server's clock, within a second)."""
    given_before: int = 0
    """How many addresses its log saw given out before its last start."""
    kept_at_start: int | None = None
    """How many leases were in its lease file at its last start, by its log."""
    forgot: Seen[Emptied] | None = None
    """Its pools were in use, and were not any more when another connection read them first."""
    pools_note: str = ""
    """Why there are no pool counters, when there is a reason."""
    configuration_note: str = ""
    """Why its dhcpd.conf could not be read when that was tried last; empty where it was, or while it is tried first."""
    changes: Changes = NO_CHANGES
    conf_writer: ConfWriter | None = None
    """Who writes its dhcpd.conf; None while neither the configuration of this console nor that file has said so."""
    local: bool = False
    """The console runs on it: what stands as `ssh` is the way to its own machine, without SSH."""

    @property
    def host_word(self) -> str:
        """How the way to its host is called: "ssh"."""
        return "local" if self.local else "ssh"

    @property
    def looked_by(self) -> str:
        """Who met what was looked at on its host: "dhcp1 over SSH"."""
        return f"{self.name} itself" if self.local else f"{self.name} over SSH"

    @property
    def version_3_0(self) -> bool:
        """Whether this is dhcpd 3.0.x, whose state numbers mean other states."""
        return self.version.startswith("3.0")

    def server_time(self, now: Moment) -> float:
        """Now by the server's own clock, in epoch seconds (the console's clock where no offset was measured)."""
        return now.wall + (self.clock.value.seconds if self.clock else 0.0)


@dataclass(frozen=True, slots=True)
class PairSnapshot:
    """Both servers of a pair at one moment."""

    pair: str
    peer: str
    primary: ServerView
    secondary: ServerView
    sequence: int = 0
    left: Interrupted | None = None
    """An action that this machine's audit log knows to have stopped half-way."""
    dismissed: frozenset[str] = frozenset()
    """Runs that need no more attention, by this machine's audit log: what the servers still tell of them is no news."""

    def __getitem__(self, role: Role) -> ServerView:
        return self.primary if role is Role.PRIMARY else self.secondary

    @property
    def servers(self) -> tuple[ServerView, ServerView]:
        """Primary, secondary."""
        return self.primary, self.secondary

    def with_view(self, view: ServerView) -> PairSnapshot:
        """The next snapshot, in which one server's view is new."""
        if view.role is Role.PRIMARY:
            return replace(self, primary=view, sequence=self.sequence + 1)
        return replace(self, secondary=view, sequence=self.sequence + 1)


def unseen(pair: str, peer: str, primary: tuple[str, str], secondary: tuple[str, str]) -> PairSnapshot:
    """The snapshot before anything was learned: `primary` and `secondary` are (label, host). It is the first frame."""
    return PairSnapshot(pair, peer, ServerView(Role.PRIMARY, *primary), ServerView(Role.SECONDARY, *secondary))
