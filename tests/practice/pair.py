"""The practice pair with what tests ask of it besides: the same hands as on the lab's pair."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dhcptui.model.role import Role
from dhcptui.practice.pair import CALL_SECONDS, PracticeError, PracticePair, PracticeServer
from tests.waiting import Logged, Waited


class WatchedServer(PracticeServer, Logged):
    """A practice server that can be held, and whose log can be waited for."""

    failure = PracticeError

    def pause(self) -> None:
        """SIGSTOP."""
        self._with(lambda dhcpd: dhcpd.pause())

    def resume(self) -> None:
        """SIGCONT."""
        self._with(lambda dhcpd: dhcpd.resume())


class WatchedPair(PracticePair, Waited):
    """A practice pair that can be waited for, and asked for a lease."""

    primary: WatchedServer
    secondary: WatchedServer
    servers: Mapping[str, WatchedServer]
    failure = PracticeError

    def __init__(self, directory: Path | None = None, **settings: Any) -> None:
        super().__init__(directory, **settings)
        self.primary, self.secondary = (
            WatchedServer(self, self.machines[role], self.servers[role.value].omapi_port) for role in Role
        )
        self.servers = {"primary": self.primary, "secondary": self.secondary}

    def dhcp_client(self, mac: str | None = None, timeout: float = 15) -> dict[str, str] | None:
        """Ask for a lease as a new machine (or that of mac): address, server and lease time, or None."""
        mac = mac or "02:" + ":".join(f"{random.randrange(256):02x}" for _ in range(5))  # noqa: S311 - a name
        got = self.call(self.population.lease(mac, patience_seconds=min(timeout, CALL_SECONDS - 1)))
        return None if got is None else {"address": got[0], "server": got[1], "dhcp-lease-time": str(got[2])}
