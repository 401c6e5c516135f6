"""An OMAPI client on asyncio, over any stream pair (a TCP socket, or a tunnel through SSH).

One connection is kept open per server: dhcpd takes at most fd 200, shared with its failover listener, and never reaps
half-open clients, so connecting per poll would end in refused failover links. dhcpd answers strictly in order; a late
answer is dropped by its id, so a call that ran into its deadline leaves the connection usable.
"""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import socket
import struct
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from dhcptui.config.settings import ALGORITHMS
from dhcptui.model.failover import CONTROL_SHUTDOWN, FailoverStatus
from dhcptui.servers.omapi import codec, objects
from dhcptui.servers.omapi.errors import (
    KeyFault,
    OmapiChanged,
    OmapiClosed,
    OmapiError,
    OmapiNotAuthenticated,
    OmapiNotFound,
    OmapiProtocolError,
    OmapiTimeout,
    OmapiTooSlow,
    OmapiUnconfirmed,
    from_status,
    key_refused,
)
from dhcptui.servers.omapi.objects import Lease, Pool, SettableState

T = TypeVar("T")
FIRST_READ_SECONDS = 1.5
"""How long one read before a write is waited for."""
WRITE_WITHIN_SECONDS = 0.25
"""A write leaves within this time of the question whose answer allows it: after that the pair may have healed."""
READS_BEFORE_WRITE = 6
PAUSE_SECONDS = 0.1
CALL_DEADLINE_SECONDS = 8.0
"""dhcpd stalls now and then: fsyncs, the hourly rewrite of its lease file."""


class Reader(Protocol):
    """The reading half of a stream pair."""

    async def read(self, n: int, /) -> bytes:
        """Up to n bytes; empty at the end."""


class Writer(Protocol):
    """The writing half of a stream pair."""

    def write(self, data: bytes, /) -> None:
        """Queue bytes."""

    async def drain(self) -> None:
        """Wait until the queue is short."""

    def close(self) -> None:
        """Close the stream."""


