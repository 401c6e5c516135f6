"""The clients that judge: they ask again and again, and write down which server answered whom. Nothing of dhcptui is used.

Three kinds of client share one interface. A *standing* one broadcasts the same DISCOVER (from the same machine, so that
its offer costs no second address) and takes nothing; a *renewing* one has a lease and asks for it again, as a client does
whose own server is silent; and every few seconds a *newcomer*, a machine never seen before, goes all the way to its ACK.
A server serves at a tick when it has answered the standing or the renewing client that asked then.
"""

from __future__ import annotations

import secrets
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from dhcptui.model.role import Role
from tests.lab import net
from tests.lab.client import new_mac
from tests.lab.load import ACK, DISCOVER, OFFER, PAST_BALANCING, REQUEST, frame, reply
from tests.lab.omapi import NoAnswer
from tests.lab.pair import Lab
from tests.lab.texts import ADDRESSES
from tests.truth.record import Newcomer, Reading, Tick

TICK_SECONDS = 0.25
NEWCOMER_SECONDS = 3.0
ANSWER_SECONDS = 2.0
"""An answer that comes later than this is none (the lab's dhcpd asks no ping before an offer)."""
LATE_SECONDS = 0.2
"""A tick with an answer later than this says neither that the server served then nor that it did not."""
RECORDED_SECONDS = 5.0
"""dhcpd writes a lease down before it grants it; so late it is read on a loaded machine."""
WHO = {IPv4Address(ADDRESSES[role.value]).packed: role for role in Role}
_TYPE, _REQUESTED, _SERVER = 53, 50, 54


@dataclass
class _Open:
    """A question under way."""

    at: float
    kind: str
    hardware: bytes
    requested: bool = False


def _mac() -> bytes:
    return bytes.fromhex(new_mac().replace(":", ""))


class Clients(threading.Thread):
    """Asks until stopped. `newcomers`: whether machines never seen before ask too (each takes an address)."""

    def __init__(self, lab: Lab, newcomers: bool = True) -> None:
        super().__init__(daemon=True, name="clients")
        self._space = net.namespace(lab.name, "client")
        self._halt = threading.Event()
        self._newcomers = newcomers
        self._standing, self._renewing = _mac(), _mac()
        self._address = bytes(4)
        self._open: dict[bytes, _Open] = {}
        self._ticks: list[tuple[float, set[Role]]] = []
        self._by_time: dict[float, set[Role]] = {}
        self._late: set[float] = set()
        """Ticks with an answer that came late: a dhcpd that was stopped answers what waited for it when it goes on."""
        self._asked: list[float] = []
        self._granted: dict[float, bytes] = {}
        """When it asked -> its hardware address."""
        self.recorded: set[float] = set()

    # -- what was seen -------------------------------------------------------------------------------------------

    def ticks(self) -> list[Tick]:
        """Rounds whose answers are in."""
        limit = time.monotonic() - ANSWER_SECONDS if self.is_alive() else float("inf")
        return [Tick(at, frozenset(who)) for at, who in tuple(self._ticks) if at <= limit and at not in self._late]

    def newcomers(self) -> list[Newcomer]:
        """New machines, and whether each has an address."""
        limit = time.monotonic() - RECORDED_SECONDS
        return [Newcomer(at, at in self._granted, self._kept(at, limit)) for at in tuple(self._asked) if at <= limit]

    def unrecorded(self) -> dict[float, bytes]:
        """Newcomers with an address that no lease file has had yet."""
        return {at: mac for at, mac in tuple(self._granted.items()) if at not in self.recorded}

    def _kept(self, at: float, limit: float) -> bool:
        return at not in self._granted or at in self.recorded or at > limit

    # -- the exchange --------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Until told to stop, and until the last answers are in."""
        with net.thread_in(self._space):
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        with sock:
            sock.bind(("eth0", 0x0800))
            due, newcomer_due = time.monotonic(), 0.0
            while not self._halt.is_set():
                now = time.monotonic()
                if now >= due:
                    self._round(sock, now)
                    due = max(due + TICK_SECONDS, now)
                if self._newcomers and now >= newcomer_due:
                    self._asked.append(now)
                    self._discover(sock, now, "newcomer", _mac())
                    newcomer_due = now + NEWCOMER_SECONDS
                self._listen(sock, max(0.0, due - time.monotonic()))
            end = time.monotonic() + ANSWER_SECONDS
            while (left := end - time.monotonic()) > 0 and any(
                now - each.at < ANSWER_SECONDS for each in self._open.values()
            ):
                self._listen(sock, min(left, 0.1))

    def stop(self) -> None:
        """End, once the last answers are in."""
        self._halt.set()
        self.join(10)

    def _round(self, sock: socket.socket, now: float) -> None:
        answered: set[Role] = set()
        self._ticks.append((now, answered))
        self._by_time[now] = answered
        self._open = {xid: each for xid, each in self._open.items() if now - each.at < ANSWER_SECONDS}
        self._discover(sock, now, "standing", self._standing)
        if self._address == bytes(4):
            self._discover(sock, now, "renewing", self._renewing)
        else:
            xid = self._new(now, "renewing", self._renewing)
            options = bytes([_TYPE, 1, REQUEST])
            self._send(sock, frame(xid, self._renewing, options, PAST_BALANCING, self._address))

    def _new(self, now: float, kind: str, hardware: bytes) -> bytes:
        xid = secrets.token_bytes(4)
        self._open[xid] = _Open(now, kind, hardware)
        return xid

    def _discover(self, sock: socket.socket, now: float, kind: str, hardware: bytes) -> None:
        xid = self._new(now, kind, hardware)
        self._send(sock, frame(xid, hardware, bytes([_TYPE, 1, DISCOVER]), PAST_BALANCING))

    @staticmethod
    def _send(sock: socket.socket, data: bytes) -> None:
        with suppress(OSError):  # the interface is down for a moment while dhclient changes its address
            sock.send(data)

    def _listen(self, sock: socket.socket, wait: float) -> None:
        if not select.select([sock], [], [], wait)[0]:
            return
        with suppress(OSError):
            found = reply(sock.recv(2048))
            if found and found[0] in self._open:
                self._take(sock, *found)

    def _take(self, sock: socket.socket, xid: bytes, address: bytes, options: dict[int, bytes]) -> None:
        question, who = self._open[xid], WHO.get(options.get(_SERVER, b""))
        if who is None or options.get(_TYPE) not in (bytes([OFFER]), bytes([ACK])):
            return
        if question.kind != "newcomer" and question.at in self._by_time:
            if time.monotonic() - question.at > LATE_SECONDS:
                self._late.add(question.at)
            self._by_time[question.at].add(who)
        if options[_TYPE] == bytes([ACK]):
            if question.kind == "newcomer":
                self._granted[question.at] = question.hardware
            elif question.kind == "renewing":
                self._address = address
        elif question.kind != "standing" and not question.requested:
            question.requested = True
            wanted = bytes([_TYPE, 1, REQUEST, _REQUESTED, 4]) + address + bytes([_SERVER, 4]) + options[_SERVER]
            self._send(sock, frame(xid, question.hardware, wanted, PAST_BALANCING))


