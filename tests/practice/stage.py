"""Two practice machines with SSH and programs, around a dhcpd that only runs, is held, or is gone."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from dhcptui.model.role import Role
from dhcptui.practice.dhcpd.server import DhcpdFailed
from dhcptui.practice.machine import Machine
from dhcptui.practice.network import Network
from dhcptui.practice.services.access import make_keys
from dhcptui.practice.services.programs import Tools
from dhcptui.practice.services.ssh import SshServer
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.target import SshTarget

P, S = Role.PRIMARY, Role.SECONDARY
CONF = """failover peer "foo" {{ {role}; address 10.0.0.10; port 520; peer address 10.0.0.20; peer port 520; }}
omapi-port {omapi_port};
"""


@dataclass
class Resident:
    """A process that does nothing but be there."""

    machine: Machine
    pid: int
    started: float = field(default_factory=time.time)
    paused: bool = False
    responds: bool = False

    def accepts(self, port: int, caller: str) -> None:
        """Connection refused."""

    def kill(self) -> None:
        """Gone."""
        if self.machine.dhcpd is self:
            self.machine.dhcpd = None

    def pause(self) -> None:
        """Held."""
        self.paused = True

    def resume(self) -> None:
        """On."""
        self.paused = False


async def start_resident(machine: Machine) -> None:
    """A start that fails where the configuration says `broken`."""
    if "broken" in machine.conf.read_text():
        machine.log(1, "dhcpd.conf line 1: broken")
        raise DhcpdFailed(["dhcpd.conf line 1: broken"])
    pid = machine.new_pid()
    machine.log(pid, "Server starting service.")
    machine.dhcpd = Resident(machine, pid)


def check(path: Path) -> tuple[int, list[str]]:
    """A `dhcpd -t` that knows one fault."""
    return (1, [f"{path} line 1: broken"]) if "broken" in path.read_text() else (0, ["Config file: " + str(path)])


@dataclass
class Stage:
    """Everything that was built, and how to get in."""

    directory: Path
    machines: dict[Role, Machine]
    network: Network
    ports: dict[Role, int]
    omapi: asyncio.Server
    omapi_port: int

    def target(self, role: Role = P, **changes: object) -> SshTarget:
        """The target that works, with changes."""
        fields = {
            "port": self.ports[role],
            "user": "anybody",
            "identity": self.directory / "id_ed25519",
            "known_hosts": self.directory / "known_hosts",
        }
        return SshTarget("127.0.0.1", **{**fields, **changes})  # type: ignore[arg-type]


@asynccontextmanager
async def stage(directory: Path) -> AsyncIterator[Stage]:
    """Both servers up, both dhcpd running; behind the primary's OMAPI port something that echoes."""
    network = Network()
    machines = {role: Machine(role, directory / role.value) for role in Role}
    sockets = {role: socket.create_server(("127.0.0.1", 0)) for role in Role}
    ports = {role: int(sock.getsockname()[1]) for role, sock in sockets.items()}
    keys = make_keys(directory, ports)
    echo = await asyncio.start_server(_echo, "127.0.0.1", 0)
    omapi_port = int(echo.sockets[0].getsockname()[1])
    tools, servers = [], []
    for role, machine in machines.items():
        machine.make()
        machine.conf.write_text(CONF.format(role=role.value, omapi_port=omapi_port))
        tools.append(Tools(machine, machines[role.other], network, check, partial(start_resident, machine)))
        servers.append(SshServer(machine, network, omapi_port, keys.hosts[role], keys.client))
        tools[-1].install()
        await servers[-1].start(sockets[role])
        await start_resident(machine)
    try:
        yield Stage(directory, machines, network, ports, echo, omapi_port)
    finally:
        for server, each in zip(servers, tools, strict=True):
            await each.close()
            await server.close()
        echo.close()
        await echo.wait_closed()


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1024):
        writer.write(data)
    writer.close()


@asynccontextmanager
async def entered(directory: Path, role: Role = P) -> AsyncIterator[tuple[Stage, SshSession]]:
    """A stage and a session with one of its servers."""
    async with stage(directory) as made, await SshSession.connect(made.target(role)) as session:
        yield made, session
