"""From a target to its open host: this machine itself, or one over SSH."""

from __future__ import annotations

from dhcptui.servers.host import Host
from dhcptui.servers.local import LocalHost
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.target import SshTarget


async def connect(target: SshTarget, patience: float = 1.0) -> Host:
    """Reach a server. `patience`: so many times its usual time for a login. Raises RemoteError as `SshSession.connect`."""
    return LocalHost(target) if target.local else await SshSession.connect(target, patience=patience)
