"""OMAPI frames as they are: every request one can make, every field of the answer. Shares no code with dhcptui."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from itertools import count

from tests.lab.omapi import Key, Pairs

OPEN, REFRESH, UPDATE, NOTIFY, STATUS, DELETE = range(1, 7)


@dataclass(frozen=True)
class Frame:
    """One answer. `message` and `fields` in the order of the wire."""

    authid: int
    opcode: int
    handle: int
    rid: int
    message: Pairs
    fields: Pairs
    signed: bool
    """Carries the right signature of the key in use."""

    @property
    def status(self) -> tuple[int, str]:
        """Result and text of a STATUS."""
        assert self.opcode == STATUS, self
        return int.from_bytes(self.message["result"], "big"), self.message.get("message", b"").decode()


def u32(number: int) -> bytes:
    """As OMAPI has integers."""
    return struct.pack("!I", number)


class Talk:
    """One connection. `authenticate` first where the port has a key."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._file = sock.makefile("rwb")
        self._ids = count(7)
        self._key: Key | None = None
        self._authid = 0
        self._file.write(struct.pack("!II", 100, 24))
        self._file.flush()
        assert self._file.read(8) == struct.pack("!II", 100, 24)

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self._sock.close()

    def authenticate(self, key: Key) -> Frame:
        """Open the authenticator; what follows is signed where that went well."""
        algorithm = f"{key.algorithm}.SIG-ALG.REG.INT."
        answer = self.ask(
            OPEN, {"type": b"authenticator"}, {"name": key.name.encode(), "algorithm": algorithm.encode()}
        )
        if answer.opcode == UPDATE:
            self._key, self._authid = key, answer.handle
        return answer

    def open(self, kind: str, fields: Pairs | None = None, **flags: int) -> Frame:
        """OPEN an object by its key fields; flags are create, update, exclusive."""
        message = {"type": kind.encode(), **{name: u32(value) for name, value in flags.items()}}
        return self.ask(OPEN, message, fields or {})

    def ask(self, opcode: int, message: Pairs, fields: Pairs, handle: int = 0) -> Frame:
        """Send a request and read its answer."""
        number = self.send(opcode, message, fields, handle)
        answer = self.read()
        assert answer.rid == number
        return answer

    def send(self, opcode: int, message: Pairs, fields: Pairs, handle: int = 0) -> int:
        """Only send; gives the request's id."""
        number = next(self._ids)
        size = len(self._key.sign(b"")) if self._key else 0
        body = struct.pack("!5I", size, opcode, handle, number, 0) + _pack(message) + _pack(fields)
        signature = self._key.sign(body) if self._key else b""
        self._file.write(u32(self._authid) + body + signature)
        self._file.flush()
        return number

    def read(self) -> Frame:
        """The next answer."""
        head = self._exactly(24)
        authid, size, opcode, handle, _, rid = struct.unpack("!6I", head)
        body = head[4:]
        parts: list[Pairs] = []
        for _ in range(2):
            found: Pairs = {}
            while True:
                raw = self._exactly(2)
                body += raw
                if not (length := int.from_bytes(raw, "big")):
                    break
                name = self._exactly(length)
                raw_size = self._exactly(4)
                value = self._exactly(int.from_bytes(raw_size, "big"))
                body += name + raw_size + value
                found[name.decode()] = value
            parts.append(found)
        signature = self._exactly(size)
        signed = bool(self._key) and bool(size) and self._key.sign(body) == signature  # type: ignore[union-attr]
        return Frame(authid, opcode, handle, rid, parts[0], parts[1], signed)

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) != size:
            raise EOFError("dhcpd closed the OMAPI connection")
        return data


def _pack(pairs: Pairs) -> bytes:
    parts = [struct.pack(f"!H{len(k)}sI", len(k), k.encode(), len(v)) + v for k, v in pairs.items()]
    return b"".join(parts) + b"\0\0"
