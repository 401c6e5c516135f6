"""How far a server's clock is from ours: dhcpd refuses a partner that is more than 60 s away."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.servers.ssh.shell import RemoteShell

_DATE = re.compile(r"(\d{9,11})(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Server minus console, in seconds: positive when the server is ahead. `read_at` is our monotonic clock."""

    offset_seconds: float
    uncertainty_seconds: float
    read_at: float


async def read_clock(
    shell: RemoteShell,
    wall: Callable[[], float] = time.time,
    mono: Callable[[], float] = time.monotonic,
) -> ClockReading:
    """Ask the server's clock once; the truth lies within +-`uncertainty_seconds` of the answer.

    The server is taken to have answered half-way through the round trip. Where `date` knows no fractions the answer is
    moved to the middle of its second. `mono` must be the clock of the shell's answers (time.monotonic in seconds).
    Raises RemoteError when the server names no time, and what `RemoteShell.ask` raises.
    """
    answer = await shell.ask(commands.read_clock().line)
    read_at, here = mono(), wall()
    match = _DATE.match(answer.lines[-1]) if answer.lines else None
    if match is None:
        answered = answer.lines[-1] if answer.lines else f"nothing (exit status {answer.exit_status})"
        raise RemoteError(f"`date` on {shell.session.target} said {answered}, not the time")
    whole = match[2] is None
    server = int(match[1]) + (0.5 if whole else float(f"0.{match[2]}"))
    half_trip = (answer.ended_mono - answer.started_mono) / 2
    at_server = here - (read_at - answer.started_mono - half_trip)
    return ClockReading(server - at_server, half_trip + (0.5 if whole else 0.0), read_at)
