"""The quiet console: CPU and bytes while nothing happens, beside programs that have nothing to watch."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.lab.pair import Lab
from tools.bench import lines, peers
from tools.bench.process import cpu_seconds
from tools.bench.table import Figure
from tools.bench.watching import Watched, console

REST_SECONDS, SECONDS = 8.0, 30


def measure() -> Iterator[Figure]:
    """All of them at the same time. The console asks two servers once a second and follows two logs meanwhile."""
    with ExitStack() as stack:
        lab = stack.enter_context(Lab(mclt=600, key_algorithm="hmac-sha256"))
        log = Path(stack.enter_context(tempfile.TemporaryDirectory()), "a.log")
        lines.write(log, 1000)
        programs = {"dhcptui": stack.enter_context(console(lab))}
        programs["a bare Textual app"] = stack.enter_context(Watched(peers.bare()))
        if tool := peers.toolong():
            programs[peers.toolong_words()] = stack.enter_context(Watched([tool, str(log)]))
        time.sleep(REST_SECONDS)
        before = {name: cpu_seconds(each.process.pid) for name, each in programs.items()}
        with ThreadPoolExecutor() as pool:
            spent = dict(zip(programs, pool.map(lambda each: each.spent(SECONDS), programs.values()), strict=True))
        used = {name: (cpu_seconds(each.process.pid) - before[name]) / SECONDS for name, each in programs.items()}
    ours, seconds = used.pop("dhcptui"), spent.pop("dhcptui")
    others = ", ".join(f"{name} {each * 1000:.0f} ms" for name, each in used.items())
    yield Figure("idle, CPU per second", f"{ours * 1000:.0f} ms", f"{others}; neither of them has two servers to ask")
    others = ", ".join(f"{name} {median(each):.0f}" for name, each in spent.items())
    against = f"{others}; {sum(seconds)} in all in {SECONDS} s, where a minute begins; goal 0"
    yield Figure("idle, bytes per second", f"{median(seconds):.0f}", against, median(seconds) == 0)
