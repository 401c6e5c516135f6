"""How a practice dhcpd answers clients: which lease, for how long, and what it logs (server/dhcp.c)."""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.model.states import FailoverState
from dhcptui.practice.dhcpd import balance
from dhcptui.practice.dhcpd.configuration import Configuration
from dhcptui.practice.dhcpd.daemon import Daemon
from dhcptui.practice.dhcpd.leases import Binding, Lease, Pool, mine
from dhcptui.practice.dhcpd.store import Store

REUSE_PERCENT = 25
PING_SECONDS = 1.0
"""A lease that is new to the client is offered only when a ping to it got no answer for so long."""
OFFER_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Client:
    """A machine on the network."""

    mac: str
    hostname: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A DHCPOFFER: the address, who made it, and after how many seconds it leaves."""

    address: str
    server: str
    wait_seconds: float


class Serving:
    """One server's ear on the network. A paused, dead or deaf server hears nothing."""

    def __init__(self, dhcpd: Daemon, store: Store, settings: Configuration) -> None:
        self._dhcpd, self._store, self._settings = dhcpd, store, settings
        self._not_to_reuse: set[Lease] = set()

    @property
    def hears(self) -> bool:
        """Whether packets reach it at all."""
        return not (self._dhcpd.dead or self._dhcpd.paused or self._dhcpd.deaf)

    def discover(self, client: Client, seconds: int) -> Offer | None:
        """A DHCPDISCOVER; `seconds` is how long the client says it has been trying."""
        dhcpd, now = self._dhcpd, self._dhcpd.cur_time
        lease = self._known(client.mac)
        line = f"DHCPDISCOVER from {self._who(client.mac, lease)}"
        if lease is not None and not self._may_have(lease, now):
            lease = None
        partner_has = lease is not None
        if lease is None:
            lease, partner_has = self._allocate(now)
            if lease is None:
                if partner_has:
                    dhcpd.log(f"{line}: peer holds all free leases")
                else:
                    network = self._store.pools[0].network if self._store.pools else ""
                    dhcpd.log(f"{line}: network {network}: no free leases")
                return None
        failover = lease.pool.failover
        if failover is not None:
            if not failover.responds:
                dhcpd.log(f"{line}: not responding{failover.reason}")
                return None
            if failover.serves_as is FailoverState.NORMAL and not balance.mine_to_answer(failover, client.mac, seconds):
                if partner_has:
                    dhcpd.log(f"{line}: load balance to peer {failover.name}")
                    return None
                dhcpd.log(f"{line}: cancel load balance to peer {failover.name} - no free leases")
        reused = self._reusable(lease, client, now)
        dhcpd.log(line)
        known = lease.mac == client.mac and lease.ends > now
        if not reused:
            self._not_to_reuse.add(lease)
        lease.offered_until = now + OFFER_SECONDS
        return Offer(lease.address, dhcpd.machine.address, 0 if known else PING_SECONDS)

    def offer(self, client: Client, offer: Offer) -> None:
        """The offer leaves."""
        self._dhcpd.log(f"DHCPOFFER on {offer.address} to {self._named(client)} via eth0")

    def request(self, client: Client, address: str, server: str | None) -> int | None:
        """A DHCPREQUEST: the lease time in seconds if it is acknowledged. `server` is None in a renewal."""
        dhcpd, now = self._dhcpd, self._dhcpd.cur_time
        lease = self._store.leases.get(address)
        chosen = f" ({server})" if server else ""
        line = f"DHCPREQUEST for {address}{chosen} from {self._who(client.mac, lease)}"
        if lease is None:
            dhcpd.log(f"{line}: unknown lease {address}.")
            return None
        failover = lease.pool.failover
        if failover is not None:
            if not failover.responds:
                dhcpd.log(f"{line}: not responding{failover.reason}")
                return None
            if lease.binding in {Binding.FREE, Binding.BACKUP} and not mine(lease, now):
                dhcpd.log(f"{line}: lease owned by peer")
                return None
            ended = lease.binding in {Binding.RELEASED, Binding.EXPIRED}
            if ended and lease.rewind is not Binding.ACTIVE and not mine(lease, now):
                dhcpd.log(f"{line}: lease in transition state {lease.binding.word}")
                return None
        if lease.binding is Binding.ACTIVE and lease.mac != client.mac:
            dhcpd.log(f"{line}: lease {address} unavailable.")
            return None
        reused = self._reusable(lease, client, now)
        dhcpd.log(line)
        seconds = lease.ends - now if reused else self._give(lease, client, now)
        dhcpd.log(f"DHCPACK on {address} to {self._named(client)} via eth0")
        return seconds

    # -- leases ----------------------------------------------------------------------------------------------------

    def _known(self, mac: str) -> Lease | None:
        """The lease a client had last."""
        had = [lease for lease in self._store.leases.values() if lease.mac == mac]
        return max(had, key=lambda lease: (lease.binding is Binding.ACTIVE, lease.cltt), default=None)

    @staticmethod
    def _may_have(lease: Lease, now: int) -> bool:
        return Binding.ACTIVE in {lease.binding, lease.rewind} or mine(lease, now)

    def _allocate(self, now: int) -> tuple[Lease | None, bool]:
        """A lease for a new client, and whether the partner has free ones (dhcp.c, allocate_lease)."""
        partner_has = False
        for pool in self._store.pools:
            own, theirs = self._halves(pool)
            first = self._first(pool, own, now)
            other = self._first(pool, theirs, now)
            if other is not None:
                if (first is None or first.ends > other.ends) and mine(other, now):
                    first = other
                else:
                    partner_has = True
            if first is not None:
                return first, partner_has
        return None, partner_has

    @staticmethod
    def _halves(pool: Pool) -> tuple[Binding, Binding]:
        failover = pool.failover
        if failover is None or failover.conf.role.value == "primary":
            return Binding.FREE, Binding.BACKUP
        return Binding.BACKUP, Binding.FREE

    @staticmethod
    def _first(pool: Pool, binding: Binding, now: int) -> Lease | None:
        return next((lease for lease in pool.queue(binding) if max(lease.ends, lease.offered_until) <= now), None)

    def _reusable(self, lease: Lease, client: Client, now: int) -> bool:
        """Whether a young lease is confirmed unchanged (dhcp-cache-threshold)."""
        if lease in self._not_to_reuse or lease.binding is not Binding.ACTIVE or lease.mac != client.mac:
            self._not_to_reuse.discard(lease)
            return False
        lease_age = now - lease.starts
        if lease_age > (lease.ends - lease.starts) * REUSE_PERCENT // 100:
            return False
        self._dhcpd.log(
            f"reuse_lease: lease age {lease_age} (secs) under {REUSE_PERCENT}% threshold, "
            f"reply with unaltered, existing lease for {lease.address}"
        )
        return True

    def _give(self, lease: Lease, client: Client, now: int) -> int:
        """Commit the lease; the time is capped by what the partner is known to know (dhcp.c:2895)."""
        conf, failover = self._settings, lease.pool.failover
        wanted = seconds = min(conf.default_lease_time, conf.max_lease_time)
        if failover is not None:
            if wanted > failover.mclt:
                if lease.tsfp <= now:
                    seconds = failover.mclt
                elif now + wanted > lease.tsfp + failover.mclt:
                    seconds = lease.tsfp - now + failover.mclt
            lease.tstp = now + wanted + seconds // 2
            lease.tsfp = min(lease.tsfp, lease.tstp)
        lease.starts = lease.cltt = now
        lease.ends = now + seconds
        lease.mac, lease.hostname = client.mac, client.hostname
        lease.offered_until = 0
        lease.next_binding = Binding.ACTIVE
        self._store.commit(lease)
        return seconds

    # -- words -----------------------------------------------------------------------------------------------------

    @staticmethod
    def _who(mac: str, lease: Lease | None) -> str:
        name = f" ({lease.hostname})" if lease is not None and lease.hostname and lease.mac == mac else ""
        return f"{mac}{name} via eth0"

    @staticmethod
    def _named(client: Client) -> str:
        return f"{client.mac} ({client.hostname})" if client.hostname else client.mac
