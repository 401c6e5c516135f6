"""Views of a log: filters, find, next problem, both logs on one clock; bounded, and cheap to feed."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.logs.view import (
    Entry,
    LogView,
    Match,
    MergedView,
    client,
    client_words,
    containing,
    problems,
    transitions,
)
from dhcptui.model.log_line import LineKind, LogLine
from dhcptui.model.role import Role
from tests.unit.test_loglines import DISCOVER, judged

P, Q = Role.PRIMARY, Role.SECONDARY
MOVE = judged("failover peer foo: I move from normal to communications-interrupted")
BAD = judged("Unable to record current failover state for foo")
LINK = judged("peer foo: disconnected")
NOISE = judged(DISCOVER)
LINES = [MOVE, BAD, LINK, NOISE]


def at(stamp: float | None, text: str = "x") -> LogLine:
    """A line of this time."""
    return LogLine(stamp, "--:--:--", text, 1, LineKind.ROUTINE)


def texts(entries: Sequence[Entry]) -> list[str]:
    """What stands there."""
    return [entry.line.text for entry in entries]


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("00:16:3e:11:22:33", "00:16:3e:11:22:33"),
        ("00-16-3E-11-22-33", "00:16:3e:11:22:33"),
        ("0:16:3e:1:22:3", "00:16:3e:01:22:03"),
        ("0016.3e11.2233", "00:16:3e:11:22:33"),
        ("00163E112233", "00:16:3e:11:22:33"),
        (" 10.0.0.7 ", "10.0.0.7"),
        ("010.000.000.007", "10.0.0.7"),
        ("10.0.0.256", None),
        ("10.0.0", None),
        ("00:16:3e:11:22", None),
        ("laptop", None),
        ("0016.3e11.22", None),
        ("001:63:e1:12:23:3", None),
        ("", None),
    ],
)
def test_spellings_of_a_client(typed: str, written: str | None) -> None:
    """Every usual spelling means the one that dhcpd writes; what is no address is none."""
    assert client_words(typed) == written
    assert (client(typed) is None) == (written is None)


@pytest.mark.parametrize(
    ("typed", "text", "found"),
    [
        ("10.0.0.1", "DHCPACK on 10.0.0.1 to 00:16:3e:11:22:33 via eth0", True),
        ("10.0.0.1", "DHCPACK on 10.0.0.10 to 00:16:3e:11:22:33 via eth0", False),
        ("10.0.0.1", "DHCPACK on 210.0.0.1 to 00:16:3e:11:22:33 via eth0", False),
        ("10.0.0.1", "Lease conflict at 10.0.0.1.", True),
        ("10.0.0.1", "balancing pool 55d0 10.0.0.1.2", False),
        ("10.0.0.7", "bind update on 10.0.0.7 from foo rejected: unknown IP address", True),
        ("0016.3e11.2233", "DHCPDISCOVER from 00:16:3e:11:22:33 (laptop) via eth0", True),
        ("0016.3e11.2233", "DHCPDISCOVER from 00:16:3e:11:22:33:44 via eth0", False),
        ("0016.3e11.2233", "DHCPDISCOVER from 00:16:3e:11:22:34 via eth0", False),
    ],
)
def test_one_client(typed: str, text: str, found: bool) -> None:
    """Whole addresses only."""
    match = client(typed)
    assert match is not None
    assert match(at(1.0, text)) is found


def test_filters() -> None:
    """Transitions; warnings and worse; a plain text, never a pattern."""
    assert [transitions(line) for line in LINES] == [True, False, False, False]
    assert [problems(line) for line in LINES] == [False, True, False, False]
    assert [containing("FAILOVER")(line) for line in LINES] == [True, True, False, False]
    assert not containing("f.o")(LINK)


def test_next_and_previous() -> None:
    """From anywhere, by places; none beyond the ends."""
    view = LogView()
    places = [view.add(P, line).place for line in [NOISE, BAD, NOISE, BAD, NOISE]]
    pick = view.pick(problems)
    first, second = pick.entries
    assert (first.place, second.place) == (places[1], places[3])
    assert pick.after(None) == first
    assert pick.after(places[0]) == first
    assert pick.after(first.place) == second
    assert pick.after(second.place) is None
    assert pick.before(None) == second
    assert pick.before(second.place) == first
    assert pick.before(places[2]) == first
    assert pick.before(first.place) is None


@given(st.lists(st.sampled_from(LINES), max_size=60), st.integers(0, 60), st.integers(4, 20))
def test_a_pick_is_what_a_search_would_find(lines: list[LogLine], made_at: int, limit: int) -> None:
    """Kept up to date line by line, wherever it was made, and however much was forgotten meanwhile."""
    view = LogView(limit)
    matches: list[Match] = [transitions, problems, containing("foo")]
    picks = []
    for number, line in enumerate(lines):
        if number == made_at:
            picks = [view.pick(match) for match in matches]
        view.add(P, line)
        assert len(view.entries) <= limit + limit // 4
    assert texts(view.entries) == [line.text for line in lines[len(lines) - len(view.entries) :]]
    for pick in picks:
        assert pick.entries == [entry for entry in view.entries if pick.match(entry.line)]


def test_a_dropped_pick_takes_no_more() -> None:
    """And costs nothing any more."""
    view = LogView()
    pick = view.pick(problems)
    view.add(P, BAD)
    view.drop(pick)
    view.add(P, BAD)
    assert len(pick) == 1


LOG = st.lists(st.tuples(st.floats(0, 50) | st.none(), st.integers(0, 999)), max_size=25)


def rising(log: list[tuple[float | None, int]]) -> list[LogLine]:
    """A server's log: its own times never step back."""
    stamps = iter(sorted(stamp for stamp, _ in log if stamp is not None))
    return [at(None if stamp is None else 1000 + next(stamps), str(number)) for stamp, number in log]


