"""The output of one command, collected without a task and with a bound."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from dhcptui.servers.ssh.commands import BEGIN_LINE, Command
from dhcptui.servers.ssh.errors import OutputTooLarge, named

if TYPE_CHECKING:
    from asyncssh import SSHClientChannel, SSHClientSession, SSHReader

LINGER_SECONDS = 1.0
"""How long the last words of a command that starts a daemon may take: the daemon can keep the pipes open forever."""


PREFACE_TAIL = 1000
"""Bytes kept of what a login shell says before a command begins: it names itself where none begins."""


async def skip_preface(stdout: SSHReader[bytes]) -> None:
    """Read what the login shell says before a long-lived command begins, however much that is.

    Raises asyncio.IncompleteReadError, with its last words, where the stream ends before.
    """
    talk, until = b"", BEGIN_LINE
    while True:
        try:
            talk += await stdout.readuntil(until)
        except asyncio.IncompleteReadError as exc:  # the end, or a window is full
            talk = (talk + exc.partial)[-PREFACE_TAIL:]
            if stdout.at_eof():
                raise asyncio.IncompleteReadError(talk, None) from None
            until = b"\n"  # the line that we wait for may have been cut in two
            continue
        if talk.endswith(BEGIN_LINE):
            return
        until = BEGIN_LINE


class Output:
    """Receives one command's bytes, and word of its end."""

    def __init__(self, command: Command, max_bytes: int) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.begun = False
        """Whether the command itself has started: what a login shell says before is dropped."""
        self._command, self._max_bytes = command, max_bytes
        self._linger: asyncio.TimerHandle | None = None
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def receive(self, data: bytes, *, error: bool) -> None:
        """Take bytes of stdout, or of stderr (`error`)."""
        (self.stderr if error else self.stdout).extend(data)
        if not error and not self.begun:
            self._drop_preface(len(data))
        if (len(self.stdout) if self.begun else 0) + len(self.stderr) > self._max_bytes:
            self.end(OutputTooLarge(f"{named(self._command.line)} wrote more than {self._max_bytes} bytes"))

    def exited(self) -> None:
        """The command has ended; what it left behind may still hold its pipes."""
        if self._command.daemon:
            self._linger = asyncio.get_running_loop().call_later(LINGER_SECONDS, self.end, None)

    def end(self, exc: Exception | None) -> None:
        """All has come; or nothing more will, because of `exc`."""
        if self._ended.done():
            return
        if exc is None:
            self._ended.set_result(None)
        else:
            self._ended.set_exception(exc)

    async def ending(self) -> None:
        """Return when all has come. Raises what `end` was given."""
        await self._ended

    def forget(self) -> None:
        """Nobody waits any more."""
        if self._linger is not None:
            self._linger.cancel()
        if not self._ended.cancel() and not self._ended.cancelled():
            self._ended.exception()  # seen, even if nobody came to await it

    def _drop_preface(self, fresh: int) -> None:
        """Drop what the login shell said before our command began; of a shell that has not begun, all but its last words."""
        at = self.stdout.find(BEGIN_LINE, max(0, len(self.stdout) - fresh - len(BEGIN_LINE)))
        if at >= 0:
            del self.stdout[: at + len(BEGIN_LINE)]
            self.begun = True
        else:
            del self.stdout[:-PREFACE_TAIL]


class Collector(Output):
    """The same over an SSH channel. `finish` gives the exit status; `close` ends the channel whatever happened."""

    def __init__(self, command: Command, max_bytes: int) -> None:
        super().__init__(command, max_bytes)
        self._channel: SSHClientChannel[bytes] | None = None
        self._lost = False

    def session(self) -> SSHClientSession[bytes]:
        """The session object for asyncssh."""
        from asyncssh import SSHClientSession  # noqa: PLC0415 - 190 ms, and this module is imported by all

        outer = self

        class Session(SSHClientSession[bytes]):
            def connection_made(self, chan: SSHClientChannel[bytes]) -> None:
                outer._channel = chan

            def data_received(self, data: bytes, datatype: int | None) -> None:
                outer.receive(data, error=datatype is not None)

            def exit_status_received(self, status: int) -> None:
                outer.exited()

            def connection_lost(self, exc: Exception | None) -> None:
                outer._lost = True
                outer.end(exc)

        return Session()

    async def finish(self, data: bytes | None) -> int | None:
        """Feed `data` to stdin, close it, wait for the end; None when the server did not say how it ended."""
        assert self._channel is not None  # noqa: S101 - asyncssh called connection_made
        with suppress(BrokenPipeError):  # it may have ended without reading
            if data:
                self._channel.write(data)
            self._channel.write_eof()
        await self.ending()
        return self._channel.get_returncode()

    def close(self) -> None:
        """Close the channel; tell a command that still runs to stop (OpenSSH passes that on to all users but root)."""
        if self._channel is not None and not self._lost:  # its is_closing() is true from our end of input on
            with suppress(OSError):
                if self._channel.get_returncode() is None:
                    self._channel.terminate()
                self._channel.abort()
        self.forget()
