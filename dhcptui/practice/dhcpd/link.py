"""One end of the connection between two failover partners: CONNECT, CONNECTACK, contact, silence (server/failover.c)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from dhcptui.model.role import Role
from dhcptui.practice.dhcpd.configuration import PeerConf
from dhcptui.practice.dhcpd.daemon import Daemon
from dhcptui.practice.dhcpd.wire import LATENCY_SECONDS, SYN_TRIES_SECONDS, Message, Wire

MAX_CLOCK_DIFFERENCE_SECONDS = 60
HANDSHAKE_SECONDS = 15
TIME_MISMATCH = "Connection rejected, time mismatch too great."
INVALID_PARTNER = "Connection rejected, invalid failover partner."


class Linked(Protocol):
    """What a link may use of the failover relationship it belongs to, and what it tells it."""

    dhcpd: Daemon
    name: str
    conf: PeerConf
    mclt: int
    hba: bytes | None
    link: Link | None
    """The connection in use, after a handshake that both accepted."""
    partner_max_unacked: int
    partner_max_response_delay: int

    @property
    def by_name(self) -> Mapping[str, Linked]:
        """All relationships of this dhcpd."""

    def after(self, name: str, seconds: float, call: Callable[[], object]) -> None:
        """Set one of dhcpd's fixed timers."""

    def heard(self, message: Message) -> None:
        """A message on the accepted link, other than those of the handshake."""

    def send_state(self) -> None:
        """Tell the partner the state."""

    def disconnected(self) -> None:
        """The link is lost, or none came up in time."""

    def schedule_reconnect(self) -> None:
        """Look for the partner again in a while."""


class Link:
    """`failover` is None once the relationship has let go of this link."""

    def __init__(self, failover: Linked, wire: Wire, side: int) -> None:
        self.dhcpd, self._wire, self._side = failover.dhcpd, wire, side
        self._relationships = failover.by_name
        self.failover: Linked | None = failover
        self.closed = False
        self.xid = 1
        wire.attach(side, self.dhcpd, self)
        self.dhcpd.links.add(self)

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

    def send(self, kind: str, xid: int | None = None, **says: object) -> None:
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
        known = self._relationships.get(name)
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

    def _accept(self, failover: Linked, message: Message) -> None:
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

    def _acknowledged(self, failover: Linked, message: Message) -> None:
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

    def _reject_answer(self, failover: Linked, why: str, reason: str) -> None:
        self.dhcpd.log(f"Failover CONNECTACK from {failover.name}: {why}")
        self.send("DISCONNECT", reason=reason)
        self.close()

    @staticmethod
    def _learn(failover: Linked, message: Message) -> None:
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


def connect(failover: Linked) -> None:
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
        accept = there.dhcpd.accepts(conf.peer_port, here.address) if there.dhcpd is not None else None
        if accept is None:
            failed(timed_out=False)
            return
        wire = place.connection(here.role, there.role, conf.peer_port)
        link = Link(failover, wire, 0)
        accept(wire)
        link.established()

    def failed(timed_out: bool) -> None:
        dhcpd.dialling = None
        if timed_out:
            failover.disconnected()
        failover.schedule_reconnect()

    dhcpd.timers.set((failover.name, "syn"), dhcpd.machine.now() + LATENCY_SECONDS, later(0))


def accept(dhcpd: Daemon, failover: Linked | None, wire: Wire) -> None:
    """Take a connection to a failover port; `failover` is the relationship that has the caller as its partner."""
    if failover is None:
        wire.close(1)
        dhcpd.post(lambda: dhcpd.log("failover: listener: no matching state"))
    else:
        dhcpd.post(Link(failover, wire, 1).established)
