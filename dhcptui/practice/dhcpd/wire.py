"""A TCP connection between the two dhcpd, as far as they can tell: in order, one millisecond, held back by a cut."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dhcptui.practice.network import Network

LATENCY_SECONDS = 0.001
RESEND_SECONDS = 0.3
"""How long after a cut has healed the kernel's next try gets through."""
SYN_TRIES_SECONDS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 11.0, 19.0, 35.0, 67.0)
"""When Linux sends a SYN again, and how long it goes on before it gives up (the last)."""


@dataclass(frozen=True, slots=True)
class Message:
    """A failover message: its name without FTM_, the sender's clock in whole seconds, and what it says."""

    kind: str
    time: int
    xid: int
    says: Mapping[str, Any]


class Party(Protocol):
    """A process that holds an end."""

    def post(self, event: Callable[[], None]) -> None:
        """Do this when you next read your sockets; never, if you are dead."""


class End(Protocol):
    """What one process hears of the connection."""

    def received(self, message: Message) -> None:
        """The other side sent this."""

    def hung_up(self) -> None:
        """The other side closed the connection, or is gone."""


class Wire:
    """Ends are 0 (who connected) and 1 (who accepted); `hosts` are their places in the network, `closed` is told the end."""

    def __init__(
        self, network: Network, hosts: tuple[str, str], port: int, *, speed: float, closed: Callable[[Wire], None]
    ) -> None:
        self._network, self.hosts, self.port = network, hosts, port
        self._speed, self._closed = speed, closed
        self._ends: list[tuple[Party, End] | None] = [None, None]
        self._under_way: tuple[deque[Message | None], deque[Message | None]] = (deque(), deque())
        self._resending = False

    def attach(self, side: int, party: Party, end: End) -> None:
        """Who listens on this side."""
        self._ends[side] = (party, end)

    def holds(self, side: int) -> bool:
        """Whether a process has this side open."""
        return self._ends[side] is not None

    def send(self, side: int, message: Message) -> None:
        """From this side to the other one."""
        self._put(side, message)

    def close(self, side: int) -> None:
        """Close one side; the other hears of it unless the way is cut."""
        if self._ends[side] is not None:
            self._ends[side] = None
            self._put(side, None)
            if self._ends[1 - side] is None:
                self._closed(self)

    def flush(self) -> None:
        """The cables changed: what was held back goes on after a moment."""
        if not self._resending and any(self._under_way):
            self._resending = True
            asyncio.get_running_loop().call_later(RESEND_SECONDS / self._speed, self._resend)

    def _resend(self) -> None:
        self._resending = False
        for side in (0, 1):
            self._pump(side)

    def _put(self, side: int, item: Message | None) -> None:
        self._under_way[side].append(item)
        if len(self._under_way[side]) == 1:
            asyncio.get_running_loop().call_later(LATENCY_SECONDS, self._pump, side)

    def _pump(self, side: int) -> None:
        """Hand over what arrives from this side."""
        queue = self._under_way[side]
        while queue and self._network.passes(self.hosts[side], self.hosts[1 - side], self.port):
            self._hand(1 - side, queue.popleft())

    def _hand(self, side: int, item: Message | None) -> None:
        if (attached := self._ends[side]) is None:
            return
        party, end = attached

        def arrive() -> None:
            if self._ends[side] is not attached:
                return  # closed here before it was read
            if item is None:
                end.hung_up()
            else:
                end.received(item)

        party.post(arrive)
