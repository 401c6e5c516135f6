"""The pace on lines of every kind, on a clock that is turned by hand."""

from __future__ import annotations

import pytest

from dhcptui.ui.terminal.flow_control import LARGEST, SMALLEST, FlowControl


class Line:
    """A line of so many characters a second, with a round trip; whoever sends on it always has more to send."""

    def __init__(self, rate: float, round_trip: float) -> None:
        self.rate, self.round_trip = rate, round_trip
        self.pace, self.now, self.free_at = FlowControl(), 0.0, 0.0
        self.arrivals: list[float] = []
        self.pieces: list[tuple[float, int]] = []
        self.send(0)

    def send(self, size: int) -> None:
        """One piece, with its query."""
        self.pace.sent(self.now, size)
        self.pieces.append((self.now, size))
        self.free_at = max(self.now, self.free_at) + (size + 4) / self.rate
        self.arrivals.append(self.free_at + self.round_trip)

    def run(self, seconds: float, size: int = LARGEST) -> None:
        """Time passes; there are always `size` characters to send."""
        end = self.now + seconds
        while self.now < end:
            if self.arrivals and self.arrivals[0] <= self.now:
                self.arrivals.pop(0)
                self.pace.answered(self.now)
            if self.now >= self.pace.ready_at():
                self.send(min(size, self.pace.window))
            self.now += 0.01

    @property
    def under_way_seconds(self) -> float:
        """How long what is on its way still takes."""
        return max(0.0, self.free_at - self.now)


@pytest.mark.parametrize("rate", [1000, 5000])
@pytest.mark.parametrize("round_trip", [0.02, 0.6])
def test_a_slow_line_carries_small_pieces(rate: float, round_trip: float) -> None:
    """After the first screen no more is ever under way than it takes in about a second."""
    line = Line(rate, round_trip)
    line.run(60)
    for _ in range(100):
        line.run(0.3)
        assert line.under_way_seconds <= 1.2
    assert sum(size for at, size in line.pieces if at > 60) >= 0.25 * rate * (line.now - 60)


def test_a_fast_line_carries_whole_screens() -> None:
    """10 MB/s, 20 ms away: the window grows as far as it goes; and it shrinks when the line gets bad, and grows again."""
    line = Line(10e6, 0.02)
    line.run(5)
    assert line.pace.window == LARGEST
    line.rate = 2000.0
    line.run(120)
    assert SMALLEST <= line.pace.window <= 2000
    line.rate = 10e6
    line.run(30)
    assert line.pace.window == LARGEST


def test_a_stalled_line_gets_next_to_nothing() -> None:
    """Five minutes without an answer: a handful of pieces, less and less often."""
    line = Line(1e6, 0.02)
    line.run(2)
    line.rate = 1e-9
    line.free_at = 1e12
    line.arrivals.clear()
    before = len(line.pieces)
    line.run(300, size=500)
    assert len(line.pieces) - before <= 10


def test_a_terminal_that_never_answers_is_not_waited_for() -> None:
    """A second of patience, once; then it gets everything."""
    pace = FlowControl()
    pace.sent(0.0, 0)
    assert pace.ready_at() <= 0.0
    pace.sent(0.1, 5000)
    assert 0.5 <= pace.ready_at() - 0.1 <= 1.5
    pace.sent(1.2, 100)
    assert pace.ready_at() <= 1.2
    pace.sent(1.21, 100)
    assert pace.ready_at() <= 1.21
    assert not pace.waiting


def test_a_key_ends_a_wait_that_is_overdue_and_no_other() -> None:
    """A terminal that was detached and is back has lost our query; one that is only slow has not."""
    pace = FlowControl()
    pace.sent(0.0, 0)
    pace.answered(0.02)
    pace.sent(10.0, 1000)
    pace.touched(11.0)
    assert pace.ready_at() > 11.0
    pace.touched(30.0)
    assert pace.ready_at() <= 30.0


def test_an_answer_nobody_asked_for() -> None:
    """A key that looks like an answer (ctrl+F3) changes nothing."""
    pace = FlowControl()
    pace.answered(1.0)
    assert pace.ready_at() == 0.0
    assert not pace.waiting
