"""The console's own machine as a server's host: commands through /bin/sh, TCP to itself, and no SSH.

Each command has a session and a process group of its own, without a terminal, as sshd gives it: what is pressed in the
console's terminal does not reach it, nor does dhcpd end with the console that restarted it.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import signal
from asyncio.subprocess import DEVNULL, PIPE, SubprocessStreamProtocol
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from dhcptui.model.way import SshWay
from dhcptui.servers.host import CLOSE_SECONDS, MAX_OUTPUT, WINDOW, Completed, Host, Running
from dhcptui.servers.ssh.collect import Output
from dhcptui.servers.ssh.commands import BEGIN_LINE, Command
from dhcptui.servers.ssh.errors import (
    CommandFailed,
    CommandTimeout,
    RemoteError,
    SessionLost,
    SessionRefused,
    TunnelRefused,
    TunnelSilent,
)
from dhcptui.servers.ssh.pace import Pace
from dhcptui.servers.ssh.target import SshTarget

START_SECONDS = 20.0
"""How long a long-lived command may take to begin."""

_PLAIN = 'eval "$1"'
_APART = '(eval "$1"); exit $?'
"""What a restart starts outlives this shell, which is all that is ended with the console."""
_GUARDED = """exec 3<&0 </dev/null
trap : TERM
{ trap '' TERM; read -r _ <&3; kill -TERM 0; sleep 2; kill -KILL 0; } >/dev/null 2>&1 &
(eval "$1") 3<&-
s=$?; kill -KILL $! 2>/dev/null; exit $s"""
"""Ends the command when the console is gone, also one that was killed: stdin ends then, and nothing is ever written to it.

