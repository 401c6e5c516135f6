"""Byte budgets of the whole program at 120x40. A frame that repaints what has not changed breaks them at once."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.budget.stage import chatter, console, cost, rest, seconds
from tests.practice.driving import driving
from tests.practice.pair import WatchedPair
from tests.terminal import ESC

pytestmark = pytest.mark.second_try(
    "it counts bytes by the second, and a program that is not run for a second then paints two at once"
)

FIRST_SCREEN, PROMPT, LONG_PROMPT, SMALL_PROMPT, STATE_CHANGE, COUNTDOWN, BUSY = (
    16_000, 2_000, 8_000, 2_000, 16_000, 600, 45_000,
)  # fmt: skip


@pytest.fixture
def pair() -> Iterator[WatchedPair]:
    """Both normal; dhcpd's own timers five times as fast."""
    with WatchedPair(mclt=90, speed=5.0, key_algorithm="hmac-sha256") as running:
        running.wait_settled()
        yield running


def test_a_quiet_second_is_silent(pair: WatchedPair) -> None:
    """Nothing counts: not one byte, but for the minute of the clock and what goes with it."""
    with console(pair) as terminal:
        assert len(terminal.received) <= FIRST_SCREEN
        each = seconds(terminal, 20)
    assert statistics.median(each) == 0, each
    assert sum(each) <= 1500, each


def test_a_second_with_a_countdown(pair: WatchedPair) -> None:
    """A recover-wait is counted down in place."""
    with driving(pair) as driver:
        driver.settled()
        pair.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running")
        assert driver.run(Action.PARTNER_DOWN, Role.PRIMARY).outcome is Outcome.VERIFIED
    pair.secondary.start()
    with console(pair, r"answers clients again in \d\d:\d\d") as terminal:
        each = seconds(terminal, 12)
        assert terminal.shows(r"answers clients again in \d\d:\d\d")
    assert min(each) > 0, each
    assert statistics.mean(each) <= COUNTDOWN, each


@pytest.mark.parametrize("key", "SH")
def test_a_prompt(pair: WatchedPair, key: str) -> None:
    """Choosing the server of a healthy pair; and the prompt's end, which brings two logs back."""
    with console(pair) as terminal:
        assert cost(terminal, lambda: terminal.send(key), r"1 dhcp1\s+2 dhcp2") <= PROMPT
        assert cost(terminal, lambda: terminal.send(ESC), "log dhcp1") <= LONG_PROMPT


def test_prompts_full_of_text(pair: WatchedPair) -> None:
    """Plan, evidence and difference of a sync-restart, and a refused partner-down: what they say and no more."""
    with console(pair) as terminal:
        for key, words in (("R", "sync-restart|sync \\+ restart"), ("P", "Refused"), ("X", "Refused")):
            took = cost(terminal, lambda key=key: terminal.send(key), words)  # type: ignore[misc]
            assert took <= LONG_PROMPT, (key, took)
            cost(terminal, lambda: terminal.send(ESC), "log dhcp1")


@pytest.mark.parametrize("key", "PSHU")
def test_a_prompt_on_a_small_terminal(pair: WatchedPair, key: str) -> None:
    """80x24."""
    with console(pair, "both serve|both servers serve", columns=80, rows=24) as terminal:
        assert cost(terminal, lambda: terminal.send(key), r"1 dhcp1\s+2 dhcp2|Refused") <= SMALL_PROMPT


def test_views(pair: WatchedPair) -> None:
    """Palette, help, network, pools, incident: what they say and no more."""
    with console(pair) as terminal:
        for key, words in (
            (":", "incident"),
            ("?", "What each state means|Keys"),
            ("n", "Every way is open|failover connection"),
            ("p", "10.0.0.0/24"),
            ("i", "new pair"),
        ):
            took = cost(terminal, lambda key=key: terminal.send(key), words)  # type: ignore[misc]
            assert took <= LONG_PROMPT, (key, took)
            cost(terminal, lambda: terminal.send(ESC), "log dhcp1")


def test_a_state_change(pair: WatchedPair) -> None:
    """A dhcpd dies: headline, panels, banner, advice and both logs."""
    with console(pair) as terminal:
        assert cost(terminal, pair.secondary.kill, "dhcp2 is down") <= STATE_CHANGE
        assert cost(terminal, pair.secondary.start, "both servers serve") <= 2 * STATE_CHANGE


def test_a_busy_second(pair: WatchedPair) -> None:
    """Forty lines a second in each log."""
    with console(pair) as terminal, chatter(pair, 40):
        seconds(terminal, 2)
        each = seconds(terminal, 8)
    assert min(each) > 500, each
    assert statistics.mean(each) <= BUSY, each


def test_what_was_damaged_is_drawn_again(pair: WatchedPair) -> None:
    """Another program writes over the screen; ctrl+l brings every cell back."""
    with console(pair) as terminal:
        before = terminal.lines()
        tty = Path(f"/proc/{terminal.process.pid}/fd/1").resolve()
        tty.write_text("\x1b[3;5H Broadcast message from root: \x1b[4;1H the system will reboot ")
        terminal.until("Broadcast message", 5)
        terminal.send("\x0c")
        terminal.until(lambda: not terminal.shows("Broadcast|reboot"), 5)
        rest(terminal)
        assert terminal.lines()[1:4] == before[1:4]
