"""The SSH server of a practice server: login by one key, commands by the real /bin/sh, a tunnel to its OMAPI port.

Import it late: asyncssh takes 190 ms.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable
from typing import Any, cast

import asyncssh

from dhcptui.practice.machine import Machine
from dhcptui.practice.network import OPERATOR, Network
from dhcptui.practice.services.cable import Front
from dhcptui.practice.services.execute import Execution

SSH_PORT = 22
"""The port it is known by to its partner; the console reaches it on one of loopback's."""
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


def environment(machine: Machine) -> dict[str, str]:
    """What a command of a session finds set: nothing of ours."""
    return {
        "HOME": str(machine.root / "home"),
        "PATH": f"{machine.root / 'bin'}:{_SYSTEM_PATH}",
        "LANG": "C.UTF-8",
        "SHELL": "/bin/sh",
        "TZ": "UTC",
    }


class SshServer:
    """One server. `host_key` is its own, `client_key` the only one that is let in, as any user."""

    def __init__(
        self,
        machine: Machine,
        network: Network,
        omapi_port: int,
        host_key: asyncssh.SSHKey,
        client_key: asyncssh.SSHKey,
    ) -> None:
        self.machine, self.omapi_port = machine, omapi_port
        self.running: set[Execution] = set()
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self.opening: set[asyncio.Task[Any]] = set()
        self._options = {
            "server_factory": lambda: _Door(self),
            "server_host_keys": [host_key],
            "authorized_client_keys": asyncssh.import_authorized_keys(client_key.export_public_key().decode()),
            "encoding": None,
            "gss_host": None,
            "agent_forwarding": False,
            "x11_forwarding": False,
            "allow_scp": False,
        }
        self._network = network
        self._front: Front | None = None
        self._acceptor: asyncssh.SSHAcceptor | None = None

    async def start(self, sock: socket.socket) -> None:
        """Serve on a listening socket, which is closed with the server. Behind it lies one that no cut can reach."""
        (self.machine.root / "home").mkdir(mode=0o700, exist_ok=True)
        self._acceptor = await asyncssh.listen("127.0.0.1", 0, **self._options)
        self._front = Front(self._passes, self._acceptor.get_port())
        await self._front.listen(sock)
        self._network.on_change(self._front.changed)

    async def close(self) -> None:
        """End every connection and every command."""
        for connection in list(self.connections):
            connection.abort()
        if self._front is not None:
            await self._front.close()
        if self._acceptor is not None:
            self._acceptor.close()
            await self._acceptor.wait_closed()
        for task in self.opening:
            task.cancel()
        await asyncio.gather(*self.opening, return_exceptions=True)
        running = list(self.running)
        for execution in running:
            execution.kill()
        await asyncio.gather(*(execution.done for execution in running))

    def _passes(self) -> bool:
        return self._network.both_ways(OPERATOR, self.machine.role.value, SSH_PORT)


class _Door(asyncssh.SSHServer):
    """What one connection may do."""

    def __init__(self, server: SshServer) -> None:
        self._server = server
        self._lost = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._server.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._server.connections.discard(self._connection)

    def session_requested(self) -> _Session:
        return _Session(self._server)

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> Awaitable[asyncssh.SSHTCPSession[bytes]]:
        """Its own loopback, where only OMAPI listens; what else loopback has belongs to the host of the practice pair."""
        if dest_host not in {"127.0.0.1", "localhost"}:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed")
        if dest_port != self._server.omapi_port:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "Connection refused")
        return self._forward(dest_host, dest_port)

    async def _forward(self, host: str, port: int) -> asyncssh.SSHTCPSession[bytes]:
        """As asyncssh forwards by itself; but there a connection that opens after its session was lost stays open."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncssh runs this in a task
        self._server.opening.add(task)
        try:
            forwarder = await self._connection.forward_connection(host, port)
        finally:
            self._server.opening.discard(task)
        if self._lost:
            forwarder.close()
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "the session is lost")
        return cast("asyncssh.SSHTCPSession[bytes]", forwarder)


class _Session(asyncssh.SSHServerSession[bytes]):
    """One channel of a session: a command, or a shell that reads commands."""

    def __init__(self, server: SshServer) -> None:
        self._server = server
        self._command = "exec /bin/sh"
        self._execution: Execution | None = None
        self._starting: asyncio.Task[None] | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._execution = Execution(chan, self._server.running.discard)

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def session_started(self) -> None:
        if self._execution is not None:
            self._server.running.add(self._execution)
            start = self._execution.start(self._command, self._server.machine.root, environment(self._server.machine))
            self._starting = asyncio.get_running_loop().create_task(start)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if self._execution is not None:
            self._execution.feed(data)

    def eof_received(self) -> bool:
        if self._execution is not None:
            self._execution.end_input()
        return True  # it may still write

    def signal_received(self, signal: str) -> None:
        number = _SIGNALS.get(signal)
        if self._execution is not None and number is not None:
            self._execution.kill(number)

    def pause_writing(self) -> None:
        if self._execution is not None:
            self._execution.hold(True)

    def resume_writing(self) -> None:
        if self._execution is not None:
            self._execution.hold(False)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._execution is not None:
            self._execution.hang_up()


_SIGNALS = {
    name: signal.Signals[f"SIG{name}"]
    for name in ("ABRT", "ALRM", "HUP", "INT", "KILL", "QUIT", "TERM", "USR1", "USR2")
}
"""Those OpenSSH passes on."""
