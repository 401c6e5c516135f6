"""Several pairs on the lab's two servers, watched in one loop over machines that they share, and what the servers count of it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from dhcptui.assess.visibility import assess
from dhcptui.config.loading import PairSettings, load
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.watch.clocks import moment
from dhcptui.watch.machine import Machines
from dhcptui.watch.pair import PairEngine
from tests.lab.net import namespace, thread_in
from tests.lab.pair import Lab, Server
from tests.lab.relationships import Relationship

ESTABLISHED = "01"


def settings_of(lab: Lab, *relationships: Relationship) -> tuple[PairSettings, ...]:
    """The lab's own pair, and one for each relationship; a crossed one has the servers the other way round."""
    own = load(lab.write_config()).pair(None)
    return (own, *(_pair(own, each) for each in relationships))


def _pair(own: PairSettings, relationship: Relationship) -> PairSettings:
    pair = replace(own, name=relationship.name, peer=relationship.name)
    if not relationship.crossed:
        return pair
    return replace(
        pair,
        primary=replace(own.secondary, role=Role.PRIMARY),
        secondary=replace(own.primary, role=Role.SECONDARY),
    )


class Watching:
    """Engines of several pairs on a thread and loop of their own, in the operator's place."""

    def __init__(self, lab: Lab, pairs: Sequence[PairSettings]) -> None:
        self.lab, self._pairs = lab, {pair.name: pair for pair in pairs}
        self.machines = Machines()
        self.engines: dict[str, PairEngine] = {}
        self.lines: dict[tuple[str, Role], list[LogLine]] = {}
        self.seen: list[tuple[float, PairSnapshot]] = []
        """Every snapshot, and when it came."""
        self.failure: BaseException | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, daemon=True)
        self._thread.start()

    def _main(self) -> None:
        with thread_in(namespace(self.lab.name, "op")):
            asyncio.set_event_loop(self._loop)
            self._loop.run_forever()
            self._loop.close()

    def start(self, *names: str) -> None:
        """Begin to watch these pairs."""
        asyncio.run_coroutine_threadsafe(self._start(names), self._loop).result(10)

    async def _start(self, names: Sequence[str]) -> None:
        for name in names:
            self.engines[name] = engine = PairEngine(
                self._pairs[name],
                lambda snapshot: self.seen.append((time.monotonic(), snapshot)),
                lambda role, lines, name=name: self.lines.setdefault((name, role), []).extend(lines),  # type: ignore[misc]
                machines=self.machines,
            )
            self._tasks[name] = asyncio.create_task(engine.run())

    def stop(self, *names: str) -> None:
        """Watch these no more."""
        asyncio.run_coroutine_threadsafe(self._stop(names), self._loop).result(20)

    async def _stop(self, names: Sequence[str]) -> None:
        tasks = [self._tasks.pop(name) for name in names]
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                self.failure = result

    def close(self) -> None:
        """End everything."""
        self.stop(*self._tasks)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        if self.failure is not None:
            raise self.failure

    def call(self, function: Callable[[], object]) -> None:
        """Do it on the loop."""
        self._loop.call_soon_threadsafe(function)

    def words(self, name: str) -> tuple[str, str]:
        """What each of the lab's servers says of itself in a pair, or how it is seen: the lab's primary first."""
        engine = self.engines[name]
        by_host = {view.host: assess(view, moment()) for view in engine.snapshot.servers}
        one, two = (by_host[server.host] for server in (self.lab.primary, self.lab.secondary))
        return tuple(each.state.word if each.state else each.visibility.value for each in (one, two))  # type: ignore[return-value]

    def until(self, holds: Callable[[], bool], timeout: float, what: str) -> float:
        """Wait for it; the seconds that took."""
        began = time.monotonic()
        while not holds():
            known = {name: self.words(name) for name in self._tasks}
            assert time.monotonic() < began + timeout, f"not within {timeout} s: {what}; last known: {known}"
            time.sleep(0.05)
        return time.monotonic() - began

    def until_words(self, timeout: float = 30, /, **wanted: tuple[str, str]) -> float:
        """Wait until each of these pairs reads so, the lab's primary first."""
        return self.until(
            lambda: all(self.words(name) == words for name, words in wanted.items()), timeout, f"{wanted}"
        )


@contextmanager
def watching(lab: Lab, *pairs: PairSettings) -> Iterator[Watching]:
    """Nobody is watched yet: see `start`."""
    together = Watching(lab, pairs)
    try:
        yield together
    finally:
        together.close()


def connections(server: Server, port: int) -> int:
    """How many connections to this port of its own the server has, by its kernel."""
    lines = server.run("cat", "/proc/net/tcp").stdout.splitlines()[1:]
    ends = [line.split()[1:4] for line in lines]
    return sum(local.endswith(f":{port:04X}") and state == ESTABLISHED for local, _, state in ends)


def processes(server: Server, words: str) -> int:
    """How many processes of the server have these words in their command line."""
    lines = server.run("ps", "-eo", "args=").stdout.splitlines()
    return sum(words in line for line in lines)


def ways(server: Server) -> tuple[int, int, int]:
    """SSH sessions, OMAPI connections and followed logs that the server counts."""
    return connections(server, 22), connections(server, 7911), processes(server, " -F -- ")
