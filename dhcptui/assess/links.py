"""The reachability matrix: console to each server over SSH and OMAPI, and each server to the other on the failover port.

Pure. Each way carries what it rests on and how old that is; what rests on nothing fresh is UNKNOWN. What it all means
says `assess/diagnosis.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dhcptui.assess.assessment import Assessment, PairMember
from dhcptui.assess.freshness import (
    CALM_LINK_SECONDS,
    LINK_SECONDS,
    SIGHTING_SECONDS,
    TRIED_SECONDS,
    fresh,
    fresh_reach,
)
from dhcptui.assess.visibility import ServerAssessment
from dhcptui.model.failover import FailoverPlace
from dhcptui.model.role import Role
from dhcptui.model.snapshot import (
    Channel,
    FailoverSockets,
    Link,
    PartnerReach,
    Reach,
)
from dhcptui.model.states import FailoverState
from dhcptui.model.words import joined


@dataclass(frozen=True, slots=True)
class Way:
    """One way: who tries whom on what, what was met, and what that rests on."""

    source: str
    """ "console", or a server's name."""
    target: str
    what: str
    """ "SSH" ("local" where the console runs there), "OMAPI", "failover port"."""
    state: Reach
    by: str
    """Where it was seen: "console", "dhcp1 over SSH", "sockets of dhcp1 (ss)"; empty where nothing was."""
    age_seconds: float | None = None
    detail: str = ""
    """The reason, where there is one; fit for the screen."""
    inferred: bool = False
    """It was not tried: something else is there that would not be if it were closed, or that nobody has missed yet."""
    port: int | None = None
    """Of the failover port."""
    advice: str = ""
    """What to do about it, where who refused it says so."""

    @property
    def label(self) -> str:
        """What is tried: "failover port 647"."""
        return self.what if self.port is None else f"{self.what} {self.port}"

    @property
    def ok(self) -> bool:
        """Whether it is open."""
        return self.state is Reach.OPEN


@dataclass(frozen=True, slots=True)
class ServerLinks:
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

    primary: ServerLinks
    secondary: ServerLinks
    connected: bool | None
    """Whether the failover connection is established, by the socket tables; None: neither can say."""
    connected_by: str
    connected_age_seconds: float | None
    clock_apart_seconds: float | None
    """Secondary's clock minus the primary's; None unless both were read just now."""

    def __getitem__(self, role: Role) -> ServerLinks:
        return self.primary if role is Role.PRIMARY else self.secondary

    @property
    def sides(self) -> tuple[ServerLinks, ServerLinks]:
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


def calm(pair: Assessment) -> bool:
    """Both servers answer, are normal and take each other for normal: there is nothing to look for."""
    return pair.both_normal and all(each.heard is FailoverState.NORMAL for each in pair.servers)


def heard_seconds_ago(each: ServerAssessment) -> float | None:
    """How long ago the server last said anything, over SSH or OMAPI; None: never."""
    view = each.view
    ages = [seen.age(each.now) for seen in (view.status, view.process, view.clock, view.sockets) if seen is not None]
    return min(ages, default=None)


def lost(each: ServerAssessment) -> bool:
    """Whether the console hears nothing of the server: neither its dhcpd nor its host."""
    if each.live:
        return False
    if each.view.ssh.link is Link.FAILED:
        return True
    heard = heard_seconds_ago(each)
    return each.view.ssh.ok and not each.view.process_note and heard is not None and heard > SIGHTING_SECONDS


@dataclass(frozen=True, slots=True)
class _Link:
    """What the socket tables say of the failover connection."""

    tables: dict[Role, FailoverSockets]
    """Only fresh ones."""
    connected: bool | None
    by: str
    age_seconds: float | None


def matrix(pair: Assessment) -> LinkMatrix:
    """The matrix of a pair."""
    link = _link(pair)
    primary, secondary = (_server(me, other, link) for me, other in pair.sides)
    return LinkMatrix(primary, secondary, link.connected, link.by, link.age_seconds, pair.skew)


