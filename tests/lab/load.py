"""A steady stream of new DHCP clients in the lab's client namespace: real DISCOVER, OFFER, REQUEST, ACK exchanges.

Every client is a machine that dhcpd has never seen. All of them share one interface: the hardware address stands in
the DHCP message, and the broadcast flag brings the answers here.
"""

from __future__ import annotations

import secrets
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address

from . import net
from .client import new_mac
from .pair import Lab

BROADCAST = b"\xff" * 6
MAGIC = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
ANSWER_SECONDS = 3.0
"""dhcpd pings an address for a second before it offers it."""
MAX_CLIENTS = 5000
PAST_BALANCING = 10
"""A client that has asked for so many seconds is answered by both servers."""
Options = dict[int, bytes]


class Load(threading.Thread):
    """New clients at `per_second`, each on its own time, until stopped or until `most` have asked."""

    def __init__(
        self,
        lab: Lab,
        per_second: float,
        *,
        most: int = MAX_CLIENTS,
        host_name: bytes = b"",
        waited: int = PAST_BALANCING,
    ) -> None:
        super().__init__(daemon=True)
        self._space = net.namespace(lab.name, "client")
        self._pause = 1 / per_second
        self._most = most
        self._waited = waited
        self._name = bytes([12, len(host_name)]) + host_name if host_name else b""
        self._halt = threading.Event()
        self._waiting: dict[bytes, tuple[float, bytes]] = {}
        """Transaction -> (when it began, hardware address), oldest first."""
        self._requested: set[bytes] = set()
        """Transactions that have taken an offer: both servers may have made one."""
        self.granted: list[tuple[float, str, str]] = []
        """(monotonic seconds, address, hardware address), one for each ACK."""
        self.unanswered: list[float] = []
        """Monotonic seconds at which a client that got nothing had asked."""

    def run(self) -> None:
        """Ask, again and again; ends when the last one has its answer or has waited for it."""
        with net.thread_in(self._space):
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        with sock:
            sock.bind(("eth0", 0x0800))
            due, asked = time.monotonic(), 0
            while (asked < self._most or self._waiting) and not self._halt.is_set():
                now = time.monotonic()
                if asked < self._most and now >= due:
                    self._ask(sock, now)
                    asked += 1
                    due = max(due + self._pause, now - 1.0)  # a stall is not made up for by a burst
                self._give_up(now)
                wait = min(0.2, due - now) if asked < self._most else 0.2
                if select.select([sock], [], [], max(0.0, wait))[0]:
                    self._take(sock, sock.recv(2048))

    def stop(self) -> None:
        """End at once."""
        self._halt.set()
        self.join(10)

    def dry_since(self) -> float | None:
        """When the first client after the last grant had asked in vain; None while clients get addresses."""
        last = self.granted[-1][0] if self.granted else 0.0
        return next((at for at in self.unanswered if at > last), None)

    def _ask(self, sock: socket.socket, now: float) -> None:
        xid, hardware = secrets.token_bytes(4), bytes.fromhex(new_mac().replace(":", ""))
        self._waiting[xid] = now, hardware
        sock.send(frame(xid, hardware, bytes([53, 1, DISCOVER]) + self._name, self._waited))

    def _give_up(self, now: float) -> None:
        while self._waiting:
            xid, (began, _) = next(iter(self._waiting.items()))
            if now - began < ANSWER_SECONDS:
                return
            del self._waiting[xid]
            self.unanswered.append(began)

    def _take(self, sock: socket.socket, data: bytes) -> None:
        found = reply(data)
        if found is None or found[0] not in self._waiting:
            return
        xid, address, options = found
        hardware = self._waiting[xid][1]
        if options.get(53) == bytes([OFFER]) and xid not in self._requested:
            self._requested.add(xid)
            wanted = bytes([53, 1, REQUEST, 50, 4]) + address + bytes([54, 4]) + options.get(54, bytes(4))
            sock.send(frame(xid, hardware, wanted + self._name, self._waited))
        elif options.get(53) == bytes([ACK]):
            del self._waiting[xid]
            self.granted.append((time.monotonic(), str(IPv4Address(address)), hardware.hex(":")))


@contextmanager
def loading(
    lab: Lab, per_second: float, *, most: int = MAX_CLIENTS, host_name: bytes = b"", waited: int = PAST_BALANCING
) -> Iterator[Load]:
    """New clients while the block runs; `waited`: for how many seconds they say they have asked already."""
    load = Load(lab, per_second, most=most, host_name=host_name, waited=waited)
    load.start()
    try:
        yield load
    finally:
        load.stop()


def frame(xid: bytes, hardware: bytes, options: bytes, waited: int, address: bytes = bytes(4)) -> bytes:
    """An Ethernet frame with a BOOTREQUEST; a UDP checksum of zero means none. `address`: the client's own, if it has one."""
    head = bytes([1, 1, 6, 0]) + xid + struct.pack("!HH", waited, 0x8000) + address + bytes(12)
    body = head + hardware + bytes(10) + bytes(192) + MAGIC + options + b"\xff"
    body += bytes(max(0, 300 - len(body)))
    udp = struct.pack("!HHHH", 68, 67, 8 + len(body), 0) + body
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4), BROADCAST[:4])
    header = header[:10] + struct.pack("!H", _checksum(header)) + header[12:]
    return BROADCAST + b"\x02\0\0\0\0\x01" + b"\x08\x00" + header + udp


def _checksum(header: bytes) -> int:
    total: int = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def reply(frame: bytes) -> tuple[bytes, bytes, Options] | None:
    """(transaction, address, options) of a BOOTREPLY; None for any other frame."""
    if len(frame) < 34 or frame[23] != 17:
        return None
    reply = frame[14 + 4 * (frame[14] & 15) + 8 :]
    if len(reply) < 240 or reply[0] != 2 or reply[236:240] != MAGIC:
        return None
    return reply[4:8], reply[16:20], _options(reply[240:])


def _options(data: bytes) -> Options:
    found: Options = {}
    at = 0
    while at + 1 < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        found[data[at]] = data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    return found
