"""From the bytes that come over SSH to folded rows on a pane: lines per second of CPU time, against RichLog."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence

from textual.app import App, ComposeResult
from textual.widgets import RichLog

from dhcptui.logs.lines import parse_lines
from dhcptui.model.role import Role
from dhcptui.servers.ssh.lines import LineSplitter, Overlap
from dhcptui.ui import gc_tuning
from dhcptui.ui.bridge import Bridge
from dhcptui.ui.handlers import HANDLERS
from dhcptui.ui.keymap import Commands
from dhcptui.ui.panes.log_view import MAX_LINES, LogView
from dhcptui.watch.history import History
from dhcptui.watch.notable_lines import NotableLines
from tools.bench.lines import busy
from tools.bench.table import Figure

GOAL = 200_000
COUNT, RICH_COUNT = 200_000, 4_000
CHUNK, READS = 230_000, 2
"""Bytes of one read, and reads for one frame: a log is read ten times a second and painted four times."""
TIMES = 3
NOW = 1_795_000_000.0


class Panes(App[None]):
    """Our log and Textual's, one above the other."""

    def compose(self) -> ComposeResult:
        """Both of the same size."""
        yield LogView(Role.PRIMARY, "dhcp1", "foo", ascii_only=False, commands=Commands(handlers=HANDLERS))
        yield RichLog(max_lines=5000)


class Way:
    """What a line goes through between SSH and the screen, in the order of the console."""

    def __init__(self, pane: LogView) -> None:
        self.pane = pane
        self.splitter, self.overlap = LineSplitter(), Overlap()
        self.notable_lines, self.history = NotableLines(), History("foo")
        self.bridge = Bridge(lambda _: True)

    def take(self, data: bytes) -> int:
        """One read; returns how many lines were in it."""
        lines = parse_lines(self.overlap.feed(self.splitter.feed(data)), NOW)
        self.notable_lines.add(lines, NOW)
        self.history.logged(Role.PRIMARY, lines)
        self.bridge.on_log(Role.PRIMARY, lines)
        return len(lines)

    def show(self) -> None:
        """What the screen's timer does."""
        lines, dropped = self.bridge.take_logs(Role.PRIMARY)
        if dropped:
            raise RuntimeError(f"{dropped} lines were left out")
        self.pane.add(lines)


async def ours(chunks: Sequence[bytes]) -> float:
    """Lines per CPU second, each read painted."""
    app = Panes()
    async with app.run_test(size=(120, 40)) as pilot:
        way, count = Way(app.query_one(LogView)), 0
        gc_tuning.settle()
        began = time.process_time()
        for start in range(0, len(chunks), READS):
            count += sum(map(way.take, chunks[start : start + READS]))
            way.show()
            await pilot.pause()
        took = time.process_time() - began
        if len(way.pane.lines) < MAX_LINES or count != COUNT:
            raise RuntimeError(f"{count} lines came, {len(way.pane.lines)} are held")
        return count / took


async def richs(lines: Sequence[bytes]) -> float:
    """The same of RichLog, which is given text."""
    app = Panes()
    async with app.run_test(size=(120, 40)) as pilot:
        log = app.query_one(RichLog)
        gc_tuning.settle()
        began = time.process_time()
        for start in range(0, len(lines), 1000):
            for line in lines[start : start + 1000]:
                log.write(line.decode().rstrip())
            await pilot.pause()
        return len(lines) / (time.process_time() - began)


def parsing(lines: Sequence[bytes]) -> float:
    """Of the parser alone."""
    began = time.process_time()
    parse_lines(lines, NOW)
    return len(lines) / (time.process_time() - began)


def measure() -> Iterator[Figure]:
    """The best of several runs: another program's work can only slow one down."""
    lines = list(busy(COUNT))
    raw = b"".join(lines)
    chunks = [raw[start : start + CHUNK] for start in range(0, len(raw), CHUNK)]
    best = max(asyncio.run(ours(chunks)) for _ in range(TIMES))
    rich = asyncio.run(richs(lines[:RICH_COUNT]))
    alone = max(parsing([line[:-1] for line in lines]) for _ in range(TIMES))
    against = f"{best / rich:.0f}x RichLog ({rich:,.0f}); {best / GOAL:.2f}x the goal of {GOAL:,}"
    yield Figure("log ingest, lines per CPU second", f"{best:,.0f}", against, best >= GOAL)
    yield Figure("of that, parsing alone", f"{alone:,.0f}", "lines per CPU second")
