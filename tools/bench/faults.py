"""From a fault to the words for it on the real program's screen: dhcpd killed, dhcpd hung."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.lab.pair import Lab
from tests.lab.server import Server
from tools.bench.table import Figure
from tools.bench.watching import Watched, console, percentile

KILLS, HANGS = 50, 10
KILL_GOAL_SECONDS, HANG_GOAL_SECONDS = 0.25, 1.5
HUNG = "no answer for|suspended|OMAPI does not answer"
WELL = r"both servers serve(?s:.*)● normal.*● normal"


def host_pid(server: Server) -> int:
    """dhcpd's pid as this process sees it: a signal sent from here takes no program to send it."""
    space = Path(f"/run/netns/{server.space}").stat().st_ino
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "comm").read_text() == "dhcpd\n" and (entry / "ns/net").stat().st_ino == space:
                return int(entry.name)
        except OSError:
            continue
    raise ProcessLookupError(f"no dhcpd runs on {server.name}")


def well(lab: Lab, terminal: Watched) -> int:
    """Wait until pair and screen are at rest; the pid of the secondary's dhcpd."""
    lab.wait_settled()
    terminal.until(WELL, 30)
    time.sleep(0.3)
    return host_pid(lab.secondary)


def seen(terminal: Watched, pid: int, number: signal.Signals, words: str) -> float:
    """Seconds from the signal to the words for what it did."""
    began = time.monotonic()
    os.kill(pid, number)
    return terminal.arrived(words, 15) - began


def measure() -> Iterator[Figure]:
    """One console sees all of them come and go."""
    killed, hung = [], []
    with Lab(mclt=600, key_algorithm="hmac-sha256") as lab, console(lab) as terminal:
        for _ in range(KILLS):
            pid = well(lab, terminal)
            killed.append(seen(terminal, pid, signal.SIGKILL, "dhcpd not running"))
            lab.secondary.start()
        for _ in range(HANGS):
            pid = well(lab, terminal)
            try:
                hung.append(seen(terminal, pid, signal.SIGSTOP, HUNG))
            finally:
                os.kill(pid, signal.SIGCONT)
    yield _figure("killed dhcpd on screen", killed, KILL_GOAL_SECONDS)
    yield _figure("hung dhcpd on screen", hung, HANG_GOAL_SECONDS)


def _figure(what: str, taken: Sequence[float], goal: float) -> Figure:
    late = percentile(taken, 0.95)
    against = f"p50 {percentile(taken, 0.5) * 1000:.0f} ms, slowest of {len(taken)} {max(taken) * 1000:.0f} ms; "
    against += f"{late / goal:.2f}x the goal of {goal * 1000:.0f} ms"
    return Figure(what, f"p95 {late * 1000:.0f} ms", against, late <= goal)