The shell itself outlives what it runs, so that its process group can be named until then.
"""

_Protocol = TypeVar("_Protocol", "_Streams", "_Collecting")


class LocalHost(Host):
    """This machine; use it with `async with`. It is there at once, and as long as nobody closes it."""

    def __init__(self, target: SshTarget) -> None:
        self.target = target
        self.pace = Pace()
        self.on_heard: Callable[[], object] = lambda: None
        self._gone = asyncio.Event()
        self._programs: set[_Program] = set()

    @property
    def way(self) -> SshWay:
        """From the machine to itself."""
        return SshWay("127.0.0.1", "127.0.0.1")

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._gone.is_set()

    async def wait_closed(self) -> None:
        """Return when it was closed."""
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
        """As `Host.run`. A command that does not end in time is told to, unless it starts a daemon."""
        command = command.as_root(self.target.sudo)
        timeout = max(timeout, self.pace.least_seconds)
        output = Output(command, max_bytes)
        program: _Program | None = None
        try:
            async with asyncio.timeout(timeout):
                program = await self._collect(command, output, fed=input is not None)
                program.feed(input or b"")
                await output.ending()
        except TimeoutError:
            raise CommandTimeout(command.line, timeout) from None
        finally:
            output.forget()
            if program is not None:
                program.leave(signal.SIGTERM)
        status = program.exit_status
        assert status is not None  # noqa: S101 - `ending` returned
        if check and status != 0:
            raise CommandFailed(command.line, status, bytes(output.stderr))
        return Completed(bytes(output.stdout), bytes(output.stderr), status)

    async def _collect(self, command: Command, output: Output, *, fed: bool) -> _Program:
        script, stdin = _APART if command.daemon else _PLAIN, PIPE if fed else DEVNULL
        program, _ = await self._spawn(lambda: _Collecting(output), script, command, stdin, PIPE)
        program.spared, program.lost = command.daemon, output.end
        return program

    async def start(self, command: Command, *, fed: bool = False) -> LocalRunning:
        """As `Host.start`. A command that is not fed ends with the console, however that one ends."""
        command = command.as_root(self.target.sudo)
        script, stderr = (_PLAIN, DEVNULL) if fed else (_GUARDED, PIPE)
        program, streams = await self._spawn(_Streams, script, command, PIPE, stderr)
        running = LocalRunning(program, streams)
        try:
            async with asyncio.timeout(START_SECONDS):
                await running.begun()
        except BaseException as exc:
            running.stop()
            if isinstance(exc, TimeoutError):
                self.pace.silent(START_SECONDS)
                raise CommandTimeout(command.line, START_SECONDS) from None
            raise
        return running

    async def _spawn(
        self, protocol: Callable[[], _Protocol], script: str, command: Command, stdin: int, stderr: int
    ) -> tuple[_Program, _Protocol]:
        """Start a process for a command. Raises SessionRefused, SessionLost."""
        if self.closed:
            raise self.lost_error()
        try:
            transport, made = await asyncio.get_running_loop().subprocess_exec(
                protocol,
                *("/bin/sh", "-c", script, "sh", command.wire),
                stdin=stdin,
                stdout=PIPE,
                stderr=stderr,
                env=_environment(),
                cwd=_home(),
                start_new_session=True,
            )
        except OSError as error:
            raise SessionRefused(f"this machine starts no command: {error.strerror or error}") from error
        program = _Program(transport, made.exited)
        self._programs = {each for each in self._programs if each.exit_status is None} | {program}
        return program, made

    async def open_tcp(
        self, host: str, port: int, timeout: float = 5.0
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """As `Host.open_tcp`."""
        if self.closed:
            raise self.lost_error()
        place = f"port {port} of this machine" if host == "127.0.0.1" else f"{host}:{port}"
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.open_connection(host, port)
        except TimeoutError:
            raise TunnelSilent(
                f"{place} did not answer within {timeout:g} s", "Is dhcpd hung, or a firewall on?"
            ) from None
        except ConnectionRefusedError as error:
            raise TunnelRefused(
                f"nothing listens on {place}",
                f"Is dhcpd running there, with `omapi-port {port};` in its configuration?",
            ) from error
        except OSError as error:
            raise RemoteError(f"cannot connect to {place}: {error.strerror or error}") from error

    def cut(self) -> None:
        """End all that is under way at once."""
        self._gone.set()
        for program in self._programs:
            program.lost(self.lost_error())
            program.leave(signal.SIGKILL)

    async def close(self) -> None:
        """End what runs: politely, then by force; a restart under way is left to itself."""
        self._gone.set()
        programs, self._programs = self._programs, set()
        for program in programs:
            program.lost(self.lost_error())
            program.leave(signal.SIGTERM)
        await asyncio.gather(*(program.end() for program in programs))

    def lost_error(self, exc: Exception | None = None) -> SessionLost:
        """The error for what is asked after the end."""
        return SessionLost(f"{self.target} is not asked any more: {exc or 'the console has closed it'}")


class LocalRunning(Running):
    """A long-lived command of this machine."""

    def __init__(self, program: _Program, streams: _Streams) -> None:
        assert streams.stdin is not None  # noqa: S101 - both are pipes
        assert streams.stdout is not None  # noqa: S101
        self._program, self._stdin, self._stdout, self._stderr = program, streams.stdin, streams.stdout, streams.stderr

    async def begun(self) -> None:
        """Return when the command itself has started, or has ended already."""
        with suppress(asyncio.IncompleteReadError):
            await self._stdout.readuntil(BEGIN_LINE)

    @property
    def ended(self) -> bool:
        """Whether it takes no more input."""
        return self._program.exit_status is not None or self._stdin.is_closing()

    @property
    def exit_status(self) -> int | None:
        """How it ended; None while it runs."""
        return self._program.exit_status

    def write(self, data: bytes) -> None:
        """To its stdin. Raises BrokenPipeError."""
        if self.ended:
            raise BrokenPipeError
        self._stdin.write(data)

    async def read(self, size: int) -> bytes:
        """From its stdout."""
        return await self._stdout.read(size)

    async def read_errors(self, size: int) -> bytes:
        """From its stderr; none where that is dropped."""
        return await self._stderr.read(size) if self._stderr is not None else b""

    async def wait(self) -> None:
        """Until the process has ended."""
        await self._program.exited.wait()

    def stop(self, *, kill: bool = False) -> None:
        """As `Running.stop`."""
        self._program.leave(signal.SIGKILL if kill else signal.SIGTERM)


class _Program:
    """One process of ours with its group, and the pipes to it."""

    def __init__(self, transport: asyncio.SubprocessTransport, exited: asyncio.Event) -> None:
        self._transport = transport
        self.exited = exited
        self.spared = False
        """It starts a daemon: to end it half-way would leave that down."""
        self.lost: Callable[[Exception], None] = lambda exc: None
        """Who waits for it is told here that it will learn no more."""

    @property
    def exit_status(self) -> int | None:
        """How it ended (negative: killed by that signal); None while it runs."""
        return self._transport.get_returncode()

    def feed(self, data: bytes) -> None:
        """All of its input."""
        if isinstance(pipe := self._transport.get_pipe_transport(0), asyncio.WriteTransport):
            pipe.write(data)
            pipe.close()

    def leave(self, signal_: signal.Signals) -> None:
        """Tell it and what it runs to end, and let go of its pipes."""
        if not self.spared:
            self._signal(signal_)
        for number in range(3):
            if (pipe := self._transport.get_pipe_transport(number)) and not pipe.is_closing():
                pipe.close()

    def _signal(self, signal_: signal.Signals) -> None:
        if self.exit_status is None:  # until then its number is nobody else's
            with suppress(ProcessLookupError, PermissionError):  # what root runs for us ends with its pipes
                os.killpg(self._transport.get_pid(), signal_)

    async def end(self) -> None:
        """Wait for its end for a while, and force it then."""
        for force in (False, True):
            if force:
                self.leave(signal.SIGKILL)
                self._transport.close()  # kills the shell around what is spared
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS / 2):
                    await self.exited.wait()


class _Streams(SubprocessStreamProtocol):
    """The pipes of one process as streams that hold no more than a window."""

    def __init__(self) -> None:
        super().__init__(WINDOW, asyncio.get_running_loop())
        self.exited = asyncio.Event()

    def process_exited(self) -> None:
        super().process_exited()
        self.exited.set()


class _Collecting(asyncio.SubprocessProtocol):
    """Hands the bytes and the end of one process to its `Output`."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.exited = asyncio.Event()
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._output.receive(data, error=fd == 2)

    def process_exited(self) -> None:
        self._output.exited()
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._output.end(exc)
        if self._transport is not None:
            self._transport.close()


def _environment() -> dict[str, str]:
    """As sshd gives it: what belongs to this account, nothing that was set for the console alone (TZ, LC_ALL, PYTHONPATH)."""
    now = os.environ
    kept = {name: now[name] for name in ("PATH", "USER", "LOGNAME", "SHELL") if name in now}
    language = now.get("LC_ALL") or now.get("LC_CTYPE") or now.get("LANG")
    return {**kept, "HOME": _home(), **({"LANG": language} if language else {})}


def _home() -> str:
    """The account's home directory, else the root directory."""
    with suppress(KeyError):
        home = pwd.getpwuid(os.geteuid()).pw_dir
        if os.access(home, os.X_OK):
            return home
    return "/"
