"""Lines that carry little, stop, or lead to terminals that tell nothing. Bytes are counted: at 1 kB/s they are milliseconds."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from tests.budget.stage import chatter, console, rest
from tests.practice.pair import WatchedPair
from tests.terminal import ESC, Terminal

pytestmark = pytest.mark.second_try("it counts what a line of 1 kB/s carries in real time")

BYTES_PER_SECOND = 1000
ANSWERED = 2 * BYTES_PER_SECOND
"""A key is answered within two seconds of the line."""
UNDER_WAY = 2 * BYTES_PER_SECOND
ONE_SCREEN = 16_000


@pytest.fixture
def pair() -> Iterator[WatchedPair]:
    """Both normal."""
    with WatchedPair(mclt=90, speed=5.0, key_algorithm="hmac-sha256") as running:
        running.wait_settled()
        yield running


def test_a_line_of_one_kilobyte_a_second(pair: WatchedPair) -> None:
    """Both logs run at 40 lines a second: keys are answered, nothing piles up, and at the end the newest stands there."""
    with console(pair) as terminal, terminal.throttled(BYTES_PER_SECOND):
        backlog = []
        with chatter(pair, 40):
            deadline = time.monotonic() + 12
            while time.monotonic() < deadline:
                time.sleep(0.05)
            for key, answer in (
                ("?", r"╭─ help|What each state|esc .*back"),
                (ESC, r"╭─ log dhcp1"),
                ("S", r"1 dhcp1\s+2 dhcp2"),
                (ESC, r"╭─ log dhcp1"),
                ("/", r"Type what to look for"),
            ) * 2:
                before = len(terminal.received)
                terminal.send(key)
                terminal.until(answer, 30)
                assert len(terminal.received) - before <= ANSWERED, (key, len(terminal.received) - before)
                backlog.append(terminal.unread())
                if key == "/":
                    terminal.send(ESC)
                    terminal.until(r"╭─ log dhcp1", 30)
                for _ in range(20):
                    backlog.append(terminal.unread())
                    time.sleep(0.05)
        assert max(backlog) <= UNDER_WAY, backlog
        with pair.primary.log_file.open("ab") as log:
            log.write(b"2026-11-22T11:33:06+00:00 dhcp1 dhcpd[77]: and that was the last one\n")
        before = len(terminal.received)
        terminal.until("and that was the last one", 60)
        assert len(terminal.received) - before <= ONE_SCREEN // 2


def test_a_line_that_stops_for_ten_seconds(pair: WatchedPair) -> None:
    """Ten seconds of log and a death are not replayed: what was under way, and one picture of the present."""
    with console(pair) as terminal, chatter(pair, 40):
        time.sleep(2)
        with terminal.stalled():
            pair.secondary.kill()
            time.sleep(10)
            behind = terminal.unread()
            before = len(terminal.received)
        terminal.until("dhcp2 is down", 5)
        took = len(terminal.received) - before
    assert behind <= ONE_SCREEN
    assert took <= 2 * ONE_SCREEN, (behind, took)


def test_a_terminal_that_answers_nothing(pair: WatchedPair) -> None:
    """No answer to any query: a second of patience at the start, then as with any other."""

    argv = [sys.executable, "-m", "dhcptui", "--config", str(pair.write_config())]
    with Terminal(argv, answers=False) as terminal:
        terminal.until("both servers serve", 20)
        rest(terminal)
        pair.secondary.kill()
        terminal.until("dhcp2 is down", 10)
        terminal.send("?")
        terminal.until("What each state|Keys", 5)
        terminal.send(ESC)
        time.sleep(0.5)
        terminal.send("q")
        assert terminal.exit_code() == 0


def test_no_answer_is_left_for_the_shell(pair: WatchedPair) -> None:
    """A query's answer that comes after the console has gone would be typed into the shell: the last one is waited for."""
    with console(pair) as terminal, chatter(pair, 40):
        time.sleep(1)
        terminal.send("q")
        assert terminal.exit_code() == 0
        rest(terminal)
    queries = terminal.received.count(b"\x1b[6n")
    assert queries >= 4
    assert terminal.received.rindex(b"\x1b[6n") < terminal.received.rindex(b"\x1b[?1049l")
    after = terminal.received[terminal.received.rindex(b"\x1b[?1049l") :]
    assert b"R" not in after.replace(b"dhcptui", b"")


def test_stopped_and_continued(pair: WatchedPair) -> None:
    """SIGSTOP and SIGCONT, three times: the screen is drawn anew, a key is read once, and the shell's modes come back."""
    with console(pair) as terminal:
        for _ in range(3):
            os.killpg(terminal.process.pid, signal.SIGSTOP)
            time.sleep(0.3)
            os.killpg(terminal.process.pid, signal.SIGCONT)
            rest(terminal)
        terminal.send("/")
        terminal.until("Type what to look for", 5)
        terminal.send("norma")
        terminal.until(r"/ norma\b", 5)
        rest(terminal)
        assert terminal.shows(r"/ norma\b")
        for _ in range(2):
            terminal.send(ESC)
            time.sleep(0.5)
        assert not terminal.cooked()
        terminal.send("q")
        assert terminal.exit_code() == 0
        assert terminal.cooked()
