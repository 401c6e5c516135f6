"""Which pairs stand in the fleet's table and in which order, and when one is judged again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.verdict import Level
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.ui.fleet_board import AT_A_TIME, OK_SECONDS, Board, Choice, Heading, Sort, arrange, renewed, signs
from dhcptui.ui.render.fleet import layout, row, titles
from dhcptui.ui.style import ASCII, UNICODE, Glyphs
from tests.ui.feed import FakeClock, both_stopped, healthy, one_down
from tests.ui.fleet_feed import ScriptedFleet, scripted, settings

PAIRS = {"lan": healthy(), "opt1": one_down(), "opt2": None, "wan": both_stopped(), "dmz": healthy()}


def board(pairs: dict[str, PairSnapshot | None], clock: FakeClock, **groups: str) -> tuple[Board, ScriptedFleet]:
    """A board of these pairs, and what feeds it."""
    fleet = scripted(pairs, clock)
    return Board(fleet.consoles, [settings(name, group=groups.get(name, "")) for name in pairs], clock), fleet


def shown(known: Board, choice: Choice) -> list[str]:
    """The rows; headings in brackets."""
    items = arrange(known.standings.values(), choice)
    return [f"[{item.group}]" if isinstance(item, Heading) else item.name for item in items]


def test_what_was_not_read_is_neither_ok_nor_last() -> None:
    """Critical, unknown, warning, ok; the worst of all is the title's."""
    known, _ = board(PAIRS, FakeClock())
    assert shown(known, Choice()) == ["wan", "opt2", "opt1", "lan", "dmz"]
    assert known.counts() == {Level.OK: 2, Level.WARNING: 1, Level.CRITICAL: 1, Level.UNKNOWN: 1}
    assert (known.level, known.worst.name) == (Level.CRITICAL, "wan")
    alone, _ = board({"lan": healthy(), "opt2": None}, FakeClock())
    assert (alone.level, alone.worst.name) == (Level.UNKNOWN, "opt2")


def test_others_are_all_but_the_own_pair() -> None:
    """How many are not ok, and the worst by name."""
    known, _ = board(PAIRS, FakeClock())
    assert (known.others("lan").wrong, known.others("lan").worst, known.others("lan").level) == (
        3,
        "wan",
        Level.CRITICAL,
    )
    assert (known.others("wan").wrong, known.others("wan").worst, known.others("wan").level) == (
        2,
        "opt2",
        Level.UNKNOWN,
    )
    fine, _ = board({"lan": healthy(), "dmz": healthy(), "wan": both_stopped()}, FakeClock())
    assert fine.others("wan").wrong == 0


@pytest.mark.parametrize(
    ("choice", "rows"),
    [
        (Choice(), ["wan", "opt2", "opt1", "[hq]", "lan", "[]", "dmz"]),
        (Choice(sort=Sort.GROUP), ["[far]", "wan", "[]", "opt2", "dmz", "[hq]", "opt1", "lan"]),
        (Choice(sort=Sort.NAME), ["dmz", "lan", "opt1", "opt2", "wan"]),
        (Choice(sort=Sort.CONFIGURED), ["lan", "opt1", "opt2", "wan", "dmz"]),
        (Choice(only_problems=True), ["wan", "opt2", "opt1"]),
        (Choice(words="OPT warning"), ["opt1"]),
        (Choice(words="hq"), ["opt1", "[hq]", "lan"]),
        (Choice(words="nothing is so"), []),
        (Choice(marked=frozenset({"dmz"}), only_problems=True, words="wan"), ["dmz", "wan"]),
    ],
)
def test_the_table_is_what_was_chosen(choice: Choice, rows: list[str]) -> None:
    """Sorting, filters and marks."""
    known, _ = board(PAIRS, FakeClock(), lan="hq", opt1="hq", wan="far")
    assert shown(known, choice) == rows


def test_a_heading_counts_the_whole_group() -> None:
    """Also those of its pairs that are not shown below it."""
    known, _ = board(PAIRS, FakeClock(), lan="hq", opt1="hq", wan="hq")
    headings = [item for item in arrange(known.standings.values(), Choice()) if isinstance(item, Heading)]
    assert headings[0] == Heading("hq", (Level.CRITICAL, Level.WARNING, Level.OK))


def test_a_table_held_still_has_the_newest_values() -> None:
    """The same rows in the same order."""
    clock = FakeClock()
    known, fleet = board({"lan": healthy(), "dmz": healthy()}, clock)
    items = arrange(known.standings.values(), Choice())
    known.take({"dmz": replace(both_stopped(), pair="dmz")}, {})
    assert known.judge() == {"dmz"}
    again = renewed(items, known.standings)
    assert [item.name for item in again if not isinstance(item, Heading)] == ["lan", "dmz"]
    assert again[1] is known.standings["dmz"]
    assert fleet.consoles["dmz"].clock is clock


def test_only_what_moved_or_grew_old_is_judged() -> None:
    """A poll that tells the same again waits; a state that changed does not; what tells nothing more is judged by time."""
    clock = FakeClock()
    known, _ = board({f"b{number}": healthy() for number in range(60)}, clock)
    clock.forward(1)
    again = {name: replace(healthy(clock.mono), pair=name) for name in known.standings}
    known.take(again, {})
    assert known.judge() == frozenset()
    assert signs(again["b3"]) == signs(healthy())
    known.take({"b3": replace(one_down(clock.mono), pair="b3")}, {})
    assert known.judge() == {"b3"}
    clock.forward(OK_SECONDS)
    judged = [known.judge() for _ in range(3)]
    assert len(judged[0]) == len(judged[1]) == AT_A_TIME
    assert frozenset().union(*judged) == set(known.standings)


@pytest.mark.parametrize("width", [60, 78, 99, 100, 118, 160, 198])
@pytest.mark.parametrize("drawn", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_every_row_is_as_wide_as_the_table(width: int, drawn: Glyphs) -> None:
    """Whatever stands in it; columns stand below their titles."""
    known, _ = board({**PAIRS, "a pair with a name that is far too long 広い": one_down()}, FakeClock())
    columns = layout(width, list(known.standings), acting=True)
    wide = {titles(columns, width, drawn).cell_length}
    for standing in known.standings.values():
        wide |= {row(standing, columns, width, drawn, here=here, marked=here).cell_length for here in (True, False)}
    assert wide == {width}
