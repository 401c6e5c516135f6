"""What a running program has used so far, from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
MB = 1e6


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    """Memory in use, in MB (10^6 bytes)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / MB
    raise ProcessLookupError(pid)


def descriptors(pid: int) -> int:
    """Open files and sockets."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def until_idle(pid: int, done: Callable[[], bool], timeout: float, quiet_share: float = 0.1) -> None:
    """Wait until `done`, and until the program has used less than `quiet_share` of a core for a second."""
    deadline = time.monotonic() + timeout
    last = cpu_seconds(pid)
    while True:
        time.sleep(1)
        now = cpu_seconds(pid)
        if now - last < quiet_share and done():
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {pid} is still at work after {timeout:g} s")
        last = now
