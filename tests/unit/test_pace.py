"""Limits that grow with what a server has shown."""

from __future__ import annotations

from dhcptui.servers.ssh.pace import LONGEST_SECONDS, Pace


def test_a_quick_server_is_given_no_more_than_before() -> None:
    """Pings without an answer take two seconds."""
    pace = Pace()
    for seconds in (0.1, 2.0, 1.9):
        pace.answered(seconds)
    assert pace.limit(6.0) == 6.0


def test_a_slow_answer_makes_room_for_the_next_one() -> None:
    """Three times what was seen; with quick ones after it, it fades."""
    pace = Pace()
    pace.answered(12.0)
    assert pace.limit(6.0) == 36.0
    for _ in range(8):
        pace.answered(0.1)
    assert pace.limit(6.0) == 6.0


def test_silence_grows_the_limit_once() -> None:
    """A server that never answers is not given more and more; one that answers late is."""
    pace, limits = Pace(), []
    for _ in range(4):
        limits.append(pace.limit(6.0))
        pace.silent(limits[-1])
    assert limits == [6.0, 18.0, 18.0, 18.0]
    pace.answered(17.0)
    assert pace.limit(6.0) == LONGEST_SECONDS


def test_a_limit_that_is_long_already_stays() -> None:
    """The longest patience bounds what is added, not what a caller asks for."""
    pace = Pace()
    pace.answered(30.0)
    assert pace.limit(60.0) == 60.0
