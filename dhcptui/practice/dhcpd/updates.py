"""Binding updates between the partners: queues, acknowledgements, UPDREQ and UPDDONE (server/failover.c)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState
from dhcptui.practice.dhcpd import balance
from dhcptui.practice.dhcpd.daemon import Daemon
from dhcptui.practice.dhcpd.leases import ENDED, Binding, Lease, Relationship, accepts
from dhcptui.practice.dhcpd.link import Link
from dhcptui.practice.dhcpd.store import Store
from dhcptui.practice.dhcpd.wire import Message

FLUSH_SECONDS = 2
LESS_CRITICAL = "incoming update is less critical than outgoing update"


class Updated(Relationship, Protocol):
    """What binding updates may use of a relationship beside what its leases use."""

    dhcpd: Daemon
    store: Store
    link: Link | None
    partner_max_unacked: int

    def after(self, name: str, seconds: float, call: Callable[[], object]) -> None:
        """Set one of dhcpd's fixed timers."""

    def send(self, kind: str, xid: int | None = None, **says: object) -> None:
        """A message to the partner, if there is a link."""

    def update_completed(self) -> None:
        """The partner has sent all that was asked for."""


class Updates:
    """What one partner still has to tell the other, and what it has told and not yet seen acknowledged."""

    def __init__(self, failover: Updated) -> None:
        self._failover = failover
        self.waiting: deque[Lease] = deque()
        self._unacked: dict[Lease, None] = {}
        self._to_ack: list[Message] = []
        self._done_after: Lease | None = None
        self._request_xid = 0
        self.unacked = 0
        """What OMAPI calls cur-unacked-updates."""

    @property
    def idle(self) -> bool:
        """Nothing is owed to the partner."""
        return not self.waiting and not self._unacked

    def rescind(self) -> None:
        """What was sent and not acknowledged is to be sent again."""
        self.waiting.extendleft(reversed(self._unacked))
        self._unacked.clear()
        self.unacked = 0

    def queue(self, lease: Lease) -> None:
        """The partner is to learn of a lease."""
        if lease not in self.waiting:
            self._forget(lease)
            self.waiting.append(lease)

    def generate(self, everything: bool) -> None:
        """Queue what the partner may not know, or everything."""
        queues = (
            (Binding.FREE,), (Binding.ACTIVE,), tuple(ENDED), (Binding.ABANDONED,), (Binding.BACKUP,),
        )  # fmt: skip
        for pool in self._failover.store.pools_of(self._failover):
            for bindings in queues:
                for lease in pool.queue(*bindings):
                    if lease in self._unacked or lease in self.waiting:
                        continue
                    if everything or lease.tstp > lease.atsfp or lease.binding in ENDED:
                        lease.desired = lease.binding
                        self.queue(lease)

    def send(self) -> None:
        """Send as much as may be under way at once."""
        failover = self._failover
        if failover.link is None:
            return
        self._send_acks()
        while self.waiting and failover.partner_max_unacked > self.unacked:
            lease = self.waiting.popleft()
            lease.last_xid = failover.link.xid
            if lease.rewind is not lease.binding:
                lease.rewind = lease.binding
                failover.store.write(lease)
            failover.send(
                "BNDUPD", address=lease.address, binding=lease.desired, mac=lease.mac, hostname="",
                ends=lease.ends, tstp=lease.tstp, starts=lease.starts, cltt=lease.cltt,
            )  # fmt: skip
            self._unacked[lease] = None
            self.unacked += 1

    def request(self, everything: bool) -> None:
        """UPDREQ or UPDREQALL."""
        if self._failover.link is None:
            return
        self._failover.send("UPDREQALL" if everything else "UPDREQ")
        what = "update request all" if everything else "update request"
        self._failover.dhcpd.log(f"Sent {what} message to {self._failover.name}")

    def heard(self, message: Message) -> None:
        """A message about leases."""
        match message.kind:
            case "BNDUPD":
                self._take(message)
            case "BNDACK":
                self._acknowledged(message)
            case "UPDREQ" | "UPDREQALL":
                self._requested(message)
            case "UPDDONE":
                self._failover.update_completed()

    # -- what the partner wants to know ----------------------------------------------------------------------------

    def _requested(self, message: Message) -> None:
        failover, everything = self._failover, message.kind == "UPDREQALL"
        if self._done_after is not None:
            failover.dhcpd.log(
                "Received update request while old update still flying!  Silently discarding old request."
            )
            self._done_after = None
        self.generate(everything)
        self._request_xid = message.xid
        what = f"Update request{' all' if everything else ''} from {failover.name}"
        if self.waiting:
            self._done_after = self.waiting[-1]
            self.send()
            failover.dhcpd.log(f"{what}: sending update")
        else:
            self._send_done()
            failover.dhcpd.log(f"{what}: nothing pending")

    def _send_done(self) -> None:
        self._failover.send("UPDDONE", xid=self._request_xid)
        self._failover.dhcpd.log(f"Sent update done message to {self._failover.name}")

    # -- what the partner tells ------------------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        failover, says = self._failover, message.says
        dhcpd, now = failover.dhcpd, failover.dhcpd.cur_time
        lease = failover.store.leases.get(says["address"])
        if lease is None:
            self._reject(message, "unknown IP address")
            return
        if lease.pool.failover is not failover:
            self._reject(message, "IP address is covered by a different failover relationship state")
            return
        if lease in self._unacked:
            if self._mine_is_better(lease, says["binding"], says["cltt"]):
                self._reject(message, LESS_CRITICAL)
                return
            self._forget(lease)
        to: Binding = says["binding"]
        if to in {Binding.ACTIVE, Binding.EXPIRED, Binding.RELEASED} and not says["mac"]:
            self._reject(message, "BNDUPD without CHADDR")
            return
        normal = failover.state is FailoverState.NORMAL
        if not accepts(lease, to, tsfp=says["tstp"], role=failover.conf.role, normal=normal, now=now):
            self._reject(message, f"{lease.address}: invalid state transition: {lease.binding.word} to {to.word}")
            return
        if lease.binding is Binding.ACTIVE and lease.mac != says["mac"]:
            dhcpd.log(f"Lease conflict at {lease.address}")
        lease.starts, lease.ends, lease.cltt = says["starts"], says["ends"], says["cltt"] or lease.cltt
        lease.atsfp = lease.tsfp = says["tstp"]
        if says["mac"] or to is Binding.ABANDONED:
            lease.mac = says["mac"]
        lease.next_binding = Binding.FREE if to in ENDED else to
        primary = failover.conf.role is Role.PRIMARY
        to_partner = to in ENDED and primary and balance.partner_wants(failover, lease)
        lease.rewind = lease.next_binding
        failover.store.move(lease)
        failover.store.write(lease)
        self._queue_ack(message)
        if to_partner and balance.not_hoarding(lease.pool):
            failover.store.give_away(lease, Binding.BACKUP)
            self.send()

    def _mine_is_better(self, lease: Lease, binding: Binding, cltt: int) -> bool:
        local = lease.desired if lease.desired is not lease.binding else lease.binding
        primary = self._failover.conf.role is Role.PRIMARY
        if local is Binding.ACTIVE and binding is Binding.ACTIVE:
            return cltt < lease.cltt or (cltt == lease.cltt and primary)
        if binding is Binding.ACTIVE or (local is Binding.ACTIVE and binding is Binding.EXPIRED):
            return False
        return primary

    def _reject(self, message: Message, why: str) -> None:
        self._failover.send("BNDACK", xid=message.xid, address=message.says["address"], reject=why)

    def _queue_ack(self, message: Message) -> None:
        self._to_ack.append(message)
        if len(self._to_ack) >= self._failover.partner_max_unacked // 2:
            self._send_acks()
        if self._to_ack:
            self._failover.after("acks", FLUSH_SECONDS, self._send_acks)

    def _send_acks(self) -> None:
        flush, self._to_ack = self._to_ack, []
        for message in flush:
            says = message.says
            self._failover.send("BNDACK", xid=message.xid, address=says["address"], tstp=says["tstp"])

    # -- what the partner has taken --------------------------------------------------------------------------------

    def _acknowledged(self, message: Message) -> None:
        failover, says = self._failover, message.says
        dhcpd, address = failover.dhcpd, says["address"]
        lease = failover.store.leases.get(address)
        if lease is None:
            dhcpd.log(f"bind update on {address} got ack from {failover.name}: no such lease.")
            return
        to_partner = False
        if "reject" in says:
            dhcpd.log(f"bind update on {address} from {failover.name} rejected: {says['reject']}")
        elif lease.last_xid and lease.last_xid != message.xid:
            dhcpd.log(f"bind update on {address} got ack from {failover.name}: xid mismatch.")
            return
        elif lease.last_xid:
            to_partner = self._install(lease, says["tstp"])
        self._forget(lease)
        if self._done_after is lease:
            self._done_after = None
            self._send_done()
        if to_partner and balance.not_hoarding(lease.pool):
            failover.store.give_away(lease, Binding.BACKUP)
        self.send()

    def _install(self, lease: Lease, tstp: int) -> bool:
        """The partner knows: move on. True where the lease should rather be the partner's."""
        failover = self._failover
        lease.atsfp = lease.tsfp = tstp
        if lease.desired in ENDED:
            lease.next_binding = lease.desired = lease.rewind = Binding.FREE
            failover.store.move(lease)
            failover.store.write(lease)
            return failover.conf.role is Role.PRIMARY and balance.partner_wants(failover, lease)
        if lease.desired is not lease.binding:
            lease.next_binding = lease.desired
            failover.store.move(lease)
        failover.store.write(lease)
        return False

    def _forget(self, lease: Lease) -> None:
        if lease in self._unacked:
            del self._unacked[lease]
            lease.last_xid = 0
            self.unacked -= 1
