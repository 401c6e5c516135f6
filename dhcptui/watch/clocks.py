"""The console's clocks. Ages are taken from a clock that goes on while the machine sleeps, where there is one."""

from __future__ import annotations

import time

from dhcptui.model.moments import Moment

_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", None)


def mono() -> float:
    """Seconds that only grow; a laptop that slept for an hour wakes an hour later, with old values looking old."""
    return time.clock_gettime(_BOOTTIME) if _BOOTTIME is not None else time.monotonic()


def moment() -> Moment:
    """Now."""
    return Moment(time.time(), mono())
