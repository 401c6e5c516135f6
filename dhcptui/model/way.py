"""How the console goes to a server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SshWay:
    """How the console goes to a server: addresses as the sockets say, empty where not known."""

    local: str = ""
    """The console's own address in it."""
    peer: str = ""
    """The server's."""
    hops: tuple[str, ...] = ()
    """The jump hosts between."""


NO_WAY = SshWay()
