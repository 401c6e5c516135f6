"""One command of an SSH session, run as OpenSSH runs it for an ordinary user: by /bin/sh, bytes in, bytes out."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from asyncssh import SSHServerChannel

HANG_UP_SECONDS = 2.0
"""How long a command may go on after its channel has closed: its pipes are closed, most end by that alone."""
_STDERR = 1
"""EXTENDED_DATA_STDERR of RFC 4254."""


class Execution(asyncio.SubprocessProtocol):
    """From the channel's bytes to the program's pipes and back, with back-pressure both ways."""

    def __init__(self, channel: SSHServerChannel[bytes], ended: Callable[[Execution], None]) -> None:
        self._channel, self._ended = channel, ended
        self._process: asyncio.SubprocessTransport | None = None
        self._early: list[bytes] = []
        self._input_over = self._gone = self._paused = False
        self._killing: asyncio.TimerHandle | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self, command: str, directory: Path, environment: Mapping[str, str]) -> None:
        """Start `/bin/sh -c command`. A machine that cannot start it ends the channel as a shell would: with 126."""
        try:
            await asyncio.get_running_loop().subprocess_exec(
                lambda: self, "/bin/sh", "-c", command, cwd=directory, env=dict(environment), start_new_session=True
            )
        except OSError as error:
            with suppress(OSError):
                self._channel.write_stderr(f"{error}\n".encode())
                self._channel.exit(126)
            self._finish()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the command and everything it started."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.get_pid(), number)

    # -- from the channel ----------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Bytes for stdin; those nobody reads any more are dropped."""
        stdin = self._stdin()
        if self._process is None:
            self._early.append(data)
        elif stdin is not None and not stdin.is_closing():
            stdin.write(data)

    def end_input(self) -> None:
        """Nothing more comes on stdin."""
        self._input_over = True
        stdin = self._stdin()
        if stdin is not None and not stdin.is_closing():
            stdin.write_eof()

    def hold(self, paused: bool) -> None:
        """The channel takes no more for now, or takes more again."""
        self._paused = paused
        for number in (1, 2):
            pipe = self._pipe(number)
            if pipe is not None and not pipe.is_closing():
                reading = cast("asyncio.ReadTransport", pipe)
                (reading.pause_reading if paused else reading.resume_reading)()

    def hang_up(self) -> None:
        """The channel has closed: so do the pipes, and what runs then still is killed a moment later."""
        self._gone = True
        if self._process is not None and not self.done.done():
            for number in range(3):
                if (pipe := self._pipe(number)) is not None:
                    pipe.close()
            self._killing = asyncio.get_running_loop().call_later(HANG_UP_SECONDS, self.kill)

    def _pipe(self, number: int) -> Any:
        return None if self._process is None else self._process.get_pipe_transport(number)

    def _stdin(self) -> asyncio.WriteTransport | None:
        return cast("asyncio.WriteTransport | None", self._pipe(0))

    # -- from the program ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It runs."""
        self._process = cast("asyncio.SubprocessTransport", transport)
        for data in self._early:
            self.feed(data)
        self._early.clear()
        if self._input_over:
            self.end_input()
        if self._gone:
            self.hang_up()
        elif self._paused:
            self.hold(True)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It wrote something."""
        with suppress(OSError):  # the channel has closed meanwhile
            self._channel.write(data, _STDERR if fd == 2 else None)

    def pause_writing(self) -> None:
        """It does not read its stdin as fast as it comes."""
        self._channel.pause_reading()

    def resume_writing(self) -> None:
        """It reads again. Not from within this call: what the channel then feeds would find the pipe half written."""
        asyncio.get_running_loop().call_soon(self._resume_channel)

    def _resume_channel(self) -> None:
        if not self._gone:
            self._channel.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended, and nobody holds its pipes any more."""
        status = None if self._process is None else self._process.get_returncode()
        self.kill()  # what it left in the background
        if self._process is not None:
            self._process.close()
        with suppress(OSError):
            if status is not None and status < 0:
                self._channel.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
            else:
                self._channel.exit(status or 0)
        self._finish()

    def _finish(self) -> None:
        if self._killing is not None:
            self._killing.cancel()
        if not self.done.done():
            self.done.set_result(None)
        self._ended(self)
