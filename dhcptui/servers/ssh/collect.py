"""The output of one remote command, collected without a task and with a bound."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dhcptui.servers.ssh.commands import BEGIN_LINE, Command
from dhcptui.servers.ssh.errors import OutputTooLarge, named

if TYPE_CHECKING:
    from asyncssh import SSHClientChannel, SSHClientSession

LINGER_SECONDS = 1.0
"""How long the last words of a command that starts a daemon may take: the daemon can keep the pipes open forever."""


class Collector:
    """Receives one command's bytes. `finish` gives the exit status; `close` ends the channel whatever happened."""

    def __init__(self, command: Command, max_bytes: int) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._command, self._max_bytes = command, max_bytes
        self._channel: SSHClientChannel[bytes] | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._lost = False
        self._begun = False
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def session(self) -> SSHClientSession[bytes]:
        """The session object for asyncssh."""
        from asyncssh import SSHClientSession  # noqa: PLC0415 - 190 ms, and this module is imported by all

        outer = self

        class Session(SSHClientSession[bytes]):
            def connection_made(self, chan: SSHClientChannel[bytes]) -> None:
                outer._channel = chan

            def data_received(self, data: bytes, datatype: int | None) -> None:
                outer._receive(data, datatype)

            def exit_status_received(self, status: int) -> None:
                if outer._command.daemon:
                    outer._linger = asyncio.get_running_loop().call_later(LINGER_SECONDS, outer._end, None)

            def connection_lost(self, exc: Exception | None) -> None:
                outer._lost = True
                outer._end(exc)

        return Session()

    async def finish(self, data: bytes | None) -> int | None:
        """Feed `data` to stdin, close it, wait for the end; None when the server did not say how it ended."""
        assert self._channel is not None  # noqa: S101 - asyncssh called connection_made
        with suppress(BrokenPipeError):  # it may have ended without reading
            if data:
                self._channel.write(data)
            self._channel.write_eof()
        await self._ended
        return self._channel.get_returncode()

    @property
    def begun(self) -> bool:
        """Whether the login shell has started the command."""
        return self._begun

    def close(self) -> None:
        """Close the channel; tell a command that still runs to stop (OpenSSH passes that on to all users but root)."""
        if self._channel is not None and not self._lost:  # its is_closing() is true from our end of input on
            with suppress(OSError):
                if self._channel.get_returncode() is None:
                    self._channel.terminate()
                self._channel.abort()
        if self._linger is not None:
            self._linger.cancel()
        if not self._ended.cancel() and not self._ended.cancelled():
            self._ended.exception()  # seen, even if nobody came to await it

    def _receive(self, data: bytes, datatype: Any) -> None:
        if len(self.stdout) + len(self.stderr) + len(data) > self._max_bytes:
            self._end(OutputTooLarge(f"{named(self._command.line)} wrote more than {self._max_bytes} bytes"))
        else:
            (self.stdout if datatype is None else self.stderr).extend(data)
            if datatype is None and not self._begun:
                self._drop_preface(len(data))

    def _drop_preface(self, fresh: int) -> None:
        """Drop what the login shell said before our command began."""
        at = self.stdout.find(BEGIN_LINE, max(0, len(self.stdout) - fresh - len(BEGIN_LINE)))
        if at >= 0:
            del self.stdout[: at + len(BEGIN_LINE)]
            self._begun = True

    def _end(self, exc: Exception | None) -> None:
        if self._ended.done():
            return
        if exc is None:
            self._ended.set_result(None)
        else:
            self._ended.set_exception(exc)
