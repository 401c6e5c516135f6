"""The cable between the operator and one practice server: a cut lets nothing through and closes nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

_CHUNK = 65536


class Front:
    """Carries the bytes of every connection to `port` of loopback while `passes()`; call `changed` when it may differ."""

    def __init__(self, passes: Callable[[], bool], port: int) -> None:
        self._passes, self._port = passes, port
        self._open = asyncio.Event()
        self._carrying: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, sock: socket.socket) -> None:
        """Begin; `sock` is bound, and closed with `close`."""
        self.changed()
        self._server = await asyncio.start_server(self._accept, sock=sock)

    def changed(self) -> None:
        """Look again whether anything passes."""
        if self._passes():
            self._open.set()
        else:
            self._open.clear()

    async def close(self) -> None:
        """End every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs this in a task
        self._carrying.add(task)
        inner: asyncio.StreamWriter | None = None
        try:
            # asyncio does so itself only for sockets that know their protocol's number, which accepted ones do not.
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._open.wait()
            from_server, inner = await asyncio.open_connection("127.0.0.1", self._port)
            await asyncio.gather(self._carry(reader, inner), self._carry(from_server, writer))
        except asyncio.CancelledError:
            pass  # closing: asyncio would report a cancelled connection as a fault
        finally:
            self._carrying.discard(task)
            for each in (writer, inner):
                if each is not None:
                    each.transport.abort()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(_CHUNK):
                await self._open.wait()
                sink.write(data)
                await sink.drain()
        await self._open.wait()
        sink.close()
