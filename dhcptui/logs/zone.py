"""A server's time zone: from the wall-clock time in a log to epoch seconds, across the switches of summer time. Pure."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_QUARTER, _FARTHEST = 15 * 60, 15 * 3600
_RULE = re.compile(r"[!-~]{4,100}")


@dataclass(frozen=True, slots=True)
class Zone:
    """Seconds east of UTC, and the rule of the switches where the server has one that is known."""

    offset: int = 0
    """In seconds; what counts where there is no rule."""
    rule: str = ""
    """As POSIX writes it in TZ: `CET-1CEST,M3.5.0,M10.5.0/3`."""

    def stamps(self, wall: int) -> tuple[int, ...]:
        """Epoch seconds of a wall-clock time, given as if it were UTC: two, in order, in the hour that comes twice."""
        zone = _zone_info(self.rule) if self.rule else None
        if zone is None:
            return (wall - self.offset,)
        local = _EPOCH + timedelta(seconds=wall)
        first, second = (wall - _seconds(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
        # In the hour that a clock leaves out the two stand in the wrong order: what was written there is of before it.
        return (first, second) if first < second else (first,)


UTC_ZONE = Zone()


def zone_of(lines: Sequence[str], now: float) -> Zone | None:
    """A server's zone by its offset now (`+0200`) and, on a second line, the rule of its switches; None: not told.

    Without an offset the next two lines count, the time there and in UTC (`20261122113305`).
    A rule that gives another offset at `now` is not that of the server's programs, and does not count.
    """
    offset, rule, local, utc, *_ = (each.strip() for each in (*lines, "", "", "", ""))
    if match := re.fullmatch(r"([+-])([0-9]{2})([0-9]{2})", offset):
        seconds = (-1 if match[1] == "-" else 1) * (int(match[2]) * 3600 + int(match[3]) * 60)
    elif (apart := _apart(local, utc)) is not None:
        seconds = apart
    else:
        return None
    zone = _zone_info(rule)
    if zone is None or _seconds(datetime.fromtimestamp(now, zone)) != seconds:
        return Zone(seconds)
    return Zone(seconds, rule)


def _apart(local: str, utc: str) -> int | None:
    """Seconds between two wall clocks that were read one after the other: zones are whole quarters of an hour."""
    try:
        here, there = (datetime.strptime(f"{text}+0000", "%Y%m%d%H%M%S%z") for text in (local, utc))
    except ValueError:
        return None
    seconds = round((here - there).total_seconds() / _QUARTER) * _QUARTER
    return seconds if abs(seconds) <= _FARTHEST else None


def _seconds(local: datetime) -> int:
    return int((local.utcoffset() or timedelta()).total_seconds())


@lru_cache(maxsize=16)
def _zone_info(rule: str) -> ZoneInfo | None:
    """A zone that always follows this rule; None for what is none. A zone file (RFC 8536) ends in just such a line."""
    if not _RULE.fullmatch(rule) or "," not in rule:
        return None
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    empty = b"TZif2" + bytes(15) + counts + struct.pack(">lbb", 0, 0, 0) + b"UTC\0"
    try:
        return ZoneInfo.from_file(io.BytesIO(2 * empty + f"\n{rule}\n".encode()))
    except ValueError:
        return None
