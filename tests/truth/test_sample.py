"""The sample repeats itself by its seed, fills its time, and reaches every row; a row that is known to be red must be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.model.role import Role
from tests.truth import play
from tests.truth.judge import ASPECTS
from tests.truth.record import Record, Stretch, Tick
from tests.truth.rows import TABLE, Row
from tests.truth.sample import RED, sample


def test_forty_sequences_and_more_each_with_a_name_of_its_own() -> None:
    """What is known to be red names aspects that exist."""
    assert len(TABLE) >= 40
    assert len({row.name for row in TABLE}) == len(TABLE)
    assert {aspect for row in TABLE for aspect in (*row.red, *row.unseen)} | set(RED) <= set(ASPECTS)


def test_a_seed_repeats_its_sample() -> None:
    """By name and order; another one has another."""
    names = [[str(case) for case in sample(seed, 300)] for seed in (7, 7, 8)]
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize("seconds", [60, 300, 3600])
def test_a_sample_fills_its_time(seconds: float) -> None:
    """And some of it is made up."""
    cases = sample(3, seconds)
    took = sum(case.row.seconds for case in cases)
    assert seconds - 80 < took <= seconds
    assert len({str(case) for case in cases}) == len(cases)


def test_a_soak_has_all_of_the_table() -> None:
    """And made-up ones for the rest of its time."""
    cases = sample(1, 6000)
    assert {row.name for row in TABLE} <= {case.row.name for case in cases}
    assert any(case.row.name.startswith("made up") for case in cases)


def _record(served: bool) -> Record:
    ticks = [Tick(at / 4, frozenset(Role) if served else frozenset()) for at in range(40)]
    return Record(ticks=ticks, stretches=[Stretch(0, 10, dict.fromkeys(Role, True))])


@pytest.mark.parametrize(
    ("red", "served", "ends"),
    [
        ({}, True, None),
        ({}, False, AssertionError),
        ({"report": "item 1"}, False, pytest.xfail.Exception),
        ({"report": "item 1"}, True, AssertionError),
        ({"fine": "item 9"}, False, AssertionError),
    ],
)
def test_what_is_known_to_be_red_must_be_red(
    monkeypatch: pytest.MonkeyPatch, red: dict[str, str], served: bool, ends: type[BaseException] | None
) -> None:
    """Green where red is expected fails as well, so that the mark goes with the fault."""
    monkeypatch.setattr(play, "watch", lambda row: _record(served))
    row = replace(Row("a row", lambda stage: None), red=red)
    if ends is None:
        play.play(row)
        return
    with pytest.raises(ends):
        play.play(row)
