"""From exec to the first words in a terminal, and to the whole console."""

from __future__ import annotations

import re
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.bench import lines, peers
from tools.bench.table import Figure
from tools.bench.watching import CONSOLE, Watched

TIMES = 9
GOAL = 1.25
CONFIG = """
[pairs.office.primary]
name = "dhcp1"
host = "127.0.0.1"
port = 9
[pairs.office.secondary]
name = "dhcp2"
host = "127.0.0.2"
port = 9
"""


def painted(argv: Sequence[str], *words: str) -> list[float]:
    """Seconds from exec until each of `words` has arrived."""
    with Watched(argv) as terminal:
        return [terminal.arrived(re.escape(each)) - terminal.began for each in words]


def measure() -> Iterator[Figure]:
    """One after the other in turn, so that what else the machine does meets all of them."""
    with tempfile.TemporaryDirectory() as directory:
        config, log = Path(directory, "config.toml"), Path(directory, "a.log")
        config.write_text(CONFIG)
        lines.write(log, 100)
        bare, first, whole, tool = [], [], [], []
        for _ in range(TIMES):
            bare += painted(peers.bare(), "first paint")
            words, console = painted([*CONSOLE, str(config)], "dhcp1", "What now")
            first.append(words)
            whole.append(console)
            if program := peers.toolong():
                tool += painted([program, str(log)], "DHCPACK")
    base = statistics.median(bare)
    for name, taken, goal in (("first paint, first words", first, GOAL), ("first paint, whole console", whole, None)):
        middle = statistics.median(taken)
        against = f"{middle / base:.2f}x a Textual app of one label ({base * 1000:.0f} ms)"
        if tool:
            against += f", {middle / statistics.median(tool):.2f}x {peers.toolong_words()}"
            against += f" ({statistics.median(tool) * 1000:.0f} ms)"
        met = None if goal is None else middle <= goal * base
        against += "" if goal is None else f"; goal {goal:g}x of the former"
        yield Figure(name, f"{middle * 1000:.0f} ms", against, met)
