"""How much may be on its way to the terminal. A link of 1 kB/s gets small pieces, a stalled one gets nothing more.

Behind each piece goes a query for the cursor's position; its answer says that the piece has arrived. What a buffer on
the way holds (sshd, a modem, a pty) counts as under way, which no system call would tell.
"""

from __future__ import annotations

from collections import deque

QUERY = "\x1b[6n"
"""DSR: the terminal answers with CSI row ; column R."""
LARGEST, SMALLEST = 65536, 256
"""Characters in one piece."""
AIM_SECONDS = 0.4
"""So long may a piece take on the line, beyond an empty round trip."""
_PATIENCE_SECONDS, _SLOWEST = 3.0, 250.0
"""An answer is waited for so long, plus a second for every so many characters; twice as long each time none came."""
_MOST_DOUBLINGS = 4
_FIRST_PATIENCE_SECONDS = 1.0
"""A terminal that has never answered by then is mute, and gets what the kernel takes."""


class FlowControl:
    """Says when the next piece may go, and how large it may be. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.window = LARGEST // 4
        self._under_way: deque[tuple[float, int]] = deque()
        self._quickest: float | None = None
        self._missing = 0
        self._heard = self._mute = False

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come, from a terminal that answers."""
        return bool(self._under_way) and self._heard

    def ready_at(self) -> float:
        """From when on a piece may be sent. A query without a piece (size 0) does not count: it measures the empty line."""
        if not self._under_way or self._mute:
            return 0.0
        at, size = self._under_way[-1]
        if not size:
            return 0.0
        if not self._heard:
            return at + _FIRST_PATIENCE_SECONDS
        return at + _PATIENCE_SECONDS * 2.0 ** min(self._missing, _MOST_DOUBLINGS) + size / _SLOWEST

    def sent(self, now: float, size: int) -> None:
        """A piece has gone out, with a query behind it."""
        if self._under_way and self._under_way[-1][1]:
            self._missing += 1
            self._mute = not self._heard
        if self._mute:
            self._under_way.clear()
        self._under_way.append((now, size))

    def answered(self, now: float) -> None:
        """The terminal has answered a query."""
        self._heard, self._mute, self._missing = True, False, 0
        if not self._under_way:
            return
        at, size = self._under_way.popleft()
        took = now - at
        self._quickest = took if self._quickest is None else min(self._quickest, took)
        excess = took - self._quickest
        if excess > AIM_SECONDS:
            self.window = max(SMALLEST, min(self.window, int(size * AIM_SECONDS / excess)))
        elif size >= self.window // 2:
            self.window = min(LARGEST, self.window * 2)

    def touched(self, now: float) -> None:
        """Somebody is at the terminal: an answer that is overdue (it was detached, or replaced) will not come any more."""
        if self._under_way and now > self._under_way[-1][0] + _PATIENCE_SECONDS + self._under_way[-1][1] / _SLOWEST:
            self.lost()

    def lost(self) -> None:
        """What is under way does not matter any more."""
        self._under_way.clear()
        self._missing = 0
