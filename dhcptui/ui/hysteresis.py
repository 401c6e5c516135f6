"""Numbers that hold still: a shown value changes only when the real one has moved away from it.

A round trip that wavers between 1 and 2 ms, or a clock offset between 0.0 and 0.1 s, would repaint the screen every
second and draw the eye for nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Hysteresis:
    """Holds a value until the new one differs by more than `by` (absolute) or by the factor `times`."""

    by: float = 0.0
    times: float = 0.0
    held: float | None = None

    def __call__(self, value: float) -> float:
        """The value to show."""
        held = self.held
        if (
            held is None
            or (self.times and not held / self.times < value < held * self.times)
            or (self.by and abs(value - held) > self.by)
        ):
            self.held = value
            return value
        return held


@dataclass(slots=True)
class Middle:
    """The median of the last nine different values: one that strays is not shown at all."""

    values: deque[float] = field(default_factory=lambda: deque(maxlen=9))

    def __call__(self, value: float) -> float:
        """The median, with this value among the last ones."""
        if not self.values or self.values[-1] != value:
            self.values.append(value)
        return sorted(self.values)[(len(self.values) - 1) // 2]


def milliseconds(seconds: float) -> str:
    """A round trip in five cells (six above 99 ms): "<1 ms", "2 ms", "40 ms", "300 ms", "2 s"; one digit of truth."""
    ms = seconds * 1000
    if ms < 1:
        return "<1 ms"
    if ms >= 1000:
        return f"{ms / 1000:.0f} s".ljust(5)
    step = 10 ** (len(str(int(ms))) - 1)
    return f"{round(ms / step) * step:.0f} ms".ljust(5)


def duration(seconds: int) -> str:
    """A configured time: "45 s", "30 min", "1 h", "90 s"."""
    if seconds >= 3600 and seconds % 3600 == 0:
        return f"{seconds // 3600} h"
    if seconds >= 120 and seconds % 60 == 0:
        return f"{seconds // 60} min"
    return f"{seconds} s"
