"""One long-lived remote shell for many small questions: a new SSH channel for each would cost 100 ms and a log line."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from dhcptui.model.sanitize import clean
from dhcptui.servers.host import Host, Running
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.errors import CommandTimeout, OutputTooLarge, ShellEnded, named

MAX_ANSWER = 4 * 1024 * 1024
"""Bytes one answer may have."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a script said (stdout and stderr, sanitised lines) and when, on our monotonic clock in seconds."""

    lines: list[str]
    exit_status: int
    started_mono: float
    ended_mono: float


class RemoteShell:
    """A `/bin/sh` fed over stdin; as root where the target says sudo. Questions queue up. Use it with `async with`."""

    def __init__(self, session: Host, process: Running) -> None:
        self.session = session
        self._process = process
        self._lock = asyncio.Lock()
        self._closed = False
        self.answered = False
        """Whether it has answered anything yet: until then the account's sudo or profile may be at work."""

    @classmethod
    async def open(cls, session: Host) -> Self:
        """Start the shell. Raises SessionLost, SessionRefused, CommandTimeout, CommandNotBegun."""
        return cls(session, await session.start(commands.shell(), fed=True))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        """Whether it takes no more questions."""
        return self._closed or self._process.ended

    async def ask(self, script: str, timeout: float = 10.0) -> Answer:
        """Run a script (complete shell syntax, no stdin) in a subshell; `timeout` in seconds, waiting in line not counted.

        The first question of a shell may take as long as this server's commands take to begin (see `pace`).

        Raises CommandTimeout, OutputTooLarge, ShellEnded, SessionLost; the shell is closed after any of them, and after
        a cancellation: its state would be anybody's guess.
        """
        return await self._ask(f"(\n{script}\n) </dev/null 2>&1", script, timeout)

    async def define(self, function: str, timeout: float = 10.0) -> None:
        """Define a shell function that later scripts may call; raises as `ask` does."""
        await self._ask(function, function.partition("(")[0], timeout)

    async def _ask(self, command: str, name: str, timeout: float) -> Answer:
        async with self._lock:
            if self.closed:
                raise self._ended()
            pace, sudo = self.session.pace, self.session.target.sudo
            limit = max(timeout, pace.least_seconds) if self.answered else pace.limit(timeout, sudo=sudo)
            try:
                async with asyncio.timeout(limit):
                    answer = await self._exchange(command, name)
            except TimeoutError:
                self.close()
                if not self.answered:
                    pace.silent(limit, sudo=sudo)
                raise CommandTimeout(name, limit) from None
            except BaseException:
                self.close()
                raise
            if not self.answered:
                self.answered = True
                pace.answered(answer.ended_mono - answer.started_mono, sudo=sudo)
            return answer

    def close(self) -> None:
        """Stop the shell and what runs in it; where sshd passes no signals on (root), it ends with its current command."""
        self._closed = True
        self._process.stop(kill=True)

    async def _exchange(self, command: str, name: str) -> Answer:
        # Markers nobody can guess: a banner, a profile or the output itself cannot fake an end.
        start, end = secrets.token_hex(16), secrets.token_hex(16)
        pattern = re.compile(rb"\n%b\n(.*?)\n%b (\d+)\n" % (start.encode(), end.encode()), re.DOTALL)
        request = f"printf '\\n%s\\n' {start}\n{command}\nprintf '\\n%s %d\\n' {end} $?\n"
        heard = bytearray()
        started = time.monotonic()
        try:
            self._process.write(request.encode())
        except BrokenPipeError:
            raise self._ended() from None
        while True:
            data = await self._process.read(65536)
            ended = time.monotonic()
            if not data:
                raise self._ended()
            heard += data
            # Look at all of it only when the end marker came in.
            if end.encode() in heard[-len(data) - 64 :] and (match := pattern.search(heard)):
                return Answer(_lines(match[1]), int(match[2]), started, ended)
            if len(heard) > MAX_ANSWER:
                raise OutputTooLarge(f"{named(name)} wrote more than {MAX_ANSWER} bytes")

    def _ended(self) -> Exception:
        if self.session.closed:
            return self.session.lost_error()
        target = self.session.target
        line = commands.shell().as_root(target.sudo).line
        way = "" if target.local else f"{target.ssh} "
        return ShellEnded(f"the shell on {target} ended", f"Does `{way}{line}` work")


def _lines(output: bytes) -> list[str]:
    return [clean(line) for line in output.removesuffix(b"\n").split(b"\n")] if output else []