@given(LOG, LOG, st.floats(-90, 90), st.data())
def test_merged_by_corrected_time(
    one: list[tuple[float | None, int]], two: list[tuple[float | None, int]], offset: float, data: st.DataObject
) -> None:
    """However the lines of both come: each server's stay in their order, and all stand by corrected time."""
    view, whole = MergedView(), MergedView()
    for each in (view, whole):
        each.set_offset(Q, offset)
    logs = {
        P: rising(one),
        Q: [line._replace(stamp=line.stamp + offset) if line.stamp else line for line in rising(two)],
    }
    waiting = {role: list(lines) for role, lines in logs.items()}
    while any(waiting.values()):
        role = data.draw(st.sampled_from([role for role, lines in waiting.items() if lines]))
        view.add(role, waiting[role].pop(0))
    whole.fill(logs.items())
    for merged in (view, whole):
        for role, lines in logs.items():
            assert [entry.line for entry in merged.entries if entry.role is role] == lines
        times = [entry.line.stamp - (offset if entry.role is Q else 0) for entry in merged.entries if entry.line.stamp]
        assert times == pytest.approx(sorted(times), abs=1e-6)


def test_lines_without_a_time_stay_where_they_are() -> None:
    """Right after the line before them, whatever the other server says meanwhile."""
    view = MergedView()
    for role, line in [(P, at(10, "a")), (P, at(None, "b")), (P, at(20, "d")), (Q, at(15, "c")), (Q, at(None, "e"))]:
        view.add(role, line)
    assert texts(view.entries) == ["a", "b", "c", "e", "d"]


def test_a_wavering_offset_moves_no_line() -> None:
    """The same second, measured twice, keeps its order; a clock that was set back is believed."""
    view = MergedView()
    for offset, text in [(0.001, "first"), (0.004, "second")]:
        view.set_offset(P, offset)
        view.add(P, at(100, text))
    view.add(P, at(40, "clock set back"))
    assert texts(view.entries) == ["clock set back", "first", "second"]


def test_a_pick_of_a_merged_view_follows_late_lines() -> None:
    """A late line of the other server takes its place in the pick as well."""
    view = MergedView()
    pick = view.pick(containing("x"))
    for role, stamp in [(P, 10), (P, 30), (Q, 20)]:
        view.add(role, at(stamp, f"x{stamp}"))
    assert texts(pick.entries) == ["x10", "x20", "x30"]


def test_a_merged_view_is_bounded_too() -> None:
    """Both ways of filling it."""
    view = MergedView(8)
    view.fill([(P, [at(n) for n in range(20)]), (Q, [at(n + 0.5) for n in range(20)])])
    assert [entry.line.stamp for entry in view.entries] == [16, 16.5, 17, 17.5, 18, 18.5, 19, 19.5]
    for n in range(20, 60):
        view.add(P, at(n))
        assert len(view.entries) <= 10


def test_a_new_line_costs_the_same_in_a_long_log() -> None:
    """Amortised: a view that holds a hundred times as much makes no more calls for a line."""

    def calls_each(limit: int) -> float:
        view, calls = LogView(limit), 0
        view.pick(problems)
        for _ in range(limit):
            view.add(P, BAD)

        def count(_frame: object, event: str, _argument: object) -> None:
            nonlocal calls
            calls += event in {"call", "c_call"}

        sys.setprofile(count)
        try:
            for _ in range(2 * limit):
                view.add(P, BAD)
        finally:
            sys.setprofile(None)
        return calls / (2 * limit)

    assert calls_each(20_000) <= 1.5 * calls_each(200)
