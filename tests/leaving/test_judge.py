"""The sample covers what it says, and each judgement can fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.leaving import judge
from tests.leaving.cells import JOBS, SHUTDOWN, WAYS, At, Cell, cells
from tests.leaving.trail import Lateness, Trail
from tests.leaving.ways import Left

RUN: tuple[dict[str, Any], ...] = (
    {"event": "begin", "step": 0, "epoch": 100.0},
    {"event": "intent", "what": "step", "step": 1, "epoch": 100.1},
    {"event": "intent", "what": "act", "step": 1, "epoch": 100.1},
    {"event": "outcome", "what": "act", "step": 1, "epoch": 100.2, "ok": True},
    {"event": "outcome", "what": "step", "step": 1, "epoch": 101.0, "ok": True},
    {"event": "end", "step": 0, "epoch": 101.1, "outcome": "interrupted", "ok": False},
)
STEP_2: dict[str, Any] = {"event": "intent", "what": "step", "step": 2, "epoch": 101.05}


def trail(tmp_path: Path, *records: dict[str, Any]) -> Trail:
    """A log with these lines."""
    path = tmp_path / "audit.jsonl"
    common = {"run": "1", "server": "dhcp2", "text": "words", "ok": None}
    path.write_text("".join(json.dumps(common | each) + "\n" for each in records))
    return Trail(path)


def cell(way: str = "SIGTERM", program: str = "do") -> Cell:
    """One of a shutdown's."""
    return Cell(0, 0, SHUTDOWN, program, way, 1, At.MIDDLE, roll_back=False)


@pytest.mark.parametrize("seed", range(30))
def test_sixty_cells_have_every_action_and_every_way(seed: int) -> None:
    """Any seed will do; the same one makes the same cells, also as the beginning of a longer sample."""
    sample = cells(seed, 60)
    assert {each.job for each in sample} == set(JOBS)
    assert {(each.program, each.way) for each in sample} == set(WAYS)
    assert len({each.place for each in sample}) == 60
    assert sample == cells(seed, 300)[:60]


def test_the_longest_sample_is_everything() -> None:
    """No more than there is."""
    assert len(cells(1, 10**6)) == sum(job.steps for job in JOBS) * len(At) * len(WAYS)


def test_a_late_step(tmp_path: Path) -> None:
    """A step is late 100 ms after the leaving, and not before; a full disk is known only at the next line."""
    log = trail(tmp_path, *RUN, STEP_2)
    machine = Lateness()
    assert judge.late_steps(cell(), log, Left(100.99), machine) == []
    assert "step 2 (words) began 0.550 s after it was left" in judge.late_steps(cell(), log, Left(100.5), machine)[0]
    assert judge.late_steps(cell(), log, Left(100.5, leaves=False), machine) == []
    assert judge.late_steps(cell(), log, Left(100.5, at_next_word=True), machine) == []
    machine._late.append((100.6, 0.2))
    assert judge.late_steps(cell(), log, Left(100.5), machine) == []


def test_a_log_with_a_gap(tmp_path: Path) -> None:
    """Each thing that a whole one has is missed."""
    assert judge.whole(cell(), trail(tmp_path, *RUN)) == []
    assert judge.whole(cell(), trail(tmp_path)) == ["the audit log does not start with a begin"]
    assert judge.whole(cell(), trail(tmp_path, *RUN[:-1])) == ["no end in the audit log"]
    assert judge.whole(cell("SIGKILL"), trail(tmp_path, *RUN[:-1])) == []
    assert judge.whole(cell(), trail(tmp_path, *RUN[:4], RUN[5])) == ["steps [1] have no outcome"]
    assert "after the end" in judge.whole(cell(), trail(tmp_path, *RUN, RUN[4]))[0]
    assert judge.whole(cell(), trail(tmp_path, *RUN, {**RUN[2], "run": "2", "step": 0})) == []
    assert "more than one run" in judge.whole(cell(), trail(tmp_path, *RUN, RUN[0]))[0]
    torn = trail(tmp_path, *RUN)
    torn.path.write_bytes(torn.path.read_bytes() + b'{"half":\n')
    assert "a torn line" in judge.whole(cell(), torn)[0]


@pytest.mark.parametrize(
    ("outcome", "way", "program", "allowed"),
    [
        ("interrupted", "SIGTERM", "do", {2}),
        ("interrupted", "SIGINT", "do", {130}),
        ("interrupted", "Ctrl-C twice", "console", {130}),
        ("verified", "q twice", "console", {0}),
        ("failed", "SIGHUP", "do", {2}),
        ("interrupted", "SIGKILL", "do", {-9}),
    ],
)
def test_exit_codes(tmp_path: Path, outcome: str, way: str, program: str, allowed: set[int]) -> None:
    """By outcome and way; any other is told."""
    log = trail(tmp_path, *RUN[:-1], RUN[-1] | {"outcome": outcome})
    assert judge.allowed_codes(cell(way, program), log) == allowed
    assert judge.exit_code(cell(way, program), log, 77) != []
    assert judge.exit_code(cell(way, program), log, None) == []


def test_complaints() -> None:
    """Python's own words are found in what was said; ours are not."""
    assert judge.complaints("Interrupted after step 1 of 2.\nNext: take it back") == []
    for said in ("Traceback (most recent call last):", "Task was destroyed but it is pending!"):
        assert said in judge.complaints("before\n" + said + "\nafter")[0]
    assert judge.complaints("ERROR:asyncio:Task exception was never retrieved\nfuture: <Task") != []


def test_held_for_a_moment(tmp_path: Path) -> None:
    """Who was stopped and continued has not left."""
    assert judge.held_only(trail(tmp_path, *RUN), Left(100.5)) == []
    assert judge.held_only(trail(tmp_path, *RUN), Left(100.5, leaves=False)) != []
