"""The reachability matrix: console to each server over SSH and OMAPI, and each server to the other on the failover port.

Pure. Each way carries what it rests on and how old that is; what rests on nothing fresh is UNKNOWN. What it all means
says `assess/diagnosis.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dhcptui.assess.evidence import CLOCK_FRESH_SECONDS
from dhcptui.assess.visibility import SIGHTING_FRESH_SECONDS, assess
from dhcptui.model.failover import FailoverPlace
from dhcptui.model.moments import Moment, Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import (
    Channel,
    FailoverSockets,
    Link,
    PairSnapshot,
    PartnerReach,
    Reach,
    ServerView,
)
from dhcptui.model.states import FailoverState
from dhcptui.model.words import joined

CALM_FRESH_SECONDS = 120.0
"""How long a look at a socket table counts while both are normal: it is taken every 45 s."""
FRESH_SECONDS = 15.0
"""And while they are not: then it is taken every few seconds."""
TRIED_FRESH_SECONDS = 40.0
"""How long a try of the partner counts: they become rare when nothing changes."""


def tried_fresh_seconds(reach: Seen[PartnerReach]) -> float:
    """The same for one try: where it takes long the next answer comes later, too."""
    return TRIED_FRESH_SECONDS + 2 * reach.value.took_seconds


@dataclass(frozen=True, slots=True)
class Way:
    """One way: who tries whom on what, what was met, and what that rests on."""

    source: str
    """ "console", or a server's name."""
    target: str
    what: str
    """ "SSH", "OMAPI", "failover port 647"."""
    state: Reach
    by: str
    """Where it was seen: "console", "dhcp1 over SSH", "socket table of dhcp1 (ss)"; empty where nothing was."""
    age_seconds: float | None = None
    detail: str = ""
    """The reason, where there is one; fit for the screen."""
    inferred: bool = False
    """It was not tried: something else is there that would not be if it were closed, or that nobody has missed yet."""

    @property
    def ok(self) -> bool:
        """Whether it is open."""
        return self.state is Reach.OPEN


@dataclass(frozen=True, slots=True)
class Side:
    """One server: how the console reaches it, how it reaches its partner, and what it says of the link. Only fresh values."""

    name: str
    role: Role
    ssh: Way
    omapi: Way
    failover: Way
    """From this server to its partner."""
    sockets: FailoverSockets | None
    reach: PartnerReach | None
    place: FailoverPlace | None
    running: bool | None
    """Whether a dhcpd process is there."""
    held: bool
    """It is there, and stopped by a signal."""

    @property
    def seen(self) -> bool:
        """Whether the console reaches it at all."""
        return self.ssh.ok or self.omapi.ok


@dataclass(frozen=True, slots=True)
class LinkMatrix:
    """All ways of a pair at one moment."""

    primary: Side
    secondary: Side
    connected: bool | None
    """Whether the failover connection is established, by the socket tables; None: neither can say."""
    connected_by: str
    connected_age_seconds: float | None
    clock_apart_seconds: float | None
    """Secondary's clock minus the primary's; None unless both were read just now."""

    def __getitem__(self, role: Role) -> Side:
        return self.primary if role is Role.PRIMARY else self.secondary

    @property
    def sides(self) -> tuple[Side, Side]:
        """Primary, secondary."""
        return self.primary, self.secondary

    @property
    def ways(self) -> tuple[Way, ...]:
        """Console to primary (SSH, OMAPI), console to secondary, primary to secondary, secondary to primary."""
        a, b = self.sides
        return a.ssh, a.omapi, b.ssh, b.omapi, a.failover, b.failover

    @property
    def all_green(self) -> bool:
        """Every way open, as far as seen or inferred, and the failover connection there: nothing to show."""
        return self.connected is True and all(way.ok for way in self.ways)


def calm(snapshot: PairSnapshot, now: Moment) -> bool:
    """Both servers answer, are normal and take each other for normal: there is nothing to look for."""
    for view in snapshot.servers:
        visibility = assess(view, now)
        if visibility.state is not FailoverState.NORMAL or visibility.status is None:
            return False
        if visibility.status.partner_state is not FailoverState.NORMAL:
            return False
    return True


def heard_seconds_ago(view: ServerView, now: Moment) -> float | None:
    """How long ago the server last said anything, over SSH or OMAPI; None: never."""
    ages = [seen.age(now) for seen in (view.status, view.process, view.clock, view.sockets) if seen is not None]
    return min(ages, default=None)


def lost(view: ServerView, now: Moment) -> bool:
    """Whether the console hears nothing of the server: neither its dhcpd nor its host."""
    if assess(view, now).live:
        return False
    if view.ssh.link is Link.FAILED:
        return True
    heard = heard_seconds_ago(view, now)
    return view.ssh.ok and not view.process_note and heard is not None and heard > SIGHTING_FRESH_SECONDS


