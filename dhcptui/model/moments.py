"""Times, and values with the time at which they were read.

Two clocks are used throughout. *Wall* times are epoch seconds of the console's clock; *mono* times are the console's
monotonic clock in seconds and serve ages only, so that a stepped wall clock never makes an old value look fresh.
Times that a server reports (stos) are epoch seconds of *that server's* clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Moment:
    """Now: `wall` in epoch seconds, `mono` in monotonic seconds, both of the console."""

    wall: float
    mono: float


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """A value with the moment it was read (mono seconds)."""

    value: T
    at: float

    def age(self, now: Moment) -> float:
        """Seconds since it was read."""
        return max(0.0, now.mono - self.at)
