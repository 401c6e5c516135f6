"""The OMAPI port of a practice dhcpd: connections, authentication, opcodes and STATUS (omapip/message.c, protocol.c)."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Mapping
from contextlib import suppress

from dhcptui.conf import failover
from dhcptui.practice.dhcpd.daemon import Daemon
from dhcptui.practice.dhcpd.omapi_objects import (
    NO_KEYS,
    NOT_FOUND,
    NOT_IMPLEMENTED,
    SUCCESS,
    AuthKey,
    Failure,
    Objects,
    Thing,
)
from dhcptui.servers.omapi import codec
from dhcptui.servers.omapi.codec import (
    DELETE,
    NOTIFY,
    OPEN,
    REFRESH,
    STATUS,
    UPDATE,
    Authenticator,
    Key,
    Message,
    net32,
)
from dhcptui.servers.omapi.errors import OmapiProtocolError

EXISTS, INVALID_ARGUMENT, INVALID_KEY = 18, 0x60003, 0x6000B
BACKLOG = 100
UNSEARCHABLE = frozenset({b"failover-link", b"failover-listener"})


class OmapiServer:
    """Listens on 127.0.0.1. A paused dhcpd lets callers connect and answers when it goes on."""

    def __init__(self, dhcpd: Daemon, key: failover.Key | None, objects: Objects) -> None:
        self.dhcpd, self.key, self.objects = dhcpd, key, objects
        self._socket: socket.socket | None = None
        self._taking: set[asyncio.Task[object]] = set()
        self._connections: set[_Connection] = set()

    async def listen(self, port: int) -> None:
        """Open the port. Raises OSError."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
            sock.listen(BACKLOG)
        except BaseException:
            sock.close()
            raise
        sock.setblocking(False)
        self._socket = sock
        asyncio.get_running_loop().add_reader(sock, self._accept, sock)

    def _accept(self, sock: socket.socket) -> None:
        """Not asyncio's own server: closed in the midst of this, it forgets the connection and leaves it open."""
        with suppress(OSError):
            taken, _ = sock.accept()
            taken.setblocking(False)
            loop = asyncio.get_running_loop()
            task: asyncio.Task[object] = loop.create_task(
                loop.connect_accepted_socket(lambda: _Connection(self), taken)
            )
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)

    def stop_answering(self) -> None:
        """After control 2: nobody is let in any more, nobody gets an answer."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def close(self) -> None:
        """Close the port and every connection at once."""
        self.stop_answering()
        for connection in tuple(self._connections):
            connection.abort()

    def joined(self, connection: _Connection) -> None:
        """A client came."""
        self._connections.add(connection)

    def left(self, connection: _Connection) -> None:
        """A client went."""
        self._connections.discard(connection)


class _Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, server: OmapiServer) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._decoder = codec.Decoder()
        self._authenticators: dict[int, Authenticator] = {}
        self._decoder.authenticators = self._authenticators
        self._ids = itertools.count(1)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_server makes
        if self._server.dhcpd.dead:  # it was accepted just before that
            transport.abort()
            return
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server.joined(self)
        self._server.dhcpd.post(lambda: self._write(codec.STARTUP))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._server.left(self)

    def data_received(self, data: bytes) -> None:
        self._server.dhcpd.post(lambda: self._read(data))

    def abort(self) -> None:
        """Close without waiting for anything."""
        if self._transport is not None:
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _read(self, data: bytes) -> None:
        if self._transport is None:
            return
        try:
            messages = self._decoder.feed(data)
        except OmapiProtocolError:
            self.abort()
            return
        for message in messages:
            with suppress(_Hangup):
                self._answer(message)
                continue
            self.abort()
            return

    # -- answers ---------------------------------------------------------------------------------------------------

    def _answer(self, message: Message) -> None:
        if not message.signed:
            self._status(message, INVALID_KEY, b"", sign=False)
            return
        if message.rid:
            raise _Hangup
        try:
            found = self._process(message)
        except Failure as failure:
            self._status(message, failure.result, failure.text)
            return
        if self._server.dhcpd.dead or self._server.dhcpd.deaf:
            return
        if found is None:
            self._status(message, SUCCESS, b"")
        else:
            handle = self._server.objects.handle(found)
            self._reply(UPDATE, message, {}, found.attributes(self._server.objects), handle)

    def _status(self, request: Message, result: int, text: bytes, *, sign: bool = True) -> None:
        fields = {b"result": net32(result)} | ({b"message": text} if text else {})
        self._reply(STATUS, request, fields, {}, 0, sign=sign)

    def _reply(
        self,
        opcode: int,
        request: Message,
        message: Mapping[bytes, bytes],
        object_: Mapping[bytes, bytes],
        handle: int,
        *,
        sign: bool = True,
    ) -> None:
        authenticator = self._authenticators.get(request.authid) if sign else None
        self._write(
            codec.encode(
                opcode,
                next(self._ids),
                handle=handle,
                rid=request.id,
                message=message,
                object_=object_,
                authenticator=authenticator,
            )
        )

    def _process(self, message: Message) -> Thing | None:
        """The object to send back, or None for a plain success. Raises Failure, and _Hangup for no answer at all."""
        keyed = self._server.key is not None and not message.authid
        objects = self._server.objects
        if message.opcode == OPEN:
            kind = objects.kind(message.message.get(b"type", b""))
            if keyed and kind != b"authenticator":
                raise Failure(NO_KEYS, b"No authenticator on message")
            return self._open(message, kind)
        if keyed:
            raise Failure(NO_KEYS, b"No authenticator on message")
        if message.opcode == REFRESH:
            return self._by_handle(message)
        if message.opcode == UPDATE:
            self._update(self._by_handle(message), message)
            return None
        if message.opcode == DELETE:
            self._by_handle(message)
            raise Failure(NOT_IMPLEMENTED, b"")
        if message.opcode == NOTIFY:
            raise Failure(NOT_IMPLEMENTED, b"notify not implemented yet")
        raise _Hangup

    def _by_handle(self, message: Message) -> Thing:
        thing = self._server.objects.by_handle(message.handle)
        if thing is None:
            raise Failure(NOT_FOUND, b"no matching handle")
        return thing

    def _open(self, message: Message, kind: bytes | None) -> Thing:
        create, update, exclusive = (bool(message.number(flag)) for flag in (b"create", b"update", b"exclusive"))
        if kind is None:
            if create:
                raise Failure(INVALID_ARGUMENT, b"type required on create")
            return self._by_handle(message)
        if kind in UNSEARCHABLE:
            raise Failure(NOT_IMPLEMENTED, b"unsearchable object type")
        result, thing = self._server.objects.look_up(kind, message.object)
        if result not in {SUCCESS, NOT_FOUND, NO_KEYS}:
            raise Failure(result, b"object lookup failed")
        if result == NOT_FOUND and not create:
            raise Failure(NOT_FOUND, b"no object matches specification")
        if result == SUCCESS and create and exclusive:
            raise Failure(EXISTS, b"specified object already exists")
        if thing is None:
            thing = self._server.objects.create(kind)
        if create or update:
            self._update(thing, message)
        if isinstance(thing, AuthKey):
            self._select(thing)
        return thing

    @staticmethod
    def _update(thing: Thing, message: Message) -> None:
        for name, value in message.object.items():
            result = thing.set(name, value)
            if result != SUCCESS:
                raise Failure(result, b"can't update object")

    def _select(self, chosen: AuthKey) -> None:
        ours = self._server.key
        if ours is not None and chosen.conf.name != ours.name:
            raise Failure(INVALID_KEY, b"can't select authenticator")
        key = Key(chosen.conf.name, chosen.conf.algorithm, chosen.conf.secret.encode())
        authenticator = key.authenticator()
        authenticator.authid = self._server.objects.handle(chosen)
        self._authenticators[authenticator.authid] = authenticator


class _Hangup(Exception):
    """dhcpd closes the connection without an answer."""
