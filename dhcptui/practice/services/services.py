"""What lets a console into both practice servers: their SSH servers, the programs found there, keys and configuration."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from dhcptui.model.role import Role
from dhcptui.practice.dhcpd import checker as conf
from dhcptui.practice.dhcpd.server import Dhcpd
from dhcptui.practice.services.access import LOOPBACK, make_keys, write_config
from dhcptui.practice.services.programs import Tools
from dhcptui.practice.services.sockets import table
from dhcptui.practice.texts import Settings
from dhcptui.practice.world import Place


class Entrance:
    """Its ports are open from the beginning: who connects before `open` waits, and is not refused."""

    def __init__(self, directory: Path, place: Place, omapi_ports: Mapping[Role, int]) -> None:
        self._directory, self._place, self._omapi_ports = directory, place, omapi_ports
        self._sockets = {role: socket.create_server((LOOPBACK, 0), backlog=100) for role in Role}
        self.ports = {role: int(sock.getsockname()[1]) for role, sock in self._sockets.items()}
        self._open = AsyncExitStack()

    def write_config(self, settings: Settings, **overrides: Any) -> Path:
        """The console's configuration; the keys it names are there once the entrance is open."""
        machines = self._place.machines
        return write_config(self._directory, settings, machines, self.ports, self._omapi_ports, **overrides)

    async def open(self) -> None:
        """Let visitors in."""
        from dhcptui.practice.services.ssh import SshServer  # noqa: PLC0415 - asyncssh, 190 ms

        keys = make_keys(self._directory, self.ports)
        for role, machine in self._place.machines.items():
            partner = self._place.machines[role.other]
            start = partial(Dhcpd.start, machine, self._place)
            sockets = partial(table, self._place, role, self._omapi_ports[role])
            tools = Tools(machine, partner, self._place.network, conf.check, start, sockets=sockets)
            tools.install()
            self._open.push_async_callback(tools.close)
            server = SshServer(machine, self._place.network, self._omapi_ports[role], keys.hosts[role], keys.client)
            await server.start(self._sockets[role])
            self._open.push_async_callback(server.close)

    async def close(self) -> None:
        """Show everybody out. May be repeated."""
        await self._open.aclose()

    def shut(self) -> None:
        """Close the ports, also those that were never served."""
        for sock in self._sockets.values():
            sock.close()
