"""What the lab's pair and the practice pair are both waited for: states, quiet, and a line of a log."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Protocol

POLL_SECONDS = 0.02


async def until(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait in a running loop until it holds; TimeoutError after so many seconds, which a loaded machine does not need."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(POLL_SECONDS)


class Logged:
    """A server whose log can be read and waited for."""

    name: str
    log_file: Path
    failure: ClassVar[type[Exception]]
    """What is raised when something does not come."""

    def log_text(self, since: int = 0) -> str:
        """The log from a byte offset; all of it if it has been rotated since."""
        data = self.log_file.read_bytes() if self.log_file.exists() else b""
        return data[since if since <= len(data) else 0 :].decode(errors="replace")

    def log_lines(self, since: int = 0) -> list[str]:
        """log_text in lines."""
        return self.log_text(since).splitlines()

    def log_offset(self) -> int:
        """Take it before a fault, give it to wait_log."""
        return self.log_file.stat().st_size if self.log_file.exists() else 0

    def wait_log(self, pattern: str, timeout: float = 10, since: int = 0) -> re.Match[str]:
        """The first match of pattern (multi-line) at or after the offset."""
        deadline = time.monotonic() + timeout
        while not (found := re.search(pattern, self.log_text(since), re.MULTILINE)):
            if time.monotonic() > deadline:
                tail = "\n".join(self.log_lines(since)[-15:])
                raise self.failure(f"{self.name}: no {pattern!r} in the log within {timeout} s:\n{tail}")
            time.sleep(POLL_SECONDS)
        return found


class Status(Protocol):
    """What a server says of itself, as far as it is waited for."""

    @property
    def unacked(self) -> int:
        """Updates that its partner has not acknowledged."""


class Stated(Protocol):
    """A server that says its state."""

    name: str

    def state(self) -> Status:
        """What it says over OMAPI."""

    def local_state(self) -> str:
        """Its own state in dhcpd's word, or "no-answer"."""

    def log_lines(self, since: int = 0) -> list[str]:
        """Its log."""


class Waited:
    """A pair that can be waited for."""

    servers: Mapping[str, Stated]
    failure: ClassVar[type[Exception]]

    def states(self) -> dict[str, str]:
        """Each server's own state in dhcpd's word, or "no-answer"."""
        return {role: server.local_state() for role, server in self.servers.items()}

    def wait_states(
        self, primary: str | None = "normal", secondary: str | None = "normal", timeout: float = 30
    ) -> float:
        """Wait until each server says that of itself (None: any); returns the seconds it took."""
        wanted = {role: word for role, word in (("primary", primary), ("secondary", secondary)) if word}
        began = time.monotonic()
        while True:
            seen = self.states()
            if all(seen[role] == word for role, word in wanted.items()):
                return time.monotonic() - began
            if time.monotonic() - began > timeout:
                logs = "\n".join(f"{s.name}:\n" + "\n".join(s.log_lines()[-8:]) for s in self.servers.values())
                raise self.failure(f"wanted {wanted}, seen {seen} after {timeout} s\n{logs}")
            time.sleep(POLL_SECONDS)

    def wait_settled(self, timeout: float = 30, quiet: float = 0.3) -> None:
        """Wait until both are normal and owe each other nothing: a fresh pair still moves half its pool for a moment.

        A server set to shutdown before that waits a full mclt on its return (xid mismatch, then recover-wait).
        """
        deadline = time.monotonic() + timeout
        self.wait_states(timeout=timeout)
        since = time.monotonic()
        while time.monotonic() - since < quiet:
            if any(server.state().unacked for server in self.servers.values()):
                since = time.monotonic()
            if time.monotonic() > deadline:
                raise self.failure(f"updates still under way after {timeout} s")
            time.sleep(0.01)
