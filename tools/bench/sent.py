"""Bytes to the terminal, 120x40, 256 colours: what each moment costs on a slow line, against its budget."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from tests.lab.pair import Lab
from tests.terminal import ESC
from tools.bench.keys import appending
from tools.bench.table import Figure
from tools.bench.watching import Watched, console

QUIET_SECONDS, COUNT_SECONDS, BUSY_SECONDS = 30, 10, 10
BUSY_LINES = 40
SETTLE_SECONDS = 1.5


def _figure(what: str, value: float, budget: int | None, more: str = "") -> Figure:
    if budget is None:
        return Figure(what, f"{value:,.0f} bytes", more)
    against = f"{value / budget:.2f}x the budget of {budget:,}" if budget else "budget 0"
    return Figure(what, f"{value:,.0f} bytes", against + more, value <= budget)


def _answer(terminal: Watched, key: str, words: str) -> int:
    """Bytes of a key's answer."""
    before = len(terminal.received)
    terminal.send(key)
    terminal.until(words, 5)
    time.sleep(SETTLE_SECONDS)
    return len(terminal.received) - before


def _leave(terminal: Watched) -> None:
    """Back to both logs, however many things are open."""
    for _ in range(5):
        if terminal.shows("─ log dhcp1") and terminal.shows("─ log dhcp2"):
            return
        terminal.send(ESC)
        time.sleep(SETTLE_SECONDS)
    raise RuntimeError(f"no way back to the logs:\n{terminal.text()}")


def _crash(lab: Lab, terminal: Watched) -> int:
    """Bytes until the screen has settled on what a killed dhcpd means."""
    before = len(terminal.received)
    lab.secondary.kill()
    terminal.until("dhcpd not running", 5)
    time.sleep(SETTLE_SECONDS)
    return len(terminal.received) - before


def measure() -> Iterator[Figure]:
    """In the order of a bad night."""
    with Lab(mclt=600, key_algorithm="hmac-sha256") as lab, console(lab) as terminal:
        time.sleep(8)
        quiet = terminal.spent(QUIET_SECONDS)
        minutes = f"; {sum(quiet)} in all in {QUIET_SECONDS} s: times are shown to the minute"
        yield _figure("quiet second", median(quiet), 0, minutes)
        yield _figure("prompt opened (S)", _answer(terminal, "S", "Which server acts"), 2000)
        yield _figure(
            "its plan shown (1)", _answer(terminal, "1", "Type dhcp1"), None, "with all its evidence; no budget"
        )
        _leave(terminal)
        yield _figure("palette opened", _answer(terminal, ":", "enter run"), None, "no budget")
        _leave(terminal)
        with appending(lab, BUSY_LINES):
            time.sleep(3)
            busy = terminal.spent(BUSY_SECONDS)
        yield _figure("busy second, 2 x 40 log lines", sum(busy) / BUSY_SECONDS, 45_000)
        time.sleep(2)
        yield _figure("state change (a crash)", _crash(lab, terminal), 16_000)
        lab.primary.set_local_state(4)
        terminal.until("partner-down", 5)
        lab.secondary.start()
        terminal.until(r"answers clients again in", 20)
        time.sleep(8)
        counting = terminal.spent(COUNT_SECONDS)
        more = f", {max(counting)} the dearest of {COUNT_SECONDS}"
        yield _figure("second with a countdown", sum(counting) / COUNT_SECONDS, 600, more)
