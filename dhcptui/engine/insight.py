"""What a screen may ask besides the snapshot: forecasts, the timeline, a lease, lint. The same rules as for `Console`.

Every method may be called from any thread and returns at once; what has to be asked of a server comes in a future.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Protocol

from dhcptui.assess.forecast import PoolForecast, PoolMismatch
from dhcptui.assess.history.post_mortem import PoolLow
from dhcptui.assess.history.timeline import Event
from dhcptui.model.leases import LookUp
from dhcptui.setup.configuration_check import ConfigurationCheck


class Insight(Protocol):
    """Questions about the pair that `Console` has no snapshot field for."""

    def forecasts(self) -> tuple[PoolForecast, ...]:
        """How long the addresses last, per pool and serving server, at this moment; no I/O."""

    def mismatches(self) -> tuple[PoolMismatch, ...]:
        """Pools whose counters differ between two servers in normal; no I/O."""

    def low_waters(self) -> tuple[PoolLow, ...]:
        """The fewest addresses each server had left in each pool while it was watched; no I/O."""

    def timeline(self) -> tuple[Event, ...]:
        """What happened, oldest first, from logs, lease files, OMAPI and the audit log; no I/O."""

    def look_up(self, text: str) -> Future[LookUp]:
        """Ask both servers for the lease of an address, a hardware address or a host name.

        The future is done within some 10 s and never fails: trouble is told in the answer. Its callbacks run on the
        engine's thread.
        """

    def check_configuration(self) -> Future[ConfigurationCheck]:
        """Read both servers' dhcpd.conf over SSH and lint them.

        The future is done within a minute and never fails; its callbacks run on the engine's thread.
        """
