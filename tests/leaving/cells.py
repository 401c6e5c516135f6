"""What is tried: which action, at which moment of which step it is left, and how. A seeded sample of all there is."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from enum import Enum

from dhcptui.model.action import Action


@dataclass(frozen=True, slots=True)
class Job:
    """An action as it is confirmed on the lab's pair."""

    name: str
    action: Action
    steps: int
    key: str
    """In the console."""
    typed: str
    choice: str = ""
    """The key that chooses the acting server, where both could act."""
    server: str = ""
    """For `do`."""
    looks: frozenset[int] = frozenset()
    """Steps that announce no act before they end."""
    restarts: frozenset[int] = frozenset()
    """Steps whose restart comes after other acts: there the middle is the restart."""


SYNC = Job("sync-restart", Action.SYNC_RESTART, 9, "R", "office", restarts=frozenset({7, 8}))
SYNC_BAD = Job("sync-restart that fails", Action.SYNC_RESTART, 7, "R", "office", restarts=frozenset({7}))
PARTNER_DOWN = Job("partner-down", Action.PARTNER_DOWN, 3, "P", "dhcp2", "", "dhcp1", frozenset({1}))
SHUTDOWN = Job("shutdown", Action.SHUTDOWN, 3, "S", "dhcp2", "2", "dhcp2", frozenset({1}))
HAND_OVER = Job("hand-over", Action.HAND_OVER, 2, "H", "dhcp2", "2", "dhcp2", frozenset({1}))
TAKE_BACK = Job("take-back", Action.TAKE_BACK, 2, "H", "office", "", "dhcp1")
START = Job("start", Action.START, 3, "U", "dhcp2", "", "dhcp2", frozenset({1, 3}))
RESCUE = Job("rescue", Action.RESCUE, 7, "X", "dhcp1", "", "dhcp1", frozenset({1, 7}))
JOBS = (SYNC, SYNC_BAD, PARTNER_DOWN, SHUTDOWN, HAND_OVER, TAKE_BACK, START, RESCUE)


class At(Enum):
    """A moment of a step, as the audit log tells it."""

    BEGINNING = "beginning"
    """Its intent is written."""
    MIDDLE = "middle"
    """Its first act (or its restart) is announced; where it only looks, a moment after its intent."""
    END = "end"
    """Its outcome is written."""


CONSOLE_WAYS = (
    "SIGHUP",
    "SIGTERM",
    "SIGQUIT",
    "SIGINT",
    "SIGINT twice",
    "q twice",
    "Ctrl-C twice",
    "closed pty",
    "lost line",
    "deaf, q twice",
    "deaf, SIGTERM",
    "falls silent, q twice",
    "stalled, q twice",
    "stalled, SIGTERM",
    "tmux kill-session",
    "ssh killed",
    "SIGSTOP and CONT",
    "SIGKILL",
)
DO_WAYS = (
    "SIGHUP",
    "SIGTERM",
    "SIGQUIT",
    "SIGINT",
    "SIGINT twice",
    "SIGINT three times",
    "closed pipe",
    "closed pipe, stderr too",
    "full disk",
    "ssh killed",
    "SIGSTOP and CONT",
    "SIGKILL",
)
WAYS = (*(("console", way) for way in CONSOLE_WAYS), *(("do", way) for way in DO_WAYS))


@dataclass(frozen=True, slots=True)
class Cell:
    """One try."""

    seed: int
    number: int
    job: Job
    program: str
    way: str
    step: int
    at: At
    roll_back: bool
    """The way on that is tried where both are offered: roll back instead of resume."""

    def __str__(self) -> str:
        """For the test's name: all that is needed to find it again."""
        words = (
            f"seed {self.seed} {self.number} {self.job.name} {self.program} {self.way} step {self.step} {self.at.value}"
        )
        return words.replace(",", "").replace(" ", "-")

    @property
    def place(self) -> tuple[str, str, str, int, At]:
        """What makes it differ from every other cell."""
        return self.job.name, self.program, self.way, self.step, self.at


def cells(seed: int, count: int) -> list[Cell]:
    """A sample without repetition: every action in any 8 in a row, every way in any 30, both in any order."""
    chance = random.Random(seed)  # noqa: S311 - a sample
    jobs: list[Job] = []
    ways: list[tuple[str, str]] = []
    made: dict[tuple[str, str, str, int, At], Cell] = {}
    most = sum(job.steps for job in JOBS) * len(At) * len(WAYS)
    while len(made) < min(count, most):
        jobs = jobs or chance.sample(JOBS, len(JOBS))
        ways = ways or chance.sample(WAYS, len(WAYS))
        job, (program, way) = jobs.pop(), ways.pop()
        step, at, back = chance.randint(1, job.steps), chance.choice(list(At)), chance.random() < 0.5
        cell = Cell(seed, len(made), job, program, way, step, at, back)
        made.setdefault(cell.place, cell)
    return list(made.values())


FILES = 6
"""Test files that share the cells, so that several workers do (`--dist loadfile`)."""


def share(file: int) -> list[Cell]:
    """The cells of one test file: 60 in all, or as the environment says."""
    seed = int(os.environ.get("DHCPTUI_LEAVING_SEED", "1"))
    count = int(os.environ.get("DHCPTUI_LEAVING_CELLS", "60"))
    return cells(seed, count)[file::FILES]
