"""How long small commands take on one server, as it has shown: the limits for them grow with it."""

from __future__ import annotations

FACTOR = 3.0
"""A command may take so many times what the slowest one took lately."""
LONGEST_SECONDS = 40.0
"""More patience than this is given to nobody."""
SILENT_SECONDS = 6.0
"""So much at most is learned from a command without an answer: whoever waits for partner-down waits for this."""
USUAL_SECONDS = 3.0
"""What a small command may take on a server that is not slow; a ping without an answer takes two."""
_FADING = 0.7
"""A slow answer counts a little less with each one that comes after it."""


class Pace:
    """What one server has shown, kept across sessions."""

    def __init__(self) -> None:
        self.seconds = 0.0
        """What a small command must be expected to take; after one without an answer: at least that long."""

    @property
    def slow(self) -> bool:
        """Whether it needs more patience than others."""
        return self.seconds > USUAL_SECONDS

    def limit(self, least: float) -> float:
        """How long to wait for a small command, in seconds; never less than `least`."""
        return max(least, min(FACTOR * self.seconds, LONGEST_SECONDS))

    def answered(self, seconds: float) -> None:
        """A command took this long."""
        self.seconds = max(seconds, _FADING * self.seconds)

    def silent(self, seconds: float) -> None:
        """A command had no answer within this time: the next one is given more, but silence alone does not earn much."""
        self.seconds = max(self.seconds, min(seconds, SILENT_SECONDS))
