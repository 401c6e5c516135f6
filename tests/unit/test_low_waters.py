"""The fewest addresses left, from what was read of the pools."""

from __future__ import annotations

from dataclasses import replace

from dhcptui.model.moments import Seen
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ClockOffset
from dhcptui.watch.history import History
from tests.ui.feed import MONO, WALL, FakeClock, healthy


def test_the_lowest_reading_of_each_pool_and_server() -> None:
    """Both halves count; the time is that of the server's clock; a pool that is gone is not told of."""
    clock, history, snapshot = FakeClock(), History("foo"), healthy()
    skewed = Seen(ClockOffset(100.0, 0.01), MONO)
    readings = ((50, 50), (3, 4), (40, 50))
    for at, (free, backup) in enumerate(readings):
        pools = (PoolCounters("10.0.0.0/24", 101, free, backup), *([PoolCounters("10.9.0.0/24", 9, 0, 0)] * (at == 0)))
        view = replace(snapshot.primary, pools=Seen(pools, MONO + at), clock=skewed)
        snapshot = snapshot.with_view(view)
        history.looked(view, WALL + at)
    clock.forward(2)
    (low,) = history.low_waters(snapshot, clock())
    assert (low.network, low.server, low.total, low.free, low.backup) == ("10.0.0.0/24", "dhcp1", 101, 3, 4)
    assert low.at == WALL + 1 + 100
    assert snapshot[Role.SECONDARY].pools is not None
