"""A day of watching on a real pair in minutes: nothing may grow, here or on the servers.

Every period of the console is divided by FACTOR in the real program, which asks, draws and reads logs as it always does.
What it managed is counted in polls: a day has 86,400 for each server.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab.pair import Lab
from tests.lab.server import Server
from tools.bench.faults import host_pid
from tools.bench.keys import appending
from tools.bench.process import cpu_seconds, descriptors, resident_mb
from tools.bench.table import Figure
from tools.bench.watching import Watched, console

HOURS = float(os.environ.get("BENCH_HOURS", "24"))
LINES_PER_SECOND = 2
"""Of each server's log, in the time of the console."""
QUICKER = 300
"""How much quicker than in reality the log is written; about as much as the polls are."""
POLLS = int(HOURS * 3600 * 2)
PATIENCE_SECONDS = 3600.0
FULL_LINES = 11_000
"""More than the panes hold: before they are full, growth is only their filling."""
WARM_POLLS = 4500
"""The same of the 400 readings of the pools that are kept of each server, one every five polls; and Python's heap is warm."""
GROWTH_MB = 5.0


@dataclass(frozen=True, slots=True)
class Look:
    """What is held at one moment."""

    polls: int
    seconds: float
    console_mb: float
    descriptors: int
    dhcpd_mb: float
    dhcpd_descriptors: int
    connections: int
    processes: int

    @property
    def words(self) -> str:
        """In the order of a table's columns."""
        return (
            f"console {self.console_mb:.1f} MB, {self.descriptors} descriptors; both dhcpd {self.dhcpd_mb:.1f} MB, "
            f"{self.dhcpd_descriptors} descriptors; {self.connections} connections, {self.processes} processes on servers"
        )


def _count(path: Path) -> dict[str, int]:
    try:
        return {name: int(number) for name, number in (line.split() for line in path.read_text().splitlines())}
    except (OSError, ValueError):
        return {}


def _held(server: Server) -> tuple[int, int]:
    """Established connections of OMAPI and SSH, and processes; what comes and goes with a look is not counted."""
    done = server.run("sh", "-c", 'ss -Htan state established "( sport = :22 or sport = :7911 )" | wc -l; ps -eo comm=')
    first, *names = done.stdout.split()
    return int(first), sum(name in {"dhcpd", "sshd", "tail", "sh"} for name in names)


def look(lab: Lab, terminal: Watched, polls: int, seconds: float) -> Look:
    """Both ends, now. Of what comes and goes the least of several looks counts."""
    pids = [host_pid(server) for server in lab.servers.values()]
    pid = terminal.process.pid
    held = [[sum(each) for each in zip(*map(_held, lab.servers.values()), strict=True)] for _ in range(5)]
    open_ = min(descriptors(pid) for _ in range(20))
    return Look(
        polls, seconds, resident_mb(pid), open_, sum(map(resident_mb, pids)), sum(map(descriptors, pids)),
        min(each[0] for each in held), min(each[1] for each in held),
    )  # fmt: skip


def watch(lab: Lab, terminal: Watched, counts: Path) -> tuple[list[Look], dict[str, int]]:
    """Looks at the start (once the panes are full), at each quarter, and at the end."""
    looks: list[Look] = []
    while _count(counts).get("polls", 0) < WARM_POLLS:
        time.sleep(0.2)
    began, start = time.monotonic(), _count(counts).get("polls", 0)
    for quarter in range(5):
        while (done := _count(counts).get("polls", 0) - start) < POLLS * quarter // 4:
            if time.monotonic() - began > PATIENCE_SECONDS or terminal.process.poll() is not None:
                raise TimeoutError(f"{done} of {POLLS} polls in {time.monotonic() - began:.0f} s")
            time.sleep(0.2)
        looks.append(look(lab, terminal, done, time.monotonic() - began))
        print(f"  {quarter}/4 of {HOURS:g} h: {looks[-1].words}", file=sys.stderr, flush=True)
    return looks, _count(counts)


def measure() -> Iterator[Figure]:
    """The looks, and whether anything grew between the first and the last."""
    with Lab(mclt=600, key_algorithm="hmac-sha256") as lab:
        counts = lab.dir / "counts"
        launcher = (sys.executable, "-m", "tools.bench.hasty", str(counts), "--config")
        with console(lab, launcher=launcher) as terminal:
            with appending(lab, FULL_LINES // 10):
                time.sleep(12)
            began = cpu_seconds(terminal.process.pid)
            with appending(lab, LINES_PER_SECOND * QUICKER):
                looks, counted = watch(lab, terminal, counts)
            used = cpu_seconds(terminal.process.pid) - began
    first, last = looks[0], looks[-1]
    names = ("start", "1/4", "1/2", "3/4", "end")
    for name, each in zip(names, looks, strict=True):
        yield Figure(f"{HOURS:g} hours: {name}", f"{each.console_mb:.1f} MB", each.words)
    growth = last.console_mb - first.console_mb
    hysteresis = all(
        getattr(last, name) <= getattr(first, name)
        for name in ("descriptors", "dhcpd_descriptors", "connections", "processes")
    )
    done = (
        f"{last.polls:,} polls, {counted.get('probes', 0):,} looks over SSH, {used:.0f} CPU-s in {last.seconds:.0f} s"
    )
    met = hysteresis and growth < GROWTH_MB and last.dhcpd_mb - first.dhcpd_mb < GROWTH_MB
    yield Figure(
        f"{HOURS:g} hours: growth", f"{growth:+.1f} MB", f"{done}; goal: nothing grows (5 MB, and no descriptor)", met
    )
