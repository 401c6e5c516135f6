"""Who served when: never where nobody saw it, and the spans are the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.assess.history.service import Present, Sighting, Span, Witnesses, serving_spans
from dhcptui.logs.lease_file import FailoverRecord
from dhcptui.logs.lines import parse
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState

S, P, Q = FailoverState, Role.PRIMARY, Role.SECONDARY
T = 1_795_000_000.0
NORMAL = Present(True, S.NORMAL, S.NORMAL)
GONE = Present(False)
UNSEEN = Present()
Told = list[tuple[float, float, bool | None, bool | None]]


def line(after: float, text: str, pid: int | None = 26) -> LogLine:
    """One line of dhcpd's log, `after` seconds from T."""
    return parse(f"{T + after:.6f} dhcp1 dhcpd{f'[{pid}]' if pid else ''}: {text}", T)


def move(after: float, old: str, new: str, who: str = "I move", pid: int | None = 26) -> LogLine:
    """A transition."""
    return line(after, f"failover peer foo: {who} from {old} to {new}", pid)


def start(after: float, pid: int | None, saved: str = "normal") -> list[LogLine]:
    """What a start writes."""
    return [
        line(after, "Internet Systems Consortium DHCP Server 4.4.3-P1", pid),
        line(after, "Wrote 50 leases to leases file.", pid),
        move(after + 0.1, saved, "startup", pid=pid),
        line(after + 0.1, "Server starting service.", pid),
    ]


def serving(after: float, pid: int | None) -> list[LogLine]:
    """A whole start, 0.2 s until it is normal."""
    return [*start(after, pid), move(after + 0.2, "startup", "normal", pid=pid)]


def told(
    one: Sequence[LogLine] | None,
    two: Sequence[LogLine] | None,
    end: float,
    present: tuple[Present, Present],
    **more: Witnesses,
) -> Told:
    """(begin, end, primary, secondary), in seconds from T."""
    made = {
        P: replace(more.get("primary", Witnesses()), lines=one, present=present[0]),
        Q: replace(more.get("secondary", Witnesses()), lines=two, present=present[1]),
    }
    found = serving_spans(made, "foo", begin=T, end=T + end)
    assert found[0].begin == T
    assert found[-1].end == T + end
    assert all(a.end == b.begin for a, b in pairwise(found))
    return [(round(x.begin - T, 3), round(x.end - T, 3), x.primary, x.secondary) for x in found]


ALIVE = [line(-20, "failover peer foo: Both servers normal")]


def test_a_quiet_time_is_known_where_a_log_covers_it() -> None:
    """One life from before the window until now, without a move: it was as it is."""
    assert told(ALIVE, ALIVE, 100, (NORMAL, NORMAL)) == [(0, 100, True, True)]


def test_no_line_no_claim() -> None:
    """An empty log and one that was not read tell nothing, whatever is read over OMAPI now."""
    assert told([], ALIVE, 100, (NORMAL, NORMAL)) == [(0, 100, None, True)]
    assert told(None, None, 100, (NORMAL, NORMAL)) == [(0, 100, None, None)]


def test_before_the_first_line_nothing_is_known() -> None:
    """The pair may not have existed."""
    one = [line(40, "failover peer foo: Both servers normal")]
    assert told(one, ALIVE, 100, (NORMAL, NORMAL)) == [(0, 40, None, True), (40, 100, True, True)]


@pytest.mark.parametrize("pids", [(30, 31), (1, 1), (None, None)])
def test_a_killed_server_is_down_from_where_its_partner_noted_it(pids: tuple[int | None, int | None]) -> None:
    """Killed at 10, started at 60, whatever its pids are."""
    one = [
        *ALIVE,
        line(10, "peer foo: disconnected"),
        move(10, "normal", "communications-interrupted"),
        move(60.2, "communications-interrupted", "normal"),
    ]
    two = [move(-9, "recover-done", "normal", pid=pids[0]), *serving(60, pids[1])]
    assert told(one, two, 100, (NORMAL, NORMAL)) == [
        (0, 10, True, True), (10, 60.2, True, False), (60.2, 100, True, True),
    ]  # fmt: skip


def test_a_start_without_its_banner() -> None:
    """The pid stays 1 and the first lines are lost: the move to startup belongs to the new life, not to the old one."""
    two = [move(-9, "recover-done", "normal", pid=1), line(20, "DHCPACK on 10.0.0.9 to 02:00:00:00:00:01 via eth0", 1)]
    two += serving(60, 1)[2:]
    assert told(ALIVE, two, 100, (NORMAL, NORMAL)) == [
        (0, 20, True, True), (20, 60.1, True, None), (60.1, 60.2, True, False), (60.2, 100, True, True),
    ]  # fmt: skip


