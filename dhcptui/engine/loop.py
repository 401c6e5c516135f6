"""The one thread and event loop on which every pair of a console is watched and acted on."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from dhcptui.config.loading import PairSettings
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot

if TYPE_CHECKING:
    from dhcptui.watch.machine import Machines
    from dhcptui.watch.pair import PairEngine

STOP_SECONDS = 5.0
T = TypeVar("T")


def _at_once() -> None:
    """There is nothing to wait for."""


class EngineLoop:
    """Runs until it is stopped. Every method but `pair_engine` may be called from any thread."""

    def __init__(self, wait: Callable[[], None] = _at_once) -> None:
        """`wait`: called on the thread before anything else runs there; what it raises is the loop's failure."""
        self.failure: BaseException | None = None
        """What ended the loop, if anything unexpected did."""
        self.loop: asyncio.AbstractEventLoop | None = None
        """The event loop, from the start on."""
        self._wait = wait
        self._machines: Machines | None = None
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._main, name="dhcptui-engine", daemon=True)

    def start(self) -> None:
        """Let it run; a second time does nothing."""
        if self.loop is None:
            self.loop = asyncio.new_event_loop()
            self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run this on the loop, which was started before."""
        assert self.loop is not None  # noqa: S101 - for the type checker
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def call(self, function: Callable[[], object]) -> None:
        """Call this on the loop soon; never, where it has ended."""
        if self.loop is not None:
            with suppress(RuntimeError):  # closed
                self.loop.call_soon_threadsafe(function)

    def stop(self) -> None:
        """End everything that runs on it, and the thread; blocks a few seconds at most."""
        if self.alive:
            self.call(self._stopping.set)
            self._thread.join(STOP_SECONDS)

    def pair_engine(
        self,
        settings: PairSettings,
        changed: Callable[[PairSnapshot], None],
        logged: Callable[[Role, Sequence[LogLine]], None],
    ) -> PairEngine:
        """A pair's watchers, made here and nowhere else in a console: what pairs share is handed to each of them here."""
        # What watches and acts is loaded by this thread: it is a fifth of the program's start, and the first frame
        # needs none of it.
        from dhcptui.watch.machine import Machines
        from dhcptui.watch.pair import PairEngine

        if self._machines is None:
            self._machines = Machines()
        return PairEngine(settings, changed, logged, machines=self._machines)

    def _main(self) -> None:
        for library in ("asyncio", "asyncssh"):  # their complaints are not for a user's terminal
            logging.getLogger(library).addHandler(logging.NullHandler())
            logging.getLogger(library).propagate = False
        loop = self.loop
        assert loop is not None  # noqa: S101 - for the type checker
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            try:
                self._wait()
            except BaseException as error:  # shown by whoever asks for `failure`: a thread has no caller
                self.failure = error
                self._stopping.set()
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        await self._stopping.wait()
