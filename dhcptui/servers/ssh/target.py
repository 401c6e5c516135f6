"""Which server, as whom, with which keys: everything SSH needs to know before it connects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SshTarget:
    """One server. A field that is None means: as `ssh` would do (~/.ssh/config, its ProxyJump, the agent, port 22)."""

    host: str
    port: int | None = None
    user: str | None = None
    identity: Path | None = None
    known_hosts: Path | None = None
    sudo: bool = False
    login_seconds: float = 20.0
    """How long all may take up to the login."""

    def __str__(self) -> str:
        """`user@host:port`, as far as it is given."""
        host = f"[{self.host}]" if ":" in self.host and self.port else self.host
        return (f"{self.user}@" if self.user else "") + host + (f":{self.port}" if self.port else "")
