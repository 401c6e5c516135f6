"""Leases and pools as one dhcpd holds them, and the rules of who may change what (server/mdb.c, server/failover.c)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState
from dhcptui.practice.dhcpd.configuration import PeerConf, PoolConf

CLOCK_TOLERANCE_SECONDS = 65


class Binding(IntEnum):
    """A lease's binding state, with its number over OMAPI; the name in lower case is dhcpd's word."""

    FREE = 1
    ACTIVE = 2
    EXPIRED = 3
    RELEASED = 4
    ABANDONED = 5
    RESET = 6
    BACKUP = 7

    @property
    def word(self) -> str:
        """dhcpd's own word."""
        return self.name.lower()


ENDED = frozenset({Binding.EXPIRED, Binding.RELEASED, Binding.RESET})


@dataclass(eq=False)
class Lease:
    """One address. Times are epoch seconds of the server's clock, 0 where never set."""

    address: str
    pool: Pool
    binding: Binding = Binding.FREE
    next_binding: Binding = Binding.FREE
    desired: Binding = Binding.FREE
    """What the partner was last told."""
    rewind: Binding = Binding.FREE
    """What it may go back to as long as the partner was told nothing else."""
    starts: int = 0
    ends: int = 0
    tstp: int = 0
    tsfp: int = 0
    atsfp: int = 0
    cltt: int = 0
    mac: str = ""
    hostname: str = ""
    last_xid: int = 0
    offered_until: int = 0

    @property
    def written(self) -> bool:
        """Whether dhcpd keeps it when it rewrites its lease file."""
        return bool(self.mac or self.tsfp) or self.binding is not Binding.FREE

    def scrub(self) -> None:
        """Forget the client: the lease is given to the partner (failover.c, scrub_lease)."""
        self.hostname = ""


class Relationship(Protocol):
    """What the leases of a pool, and whoever changes them, may use of the failover relationship that covers the pool."""

    name: str
    conf: PeerConf
    state: FailoverState
    stos: int
    mclt: int
    hba: bytes | None
    serves_as: FailoverState | None
    """The state by whose rules clients are answered; None: it does not respond."""
    reason: str
    """Why it does not respond, as it stands in dhcpd's log."""

    @property
    def responds(self) -> bool:
        """Whether clients get an answer."""

    def queue_update(self, lease: Lease) -> None:
        """The partner is to learn of a lease."""

    def send_updates(self) -> None:
        """Tell the partner as much as may be under way at once."""

    def schedule_balance(self) -> None:
        """Plan the next balancing: leases have come to or left the free ones."""


class Pool:
    """The leases of one pool."""

    def __init__(self, conf: PoolConf) -> None:
        self.network, self.peer_name = conf.network, conf.peer
        self.failover: Relationship | None = None
        self.leases = {address: Lease(address, self) for address in conf.addresses}
        self.label = f"{0x55 << 40 | secrets.randbits(36) << 4:x}"
        """The heap address by which dhcpd's log names a pool; another one in each process."""

    def queue(self, *bindings: Binding) -> list[Lease]:
        """The leases in these states, the one that is due first in front."""
        return sorted((lease for lease in self.leases.values() if lease.binding in bindings), key=self._due)

    def count(self, binding: Binding) -> int:
        """How many leases are in a state."""
        return sum(lease.binding is binding for lease in self.leases.values())

    def _due(self, lease: Lease) -> int:
        return self.due(lease)

    def due(self, lease: Lease) -> int:
        """When its next state is due (mdb.c, lease_enqueue)."""
        down = self.failover is not None and self.failover.state is FailoverState.PARTNER_DOWN
        return max(lease.tsfp, lease.ends) if down and lease.binding in ENDED else lease.ends


def by_address(pools: Iterable[Pool]) -> dict[str, Lease]:
    """All leases of a server."""
    return {address: lease for pool in pools for address, lease in pool.leases.items()}


def mine(lease: Lease, now: int) -> bool:
    """Whether this server may give the lease to a new client (failover.c, lease_mine_to_reallocate)."""
    peer = lease.pool.failover
    if peer is None:
        return lease.binding in {Binding.FREE, Binding.BACKUP}
    down = peer.serves_as is FailoverState.PARTNER_DOWN
    taken_over = down and max(lease.tsfp, peer.stos) + peer.mclt < now
    own = Binding.FREE if peer.conf.role is Role.PRIMARY else Binding.BACKUP
    if lease.binding in {Binding.FREE, Binding.ABANDONED}:
        return own is Binding.FREE or taken_over
    if lease.binding is Binding.BACKUP:
        return own is Binding.BACKUP or taken_over
    if lease.binding in ENDED:
        return (lease.binding is not Binding.RESET and lease.rewind is own) or (down and lease.tsfp < now)
    return False


def accepts(lease: Lease, to: Binding, *, tsfp: int, role: Role, normal: bool, now: int) -> bool:
    """Whether this server takes over a binding state from its partner (failover.c, *_binding_state_transition_check)."""
    if to is lease.binding:
        return True
    if lease.binding is Binding.ACTIVE:
        if normal and role is Role.PRIMARY:
            return to in {Binding.RELEASED, Binding.ABANDONED}
        if to in {Binding.FREE, Binding.BACKUP}:
            return normal and tsfp <= now
        return to is not Binding.EXPIRED or lease.ends - CLOCK_TOLERANCE_SECONDS <= now
    if normal and lease.binding in {Binding.EXPIRED, Binding.RESET} and to in {Binding.FREE, Binding.BACKUP}:
        return tsfp <= now
    return True
