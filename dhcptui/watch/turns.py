"""Who of several relationships on one machine is next: spread over the second, and those first for whom somebody waits."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

MOST_AT_ONCE = 3
MOST_QUESTIONS = 8
"""Under way at once on one OMAPI connection: a real dhcpd 4.4.3 ended when a hundred were sent to it in one piece."""
GIVE_WAY_SECONDS = 0.25
"""So long at most a question waits for those of an action: none is put off for ever."""
_LEAST_SHARE = 0.1
"""A place that is nearer than this share of a round is the one that was just used."""
_GOLDEN = 0.6180339887498949
"""Its multiples, modulo one, lie apart from each other however many there are."""
_numbers = itertools.count()


class Turns:
    """At most so many at once, urgent ones first, else as they come."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._free = most
        self._waiting: dict[bool, deque[asyncio.Future[None]]] = {True: deque(), False: deque()}

    @asynccontextmanager
    async def turn(self, *, urgent: bool = False) -> AsyncIterator[None]:
        """Wait for a turn and keep it while the block runs."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(urgent)
        try:
            yield
        finally:
            self._next()

    async def _wait(self, urgent: bool) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[urgent].append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # it was just handed the turn
                self._next()
            raise
        finally:
            with suppress(ValueError):
                self._waiting[urgent].remove(future)

    def _next(self) -> None:
        for waiting in (self._waiting[True], self._waiting[False]):
            while waiting:
                future = waiting.popleft()
                if not future.done():
                    future.set_result(None)
                    return
        self._free += 1


class RightOfWay:
    """Over one connection, which answers in order: questions that an action waits for do not stand behind others.

    No more than MOST_QUESTIONS are under way at once.
    """

    def __init__(self) -> None:
        self._turns = Turns(MOST_QUESTIONS)
        self._urgent = 0
        self._clear = asyncio.Event()
        self._clear.set()

    @asynccontextmanager
    async def question(self, *, urgent: bool) -> AsyncIterator[None]:
        """Ask in the block; one that is not urgent waits a moment while an urgent one is under way."""
        if not urgent:
            with suppress(TimeoutError):
                async with asyncio.timeout(GIVE_WAY_SECONDS):
                    await self._clear.wait()
            async with self._turns.turn():
                yield
            return
        self._urgent += 1
        self._clear.clear()
        try:
            async with self._turns.turn(urgent=True):
                yield
        finally:
            self._urgent -= 1
            if not self._urgent:
                self._clear.set()


def machine_offset() -> float:
    """Where in the second the next machine begins, from 0 to 1: many machines are not all asked in one moment."""
    return next(_numbers) * _GOLDEN % 1.0


def seconds_until_turn(now: float, every: float, place: float) -> float:
    """How long to wait at `now` for the next turn of a round of `every` seconds; `place`: in the round, from 0 to 1."""
    left = (place * every - now) % every
    return left if left > _LEAST_SHARE * every else left + every
