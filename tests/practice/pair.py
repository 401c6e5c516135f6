"""The practice pair with what tests ask of it besides: the same hands as on the lab's pair."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dhcptui.model.role import Role
from dhcptui.practice.pair import CALL_SECONDS, PracticeError, PracticePair, PracticeServer


class WatchedServer(PracticeServer):
    """A practice server that can be held, and whose log can be waited for."""

    def pause(self) -> None:
        """SIGSTOP."""
        self._with(lambda dhcpd: dhcpd.pause())

    def resume(self) -> None:
        """SIGCONT."""
        self._with(lambda dhcpd: dhcpd.resume())

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
                raise PracticeError(f"{self.name}: no {pattern!r} in the log within {timeout} s:\n{tail}")
            time.sleep(0.01)
        return found


class WatchedPair(PracticePair):
    """A practice pair that can be waited for, and asked for a lease."""

    primary: WatchedServer
    secondary: WatchedServer
    servers: Mapping[str, WatchedServer]

    def __init__(self, directory: Path | None = None, **settings: Any) -> None:
        super().__init__(directory, **settings)
        self.primary, self.secondary = (
            WatchedServer(self, self.machines[role], self.servers[role.value].omapi_port) for role in Role
        )
        self.servers = {"primary": self.primary, "secondary": self.secondary}

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
                raise PracticeError(f"wanted {wanted}, seen {seen} after {timeout} s\n{logs}")
            time.sleep(0.01)

    def wait_settled(self, timeout: float = 30, quiet: float = 0.3) -> None:
        """Wait until both are normal and owe each other nothing."""
        deadline = time.monotonic() + timeout
        self.wait_states(timeout=timeout)
        since = time.monotonic()
        while time.monotonic() - since < quiet:
            if any(server.state().unacked for server in self.servers.values()):
                since = time.monotonic()
            if time.monotonic() > deadline:
                raise PracticeError(f"updates still under way after {timeout} s")
            time.sleep(0.01)

    def dhcp_client(self, mac: str | None = None, timeout: float = 15) -> dict[str, str] | None:
        """Ask for a lease as a new machine (or that of mac): address, server and lease time, or None."""
        mac = mac or "02:" + ":".join(f"{random.randrange(256):02x}" for _ in range(5))  # noqa: S311 - a name
        got = self.call(self.population.lease(mac, patience_seconds=min(timeout, CALL_SECONDS - 1)))
        return None if got is None else {"address": got[0], "server": got[1], "dhcp-lease-time": str(got[2])}
