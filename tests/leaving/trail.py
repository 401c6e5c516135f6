"""The audit log of the program that is left, read as it grows: moments are found by it, and the run is judged by it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.lab.texts import RESTART
from tests.leaving.cells import At, Cell

Record = dict[str, Any]
POLL_SECONDS = 0.004
LOOKING_SECONDS = 0.03
"""The middle of a step that only looks."""


class Trail:
    """One audit log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: list[Record] = []
        self.torn: list[str] = []
        """Whole lines that are no JSON objects."""
        self._read = 0

    def look(self) -> list[Record]:
        """Everything up to now."""
        if self.path.exists() and self.path.stat().st_size > self._read:
            with self.path.open("rb") as file:
                file.seek(self._read)
                whole, newline, _ = file.read().rpartition(b"\n")
            self._read += len(whole) + len(newline)
            for line in whole.splitlines():
                try:
                    self.records.append(json.loads(line))
                except ValueError:
                    self.torn.append(repr(line))
        return self.records

    def find(self, **wanted: Any) -> list[Record]:
        """The records with these fields."""
        return [each for each in self.look() if all(each.get(name) == value for name, value in wanted.items())]

    def until(self, holds: Callable[[], object], timeout: float, what: str, alive: Callable[[], bool]) -> None:
        """Wait for something in the log, for as long as the program lives."""
        deadline = time.monotonic() + timeout
        while not holds():
            lives = alive()
            if holds():
                return
            if not lives or time.monotonic() > deadline:
                raise AssertionError(f"{what}: {'the program has ended' if not lives else f'not in {timeout} s'}{self}")
            time.sleep(POLL_SECONDS)

    def reach(self, cell: Cell, alive: Callable[[], bool], timeout: float = 90) -> None:
        """Wait for the cell's moment, or for the end of its step where that comes first."""
        step = cell.step

        def reached() -> bool:
            if self.find(event="end") or self.find(event="outcome", what="step", step=step):
                return True
            begun = self.find(event="intent", what="step", step=step)
            if cell.at is At.MIDDLE and step in cell.job.looks:
                return bool(begun) and time.time() - begun[-1]["epoch"] > LOOKING_SECONDS
            return bool({At.BEGINNING: begun, At.MIDDLE: self._acts(cell), At.END: ()}[cell.at])

        self.until(reached, timeout, f"the {cell.at.value} of step {step}", alive)
        assert self.find(event="intent", what="step", step=step), f"the run never came to step {step}{self}"

    def _acts(self, cell: Cell) -> list[Record]:
        """The acts that make the middle of the cell's step."""
        acts = self.find(event="intent", what="act", step=cell.step)
        return [each for each in acts if cell.step not in cell.job.restarts or RESTART in each["text"]]

    @property
    def end(self) -> Record | None:
        """How the run ended, if it did."""
        found = self.find(event="end")
        return found[-1] if found else None

    def __str__(self) -> str:
        """What is written, a line each, for a failing test."""
        told = [
            f"  {each['epoch']:.3f} {each['event']} {each.get('what', '')} step {each['step']} {each['server']}"
            f" ok={each['ok']} {each['text'][:160]}"
            for each in self.look()
        ]
        return "\nthe audit log:\n" + "\n".join(told or ["  empty"])


class Lateness(threading.Thread):
    """How late this machine runs a thread that wants to run every 10 ms: what a loaded one adds to every deadline."""

    def __init__(self) -> None:
        super().__init__(daemon=True, name="lateness")
        self._late: list[tuple[float, float]] = []
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self.join()

    def run(self) -> None:
        """Until told to stop."""
        while not self._stopped.is_set():
            before = time.monotonic()
            time.sleep(0.01)
            late = time.monotonic() - before - 0.01
            if late > 0.002:
                self._late.append((time.time(), late))

    def worst(self, since: float, until: float) -> float:
        """The longest wait between two moments (epoch seconds)."""
        return max((late for at, late in tuple(self._late) if since <= at <= until), default=0.0)
