"""One SSH session to one server: commands, the OMAPI tunnel, and word at once when it is lost."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from dhcptui.model.way import SshWay
from dhcptui.servers.host import CLOSE_SECONDS, MAX_OUTPUT, WINDOW, Completed, Host, Running
from dhcptui.servers.ssh.collect import Collector, skip_preface
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.connect import LOGIN_SECONDS, Patience, address, dial
from dhcptui.servers.ssh.errors import (
    CommandFailed,
    CommandNotBegun,
    CommandTimeout,
    LoginShellSilent,
    SessionLost,
    SessionRefused,
    TunnelForbidden,
    TunnelRefused,
    TunnelSilent,
)
from dhcptui.servers.ssh.pace import Pace
from dhcptui.servers.ssh.target import SshTarget

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection, SSHClientProcess, SSHReader, SSHWriter

PROFILE_SECONDS = 1.0
"""A login shell that takes longer to begin a command has a profile that small commands have to wait for."""

_NO_EXTRAS: dict[str, Any] = {"encoding": None, "request_pty": False}  # a RequestTTY in ~/.ssh/config would spoil bytes


def _close_late(opening: asyncio.Future[tuple[SSHReader[bytes], SSHWriter[bytes]]]) -> None:
    """Close a stream that opened after its caller had gone."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[1].close()


