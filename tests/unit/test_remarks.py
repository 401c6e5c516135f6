"""What is remembered of a log: folded, bounded, forgotten in time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dhcptui.model.log_line import LogLine
from dhcptui.watch.notable_lines import NotableLines
from tests.unit.test_loglines import AT, DISCOVER, SAMPLES, judged

LESS_CRITICAL = "bind update on 10.0.0.{} from foo rejected: incoming update is less critical than outgoing update"


def late(message: str, seconds: float, pid: int = 1) -> LogLine:
    """The message so many seconds after AT."""
    return judged(message, pid)._replace(stamp=AT + seconds)


def test_daily_work_is_not_remembered() -> None:
    """Clients, balancing and the like leave no trace, and nobody is told."""
    notable_lines = NotableLines()
    daily = [DISCOVER, f"{DISCOVER}: load balance to peer foo", "Wrote 101 leases to leases file."]
    assert not notable_lines.add([judged(text) for text in daily], AT)
    assert notable_lines.kept == ()
    assert notable_lines.add([judged("peer foo: disconnected")], AT)


def test_repeats_are_one_however_far_apart() -> None:
    """101 rejections are one remark with its first and last time; another process is another remark."""
    notable_lines = NotableLines()
    for number in range(101):
        notable_lines.add(
            [
                late(LESS_CRITICAL.format(100 + number), number),
                late("peer foo: disconnected", number, pid=number // 60),
            ],
            AT,
        )
    (flood,) = (notable for notable in notable_lines.kept if "rejected" in notable.text)
    assert (flood.count, flood.first_at, flood.last_at) == (101, AT, AT + 100)
    assert "10.0.0.200" in flood.text
    assert "(101 times)" in flood.text
    assert [notable.count for notable in notable_lines.kept if "disconnected" in notable.text] == [60, 41]


def test_state_changes_never_fold() -> None:
    """Each is news, and they keep their order."""
    notable_lines = NotableLines()
    moves = ["I move from normal to communications-interrupted", "I move from communications-interrupted to normal"] * 2
    notable_lines.add([late(f"failover peer foo: {move}", second) for second, move in enumerate(moves)], AT)
    assert [notable.text.partition(": ")[2] for notable in notable_lines.kept] == moves


def test_old_ones_are_forgotten() -> None:
    """By the server's clock; a line without a time counts as of now."""
    notable_lines = NotableLines(max_age_seconds=100)
    notable_lines.add([late("timeout waiting for failover peer foo", 0)], AT)
    notable_lines.add([judged("peer foo: disconnected")._replace(stamp=None)], AT + 99)
    assert len(notable_lines.kept) == 2
    notable_lines.add([late("failover: link startup timeout", 150)], AT + 150)
    assert [notable.last_at - AT for notable in notable_lines.kept] == [99, 150]


@given(
    st.lists(st.sampled_from([judged(text, pid) for text, *_ in SAMPLES for pid in (1, 2)]), max_size=80),
    st.integers(1, 20),
)
def test_it_stays_bounded(lines: list[LogLine], limit: int) -> None:
    """Whatever comes; the newest stay, and no line is counted twice."""
    notable_lines = NotableLines(limit)
    for line in lines:
        if notable_lines.add([line], AT):
            assert notable_lines.kept[-1].line == line
        assert len(notable_lines.kept) <= limit
        assert sum(notable.count for notable in notable_lines.kept) <= len(lines)


def test_what_a_syslog_folded_counts() -> None:
    """One line that stands for three is three."""
    notable_lines = NotableLines()
    text = "timeout waiting for failover peer foo"
    notable_lines.add([judged(text), judged(f"message repeated 3 times: [ {text}]")], AT)
    assert [notable.count for notable in notable_lines.kept] == [4]