@pytest.mark.parametrize("pids", [(30, 31), (1, 1)])
def test_a_killed_server_nobody_missed(pids: tuple[int, int]) -> None:
    """Both killed: between its last line and its next start nothing is known."""
    two = [move(-9, "recover-done", "normal", pid=pids[0]), line(20, "Wrote 9 leases to leases file.", pids[0])]
    two += serving(60, pids[1])
    assert told(ALIVE, two, 100, (NORMAL, NORMAL)) == [
        (0, 20, True, True), (20, 60, True, None), (60, 60.2, True, False), (60.2, 100, True, True),
    ]  # fmt: skip


def test_an_end_with_a_word() -> None:
    """`exiting.` is an end: from there it is down."""
    two = [move(-9, "recover-done", "normal", pid=30), line(20, "exiting.", 30), *serving(60, 31)]
    assert told(ALIVE, two, 100, (NORMAL, NORMAL))[1] == (20, 60.2, True, False)


def test_it_is_down_now() -> None:
    """The end of the log is not the end of the story: the process is gone."""
    two = [move(-9, "recover-done", "normal", pid=30)]
    one = [line(-20, "failover peer foo: Both servers normal"), line(40, "peer foo: disconnected")]
    assert told(one, two, 100, (NORMAL, GONE)) == [(0, 40, True, True), (40, 100, True, False)]
    assert told(ALIVE, two, 100, (NORMAL, GONE)) == [(0, 100, True, None)]


def test_a_dhcpd_that_was_told_to_exit_is_not_known_to_serve() -> None:
    """It falls silent, loses its partner to that silence and ends: from its last word before on nothing is known of it."""
    lost = [line(30, "timeout waiting for failover peer foo", 30), line(30, "peer foo: disconnected", 30)]
    moved = move(30, "normal", "communications-interrupted", pid=30)
    client = line(18, "DHCPACK on 10.0.0.50 to 02:00:00:00:00:01 via eth0", 30)
    one = [*ALIVE, line(30, "timeout waiting for failover peer foo"), line(30, "peer foo: disconnected")]
    two = [move(-9, "recover-done", "normal", pid=30), client, *lost, moved, *serving(60, 31)]
    assert told(one, two, 100, (NORMAL, NORMAL)) == [
        (0, 18, True, True), (18, 60, True, None), (60, 60.2, True, False), (60.2, 100, True, True),
    ]  # fmt: skip
    later = line(31, "DHCPACK on 10.0.0.51 to 02:00:00:00:00:02 via eth0", 30)  # a cut, and an end afterwards
    two = [two[0], client, *lost, moved, later, *serving(60, 31)]
    assert told(one, two, 100, (NORMAL, NORMAL))[:2] == [(0, 31, True, True), (31, 60, True, None)]


def test_what_a_quiet_log_tells_of_such_an_end_is_bounded() -> None:
    """The two heard each other until max-response-delay before: a log without clients makes no hours of it unknown."""
    lost = [line(200, "timeout waiting for failover peer foo", 30), line(200, "peer foo: disconnected", 30)]
    two = [move(-9, "recover-done", "normal", pid=30), *lost, *serving(260, 31)]
    one = [*ALIVE, line(200, "timeout waiting for failover peer foo"), line(200, "peer foo: disconnected")]
    assert told(one, two, 300, (NORMAL, NORMAL))[:2] == [(0, 140, True, True), (140, 260, True, None)]


def test_a_cut_link_is_no_death() -> None:
    """Both note the silence: both go on serving."""
    both = [
        *ALIVE,
        line(30, "timeout waiting for failover peer foo"),
        line(30, "peer foo: disconnected"),
        move(30, "normal", "communications-interrupted"),
    ]
    alone = Present(True, S.COMMUNICATIONS_INTERRUPTED, S.NORMAL)
    assert told(both, both, 100, (alone, alone)) == [(0, 100, True, True)]


