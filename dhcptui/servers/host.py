"""What the console asks of a server's host, whichever way it goes there: over SSH (`ssh/session.py`), or none (`local.py`).

To follow a log is `ssh/tail.py` on a `Running`, to ask many small questions `ssh/shell.py` on one, to upload is `run` with input.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from dhcptui.model.way import SshWay
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandTimeout
from dhcptui.servers.ssh.pace import Pace
from dhcptui.servers.ssh.target import SshTarget

if TYPE_CHECKING:
    from dhcptui.servers.omapi.client import Reader, Writer

MAX_OUTPUT = 64 * 1024 * 1024
"""Bytes of output one command may write."""

CLOSE_SECONDS = 2.0
"""How long `close` waits for an orderly end."""

WINDOW = 1 << 20
"""Bytes that a long-lived command may write before somebody reads them."""


@dataclass(frozen=True, slots=True)
class Completed:
    """What a command left: raw bytes, and its exit status (negative: killed by that signal)."""

    stdout: bytes
    stderr: bytes
    exit_status: int


class Running(Protocol):
    """A long-lived command. Whoever started it stops it."""

    @property
    def ended(self) -> bool:
        """Whether it takes no more input."""

    @property
    def exit_status(self) -> int | None:
        """How it ended (negative: killed by that signal); None while it runs, or where that is not known."""

    def write(self, data: bytes) -> None:
        """To its stdin. Raises BrokenPipeError."""

    async def read(self, size: int) -> bytes:
        """Up to `size` bytes of its stdout; none at the end. Raises SessionLost."""

    async def read_errors(self, size: int) -> bytes:
        """Up to `size` bytes of its stderr; none at the end. Raises SessionLost."""

    async def wait(self) -> None:
        """Return when it has ended."""

    def stop(self, *, kill: bool = False) -> None:
        """Tell it and what it runs to end (`kill`: with SIGKILL), and let go of it; where root runs it its pipes end only."""


class Host(Protocol):
    """An open way to one server's host; use it with `async with`. It never opens itself again: make a new one."""

    target: SshTarget
    pace: Pace
    """How long small commands take there; whoever connects again may hand on what was learned."""
    on_heard: Callable[[], object]
    """Called whenever the server answers a request for a channel, or ends a command: it is there."""

    @property
    def way(self) -> SshWay:
        """From which address to which it goes, and through whom."""

    @property
    def closed(self) -> bool:
        """Whether it has ended, by us or by itself."""

    async def wait_closed(self) -> None:
        """Return when it has ended."""

    async def run(
        self,
        command: Command,
        input: bytes | None = None,  # noqa: A002 - as in subprocess.run
        timeout: float = 30.0,
        *,
        check: bool = False,
        max_bytes: int = MAX_OUTPUT,
    ) -> Completed:
        """Run one command to its end, with sudo where the target asks for it; `timeout` in seconds.

        Raises CommandTimeout, CommandNotBegun, OutputTooLarge, SessionLost, SessionRefused, and with `check` CommandFailed.
        """

    async def start(self, command: Command, *, fed: bool = False) -> Running:
        """Start a long-lived command, with sudo where the target asks for it.

        `fed`: it is written to, and its stderr is dropped; else it has no input. Raises SessionLost, SessionRefused,
        CommandTimeout, CommandNotBegun.
        """

    async def open_tcp(self, host: str, port: int, timeout: float = 5.0) -> tuple[Reader, Writer]:
        """A byte stream to `host:port` as seen from the server; `timeout` in seconds.

        Raises TunnelRefused (nothing listens there), TunnelSilent, TunnelForbidden (sshd does not forward), SessionLost.
        """

    def cut(self) -> None:
        """End it at once, and what is under way with it."""

    async def close(self) -> None:
        """End it and what runs in it; returns within about 2 s whatever the network does. May be repeated."""

    def lost_error(self, exc: Exception | None = None) -> Exception:
        """The error for a way that has ended, with the reason if one is known."""

    async def ask(self, command: Command, timeout: float) -> Completed:
        """Run a small command: `timeout` in seconds, or longer on a server that has shown that it is slow.

        Raises as `run`.
        """
        sudo = command.as_root(self.target.sudo).sudo
        limit, began = self.pace.limit(timeout, sudo=sudo), time.monotonic()
        try:
            done = await self.run(command, timeout=limit)
        except CommandTimeout:
            self.pace.silent(limit, sudo=sudo)
            raise
        self.pace.answered(time.monotonic() - began, sudo=sudo)
        return done

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
