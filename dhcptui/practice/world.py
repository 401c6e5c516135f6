"""Where the two practice servers live: their machines, the cables between them, and how fast time runs for dhcpd."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from dhcptui.model.role import Role
from dhcptui.practice.dhcpd.wire import Wire
from dhcptui.practice.machine import Machine
from dhcptui.practice.network import Network


@dataclass
class Place:
    """One pair's world. Everything in it runs on one event loop."""

    machines: dict[Role, Machine]
    network: Network
    speed: float = 1.0
    """Divides the fixed timers of dhcpd (startup 15 s, reconnect 5 s, ...) and max-response-delay. Clocks and MCLT stay."""
    wires: set[Wire] = field(default_factory=set)
    """The TCP connections between the two dhcpd."""
    service: list[tuple[float, frozenset[str]]] = field(default_factory=list)
    """Who answers clients (roles) from which true time on."""

    def __post_init__(self) -> None:
        self.network.on_change(self._cables_changed)
        self.note_service()

    def note_service(self) -> None:
        """Somebody may have begun or ceased to answer clients."""
        now = frozenset(
            role.value
            for role, machine in self.machines.items()
            if machine.dhcpd is not None and machine.dhcpd.responds
        )
        if not self.service or self.service[-1][1] != now:
            self.service.append((time.time(), now))

    def at(self, address: str) -> Machine | None:
        """The machine that has this address."""
        return next((machine for machine in self.machines.values() if machine.address == address), None)

    def connection(self, caller: Role, called: Role, port: int) -> Wire:
        """A new TCP connection from one machine to a port of another one."""
        hosts = caller.value, called.value
        wire = Wire(self.network, hosts, port, speed=self.speed, closed=self.wires.discard)
        self.wires.add(wire)
        return wire

    def _cables_changed(self) -> None:
        for wire in tuple(self.wires):
            wire.flush()
