"""The real program after a million log lines: CPU, memory, and the same of a log reader and of RichLog."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.lab.pair import Lab
from tools.bench import lines, peers
from tools.bench.process import cpu_seconds, resident_mb, until_idle
from tools.bench.table import ROOT, Figure
from tools.bench.watching import Watched, console

COUNT, TAILED, RICH_COUNT = 1_000_000, 100_000, 10_000
GOAL_MB = 120
PATIENCE_SECONDS = 240.0
RICH = """
import sys
from textual.app import App
from textual.widgets import RichLog
from tools.bench import lines
class Reader(App):
    def compose(self):
        yield RichLog()
    def on_mount(self):
        self.call_after_refresh(self.fill)
    def fill(self):
        for line in lines.busy(int(sys.argv[1])):
            self.query_one(RichLog).write(line.decode().rstrip())
        self.call_after_refresh(self.told)
    def told(self):
        self.exit(open("/proc/self/status").read().partition("VmRSS:")[2].split()[0])
print(int(Reader().run(headless=True, mouse=False)) * 1024)
"""


def rich_mb(count: int) -> float:
    """MB of an application with one RichLog of so many lines."""
    argv = [sys.executable, "-c", RICH, str(count)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS)
    return int(done.stdout.split()[-1]) / 1e6


def _read(terminal: Watched, log: Path, count: int) -> float:
    """CPU seconds that a program which follows `log` needs for so many new lines."""
    pid = terminal.process.pid
    before = cpu_seconds(pid)
    lines.write(log, count)
    until_idle(pid, lambda: terminal.shows("LAST-LINE"), PATIENCE_SECONDS)
    return cpu_seconds(pid) - before


def _toolong(directory: Path) -> tuple[float, float, float]:
    """Of toolong: MB and CPU seconds with a log of a million lines opened, and lines per CPU second as it grows."""
    program, log = peers.toolong(), directory / "a.log"
    assert program is not None
    lines.write(log, COUNT)
    with Watched([program, str(log)]) as terminal:
        pid = terminal.process.pid
        until_idle(pid, lambda: terminal.shows("LAST-LINE"), PATIENCE_SECONDS)
        opened, used = resident_mb(pid), cpu_seconds(pid)
        return opened, used, TAILED / _read(terminal, log, TAILED)


def measure() -> Iterator[Figure]:
    """One server's log grows by a million lines, as fast as they are taken."""
    with Lab(mclt=600, key_algorithm="hmac-sha256") as lab, console(lab) as terminal:
        pid = terminal.process.pid
        until_idle(pid, lambda: True, 30)
        before = resident_mb(pid)
        used = _read(terminal, lab.primary.log_file, COUNT)
        after = resident_mb(pid)
    rich = rich_mb(RICH_COUNT)
    others, rate = f"RichLog {rich:.0f} MB with {RICH_COUNT:,}", ""
    if peers.toolong():
        with tempfile.TemporaryDirectory() as directory:
            opened, took, tailed = _toolong(Path(directory))
        others = f"{peers.toolong_words()} {opened:.0f} MB, {others}"
        rate = f"toolong {tailed:,.0f}, and {took:.1f} CPU-s to open the million (it reads what it shows)"
    against = f"{before:.0f} MB before; {others}; {after / GOAL_MB:.2f}x the goal of {GOAL_MB} MB"
    yield Figure("memory after 1,000,000 lines", f"{after:.0f} MB", against, after <= GOAL_MB)
    yield Figure("whole program, lines per CPU second", f"{COUNT / used:,.0f}", f"SSH included; {rate}")
