"""The real program in a terminal, on the real pair: keys in, screen out."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.lab.pair import Lab
from tests.terminal import BACKSPACE, ENTER, ESC, Terminal

pytestmark = [
    pytest.mark.lab,
    pytest.mark.second_try("a countdown is held against dhcpd's own end of the wait, to the second"),
]
ROOT = Path(__file__).parents[2]
MCLT = 20
PATIENCE = 30
"""For what a loaded machine may take its time for."""


@contextmanager
def console(lab: Lab, *args: str, columns: int = 120, rows: int = 40, **config: Any) -> Iterator[Terminal]:
    """The console at the operator's place, settled on whatever the pair is doing."""
    path = lab.write_config(**config)
    argv = lab.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(path), *args)
    with Terminal(argv, columns=columns, rows=rows, env={"PYTHONPATH": str(ROOT)}) as terminal:
        yield terminal


def wide(terminal: Terminal, columns: int, side: str) -> str:
    """One half of the screen with its wrapped lines joined and blanks folded."""
    half = columns // 2
    rows = [line.ljust(columns) for line in terminal.lines()]
    return re.sub(r"[\s│]+", " ", " ".join(line[:half] if side == "left" else line[half:] for line in rows))


def test_crash_partner_down_recover_wait_and_back(lab: Lab) -> None:
    """The night it is built for: a crash, partner-down, the return with its countdown, both normal again."""
    lab.wait_settled()
    with console(lab) as terminal:
        terminal.until(r"both servers serve", 10)
        terminal.until(r"clock [+-]\d.*clock [+-]\d", 10)

        lab.secondary.kill()
        killed = time.monotonic()
        terminal.until(lambda: terminal.shows("communications-interrupted") and terminal.shows("dhcpd not running"), 5)
        assert time.monotonic() - killed < 5.0
        lab.wait_states(primary="communications-interrupted", secondary=None, timeout=1)

        terminal.send("P")
        terminal.until(r"Type dhcp2 and press Enter", 5)
        assert terminal.shows(r"set\s.*local-state = 4|local-state = 4")
        terminal.send("dhcp1" + ENTER)
        time.sleep(0.5)
        assert lab.primary.local_state() == "communications-interrupted"
        # A person is slower than this; Textual inserts letters of one read before it runs the deletions in it.
        terminal.send(BACKSPACE * 5)
        terminal.until(lambda: not terminal.shows("▸ dhcp1"), 5)
        terminal.send("dhcp2" + ENTER)
        terminal.until(r"VERIFIED", 5)
        assert lab.primary.local_state() == "partner-down"
        terminal.send(ESC)
        terminal.until(r"◆ partner-down", 5)
        terminal.until(
            lambda: "I move from communications-interrupted to partner-down" in wide(terminal, 120, "left"), 5
        )

        lab.secondary.start()
        terminal.until(r"dhcp2 answers clients again in 00:\d\d", 10)
        assert lab.secondary.local_state() == "recover-wait"
        last = time.monotonic()
        while lab.secondary.local_state() == "recover-wait":
            if match := re.search(r"answers clients again in 00:(\d\d)", terminal.text()):
                left, last = int(match[1]), time.monotonic()
            time.sleep(0.02)
        ended = time.monotonic()
        assert left + last - ended < 1.0, f"dhcpd left recover-wait with {left} s on the countdown"
        assert ended - last < 1.0, "the countdown was gone long before dhcpd left recover-wait"
        terminal.until(r"both servers serve", 10)
        lab.wait_states(timeout=5)
        terminal.send("q")
        assert terminal.exit_code() == 0


def test_partner_down_is_refused_on_a_healthy_pair(lab: Lab) -> None:
    """P on two healthy servers: the reason is on screen, and dhcpd's logs show that nothing was written."""
    lab.wait_settled()
    with console(lab) as terminal:
        terminal.until(r"both servers serve", 10)
        terminal.until(r"P partner-down ✗", 10)
        before = lab.primary.log_offset(), lab.secondary.log_offset()
        terminal.send("P")
        terminal.until(r"(?i)refused[^\n]*(\n.*)*answers and reads normal", 5)
        terminal.send("dhcp2" + ENTER + "dhcp1" + ENTER)
        time.sleep(1)
        terminal.send(ESC)
        terminal.until(r"Nothing to do", 5)
        text = lab.primary.log_text(before[0]) + lab.secondary.log_text(before[1])
        assert "I move" not in text
        assert lab.states() == {"primary": "normal", "secondary": "normal"}


