"""Which sequences a run tries: a seeded sample of the table and of sequences made up by the seed, for so many seconds.

DHCPTUI_TRUTH_SEED=N repeats a sample, DHCPTUI_TRUTH_SECONDS=3600 makes a soak of it (300 s are tried otherwise). Without
a seed each run of pytest has its own; it stands in the name of each test.
"""

from __future__ import annotations

import os
import random
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from dhcptui.model.role import Role
from tests.truth import rows
from tests.truth.rows import TABLE, Row, Step
from tests.truth.stage import Stage

P, Q = Role.PRIMARY, Role.SECONDARY
SECONDS = 300.0
FILES = 4
"""Test files that share the sample, so that several workers do (`--dist loadfile`)."""
EVERY = 5
"""One sequence in so many is made up."""
RED: dict[str, str] = {}
"""Aspects that a made-up sequence may find wrong until somebody mends them: aspect -> item."""


@dataclass(frozen=True, slots=True)
class Case:
    """One try."""

    seed: int
    number: int
    row: Row

    def __str__(self) -> str:
        """For the test's name: all that is needed to find it again."""
        return f"seed-{self.seed}-{self.number}-{self.row}"


@dataclass(frozen=True, slots=True)
class _Fault:
    """Something that can be done at any time, and undone. `least`, `most`: seconds in between."""

    name: str
    cause: Callable[[Stage], object]
    cure: Callable[[Stage], object]
    least: float
    most: float


def _each(name: str, cause: str, cure: str, least: float, most: float) -> Iterator[_Fault]:
    for role, server in ((P, "dhcp1"), (Q, "dhcp2")):
        yield _Fault(f"{name} {server}", rows.on(role, cause), rows.on(role, cure), least, most)


FAULTS: tuple[_Fault, ...] = (
    *_each("kill -9", "kill", "restart", 1, 10),
    *_each("SIGTERM", "terminate", "restart", 1, 10),
    *_each("SIGSTOP", "pause", "resume", 1, 12),
    *_each("sshd stops", "stop_sshd", "start_sshd", 2, 9),
    _Fault("cut between them", rows.cut("primary", "secondary"), rows.heal, 2, 16),
    _Fault("cut one way between them", rows.cut("secondary", "primary", None, True), rows.heal, 2, 16),
    _Fault("failover port cut", rows.cut("primary", "secondary", 520), rows.heal, 2, 16),
    _Fault("console cut off from dhcp1", rows.cut("operator", "primary"), rows.heal, 2, 9),
    _Fault("console cut off from dhcp2", rows.cut("operator", "secondary"), rows.heal, 2, 9),
    _Fault("both killed", rows.both("kill"), rows.both("restart", Q, P), 1, 8),
)


def made_up(seed: int, number: int) -> Row:
    """Two faults, the second sometimes in the midst of the first; then all is mended."""
    chance = random.Random(seed * 1000 + number)  # noqa: S311 - a sample
    one, two = chance.sample(FAULTS, 2)
    nested = (
        chance.random() < 0.4 and one.name.split()[-1] != two.name.split()[-1] and "both" not in one.name + two.name
    )
    first, second = chance.uniform(one.least, one.most), chance.uniform(two.least, two.most)
    pause = chance.uniform(0.5, 4)
    cause_two = (two.name, two.cause, second)
    steps: tuple[Step, ...]
    if nested:
        steps = ((one.name, one.cause, min(first, 4.0)), cause_two, ("both mended", _mend(two, one), pause))
    else:
        between = (f"end of {one.name}", one.cure, pause)
        steps = ((one.name, one.cause, first), between, cause_two, (f"end of {two.name}", two.cure, pause))
    story = rows.steps(*rows.QUIET, *steps, ("both normal", rows.normal, 3))
    return Row(f"made up: {one.name}, {two.name}", story, 25 + first + second + pause, tolerated=RED)


def _mend(*faults: _Fault) -> Callable[[Stage], None]:
    def deed(stage: Stage) -> None:
        for fault in faults:
            fault.cure(stage)

    return deed


def sample(seed: int, seconds: float) -> list[Case]:
    """Rows of the table in the seed's order, every fifth sequence made up, until the time is full."""
    table = random.Random(seed).sample(TABLE, len(TABLE))  # noqa: S311 - a sample
    cases: list[Case] = []
    for number in count():
        row = made_up(seed, number) if number % EVERY == 2 or not table else table.pop()
        seconds -= row.seconds
        if seconds < 0 and cases:
            return cases
        cases.append(Case(seed, number, row))
    return cases


def the_seed() -> int:
    """As the environment says; else one that all workers of this run have in common, and no other run."""
    if given := os.environ.get("DHCPTUI_TRUTH_SEED"):
        return int(given)
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(time.time())
    return zlib.crc32(run.encode()) % 100_000


_SEED = the_seed()


def share(file: int) -> list[Case]:
    """The cases of one test file."""
    return sample(_SEED, float(os.environ.get("DHCPTUI_TRUTH_SECONDS", SECONDS)))[file::FILES]
