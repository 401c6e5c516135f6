"""One end of the connection between two failover partners: CONNECT, CONNECTACK, contact, silence (server/failover.c)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dhcptui.model.role import Role
from dhcptui.practice.dhcpd.wire import LATENCY_SECONDS, SYN_TRIES_SECONDS, Message, Wire

if TYPE_CHECKING:
    from dhcptui.practice.dhcpd.failover import Failover
    from dhcptui.practice.dhcpd.server import Dhcpd

MAX_CLOCK_DIFFERENCE_SECONDS = 60
HANDSHAKE_SECONDS = 15
TIME_MISMATCH = "Connection rejected, time mismatch too great."
INVALID_PARTNER = "Connection rejected, invalid failover partner."


class Link:
    """`failover` is None once the relationship has let go of this link."""

    def __init__(self, dhcpd: Dhcpd, failover: Failover, wire: Wire, side: int) -> None:
        self.dhcpd, self._wire, self._side = dhcpd, wire, side
        self.failover: Failover | None = failover
        self.closed = False
        self.xid = 1
        wire.attach(side, dhcpd, self)
        dhcpd.links.add(self)

    def established(self) -> None:
        """TCP is up: the primary speaks first."""
        failover = self.failover
        if failover is not None and failover.conf.role is Role.PRIMARY:
            conf = failover.conf
            self.send(
                "CONNECT",
                name=conf.name,
                mclt=failover.mclt,
                hba=conf.hba,
                max_unacked=conf.max_unacked_updates,
                receive_timer=conf.max_response_delay,
            )
        self.dhcpd.after(self, HANDSHAKE_SECONDS, self._no_handshake)

    def send(self, kind: str, xid: int | None = None, **says: Any) -> None:
        """Send, and put off the next keepalive."""
        if self.closed or self.dhcpd.deaf:
            return
        if xid is None:
            xid, self.xid = self.xid, self.xid + 1
        self._wire.send(self._side, Message(kind, self.dhcpd.cur_time, xid, says))
        failover = self.failover
        if failover is not None and failover.link is self:
            failover.after("contact", failover.partner_max_response_delay // 3, self._contact)

    def _contact(self) -> None:
        self.send("CONTACT")

    def received(self, message: Message) -> None:
        """Handle one message."""
        if message.kind == "CONNECT" and not self._may_connect(message):
            return
        failover = self.failover
        if failover is None:
            self.dhcpd.log("failover: connect: no matching state.")
            self.close()
            return
        if message.kind == "CONNECT":
            self._accept(failover, message)
        elif message.kind == "CONNECTACK":
            self._acknowledged(failover, message)
        elif message.kind == "DISCONNECT":
            self.dhcpd.log(f"Failover DISCONNECT from {failover.name}: {message.says['reason']}")
            self.close()
        elif failover.link is self:
            failover.heard(message)
        if failover.link is self and not self.closed:
            failover.after("timeout", failover.conf.max_response_delay, self._silence)

    # -- the handshake ---------------------------------------------------------------------------------------------

    def _may_connect(self, message: Message) -> bool:
        name = message.says["name"]
        known = self.dhcpd.failover(name)
        if known is None:
            self._refuse(name, "unknown failover relationship name", INVALID_PARTNER)
        elif self._clocks_differ(message):
            self._refuse(name, "time offset too large", TIME_MISMATCH)
        elif message.says["hba"] is None:
            self._refuse(name, "invalid HBA", "Hash bucket assignment conflict.")
        else:
            known.hba = message.says["hba"]
            return True
        return False

    def _refuse(self, name: str, why: str, reason: str) -> None:
        self.dhcpd.log(f"Failover CONNECT from {name}: {why}")
        self.send("CONNECTACK", name=name, reject=reason)
        self.dhcpd.log(f"failover: disconnect: {why}")
        self.close()

    def _clocks_differ(self, message: Message) -> bool:
        return abs(self.dhcpd.cur_time - message.time) > MAX_CLOCK_DIFFERENCE_SECONDS

    def _accept(self, failover: Failover, message: Message) -> None:
        if failover.link is not None:  # both connected at once: this one is one too many
            self.close()
            return
        failover.link = self
        conf = failover.conf
        self.send(
            "CONNECTACK", name=conf.name, max_unacked=conf.max_unacked_updates, receive_timer=conf.max_response_delay
        )
        self._learn(failover, message)
        failover.mclt = message.says["mclt"]
        failover.send_state()
        self.dhcpd.timers.cancel(self)

    def _acknowledged(self, failover: Failover, message: Message) -> None:
        self.dhcpd.timers.cancel(self)
        if "reject" in message.says:
            self.dhcpd.log(f"Failover CONNECT to {failover.name} rejected: {message.says['reject']}")
            self.close()
        elif message.says["name"] != failover.name:
            why = f"remote failover relationship name {message.says['name']} does not match"
            self._reject_answer(failover, why, INVALID_PARTNER)
        elif failover.link is not None:
            self._reject_answer(failover, "already connected", "Connection rejected, duplicate connection.")
        elif self._clocks_differ(message):
            self._reject_answer(failover, "time offset too large", TIME_MISMATCH)
        else:
            failover.link = self
            failover.send_state()
            self._learn(failover, message)
            failover.after("contact", failover.partner_max_response_delay // 3, self._contact)

    def _reject_answer(self, failover: Failover, why: str, reason: str) -> None:
        self.dhcpd.log(f"Failover CONNECTACK from {failover.name}: {why}")
        self.send("DISCONNECT", reason=reason)
        self.close()

    @staticmethod
    def _learn(failover: Failover, message: Message) -> None:
        failover.partner_max_unacked = message.says["max_unacked"]
        failover.partner_max_response_delay = message.says["receive_timer"]

    # -- the end ---------------------------------------------------------------------------------------------------

    def _no_handshake(self) -> None:
        self.dhcpd.log("failover: link startup timeout")
        self.close()

    def _silence(self) -> None:
        failover = self.failover
        if failover is not None and failover.link is self:
            self.dhcpd.log(f"timeout waiting for failover peer {failover.name}")
            self.close()

    def hung_up(self) -> None:
        """The partner closed, or died."""
        self.close()

    def close(self) -> None:
        """Close, and tell the relationship if this was its link. A new try follows."""
        if self.closed:
            return
        failover = self.failover
        self.drop()
        if failover is not None:
            if failover.link is self:
                failover.disconnected()
            failover.schedule_reconnect()

    def drop(self) -> None:
        """Close without a word to the relationship: the process ends."""
        self.closed = True
        self.dhcpd.timers.cancel(self)
        self.dhcpd.links.discard(self)
        self._wire.close(self._side)


def connect(failover: Failover) -> None:
    """Look for the partner as a connect() does: refused at once, or silence until the kernel gives up."""
    dhcpd, conf = failover.dhcpd, failover.conf
    place, here = dhcpd.place, dhcpd.machine
    there = place.at(conf.peer_address)

    def later(tries: int) -> Callable[[], None]:
        return lambda: attempt(tries)

    def attempt(tries: int) -> None:
        if dhcpd.deaf:
            return
        if there is None or not place.network.both_ways(here.role.value, there.role.value, conf.peer_port):
            if tries + 1 < len(SYN_TRIES_SECONDS):
                dhcpd.dialling = conf.peer_port
                wait = SYN_TRIES_SECONDS[tries + 1] - SYN_TRIES_SECONDS[tries]
                dhcpd.after((failover.name, "syn"), wait, later(tries + 1))
            else:
                failed(timed_out=True)
            return
        dhcpd.dialling = None
        accepting = place.listener(there, conf.peer_port, here.address)
        if accepting is None:
            failed(timed_out=False)
            return
        their_dhcpd, theirs = accepting
        wire = Wire(place, (here.role.value, there.role.value), conf.peer_port)
        link = Link(dhcpd, failover, wire, 0)
        if theirs is None:
            wire.close(1)
            their_dhcpd.post(lambda: their_dhcpd.log("failover: listener: no matching state"))
        else:
            other = Link(their_dhcpd, theirs, wire, 1)
            their_dhcpd.post(other.established)
        link.established()

    def failed(timed_out: bool) -> None:
        dhcpd.dialling = None
        if timed_out:
            failover.disconnected()
        failover.schedule_reconnect()

    dhcpd.timers.set((failover.name, "syn"), dhcpd.machine.now() + LATENCY_SECONDS, later(0))
