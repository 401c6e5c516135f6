"""Whether the time in a log line can be taken as it stands: a clock or a zone that was set back leaves two orders. Pure."""

from __future__ import annotations

from collections.abc import Iterable

STEP_SECONDS = 5.0
"""Lines of one log cross by less than this."""
AHEAD = "its time lies ahead of its server's clock"
BEHIND = "from before its server's clock or time zone was set back: its time is not known"


class LogClock:
    """Follows the stamps of one log in its order."""

    def __init__(self) -> None:
        self.before: int | None = None
        """Lines below this place in the log stand behind a clock or a zone that was set back."""
        self._high = float("-inf")

    def add(self, place: int, stamp: float | None) -> None:
        """The next line."""
        if stamp is None:
            return
        if stamp < self._high - STEP_SECONDS:
            self.before, self._high = place, stamp
        self._high = max(self._high, stamp)

    def doubt(self, place: int, stamp: float | None, server_now: float | None) -> str:
        """Why the time of that line is not to be relied on; empty: it is. `server_now`: by that server's clock."""
        if self.before is not None and place < self.before:
            return BEHIND
        return AHEAD if stamp is not None and server_now is not None and stamp > server_now + STEP_SECONDS else ""


def doubts(stamps: Iterable[float | None], server_now: float | None) -> list[str]:
    """For each line of a log why its time is not to be relied on; empty: it is."""
    kept, clock = list(stamps), LogClock()
    for place, stamp in enumerate(kept):
        clock.add(place, stamp)
    return [clock.doubt(place, stamp, server_now) for place, stamp in enumerate(kept)]
