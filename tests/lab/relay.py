"""A TCP relay on a server, between the console and dhcpd's OMAPI: it makes the way slow, or loses what passes."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from .net import thread_in
from .server import Server
from .texts import OMAPI_PORT

WRITE = b"\x00\x06update"
"""In a request that changes something; a signed one is not encrypted."""
Chunk = tuple[float, bytes]


class Relay:
    """Listens on `port` of a server and passes everything on to its dhcpd."""

    port = 7999

    def __init__(self, server: Server) -> None:
        self._space = server.space
        self.delay = 0.0
        """Seconds that a request is held; answers pass at once."""
        self.passed = 0
        """How many requests have reached dhcpd."""
        self.writes: list[bytes] = []
        """Requests that change something, in the moment they came."""
        self.on_write: Callable[[bytes], bytes | None] = lambda data: data
        """What becomes of such a request: what is passed on, or None: nothing, and both ends are closed."""
        self.answer_writes = True
        self._sockets: list[socket.socket] = []
        with thread_in(self._space):
            self._listener = socket.create_server(("0.0.0.0", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End every connection and take no more."""
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError), thread_in(self._space):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", OMAPI_PORT), 5)
                far.settimeout(None)
                for one in (near, far):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets += [near, far]
                held: queue.Queue[Chunk | None] = queue.Queue()
                threading.Thread(target=self._hold, args=(near, held), daemon=True).start()
                threading.Thread(target=self._pass, args=(held, near, far), daemon=True).start()
                threading.Thread(target=self._answer, args=(far, near), daemon=True).start()

    def _hold(self, near: socket.socket, held: queue.Queue[Chunk | None]) -> None:
        with suppress(OSError):
            while data := near.recv(65536):
                if WRITE in data:
                    self.writes.append(data)
                held.put((time.monotonic() + self.delay, data))
        held.put(None)

    def _pass(self, held: queue.Queue[Chunk | None], near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while (chunk := held.get()) is not None:
                time.sleep(max(0.0, chunk[0] - time.monotonic()))
                data = self.on_write(chunk[1]) if WRITE in chunk[1] else chunk[1]
                if data is None:
                    break
                if WRITE in data and not self.answer_writes:
                    near.shutdown(socket.SHUT_RDWR)
                far.sendall(data)
                self.passed += 1
        for each in (near, far):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while data := far.recv(65536):
                near.sendall(data)
        for each in (near, far):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def relay(server: Server) -> Iterator[Relay]:
    """A relay on `server` for as long as the block runs."""
    made = Relay(server)
    try:
        yield made
    finally:
        made.close()