class StateReader(threading.Thread):
    """One server's own state, four times a second, by the lab's own OMAPI reader."""

    def __init__(self, lab: Lab, role: Role) -> None:
        super().__init__(daemon=True, name=f"reader of {role.value}")
        self._server = lab.servers[role.value]
        self._halt = threading.Event()
        self.readings: list[Reading] = []

    def run(self) -> None:
        """Until told to stop."""
        while not self._halt.wait(TICK_SECONDS):
            asked = time.monotonic()
            try:
                state = self._server.state(timeout=0.5).local_state
                self.readings.append(Reading(time.monotonic(), state))
            except (NoAnswer, OSError):  # so it was when it was asked: it may answer before the wait is over
                self.readings.append(Reading(asked, None))

    def stop(self) -> None:
        """End."""
        self._halt.set()
        self.join(5)


class Ledger(threading.Thread):
    """Reads both lease files, as the servers have them: a lease that was granted has to stand in one."""

    def __init__(self, lab: Lab, clients: Clients) -> None:
        super().__init__(daemon=True, name="ledger")
        self._files = [server.own_file("/var/lib/dhcp/dhcpd.leases") for server in lab.servers.values()]
        self._clients = clients
        self._halt = threading.Event()

    def run(self) -> None:
        """Until told to stop; a lease that comes to a file late stays unrecorded."""
        while not self._halt.wait(TICK_SECONDS):
            now, text = time.monotonic(), b"".join(self._text(path) for path in self._files)
            for at, mac in self._clients.unrecorded().items():
                if now - at <= RECORDED_SECONDS and mac.hex(":").encode() in text:
                    self._clients.recorded.add(at)

    @staticmethod
    def _text(path: Path) -> bytes:
        with suppress(OSError):
            return path.read_bytes()
        return b""

    def stop(self) -> None:
        """End."""
        self._halt.set()
        self.join(5)


@dataclass(frozen=True)
class Witness:
    """All who write down."""

    clients: Clients
    readers: dict[Role, StateReader]


@contextmanager
def witnessing(lab: Lab, newcomers: bool = True) -> Iterator[Witness]:
    """Watch while the block runs; what was seen is whole after it."""
    witness = Witness(Clients(lab, newcomers), {role: StateReader(lab, role) for role in Role})
    threads: list[Clients | StateReader | Ledger] = [
        witness.clients,
        *witness.readers.values(),
        Ledger(lab, witness.clients),
    ]
    for thread in threads:
        thread.start()
    try:
        yield witness
    finally:
        for thread in threads:
            thread.stop()
