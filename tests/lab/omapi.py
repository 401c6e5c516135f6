"""The lab's own OMAPI reader: it judges dhcptui, so it shares no code with it.

Nor does it stand on pypureomapi: dhcptui does, and that signs with MD5 only. Each call is one short connection made
inside the server's namespace to 127.0.0.1: no cut of the lab hides the truth from it, and no open connection of ours
delays a shutdown of dhcpd.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import socket
import struct
from contextlib import nullcontext, suppress
from dataclasses import dataclass

from .net import LabError, thread_in

OPEN, UPDATE, STATUS = 1, 3, 5
WORDS = {
    0: "unknown-state", 1: "startup", 2: "normal", 3: "communications-interrupted", 4: "partner-down",
    5: "potential-conflict", 6: "recover", 7: "paused", 8: "shutdown", 9: "recover-done",
    10: "resolution-interrupted", 11: "conflict-done", 254: "recover-wait",
}  # fmt: skip
Pairs = dict[str, bytes]


class NoAnswer(LabError):
    """dhcpd did not answer over OMAPI: not running, stopped, or the key is refused."""


@dataclass(frozen=True)
class ServerState:
    """What one server says of itself and of its partner."""

    local_state: str
    partner_state: str
    local_stos: int
    partner_stos: int
    mclt: int
    unacked: int
    raw: Pairs


@dataclass(frozen=True)
class Key:
    """The omapi-key of both servers."""

    name: str
    algorithm: str  # hmac-md5, hmac-sha256, ...
    secret: str  # base64

    def sign(self, data: bytes) -> bytes:
        """The HMAC that dhcpd expects after data."""
        digest = self.algorithm.removeprefix("hmac-")
        return hmac.digest(base64.b64decode(self.secret), data, getattr(hashlib, digest))


def _pack(pairs: Pairs) -> bytes:
    parts = [struct.pack(f"!H{len(k)}sI", len(k), k.encode(), len(v)) + v for k, v in pairs.items()]
    return b"".join(parts) + b"\0\0"


class _Link:
    """One connection: write a request, read its reply, strictly in turn."""

    def __init__(self, sock: socket.socket, key: Key | None) -> None:
        self._file = sock.makefile("rwb")
        self._ids = itertools.count(1)
        self._key: Key | None = None
        self._authid = 0
        self._file.write(struct.pack("!II", 100, 24))
        self._file.flush()
        self._read(8)
        if key:
            names = {"name": key.name.encode(), "algorithm": f"{key.algorithm}.SIG-ALG.REG.INT.".encode()}
            reply = self.call(OPEN, {"type": b"authenticator"}, names)[0]
            self._key, self._authid = key, reply

    def call(self, opcode: int, message: Pairs, fields: Pairs) -> tuple[int, Pairs]:
        """Send one request; the reply's handle and object."""
        self.send(opcode, message, fields)
        _, signed, answer, handle, _, _ = struct.unpack("!6I", self._read(24))
        info, found = self._pairs(), self._pairs()
        self._read(signed)
        if answer == STATUS:
            result = int.from_bytes(info.get("result", b""), "big")
            if result:
                raise NoAnswer(f"OMAPI status {result:#x}: {info.get('message', b'').decode(errors='replace')}")
        return handle, found

    def send(self, opcode: int, message: Pairs, fields: Pairs) -> None:
        size = len(self._key.sign(b"")) if self._key else 0
        body = struct.pack("!5I", size, opcode, 0, next(self._ids), 0) + _pack(message) + _pack(fields)
        signature = self._key.sign(body) if self._key else b""  # over all but the authid and itself
        self._file.write(struct.pack("!I", self._authid) + body + signature)
        self._file.flush()

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) != size:
            raise NoAnswer("dhcpd closed the OMAPI connection")
        return data

    def _pairs(self) -> Pairs:
        found = {}
        while size := struct.unpack("!H", self._read(2))[0]:
            name = self._read(size).decode(errors="replace")
            found[name] = self._read(struct.unpack("!I", self._read(4))[0])
        return found


@dataclass(frozen=True)
class Reader:
    """OMAPI of one server."""

    space: str | None
    """The network namespace to ask from; None: the caller's own."""
    key: Key | None
    port: int = 7911

    def failover(self, peer: str, set_state: int | None = None, timeout: float = 1.0) -> ServerState:
        """Read the failover state; with set_state write it first, in the same message."""
        message, fields = {"type": b"failover-state"}, {"name": peer.encode()}
        if set_state is not None:
            message["update"] = struct.pack("!I", 1)
            fields["local-state"] = struct.pack("!I", set_state)
        found = self._talk(OPEN, message, fields, timeout)
        numbers = {name: int.from_bytes(value, "big") for name, value in found.items()}
        if "local-state" not in numbers:
            raise NoAnswer(f"no local-state in {sorted(found)}")
        local, partner = numbers["local-state"], numbers["partner-state"]
        return ServerState(
            local_state=WORDS.get(local, str(local)),
            partner_state=WORDS.get(partner, str(partner)),
            local_stos=numbers["local-stos"],
            partner_stos=numbers["partner-stos"],
            mclt=numbers["mclt"],
            unacked=numbers["cur-unacked-updates"],
            raw=found,
        )

    def control(self, state: int, timeout: float = 0.3) -> None:
        """Set the control object; dhcpd gives it no usable answer."""
        message = {"type": b"control", "update": struct.pack("!I", 1)}
        with suppress(NoAnswer):
            self._talk(OPEN, message, {"state": struct.pack("!I", state)}, timeout)

    def _talk(self, opcode: int, message: Pairs, fields: Pairs, timeout: float) -> Pairs:
        try:
            with thread_in(self.space) if self.space else nullcontext():
                sock = socket.create_connection(("127.0.0.1", self.port), timeout)
            with sock:
                return _Link(sock, self.key).call(opcode, message, fields)[1]
        except (OSError, struct.error, KeyError) as error:
            raise NoAnswer(f"{type(error).__name__}: {error}") from error