def test_clean_shutdown_by_keys(lab: Lab) -> None:
    """S on the secondary: the survivor in partner-down, and the result says what comes next. How fast, tells the bench."""
    lab.wait_settled()
    with console(lab) as terminal:
        terminal.until(r"both servers serve", PATIENCE)
        terminal.until(r"clock [+-]\d.*clock [+-]\d", PATIENCE)
        terminal.send("S")
        terminal.until(r"1 dhcp1\s+2 dhcp2", PATIENCE)
        terminal.send("2")
        terminal.until(r"Type dhcp2 and press Enter", PATIENCE)
        terminal.send("dhcp2" + ENTER)
        lab.wait_states("partner-down", None, timeout=PATIENCE)
        terminal.until(r"VERIFIED", 2 * PATIENCE)
        assert "dhcp2's restart will skip the MCLT wait" in re.sub(r"[\s│]+", " ", terminal.text())
        assert not lab.secondary.is_running()
        terminal.send(ESC)
        terminal.until(r"dhcp1 serves alone; dhcp2 is down", PATIENCE)
        lab.secondary.start()
        terminal.until(r"both servers serve", PATIENCE)


def test_sync_restart_shows_the_complaint(lab: Lab) -> None:
    """R with a syntax error: file and line of `dhcpd -t` are on screen and both servers run on."""
    lab.wait_settled()
    master = lab.primary.etc / "shared" / "master.conf"
    master.write_text(master.read_text() + "\nsubnet 10.0.0.0 netmask {\n")
    pids = lab.primary.pid(), lab.secondary.pid()
    with console(lab) as terminal:
        terminal.until(r"both servers serve", 10)
        terminal.until(r"clock [+-]\d.*clock [+-]\d", 10)
        terminal.send("R")
        terminal.until(r"Type office and press Enter", 5)
        terminal.send("office" + ENTER)
        # dhcp1's configuration cannot be read either: what it does not prove has to be answered for.
        terminal.until(r"Not proven\. To answer for it, type: every other failover peer stops too", 5)
        terminal.send("every other failover peer stops too" + ENTER)
        terminal.until(r"FAILED", 10)
        assert terminal.shows(r"master\.conf\s+line\s+\d+")
        assert (lab.primary.pid(), lab.secondary.pid()) == pids


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (200, 60)])
def test_sizes(lab: Lab, columns: int, rows: int) -> None:
    """Each size shows both servers' states and who serves; a crash is readable in each."""
    with console(lab, columns=columns, rows=rows) as terminal:
        terminal.until(r"both servers serve", 10)
        terminal.until(r"● normal.*● normal", 5)
        lab.primary.kill()
        terminal.until(r"dhcpd not running", 5)
        terminal.until(r"communications-interrupted|comm", 5)
        assert all(len(line) <= columns for line in terminal.lines())


def test_both_unreachable_from_the_first_frame() -> None:
    """No server answers at all: the console opens at once, says so, and finds the pair when it is there."""
    with Lab(mclt=MCLT, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        lab.cut("operator", "primary")
        lab.cut("operator", "secondary")
        with console(lab) as terminal:
            assert terminal.until(r"dhcp1 · primary", 5) < 3
            assert not terminal.shows("● normal")
            terminal.until(r"(?i)cannot be reached|unreachable|no answer|timed out", 15)
            lab.heal()
            terminal.until(r"both servers serve", 30)


def test_read_only(lab: Lab) -> None:
    """--read-only: it is said, and the acting keys do nothing."""
    with console(lab, "--read-only") as terminal:
        terminal.until(r"both servers serve", 10)
        assert terminal.shows("read-only")
        before = terminal.text()
        terminal.send("PSR")
        time.sleep(1)
        assert "Type " not in terminal.text()
        assert before.splitlines()[1] == terminal.lines()[1]


def test_the_terminal_is_given_back(lab: Lab) -> None:
    """q leaves the alternate screen, shows the cursor, and exits 0."""
    with console(lab) as terminal:
        terminal.until(r"both servers serve", 10)
        terminal.send("q")
        assert terminal.exit_code() == 0
        time.sleep(0.2)
        assert terminal.received.rfind(b"\x1b[?1049l") > terminal.received.rfind(b"\x1b[?1049h")
        assert terminal.received.rfind(b"\x1b[?25h") > terminal.received.rfind(b"\x1b[?25l")
