"""The fault matrix on the real pair: what is said and by when, nothing stale looks fresh, all comes back, nothing is left."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor

import pytest

from tests.lab.faults.run import Result, run_named
from tests.lab.faults.table import GROUPS

pytestmark = [pytest.mark.lab, pytest.mark.second_try("each fault must be named within ten seconds of its cause")]
AT_ONCE = 4
"""Labs at the same time: most of a fault is waiting."""
LIMIT_SECONDS = 600
NAMES = [fault.name for group in GROUPS for fault in group.faults]
Running = dict[str, "Future[list[Result]]"]


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    """The groups of the faults that are wanted, each in a process of its own; the longest begin first."""
    wanted = frozenset(
        name for name in NAMES if any(each.name == f"test_fault[{name}]" for each in request.session.items)
    )
    with ProcessPoolExecutor(AT_ONCE, multiprocessing.get_context("spawn")) as pool:
        found: Running = {}
        for group in sorted(GROUPS, key=lambda each: -sum(5 + fault.hold for fault in each.faults)):
            if names := wanted & {each.name for each in group.faults}:
                found |= dict.fromkeys(names, pool.submit(run_named, group.name, names))
        yield found


@pytest.mark.timeout(LIMIT_SECONDS)
@pytest.mark.parametrize("name", NAMES)
def test_fault(name: str, running: Running, request: pytest.FixtureRequest) -> None:
    """One row of the table; where the group had to try it twice, pytest does so, too, and names it at the end."""
    result = next(each for each in running[name].result(LIMIT_SECONDS) if each.name == name)
    first = getattr(request.node, "execution_count", 1) == 1
    assert not (first and result.before), result.before
    assert not result.trouble, result.trouble
    print(f"said after {result.said_after:.1f} s, back after {result.back_after:.1f} s")


def test_the_table_is_whole() -> None:
    """At least forty faults, no name twice."""
    assert len(set(NAMES)) == len(NAMES) >= 40