def test_a_held_server_is_not_known() -> None:
    """SIGSTOP: its partner met silence, and its own log says nothing of that until it goes on."""
    one = [
        *ALIVE,
        line(50, "timeout waiting for failover peer foo"),
        line(50, "peer foo: disconnected"),
        move(50, "normal", "communications-interrupted"),
        move(90, "communications-interrupted", "normal"),
    ]
    two = [
        *ALIVE,
        line(80, "peer foo: disconnected"),
        move(80, "normal", "communications-interrupted"),
        move(90, "communications-interrupted", "normal"),
    ]
    short = Witnesses(silence_seconds=20)
    found = told(one, two, 100, (NORMAL, NORMAL), primary=short, secondary=short)
    assert found == [(0, 30, True, True), (30, 80, True, None), (80, 100, True, True)]


def test_another_process_answers_now() -> None:
    """Its log ends long ago, in a state that fits: but the process is younger than that line."""
    now = replace(NORMAL, born=T + 70)
    assert told(ALIVE, ALIVE, 100, (NORMAL, now)) == [(0, 100, True, None)]
    assert told(ALIVE, ALIVE, 100, (NORMAL, replace(NORMAL, born=T - 900))) == [(0, 100, True, True)]


def test_a_state_that_the_log_does_not_know() -> None:
    """The log says normal and OMAPI something else: what lies between is not known."""
    two = [move(-9, "recover-done", "normal")]
    now = Present(False, S.RECOVER, S.PARTNER_DOWN)
    assert told(ALIVE, two, 100, (NORMAL, now)) == [(0, 100, True, None)]


def test_a_line_that_cannot_be_read_ends_what_is_known() -> None:
    """A hole in the log: the life goes on or it does not."""
    two = [move(-9, "recover-done", "normal"), line(30, "Wrote 9 leases to leases file.")]
    two += [parse("<30>1 2026-11-22 dhcp2 dhcpd 31 - - garbled", T), line(70, "failover peer foo: Both servers normal")]
    assert told(ALIVE, two, 100, (NORMAL, NORMAL)) == [
        (0, 30, True, True), (30, 70, True, None), (70, 100, True, True),
    ]  # fmt: skip
    assert told(ALIVE, two[:3], 100, (NORMAL, NORMAL)) == [(0, 30, True, True), (30, 100, True, None)]


def test_recorded_partner_down_silences() -> None:
    """Drained, then the partner dies: partner-down on both sides of its own record serves nobody."""
    one = [
        move(-5, "recover-done", "normal"),
        move(-4, "recover-done", "normal", "peer moves"),
        move(10, "normal", "shutdown"),
        move(10, "normal", "partner-down", "peer moves"),
        move(50, "shutdown", "partner-down"),
    ]
    now = Present(False, S.PARTNER_DOWN, S.PARTNER_DOWN)
    assert told(one, [], 100, (now, GONE))[-1] == (10, 100, False, None)


def test_a_configuration_test_is_not_the_server() -> None:
    """`dhcpd -t` writes into the same log: with a pid of its own, or beside a server whose pid is always 1."""
    for own, other in ((30, 99), (1, 1), (None, None)):
        one = [move(-9, "recover-done", "normal", pid=own)]
        one += [line(30, "Internet Systems Consortium DHCP Server 4.4.3-P1", other), line(30, "exiting.", other)]
        one += [line(31, "DHCPACK on 10.0.0.9 to 02:00:00:00:00:01 via eth0", own)]
        assert told(one, ALIVE, 100, (NORMAL, NORMAL)) == [(0, 100, True, True)]


def test_another_dhcpd_of_the_host_starts() -> None:
    """Its start is none of ours; where nothing of ours follows, it may have been."""
    other = [line(30, "Server starting service.", 99)]
    one = [move(-9, "recover-done", "normal"), *other, line(60, "failover peer foo: Both servers normal")]
    assert told(one, ALIVE, 100, (NORMAL, NORMAL)) == [(0, 100, True, True)]
    one = [move(-9, "recover-done", "normal"), line(5, "failover peer foo: Both servers normal"), *other]
    assert told(one, ALIVE, 100, (NORMAL, NORMAL)) == [(0, 5, True, True), (5, 100, None, True)]


def test_the_lease_file_tells_of_lost_lines() -> None:
    """A move that a rate-limited log has lost stands in the lease file."""
    one = [move(-9, "recover-done", "normal"), line(90, "failover peer foo: Both servers normal")]
    records = [
        FailoverRecord(S.RECOVER_DONE, T + 40, S.NORMAL, T + 40, None),
        FailoverRecord(S.NORMAL, T + 50, S.NORMAL, T + 50, None),
    ]
    assert told(one, ALIVE, 100, (NORMAL, NORMAL), primary=Witnesses(records=records)) == [
        (0, 40, True, True), (40, 50, False, True), (50, 100, True, True),
    ]  # fmt: skip


