"""All leases of one practice dhcpd: their moves from state to state, and the timer that lets them expire (server/mdb.c)."""

from __future__ import annotations

from collections.abc import Iterator

from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState
from dhcptui.practice.dhcpd.daemon import Daemon
from dhcptui.practice.dhcpd.lease_file import lease_text
from dhcptui.practice.dhcpd.leases import ENDED, Binding, Lease, Pool, Relationship, by_address


class Store:
    """`leases` by address."""

    def __init__(self, dhcpd: Daemon, pools: tuple[Pool, ...]) -> None:
        self._dhcpd, self.pools = dhcpd, pools
        self.leases = by_address(pools)

    def pools_of(self, failover: Relationship) -> Iterator[Pool]:
        """The pools that a relationship covers."""
        return (pool for pool in self.pools if pool.failover is failover)

    def write(self, lease: Lease) -> bool:
        """Append the lease to the lease file."""
        if self._dhcpd.lease_file.append(lease_text(lease)):
            return True
        self._dhcpd.log(f"write_lease: unable to write lease {lease.address}")
        return False

    def move(self, lease: Lease, *, propagate: bool = False) -> None:
        """Into `next_binding` (mdb.c, supersede_lease); with propagate the partner is to be told."""
        failover, was = lease.pool.failover, lease.binding
        if propagate:
            lease.atsfp = 0
        if was in {Binding.ACTIVE, Binding.EXPIRED, Binding.RELEASED} and lease.next_binding in {
            Binding.FREE,
            Binding.BACKUP,
        }:
            lease.hostname = ""
            lease.tstp = lease.ends
        lease.binding = lease.next_binding
        if lease.binding is Binding.ACTIVE:
            lease.next_binding = Binding.EXPIRED if failover else Binding.FREE
        elif lease.binding not in {Binding.FREE, Binding.BACKUP}:
            lease.next_binding = Binding.FREE
            if failover and failover.state is FailoverState.PARTNER_DOWN:
                lease.tsfp = failover.stos + failover.mclt
        if propagate:
            lease.desired = lease.binding
            if failover:
                failover.queue_update(lease)
        if failover and {was, lease.binding} & {Binding.FREE, Binding.BACKUP}:
            failover.schedule_balance()
        self.arm(lease.pool)

    def commit(self, lease: Lease) -> None:
        """A change by this server itself: move, write, tell the partner at once."""
        failover = lease.pool.failover
        rewind = lease.rewind
        self.move(lease, propagate=True)
        if failover and failover.serves_as in {None, FailoverState.NORMAL}:
            rewind = lease.binding
        lease.rewind = rewind
        self.write(lease)
        if failover:
            failover.send_updates()

    def give_away(self, lease: Lease, to: Binding) -> None:
        """The lease is to be the partner's."""
        lease.next_binding = to
        lease.tstp = lease.starts = self._dhcpd.cur_time
        lease.scrub()
        self.move(lease, propagate=True)
        self.write(lease)

    # -- expiry ----------------------------------------------------------------------------------------------------

    def arm(self, pool: Pool) -> None:
        """Wait for the next lease of a pool that runs out."""
        due = [pool.due(lease) for lease in self._changing(pool)]
        if due:
            self._dhcpd.at(pool, max(min(due), self._dhcpd.cur_time + 1), lambda: self._expire(pool))
        else:
            self._dhcpd.timers.cancel(pool)

    def _changing(self, pool: Pool) -> list[Lease]:
        """The leases of a pool that time alone moves on."""
        failover = pool.failover
        down = failover is None or failover.state is FailoverState.PARTNER_DOWN
        waits_for_primary = (
            failover is not None and failover.conf.role is Role.SECONDARY and failover.state is FailoverState.NORMAL
        )
        return [
            lease
            for lease in pool.leases.values()
            if lease.next_binding is not lease.binding
            and (down or lease.binding not in ENDED)
            and not (waits_for_primary and lease.binding is Binding.ACTIVE)
        ]

    def _expire(self, pool: Pool) -> None:
        failover, now = pool.failover, self._dhcpd.cur_time
        for lease in sorted(self._changing(pool), key=pool.due):
            if pool.due(lease) > now:
                break
            if failover and failover.serves_as is FailoverState.COMMUNICATIONS_INTERRUPTED:
                own = Binding.FREE if failover.conf.role is Role.PRIMARY else Binding.BACKUP
                if lease.next_binding is Binding.EXPIRED and lease.rewind is own:
                    lease.next_binding = own
            self.commit(lease)
        self.arm(pool)

    def partner_went_down(self, failover: Relationship) -> None:
        """Ended leases, which waited for the partner, become free at stos + mclt."""
        for pool in self.pools_of(failover):
            for lease in pool.queue(*ENDED):
                lease.tsfp = failover.stos + failover.mclt
            self.arm(pool)
