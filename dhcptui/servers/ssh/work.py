"""Whether a process works: what a look at its state and CPU time says, beside the look before it. Pure."""

from __future__ import annotations

import re

from dhcptui.model.changes import Work
from dhcptui.model.sanitize import is_number

WORKING_SHARE = 0.03
"""A process that uses more than this of a core works; one that tries a port again every few seconds does not."""
TICKS_A_SECOND = 100.0
"""USER_HZ of Linux, on every machine that runs dhcpd."""


def worked(before: Work | None, pid: int, text: str, at: float) -> Work:
    """The answer of `holder_commands.work`, asked at `at` (mono); `before`: the look before it, at whatever process."""
    state, _, time = text.strip().partition(" ")
    cpu = cpu_seconds(time.strip())
    judged = before is not None and before.pid == pid
    if before is None or not judged:
        before = Work(pid, None, None, at)
    used = None if cpu is None or before.cpu_seconds is None else cpu - before.cpu_seconds
    # One that waits for the disk works as well: a file is read at whatever speed that has.
    works = state[:1] == "D" or (used is not None and used > WORKING_SHARE * (at - before.looked_at))
    return Work(pid, cpu, at if works else before.worked_at, at, judged)


def cpu_seconds(text: str) -> float | None:
    """CPU time: "1234 ticks", "00:01:02", "1-00:00:03", "0:03.25"; None where it is none of these."""
    if ticks := re.fullmatch(r"(\d+) ticks", text):
        return float(ticks[1]) / TICKS_A_SECOND
    found = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)", text)
    if found is None:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def size_of(lines: list[str] | tuple[str, ...]) -> int | None:
    """Bytes of a file as `holder_commands.file_size` tells it; None for anything else."""
    words = lines[0].split() if len(lines) == 1 else []
    return int(words[4]) if len(words) > 8 and words[0].startswith("-") and is_number(words[4]) else None
