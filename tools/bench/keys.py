"""From a key to the first byte of what it changes, while both logs run at a thousand lines a second."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tests.lab.pair import Lab
from tools.bench.table import ROOT, Figure
from tools.bench.watching import Watched, console, percentile

PRESSES = 100
HELP = "Keys that act"
LINES_PER_SECOND = 1000
GOAL_SECONDS = 0.05
APPENDER = """
import sys, time
from tools.bench.lines import busy
rate, paths = int(sys.argv[1]), sys.argv[2:]
outs = [open(path, "ab", buffering=0) for path in paths]
began, written = time.monotonic(), 0
while True:
    due = int((time.monotonic() - began) * rate)
    if due > written:
        block = b"".join(list(busy(due - written + 1, rate, written))[:-1])  # without the last line, which is marked
        for out in outs:
            out.write(block)
        written = due
    time.sleep(0.02)
"""


@contextmanager
def appending(lab: Lab, per_second: int) -> Iterator[None]:
    """A process of its own writes to both logs."""
    logs = [str(server.log_file) for server in lab.servers.values()]
    writer = subprocess.Popen([sys.executable, "-c", APPENDER, str(per_second), *logs], cwd=ROOT)
    try:
        yield
    finally:
        writer.kill()
        writer.wait()


def _helps(terminal: Watched, wanted: bool) -> bool:
    return terminal.shows(HELP) is wanted


def measure() -> Iterator[Figure]:
    """`?` opens the help over the logs and closes it again; pressed at no particular moment."""
    taken: list[float] = []
    with Lab(mclt=600, key_algorithm="hmac-sha256") as lab, console(lab) as terminal, appending(lab, LINES_PER_SECOND):
        terminal.until("DHCPREQUEST", 10)
        time.sleep(2)
        for press in range(PRESSES):
            time.sleep(random.uniform(0.3, 0.6))  # noqa: S311
            began, opens = time.monotonic(), press % 2 == 0
            terminal.send("?")
            taken.append(terminal.arrived(partial(_helps, terminal, opens), 10) - began)
    late = percentile(taken, 0.95)
    against = f"p50 {percentile(taken, 0.5) * 1000:.0f} ms of {PRESSES}; {late / GOAL_SECONDS:.2f}x the goal of 50 ms"
    yield Figure("key to paint, 2 x 1000 lines/s", f"p95 {late * 1000:.0f} ms", against, late <= GOAL_SECONDS)
