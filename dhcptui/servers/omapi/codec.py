"""OMAPI's wire format: pypureomapi's message classes and parsers, wrapped once.

Nothing else in the project imports pypureomapi, whose parsers and authenticators are not part of its promised
interface (hence the exact pin). Format: omapip/message.c and protocol.c of dhcpd 4.4.3.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pypureomapi as _wire

from dhcptui.config.settings import ALGORITHMS
from dhcptui.servers.omapi.errors import OmapiProtocolError

OPEN = _wire.OMAPI_OP_OPEN
REFRESH = _wire.OMAPI_OP_REFRESH
UPDATE = _wire.OMAPI_OP_UPDATE
NOTIFY = _wire.OMAPI_OP_NOTIFY
STATUS = _wire.OMAPI_OP_STATUS
DELETE = _wire.OMAPI_OP_DELETE

STARTUP: bytes = _wire.OmapiStartupMessage().as_string()
"""The 8 bytes that both sides send first: version 100, header size 24."""

_DIGESTS = {algorithm: algorithm.removeprefix("hmac-") for algorithm in ALGORITHMS}


def net32(number: int) -> bytes:
    """An integer as dhcpd sends it: four bytes, big-endian."""
    return struct.pack("!L", number)


def auth_object(name: str, algorithm: str) -> dict[bytes, bytes]:
    """The object part of an authentication request; it holds no secret."""
    return {b"name": name.encode(), b"algorithm": f"{algorithm}.SIG-ALG.REG.INT.".encode()}


class Key:
    """An omapi-key: name, algorithm (`hmac-md5`, `-sha1`, `-sha224`, `-sha256`, `-sha384`, `-sha512`) and the secret's base64 text.

    dhcpd appends `.SIG-ALG.REG.INT.` to an algorithm without a dot (common/parse.c:3013). Raises ValueError for an
    unknown algorithm or a secret that is not base64.
    """

    def __init__(self, name: str, algorithm: str, secret: bytes) -> None:
        if algorithm not in _DIGESTS:
            raise ValueError(f"unknown OMAPI key algorithm {algorithm!r}; valid: {', '.join(_DIGESTS)}")
        try:
            self._secret = base64.b64decode(secret, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError(f"the secret of OMAPI key {name!r} is not base64") from error
        self.name = name
        self.algorithm = algorithm
        self._digest = _DIGESTS[algorithm]

    def __repr__(self) -> str:
        return f"Key({self.name!r}, {self.algorithm!r})"

    def authenticator(self) -> Authenticator:
        """A fresh authenticator for one connection."""
        return Authenticator(self.name, self.algorithm, self._digest, self._secret)


class Authenticator(_wire.OmapiAuthenticatorBase):
    """Signs with HMAC; pypureomapi itself knows MD5 only."""

    def __init__(self, name: str, algorithm: str, digest: str, secret: bytes) -> None:
        super().__init__()
        self._digest, self._secret = digest, secret
        self._object = auth_object(name, algorithm)
        self.authlen = hashlib.new(digest).digest_size

    def auth_object(self) -> dict[bytes, bytes]:
        """The object part of the authentication request."""
        return self._object

    def sign(self, message: bytes) -> bytes:
        """The signature of `authlen` bytes."""
        return hmac.new(self._secret, message, self._digest).digest()


@dataclass(frozen=True, slots=True)
class Message:
    """One message, either way: opcode, handle, ids, and the two dictionaries."""

    opcode: int
    handle: int
    id: int
    rid: int
    message: Mapping[bytes, bytes]
    object: Mapping[bytes, bytes]
    signed: bool
    """Whether it carried a valid signature of our key (always True where no key is in use)."""
    authid: int = 0
    """Which of the connection's authenticators it says it is signed with; 0: none."""

    def number(self, key: bytes, default: int = 0) -> int:
        """An integer of the message dictionary."""
        value = self.message.get(key)
        return int.from_bytes(value, "big") if value and len(value) == 4 else default


def encode(
    opcode: int,
    id_: int,
    *,
    handle: int = 0,
    rid: int = 0,
    message: Mapping[bytes, bytes] | None = None,
    object_: Mapping[bytes, bytes] | None = None,
    authenticator: Authenticator | None = None,
) -> bytes:
    """One message as bytes, signed where there is an authenticator. `rid`: the id of the request it answers."""
    out = _wire.OmapiMessage(
        opcode=opcode,
        handle=handle,
        tid=id_,
        rid=rid,
        message=list((message or {}).items()),
        obj=list((object_ or {}).items()),
    )
    if authenticator is not None:
        out.sign(authenticator)
    return bytes(out.as_string())


class Decoder:
    """Bytes in, messages out. Bounded by pypureomapi's 64 KiB per message; raises OmapiProtocolError only."""

    def __init__(self) -> None:
        self._buffer = _wire.InBuffer()
        self._started = False
        self._parser: Iterator[object] = self._buffer.parse_startup_message()
        self.authenticator: Authenticator | None = None
        """A client's: each message must be signed with it."""
        self.authenticators: dict[int, Authenticator] | None = None
        """A server's, by authid: each message must be signed with the one it names, if it names one."""

    @property
    def started(self) -> bool:
        """Whether the other side's startup message has been read."""
        return self._started

    def feed(self, data: bytes) -> list[Message]:
        """Take bytes as they come; give the messages that are complete now."""
        messages = []
        # Fed in slices: the size limit is per message, and one read may hold several.
        for start in range(0, len(data), 4096):
            messages += self._feed(data[start : start + 4096])
        return messages

    def _feed(self, data: bytes) -> list[Message]:
        messages = []
        try:
            self._buffer.feed(data)
            while (parsed := next(self._parser)) is not None:
                if isinstance(parsed, _wire.OmapiMessage):
                    messages.append(self._convert(parsed))
                elif isinstance(parsed, _wire.OmapiStartupMessage):
                    parsed.validate()
                    self._started = True
                self._buffer.resetsize()
                self._parser = self._buffer.parse_message()
        except (_wire.OmapiError, StopIteration) as error:
            raise OmapiProtocolError(
                f"the other side does not speak OMAPI ({error})",
                "check omapi_port: it must be the omapi-port of dhcpd.conf",
            ) from error
        return messages

    def _convert(self, raw: _wire.OmapiMessage) -> Message:
        signed, authenticator = True, self.authenticator
        if self.authenticators is not None and raw.authid:
            authenticator = self.authenticators.get(raw.authid)
            signed = authenticator is not None
        if authenticator is not None:
            expected = authenticator.sign(raw.as_string(forsigning=True))
            signed = raw.authid == authenticator.authid and hmac.compare_digest(expected, raw.signature)
        return Message(raw.opcode, raw.handle, raw.tid, raw.rid, dict(raw.message), dict(raw.obj), signed, raw.authid)