def _link(pair: Assessment) -> _Link:
    """A connection that only one of two servers has is none; where only one could be asked, its word counts."""
    limit = CALM_LINK_SECONDS if calm(pair) else LINK_SECONDS
    seen = [(each, table) for each in pair.servers if (table := fresh(each.view.sockets, pair.now, limit))]
    if not seen:
        return _Link({}, None, "", None)
    return _Link(
        {each.role: table.value for each, table in seen},
        all(table.value.established for _, table in seen),
        "sockets of " + joined(f"{each.name} ({table.value.source})" for each, table in seen),
        max(table.age(pair.now) for _, table in seen),
    )


def _server(me: PairMember, other: PairMember, link: _Link) -> ServerLinks:
    view = me.view
    reach = fresh_reach(view.reach, me.now, TRIED_SECONDS)
    process = fresh(view.process, me.now, SIGHTING_SECONDS)
    return ServerLinks(
        view.name,
        view.role,
        _ssh(me),
        _omapi(me),
        _failover(me, other, link),
        link.tables.get(view.role),
        reach.value if reach else None,
        view.place,
        process.value.running if process else None,
        bool(process and process.value.stopped),
    )


def _ssh(me: PairMember) -> Way:
    view, heard = me.view, heard_seconds_ago(me)
    state = _channel(view.ssh)
    detail = view.ssh.detail
    if view.ssh.ok and lost(me):
        state, detail = Reach.SILENT, f"nothing heard for {heard or 0:.0f} s"
    by, what = "console" if state is not Reach.UNKNOWN else "", "local" if view.local else "SSH"
    return Way("console", view.name, what, state, by, heard, detail)


def _omapi(me: PairMember) -> Way:
    view, seconds = me.view, me.age_seconds
    state, detail = _channel(view.omapi), view.omapi.detail
    if view.omapi.ok and not me.live:
        state, detail = Reach.SILENT, f"no answer for {seconds:.0f} s" if seconds is not None else "no answer"
    by = "console" if state is not Reach.UNKNOWN else ""
    return Way("console", view.name, "OMAPI", state, by, seconds, detail, advice=view.omapi.advice)


def _channel(channel: Channel) -> Reach:
    if channel.ok:
        return Reach.OPEN
    if channel.link is not Link.FAILED:
        return Reach.UNKNOWN
    return Reach.REFUSED if channel.answered else Reach.SILENT


def _failover(me: PairMember, other: PairMember, link: _Link) -> Way:
    """A try of ours, or dhcpd's own that meets silence, whichever is newer; else that a connection is there.

    The connection is an inference: on a link that was cut both ends keep it until dhcpd misses its partner.
    """
    view, now = me.view, me.now
    port = view.place.peer_port if view.place else view.status.value.partner_port if view.status else 647
    way = Way(view.name, other.name, "failover port", Reach.UNKNOWN, "", port=port)
    table, sockets, reach = link.tables.get(view.role), view.sockets, view.reach
    tried = _tried(way, me)
    if link.connected:
        if tried:
            return tried
        sentence = "inferred: the connection is established"
        return replace(way, state=Reach.OPEN, by=link.by, age_seconds=link.age_seconds, detail=sentence, inferred=True)
    if table and table.connecting and sockets and not (reach and tried and reach.at > sockets.at):
        by = f"sockets of {view.name} ({table.source})"
        return replace(way, state=Reach.SILENT, by=by, age_seconds=sockets.age(now), detail="dhcpd's own try")
    return tried or way


def _tried(way: Way, me: PairMember) -> Way | None:
    """What a try of ours met, while it counts."""
    reach = fresh_reach(me.view.reach, me.now, TRIED_SECONDS)
    if reach is None or reach.value.failover_port is Reach.UNKNOWN:
        return None
    age = reach.age(me.now) + reach.value.failover_kept_seconds
    by, detail = me.view.looked_by, f"at {reach.value.address}"
    return replace(way, state=reach.value.failover_port, by=by, age_seconds=age, detail=detail)
