"""What several relationships want to read of one machine is read once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from dhcptui.watch.clocks import mono

T = TypeVar("T")


class Shared(Generic[T]):
    """One thing that can be read."""

    def __init__(self) -> None:
        self._reading = asyncio.Lock()
        self._read: tuple[float, T] | None = None

    async def read(self, read: Callable[[], Awaitable[T]], newer_than: float) -> T:
        """What somebody began to read after that moment (mono seconds), else what `read` says. Raises what it raises."""
        async with self._reading:
            if self._read is None or self._read[0] <= newer_than:
                began = mono()
                self._read = began, await read()
            return self._read[1]
