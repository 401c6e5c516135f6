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
    """What one server has shown, kept across sessions.

    What goes through sudo is counted apart: one that asks a dead resolver is slow beside quick commands, and stays it.
    """

    def __init__(self) -> None:
        self._seconds = {False: 0.0, True: 0.0}  # by whether it went through sudo
        self.least_seconds = 0.0
        """No command has less time than this: somebody has said how long he waits (`--wait`)."""

    @property
    def seconds(self) -> float:
        """What a small command must be expected to take; after one without an answer: at least that long."""
        return max(self._seconds.values())

    @property
    def slow(self) -> bool:
        """Whether it needs more patience than others."""
        return self.seconds > USUAL_SECONDS

    def limit(self, least: float, *, sudo: bool = True) -> float:
        """How long to wait for a small command, in seconds; never less than `least`."""
        return max(
            least, self.least_seconds, min(FACTOR * (self.seconds if sudo else self._seconds[False]), LONGEST_SECONDS)
        )

    def answered(self, seconds: float, *, sudo: bool = False) -> None:
        """A command took this long."""
        self._seconds[sudo] = max(seconds, _FADING * self._seconds[sudo])

    def silent(self, seconds: float, *, sudo: bool = False) -> None:
        """A command had no answer within this time: the next one is given more, but silence alone does not earn much."""
        self._seconds[sudo] = max(self._seconds[sudo], min(seconds, SILENT_SECONDS))
