"""Views and snapshots for tests of pure functions: made of values, at a fixed moment."""

from __future__ import annotations

from dataclasses import replace

from dhcptui.model.failover import ConfWriter, FailoverStatus
from dhcptui.model.moments import Moment, Seen
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.snapshot import (
    Channel,
    ClockOffset,
    LeaseSpace,
    Link,
    LockFiles,
    PairSnapshot,
    ProcessSighting,
    RecordedState,
    ServerView,
)
from dhcptui.model.states import FailoverState

NORMAL = FailoverState.NORMAL
NOW = Moment(wall=1_795_000_000.0, mono=5_000.0)
OK = Channel(Link.OK, since=4_000.0, round_trip_seconds=0.0004)
FAILED = Channel(Link.FAILED, "nothing listens on 127.0.0.1:7911", "start dhcpd", since=4_990.0)


def status(
    role: Role,
    local: FailoverState = FailoverState.NORMAL,
    partner: FailoverState = FailoverState.NORMAL,
    *,
    stos: int = 1_794_990_000,
    mclt: int = 1800,
    unacked: int = 0,
) -> FailoverStatus:
    """A failover-state object."""
    return FailoverStatus("foo", role, local, partner, stos, stos, mclt, unacked, 10, 60, 3, 520, 520)


def live(
    role: Role,
    local: FailoverState = FailoverState.NORMAL,
    partner: FailoverState = FailoverState.NORMAL,
    *,
    offset: float = 0.0,
    **more: int,
) -> ServerView:
    """A server that answers, read just now."""
    return ServerView(
        role,
        f"dhcp{1 if role is Role.PRIMARY else 2}",
        f"10.0.0.{10 if role is Role.PRIMARY else 20}",
        OK,
        OK,
        OK,
        Seen(status(role, local, partner, **more), NOW.mono - 0.1),
        Seen(ClockOffset(offset, 0.001), NOW.mono - 1),
        Seen(ProcessSighting((100,)), NOW.mono - 1),
        Seen((PoolCounters("10.0.0.0/24", 101, 51, 50),), NOW.mono - 1),
        other_peers=(),
        lock_files=Seen(LockFiles(), NOW.mono - 1),
        space=Seen(LeaseSpace(10**9, 40_000), NOW.mono - 1),
        conf_writer=ConfWriter(known_by="what is declared"),
    )


def down(role: Role) -> ServerView:
    """A server whose dhcpd is proven gone; its last state was normal."""
    view = live(role)
    return replace(
        view,
        omapi=FAILED,
        status=Seen(status(role), NOW.mono - 12),
        process=Seen(ProcessSighting(()), NOW.mono - 0.5),
        recorded=Seen(RecordedState(NORMAL, 1_794_990_000, NORMAL, "lease file", 1_794_990_000), NOW.mono - 0.5),
    )


def hung(role: Role) -> ServerView:
    """A server whose dhcpd is stopped: connection open, process there, no answer."""
    view = live(role)
    return replace(
        view,
        status=Seen(status(role), NOW.mono - 7),
        process=Seen(ProcessSighting((100,), stopped=True), NOW.mono - 0.5),
    )


def gone(role: Role) -> ServerView:
    """A server that cannot be reached at all."""
    lost = Channel(Link.FAILED, "no route to host", "", since=4_990.0)
    view = live(role)
    return replace(view, omapi=lost, ssh=lost, log=lost, status=Seen(status(role), NOW.mono - 30))


def never(role: Role) -> ServerView:
    """A server nothing was ever learned of."""
    view = live(role)
    return ServerView(role, view.name, view.host)


def pair(primary: ServerView, secondary: ServerView) -> PairSnapshot:
    """Both in a snapshot."""
    return PairSnapshot("office", "foo", primary, secondary)
