"""Times and names in words: fixed in width where they change on screen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime


def joined(names: Iterable[str]) -> str:
    """Names for a sentence: "dhcp1 and dhcp2"."""
    return " and ".join(names)


def span(seconds: float, between: str = " ") -> str:
    """A coarse duration that changes rarely: "<1 min", "12 min", "3h 04m", "3d 04h". `between` hours and minutes."""
    minutes = int(max(0.0, seconds) // 60)
    if minutes < 1:
        return "<1 min"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h{between}{minutes:02d}m"
    days, hours = divmod(hours, 24)
    return f"{days}d {hours:02d}h"


def timer(seconds: float) -> str:
    """A countdown: "00:44", "1:02:03"; rounded up, so that 00:00 means over."""
    whole = int(max(0.0, seconds) + 0.999)
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{secs:02d}" if hours else f"{minutes:02d}:{secs:02d}"


def age(seconds: float) -> str:
    """How old a value is: "3 s", "2 min"."""
    return f"{int(seconds)} s" if seconds < 120 else span(seconds)


def clock(epoch: float) -> str:
    """A time of day in UTC: "11:33:05"."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%H:%M:%S")


def minute(epoch: float) -> str:
    """The same without seconds: "11:33"."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%H:%M")


def day(epoch: float, now: float) -> str:
    """The date in UTC, and a space behind it: "22 Nov "; empty for today."""
    when, today = datetime.fromtimestamp(epoch, UTC), datetime.fromtimestamp(now, UTC)
    return "" if when.date() == today.date() else when.strftime("%-d %b ")


def day_clock(epoch: float, now: float) -> str:
    """A time of day in UTC, without its seconds and with the date unless it is today: "22 Nov 11:33"."""
    date = day(epoch, now)
    return f"{date}{minute(epoch)}" if date else clock(epoch)


def iso(epoch: float | None) -> str | None:
    """ISO 8601 in UTC with whole seconds, for JSON."""
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
