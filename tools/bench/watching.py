"""A program in a terminal, and the moments at which its bytes arrived."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Self

from tests.lab.pair import Lab
from tests.terminal import Terminal
from tools.bench.table import ROOT

COLUMNS, ROWS = 120, 40
CONSOLE = (sys.executable, "-m", "dhcptui", "--config")


class Arrivals(bytearray):
    """Bytes, and when the latest of them came: before the screen is drawn from them, which takes its time."""

    last = 0.0

    def __iadd__(self, more: Any, /) -> Self:  # type: ignore[misc]
        self.last = time.monotonic()
        self.extend(more)
        return self


class Watched(Terminal):
    """A `Terminal` whose clock stops when bytes arrive."""

    def __init__(
        self, argv: Sequence[str], *, columns: int = COLUMNS, rows: int = ROWS, env: Mapping[str, str] | None = None
    ) -> None:
        self.began = time.monotonic()
        super().__init__(argv, columns=columns, rows=rows, env={"PYTHONPATH": str(ROOT), **(env or {})})
        self.arrivals = Arrivals()
        with self._change:  # no program writes so soon after its start
            self.arrivals += self.received
            self.received = self.arrivals

    def arrived(self, pattern: str | Callable[[], bool], timeout: float = 20) -> float:
        """When the bytes came that made the screen match (monotonic seconds)."""
        self.until(pattern, timeout)
        return self.arrivals.last

    def spent(self, seconds: int) -> list[int]:
        """Bytes that come in each of the next seconds."""
        began, lock_files = time.monotonic(), [len(self.received)]
        for second in range(1, seconds + 1):
            time.sleep(max(0.0, began + second - time.monotonic()))
            lock_files.append(len(self.received))
        return [after - before for before, after in pairwise(lock_files)]


@contextmanager
def console(lab: Lab, *args: str, launcher: Sequence[str] = CONSOLE, **overrides: Any) -> Iterator[Watched]:
    """The real program at the operator's place, on a pair that is well, with everything read once."""
    lab.wait_settled()
    argv = lab.operator_argv(*launcher, str(lab.write_config(**overrides)), *args)
    with Watched(argv, env={"XDG_STATE_HOME": str(lab.dir / "state")}) as terminal:
        terminal.until(r"both servers serve", 20)
        terminal.until(r"clock [+-]\d.*clock [+-]\d", 10)
        yield terminal


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]
