"""Which server, as whom, with which keys: everything that must be known before it is reached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dhcptui.config.local import is_local
from dhcptui.config.settings import ServerSettings


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

    @classmethod
    def of(cls, server: ServerSettings) -> SshTarget:
        """The server of a configuration."""
        return cls(
            server.host,
            server.port,
            server.user,
            server.identity,
            server.known_hosts,
            server.sudo,
            server.login_timeout,
        )

    @property
    def local(self) -> bool:
        """Whether it is this machine, which is asked without SSH."""
        return is_local(self.host, self.port, self.user, self.identity, self.known_hosts)

    def __str__(self) -> str:
        """`user@host:port`, as far as it is given."""
        host = f"[{self.host}]" if ":" in self.host and self.port else self.host
        return (f"{self.user}@" if self.user else "") + host + (f":{self.port}" if self.port else "")

    @property
    def ssh(self) -> str:
        """The `ssh` command a person would try."""
        port = f"-p {self.port} " if self.port not in {None, 22} else ""
        return f"ssh {port}{self.user + '@' if self.user else ''}{self.host}"