@dataclass(frozen=True, slots=True)
class _Link:
    """What the socket tables say of the failover connection."""

    tables: dict[Role, FailoverSockets]
    """Only fresh ones."""
    connected: bool | None
    by: str
    age_seconds: float | None


def matrix(snapshot: PairSnapshot, now: Moment) -> LinkMatrix:
    """The matrix of a pair at `now`."""
    link = _link(snapshot, now)
    primary, secondary = (_side(view, snapshot[view.role.other], link, now) for view in snapshot.servers)
    return LinkMatrix(primary, secondary, link.connected, link.by, link.age_seconds, _apart(snapshot, now))


def _link(snapshot: PairSnapshot, now: Moment) -> _Link:
    """A connection that only one of two servers has is none; where only one could be asked, its word counts."""
    limit = CALM_FRESH_SECONDS if calm(snapshot, now) else FRESH_SECONDS
    seen = {view: view.sockets for view in snapshot.servers if view.sockets and view.sockets.age(now) <= limit}
    if not seen:
        return _Link({}, None, "", None)
    return _Link(
        {view.role: table.value for view, table in seen.items()},
        all(table.value.established for table in seen.values()),
        "socket table of " + joined(f"{view.name} ({table.value.source})" for view, table in seen.items()),
        max(table.age(now) for table in seen.values()),
    )


def _side(view: ServerView, other: ServerView, link: _Link, now: Moment) -> Side:
    reach = view.reach if view.reach and view.reach.age(now) <= tried_fresh_seconds(view.reach) else None
    process = view.process if view.process and view.process.age(now) <= SIGHTING_FRESH_SECONDS else None
    return Side(
        view.name,
        view.role,
        _ssh(view, now),
        _omapi(view, now),
        _failover(view, other, link, now),
        link.tables.get(view.role),
        reach.value if reach else None,
        view.place,
        process.value.running if process else None,
        bool(process and process.value.stopped),
    )


def _ssh(view: ServerView, now: Moment) -> Way:
    heard = heard_seconds_ago(view, now)
    state = _channel(view.ssh)
    detail = view.ssh.detail
    if view.ssh.ok and lost(view, now):
        state, detail = Reach.SILENT, f"nothing heard for {heard or 0:.0f} s"
    return Way("console", view.name, "SSH", state, "console" if state is not Reach.UNKNOWN else "", heard, detail)


def _omapi(view: ServerView, now: Moment) -> Way:
    state, detail = _channel(view.omapi), view.omapi.detail
    seconds = view.status.age(now) if view.status else None
    if view.omapi.ok and not assess(view, now).live:
        state, detail = Reach.SILENT, f"no answer for {seconds:.0f} s" if seconds is not None else "no answer"
    return Way("console", view.name, "OMAPI", state, "console" if state is not Reach.UNKNOWN else "", seconds, detail)


def _channel(channel: Channel) -> Reach:
    if channel.ok:
        return Reach.OPEN
    if channel.link is not Link.FAILED:
        return Reach.UNKNOWN
    return Reach.REFUSED if channel.answered else Reach.SILENT


def _failover(view: ServerView, other: ServerView, link: _Link, now: Moment) -> Way:
    """A try of ours, or dhcpd's own that meets silence, whichever is newer; else that a connection is there.

    The connection is an inference: on a link that was cut both ends keep it until dhcpd misses its partner.
    """
    port = view.place.peer_port if view.place else view.status.value.partner_port if view.status else 647
    way = Way(view.name, other.name, f"failover port {port}", Reach.UNKNOWN, "")
    table, sockets, reach = link.tables.get(view.role), view.sockets, view.reach
    tried = _tried(way, view, now)
    if link.connected:
        if tried:
            return tried
        said = "inferred: the connection is established"
        return replace(way, state=Reach.OPEN, by=link.by, age_seconds=link.age_seconds, detail=said, inferred=True)
    if table and table.connecting and sockets and not (reach and tried and reach.at > sockets.at):
        by = f"socket table of {view.name} ({table.source})"
        return replace(way, state=Reach.SILENT, by=by, age_seconds=sockets.age(now), detail="dhcpd's own try")
    return tried or way


def _tried(way: Way, view: ServerView, now: Moment) -> Way | None:
    """What a try of ours met, while it counts."""
    reach = view.reach
    if reach is None or reach.value.failover_port is Reach.UNKNOWN or reach.age(now) > tried_fresh_seconds(reach):
        return None
    age = reach.age(now) + reach.value.failover_kept_seconds
    by, detail = f"{view.name} over SSH", f"at {reach.value.address}"
    return replace(way, state=reach.value.failover_port, by=by, age_seconds=age, detail=detail)


def _apart(snapshot: PairSnapshot, now: Moment) -> float | None:
    clocks = [view.clock for view in snapshot.servers if view.clock and view.clock.age(now) <= CLOCK_FRESH_SECONDS]
    return clocks[1].value.seconds - clocks[0].value.seconds if len(clocks) == 2 else None