class OmapiClient:
    """One open OMAPI connection. Make it with `OmapiClient.open`; calls may overlap and are answered in order."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader, self._writer = reader, writer
        self._decoder = codec.Decoder()
        self._authenticator: codec.Authenticator | None = None
        self._key = ("", "")
        """Name and algorithm of the key in use, for errors."""
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[codec.Message]] = {}
        self._started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._failure: OmapiError | None = None
        self.closed = asyncio.Event()
        """Set as soon as the connection is known to be gone."""
        self._task = asyncio.create_task(self._read(), name="omapi-read")

    @classmethod
    async def open(
        cls, reader: Reader, writer: Writer, key: codec.Key | None = None, *, deadline: float = CALL_DEADLINE_SECONDS
    ) -> OmapiClient:
        """Greet and authenticate. Raises OmapiError; the streams are closed then."""
        client = cls(reader, writer)
        try:
            await client._send(codec.STARTUP)
            await client._within(client._started, deadline, "no OMAPI greeting")
            if key is not None:
                await client._authenticate(key, deadline)
        except BaseException:
            await client.close()
            raise
        return client

    async def close(self) -> None:
        """Close the connection and end the reader."""
        self._fail(OmapiClosed("the OMAPI connection was closed"))
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if not self._started.cancelled():
            self._started.exception()  # seen, so that asyncio does not report it as forgotten

    async def failover_state(
        self, peer: str, *, version_3_0: bool = False, deadline: float = CALL_DEADLINE_SECONDS
    ) -> FailoverStatus:
        """The failover-state object of relationship `peer`, opened by name: a handle would outlive a restart."""
        reply = await self._open(b"failover-state", {b"name": peer.encode()}, deadline)
        return objects.failover_status(reply.object, version_3_0=version_3_0)

    async def set_local_state(
        self,
        peer: str,
        state: SettableState,
        *,
        why_not: Callable[[FailoverStatus], str] = lambda status: "",
        deadline: float = CALL_DEADLINE_SECONDS,
    ) -> FailoverStatus:
        """Write local-state and return the object as dhcpd gives it back in the same reply.

        One message (OPEN with update): no stale handle, no second attribute. Never repeat it blindly: writing
        partner-down again restarts the MCLT wait (failover.c:1827). Read and write go together: the read says that
        nothing speaks against it (`why_not`: the reason, or nothing), and the write leaves within WRITE_WITHIN_SECONDS of
        its question, so that it does not reach a pair that has healed meanwhile. Raises OmapiChanged and OmapiTooSlow
        where nothing was sent, OmapiUnconfirmed where it was and no answer came: the caller must cut the transport then.
        """
        await self._read_before_write(peer, why_not)
        try:
            reply = await self._open(
                b"failover-state",
                {b"name": peer.encode(), b"local-state": codec.net32(state.value.number)},
                deadline,
                update=True,
            )
        except (OmapiTimeout, OmapiClosed) as error:
            raise OmapiUnconfirmed(
                f"local-state {state.value.number} was sent and not answered ({error}): it may have arrived",
                "Do not repeat it. Look at the state and the log of that server first.",
            ) from error
        return objects.failover_status(reply.object)

    async def _read_before_write(self, peer: str, why_not: Callable[[FailoverStatus], str]) -> None:
        """Return right after a read that was quick enough to write on."""
        best = FIRST_READ_SECONDS
        for _ in range(READS_BEFORE_WRITE):
            asked = time.monotonic()
            try:
                status = await self.failover_state(peer, deadline=FIRST_READ_SECONDS)
            except OmapiTimeout:
                continue
            if reason := why_not(status):
                raise OmapiChanged(reason, "Nothing was written.")
            took = time.monotonic() - asked
            if took <= WRITE_WITHIN_SECONDS:
                return
            best = min(best, took)
            await asyncio.sleep(PAUSE_SECONDS)
        raise OmapiTooSlow(
            f"dhcpd answers over OMAPI after {best:.2f} s at best ({READS_BEFORE_WRITE} tries): what is read may be no more"
            f" so when the write arrives (limit {WRITE_WITHIN_SECONDS:g} s)",
            "Nothing was written. Try again, or from a console that is nearer to that server.",
        )

    def cut(self) -> None:
        """End the connection at once and throw away what the socket still holds: nothing of it may arrive later."""
        if isinstance(self._writer, asyncio.StreamWriter):
            if (sock := self._writer.get_extra_info("socket")) is not None:
                with suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
        self._fail(OmapiClosed("the OMAPI connection was cut"))

    async def request_shutdown(self, *, deadline: float = CALL_DEADLINE_SECONDS) -> None:
        """Send control state = 2. dhcpd gives no usable answer: prove the effect by process and partner, not by this."""
        opened = await self._open(b"control", {}, deadline)
        await self._send(
            codec.encode(
                codec.UPDATE,
                next(self._ids),
                handle=opened.handle,
                object_={b"state": codec.net32(CONTROL_SHUTDOWN)},
                authenticator=self._authenticator,
            )
        )

    async def lease(self, address: str, *, deadline: float = CALL_DEADLINE_SECONDS) -> Lease:
        """The lease of an IPv4 address. Raises OmapiNotFound for an address outside every pool."""
        packed = ipaddress.IPv4Address(address).packed
        return objects.lease((await self._open(b"lease", {b"ip-address": packed}, deadline)).object)

    async def lease_of(
        self, hardware_address: str, *, hardware_type: int = 1, deadline: float = CALL_DEADLINE_SECONDS
    ) -> Lease:
        """The lease of a hardware address (`02:00:5e:10:00:01`; type 1 is Ethernet).

        Raises OmapiAmbiguous where dhcpd finds several; the partner of the server that gave a lease says so of one, too.
        """
        wanted = {
            b"hardware-address": bytes.fromhex(hardware_address.replace(":", "")),
            b"hardware-type": codec.net32(hardware_type),
        }
        return objects.lease((await self._open(b"lease", wanted, deadline)).object)

    async def pool(self, handle: int, *, deadline: float = CALL_DEADLINE_SECONDS) -> Pool:
        """The pool behind a lease's `pool_handle`. Handles are good on this connection only."""
        return objects.pool((await self._call(codec.REFRESH, deadline, handle=handle)).object)

    async def _authenticate(self, key: codec.Key, deadline: float) -> None:
        authenticator = key.authenticator()
        self._key = (key.name, key.algorithm)
        try:
            reply = await self._open(b"authenticator", authenticator.auth_object(), deadline)
        except OmapiNotFound as error:
            raise await self._unknown_key(key, error.code, deadline) from error
        authenticator.authid = reply.handle
        self._authenticator = self._decoder.authenticator = authenticator

    async def _unknown_key(self, key: codec.Key, code: int, deadline: float) -> OmapiNotAuthenticated:
        """Why the key was not found: dhcpd says the same of a wrong name and a wrong algorithm, so it is asked for the others."""
        others = [each for each in ALGORITHMS if each != key.algorithm]
        known = await asyncio.gather(*(self._has_key(key.name, each, deadline) for each in others))
        if True in known:
            return key_refused(KeyFault.ALGORITHM, *self._key, known=others[known.index(True)], code=code)
        wanted = await self._wants_key(deadline)
        if None in known or wanted is None:
            return key_refused(KeyFault.NAME_OR_ALGORITHM, *self._key, code=code)
        return key_refused(KeyFault.NAME if wanted else KeyFault.NONE_WANTED, *self._key, code=code)

    async def _has_key(self, name: str, algorithm: str, deadline: float) -> bool | None:
        """Whether dhcpd has a key of this name with this algorithm; None where it does not say. No secret is needed to ask."""
        try:
            await self._open(b"authenticator", codec.auth_object(name, algorithm), deadline)
        except OmapiNotFound:
            return False
        except OmapiNotAuthenticated:  # it exists, and omapi-key names another one
            return True
        except OmapiError:
            return None
        return True

    async def _wants_key(self, deadline: float) -> bool | None:
        """Whether dhcpd refuses a question without a key; None where it does not say."""
        try:
            await self._open(b"lease", {b"ip-address": bytes(4)}, deadline)
        except OmapiNotFound:
            return False
        except OmapiNotAuthenticated:
            return True
        except OmapiError:
            return None
        return False

    async def _open(
        self, kind: bytes, object_: Mapping[bytes, bytes], deadline: float, *, update: bool = False
    ) -> codec.Message:
        message = {b"type": kind}
        if update:
            message[b"update"] = codec.net32(1)
        return await self._call(codec.OPEN, deadline, message=message, object_=object_)

    async def _call(
        self,
        opcode: int,
        deadline: float,
        *,
        handle: int = 0,
        message: Mapping[bytes, bytes] | None = None,
        object_: Mapping[bytes, bytes] | None = None,
    ) -> codec.Message:
        """Send a request, wait for its UPDATE; a STATUS becomes its typed error."""
        id_ = next(self._ids)
        future: asyncio.Future[codec.Message] = asyncio.get_running_loop().create_future()
        self._waiting[id_] = future
        try:
            await self._send(
                codec.encode(
                    opcode, id_, handle=handle, message=message, object_=object_, authenticator=self._authenticator
                )
            )
            reply = await self._within(future, deadline, "no answer over OMAPI")
        finally:
            self._waiting.pop(id_, None)
            if future.done() and not future.cancelled():
                future.exception()  # seen: where the request could not even be sent, nobody awaits it
        if reply.opcode == codec.STATUS and reply.number(b"result"):
            raise from_status(
                reply.number(b"result"),
                reply.message.get(b"message", b""),
                self._key,
                signed=self._authenticator is not None,
            )
        if not reply.signed:
            raise key_refused(KeyFault.UNSIGNED, *self._key)
        if reply.opcode != codec.UPDATE:
            raise OmapiProtocolError(f"unexpected OMAPI answer (opcode {reply.opcode})")
        return reply

    async def _within(self, future: asyncio.Future[T], deadline: float, what: str) -> T:
        done, _ = await asyncio.wait({future}, timeout=deadline)
        if not done:
            raise OmapiTimeout(f"{what} for {deadline:g} s")
        return future.result()

    async def _send(self, data: bytes) -> None:
        if self._failure is not None:
            raise self._failure
        try:
            self._writer.write(data)
            await self._writer.drain()
        except Exception as error:  # asyncssh and asyncio raise their own kinds for a lost stream
            self._fail(OmapiClosed("the OMAPI connection broke"))
            raise OmapiClosed("the OMAPI connection broke") from error

    async def _read(self) -> None:
        try:
            while data := await self._reader.read(65536):
                for message in self._decoder.feed(data):
                    future = self._waiting.get(message.rid)
                    if future is not None and not future.done():
                        future.set_result(message)
                if self._decoder.started and not self._started.done():
                    self._started.set_result(None)
            self._fail(OmapiClosed("dhcpd closed the OMAPI connection"))
        except OmapiError as error:
            self._fail(error)
        except Exception as error:
            self._fail(OmapiClosed(f"the OMAPI connection broke ({type(error).__name__})"))

    def _fail(self, error: OmapiError) -> None:
        if self._failure is not None:
            return
        self._failure = error
        self.closed.set()
        futures: list[asyncio.Future[Any]] = [self._started, *self._waiting.values()]
        for future in futures:
            if not future.done():
                future.set_exception(error)
        self._writer.close()
