"""dhcpd's timers: set by name, by the server's own clock, replaced when set again, held while it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable

LONGEST_SLEEP_SECONDS = 0.2
"""The clock of a server may be set meanwhile; a due time is then nearer or further away."""


class Timers:
    """`clock` gives seconds since 1970 by the server's clock; due times are in it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._due: dict[Hashable, tuple[float, Callable[[], object]]] = {}
        self._handle: asyncio.TimerHandle | None = None
        self._held = False

    def set(self, name: Hashable, due: float, call: Callable[[], object]) -> None:
        """Call `call` when the clock reads `due`; a timer of the same name is replaced."""
        self._due[name] = (due, call)
        self._arm()

    def cancel(self, name: Hashable) -> None:
        """Forget a timer; it need not exist."""
        self._due.pop(name, None)

    def hold(self, held: bool) -> None:
        """Stop or continue: what became due meanwhile runs a moment later."""
        self._held = held
        self._arm()

    def close(self) -> None:
        """Forget all."""
        self._due.clear()
        self._held = True
        self._arm()

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self._due and not self._held:
            wait = min(due for due, _ in self._due.values()) - self._clock()
            loop = asyncio.get_running_loop()
            self._handle = loop.call_later(min(max(wait, 0.0005), LONGEST_SLEEP_SECONDS), self._run)

    def _run(self) -> None:
        self._handle = None
        now = self._clock()
        for name, (due, call) in sorted(self._due.items(), key=lambda item: item[1][0]):
            if due <= now and self._due.get(name) == (due, call):
                del self._due[name]
                call()
        self._arm()