class SshSession(Host):
    """A live session; make one with `connect`, use it with `async with`. It never reconnects: make a new one."""

    def __init__(self, target: SshTarget) -> None:
        self.target = target
        self.pace = Pace()
        """How long small commands take there; whoever connects again may hand on what was learned."""
        self._chain: list[SSHClientConnection] = []
        self._gone = asyncio.Event()
        self._reason: Exception | None = None
        self.on_heard: Callable[[], object] = lambda: None
        self._start_seconds = LOGIN_SECONDS
        """How long the login shell may take before a long-lived command begins: its profile is a part of the login."""

    @classmethod
    async def connect(cls, target: SshTarget, connect_timeout: float | None = None, patience: float = 1.0) -> Self:
        """Connect, verify the host key, log in by key.

        Each host on the way must say within `connect_timeout` seconds that it is an SSH server (None: ConnectTimeout of
        ~/.ssh/config, else 5), and all of it be done within the target's `login_seconds`, times `patience`.
        Raises RemoteError: SshSetupError, Unreachable, LoginSlow, HostKeyUnknown, HostKeyChanged, AuthenticationFailed.
        """
        session = cls(target)
        session._start_seconds = target.login_seconds * patience
        session._chain = await dial(target, Patience(connect_timeout, session._start_seconds), session._lost)
        return session

    @property
    def way(self) -> SshWay:
        """From which address to which it goes, and through whom."""
        if not self._chain:
            return SshWay()
        first = self._chain[0]
        hops = tuple(address(each, "peername") for each in self._chain[:-1])
        return SshWay(address(first, "sockname"), address(self._chain[-1], "peername"), hops)

    @property
    def closed(self) -> bool:
        """Whether the session has ended, by us or by itself."""
        return self._gone.is_set()

    async def wait_closed(self) -> None:
        """Return when the session has ended: at once when the server says so, 20 s after a silent loss."""
        await self._gone.wait()

    async def run(
        self,
        command: Command,
        input: bytes | None = None,  # noqa: A002 - as in subprocess.run
        timeout: float = 30.0,
        *,
        check: bool = False,
        max_bytes: int = MAX_OUTPUT,
    ) -> Completed:
        """As `Host.run`."""
        command = command.as_root(self.target.sudo)
        timeout = max(timeout, self.pace.least_seconds)
        collector = Collector(command, max_bytes)
        started = False
        try:
            with self.translated():
                async with asyncio.timeout(timeout):
                    await self._connection.create_session(collector.session, command.wire, **_NO_EXTRAS)
                    started = True
                    self.on_heard()
                    status = await collector.finish(input)
                    self.on_heard()
        except TimeoutError:
            raise self._late(command, timeout, hangs=started and not collector.begun) from None
        finally:
            collector.close()
        if status is None:  # the channel closed without saying how the command ended
            raise self.lost_error()
        if not collector.begun:
            raise CommandNotBegun(self.target, status, bytes(collector.stderr + collector.stdout))
        done = Completed(bytes(collector.stdout), bytes(collector.stderr), status)
        if check and done.exit_status != 0:
            raise CommandFailed(command.line, done.exit_status, done.stderr)
        return done

    async def start(self, command: Command, *, fed: bool = False) -> SshRunning:
        """As `Host.start`."""
        import asyncssh  # noqa: PLC0415

        command = command.as_root(self.target.sudo)
        options: dict[str, Any] = {"stderr": asyncssh.DEVNULL} if fed else {"window": WINDOW}
        process: SSHClientProcess[bytes] | None = None
        began, limit = time.monotonic(), max(self._start_seconds, self.pace.least_seconds)
        try:
            with self.translated():
                async with asyncio.timeout(limit):
                    process = await self._connection.create_process(command.wire, **_NO_EXTRAS, **options)
                    self.on_heard()
                    await skip_preface(process.stdout)
        except BaseException as exc:
            if isinstance(exc, asyncio.IncompleteReadError) and process is not None:
                raise await self._not_begun(process, exc.partial) from None
            if process is not None:
                process.channel.abort()
            if isinstance(exc, TimeoutError):
                self.pace.silent(limit)
                raise self._late(command, limit, hangs=process is not None) from None
            raise
        if (seconds := time.monotonic() - began) > PROFILE_SECONDS:  # it is in every channel's way
            self.pace.answered(seconds)
        return SshRunning(self, process)

    async def _not_begun(self, process: SSHClientProcess[bytes], talk: bytes) -> Exception:
        """What to say of a long-lived command whose output ended before it began; closes it."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await process.wait_closed()
        finally:
            process.channel.abort()
        if self.closed or process.returncode is None:
            return self.lost_error()
        return CommandNotBegun(self.target, process.returncode, talk)

    def _late(self, command: Command, seconds: float, *, hangs: bool) -> CommandTimeout:
        """What to say of a command that has not ended in time. `hangs`: sshd has started a login shell, and it no command.

        Where sshd itself has not answered, the way may be cut, or the server stand still.
        """
        if hangs:
            return LoginShellSilent(self.target, command.line, seconds)
        return CommandTimeout(command.line, seconds)

    async def open_tcp(self, host: str, port: int, timeout: float = 5.0) -> tuple[SSHReader[bytes], SSHWriter[bytes]]:
        """As `Host.open_tcp`."""
        import asyncssh  # noqa: PLC0415

        place = f"{host}:{port}"
        where = f"port {port} of {self.target.host}" if host == "127.0.0.1" else f"{place} on {self.target.host}"
        opening = asyncio.ensure_future(self._connection.open_connection(host, port))
        try:
            with self.translated():
                async with asyncio.timeout(timeout):
                    streams = await asyncio.shield(opening)
                self.on_heard()
                return streams
        except TimeoutError:
            # The far side may still take it later: it must not stay open there with nobody at this end.
            opening.add_done_callback(_close_late)
            raise TunnelSilent(
                f"{where} did not answer within {timeout:g} s",
                "Is dhcpd hung, or a firewall in between?",
            ) from None
        except SessionRefused as exc:
            cause = exc.__cause__
            if isinstance(cause, asyncssh.ChannelOpenError) and cause.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
                raise TunnelForbidden(
                    f"sshd on {self.target.host} does not forward to {place}: {cause.reason}",
                    f"Set `AllowTcpForwarding local` (and PermitOpen {place}) in sshd_config on {self.target.host}.",
                ) from exc
            raise TunnelRefused(
                f"nothing listens on {where}",
                f"Is dhcpd running there, with `omapi-port {port};` in its configuration?",
            ) from exc
        except asyncio.CancelledError:
            opening.add_done_callback(_close_late)
            raise

    def cut(self) -> None:
        """End the connection at once and throw away what is still in the socket's buffer."""
        for connection in reversed(self._chain):
            if (sock := connection.get_extra_info("socket")) is not None:
                with suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.abort()
        self._gone.set()

    async def close(self) -> None:
        """End the session and what runs in it; returns within about 2 s whatever the network does. May be repeated."""
        for connection in reversed(self._chain):
            connection.close()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                for connection in reversed(self._chain):
                    await connection.wait_closed()
        except TimeoutError:
            for connection in self._chain:
                connection.abort()
        self._gone.set()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn asyncssh's errors about this session into ours: SessionLost or SessionRefused."""
        import asyncssh  # noqa: PLC0415

        try:
            yield
        except asyncssh.ChannelOpenError as exc:
            if self.closed or "connection closed" in exc.reason:
                raise self.lost_error() from exc
            self.on_heard()
            raise SessionRefused(
                f"{self.target} refuses another channel: {exc.reason}", "See MaxSessions in its sshd_config."
            ) from exc
        except TimeoutError as exc:
            if exc.errno is None:  # a deadline of our own
                raise
            raise self.lost_error(exc) from exc
        except (asyncssh.Error, OSError) as exc:
            raise self.lost_error(exc) from exc

    def lost_error(self, exc: Exception | None = None) -> SessionLost:
        """The error for a session that has ended, with the reason if one is known."""
        reason = str(self._reason or exc or "the connection was closed")
        return SessionLost(f"lost the SSH session to {self.target}: {reason}")

    @property
    def _connection(self) -> SSHClientConnection:
        if self.closed or not self._chain:
            raise self.lost_error()
        return self._chain[-1]

    def _lost(self, exc: Exception | None) -> None:
        self._reason = exc
        self._gone.set()


class SshRunning(Running):
    """A long-lived command in a channel of its own."""

    def __init__(self, session: SshSession, process: SSHClientProcess[bytes]) -> None:
        self._session, self._process = session, process

    @property
    def ended(self) -> bool:
        """Whether it takes no more input."""
        return self._process.is_closing()

    @property
    def exit_status(self) -> int | None:
        """How it ended, where sshd said so."""
        return self._process.returncode

    def write(self, data: bytes) -> None:
        """To its stdin. Raises BrokenPipeError."""
        self._process.stdin.write(data)

    async def read(self, size: int) -> bytes:
        """From its stdout. Raises SessionLost."""
        with self._session.translated():
            return await self._process.stdout.read(size)

    async def read_errors(self, size: int) -> bytes:
        """From its stderr. Raises SessionLost."""
        with self._session.translated():
            return await self._process.stderr.read(size)

    async def wait(self) -> None:
        """Until the channel is closed."""
        await self._process.wait_closed()

    def stop(self, *, kill: bool = False) -> None:
        """As `Running.stop`; where sshd passes no signals on (root), it ends with its pipes."""
        with suppress(OSError):
            (self._process.kill if kill else self._process.terminate)()
        self._process.channel.abort()