def test_what_a_console_saw() -> None:
    """It fills what no log tells; that dhcpd was gone, or silent, outweighs a log that says nothing of it."""
    seen = (
        Sighting(P, T + 10, T + 20, True),
        Sighting(P, T + 30, T + 40, False, gone=True),
        Sighting(P, T + 50, T + 60, None),
    )
    watched = Witnesses(sightings=seen)
    assert [each[:3] for each in told(None, ALIVE, 100, (NORMAL, NORMAL), primary=watched)] == [
        (0, 10, None), (10, 20, True), (20, 30, None), (30, 40, False), (40, 100, None),
    ]  # fmt: skip
    assert [each[:3] for each in told(ALIVE, ALIVE, 100, (NORMAL, NORMAL), primary=watched)] == [
        (0, 30, True), (30, 40, False), (40, 50, True), (50, 60, None), (60, 100, True),
    ]  # fmt: skip


# -- any past ---------------------------------------------------------------------------------------------------------

gaps = st.floats(0.5, 60)
past = st.lists(st.tuples(gaps, gaps, st.integers(0, 5)), min_size=0, max_size=6)
"""For each life: how long it was down before, how long it lived, how many lines it wrote while it served."""


def written(
    lives: list[tuple[float, float, int]], pid: int | None, first: float
) -> tuple[list[LogLine], list[tuple[float, float]]]:
    """A log, and (first line, last line) of each life."""
    lines: list[LogLine] = []
    signs = []
    at = first
    for index, (down, lived, more) in enumerate(lives):
        at += down
        number = pid if pid is None or pid == 1 else pid + index
        begin = at
        lines += serving(at, number)
        last = at + 0.2
        for _ in range(more):
            last = min(last + lived / (more + 1), at + lived)
            lines.append(line(last, "DHCPACK on 10.0.0.9 to 02:00:00:00:00:01 via eth0", number))
        signs.append((begin, last))
        at += max(lived, 0.3)
    return lines, signs


@given(past, past, st.sampled_from([1, 30, None]), st.floats(-50, 50), st.sampled_from([NORMAL, GONE, UNSEEN]))
def test_nothing_is_served_without_a_sign_of_life(
    one: list[tuple[float, float, int]],
    two: list[tuple[float, float, int]],
    pid: int | None,
    first: float,
    now: Present,
) -> None:
    """Whatever was: the spans are the window, and who is said to have served was alive before and after."""
    logs = [written(lives, pid, first) for lives in (one, two)]
    found = told(logs[0][0], logs[1][0], 200, (now, now))
    assert sum(end - begin for begin, end, _, _ in found) == pytest.approx(200)
    for index, (_, signs) in enumerate(logs):
        if signs and now is NORMAL:
            signs[-1] = (signs[-1][0], max(signs[-1][1], 200))
        for begin, end, *who in found:
            if who[index]:
                assert any(born <= begin + 0.002 and end <= last + 0.002 for born, last in signs), (begin, end, signs)


@given(
    st.lists(
        st.tuples(st.floats(-20, 220), st.floats(0, 80), st.sampled_from([True, False, None]), st.booleans()),
        max_size=6,
    ),
    past,
)
def test_sightings_cut_no_window(
    seen: list[tuple[float, float, bool | None, bool]], lives: list[tuple[float, float, int]]
) -> None:
    """However they overlap: no gap, no overlap; and nobody served while it was seen to be gone."""
    sightings = tuple(
        Sighting(P, T + at, T + at + lasted, serves and not gone, gone) for at, lasted, serves, gone in seen
    )
    lines, _ = written(lives, 30, 0)
    found = told(lines, ALIVE, 200, (NORMAL, NORMAL), primary=Witnesses(sightings=sightings))
    assert sum(end - begin for begin, end, _, _ in found) == pytest.approx(200)
    for each in sightings:
        if each.gone and each.end > each.begin:
            middle = (each.begin + each.end) / 2 - T
            assert not any(who for begin, end, who, _ in found if begin + 0.001 < middle < end - 0.001)


def test_words_of_a_span() -> None:
    """A missing answer decides nothing."""
    words = {
        Span(0, 1, *each).word for each in ((True, True), (True, False), (False, False), (True, None), (None, False))
    }
    assert words == {"both", "one", "nobody", "unknown"}
    assert Span(0, 1, True, None).word == "unknown"
