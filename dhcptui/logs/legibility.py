"""Whether the lines of a log are in a format that is known here: a log that is not understood is not a quiet one. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dhcptui.model.log_line import LineKind, LogLine

MANY = 50
"""So many lines in a row that are not understood are more than what dhcpd prints at its start, or a text of several lines."""
_LOST = re.compile(r"\bfailover peer \S+: |\bDHCP(?:DISCOVER|OFFER|REQUEST|ACK|NAK)\b|\bdhcpd\[\d+\]")
"""Surely a line of dhcpd, and nothing of it was understood."""


class Legibility:
    """Follows one log."""

    def __init__(self) -> None:
        self._known = False
        """A line in a known format has come."""
        self._unread = 0
        """Lines in no known format since then."""
        self._lost = False
        """One of those since dhcpd was understood last was surely dhcpd's."""
        self.example = ""
        """The first line that is not understood."""

    def add(self, lines: Sequence[LogLine]) -> None:
        """The next lines."""
        at = len(lines)
        while at and lines[at - 1].kind in {LineKind.UNREAD, LineKind.OTHER}:
            at -= 1
        if at:  # dhcpd's, and understood: so is the last line of most batches
            self._known, self._unread, self._lost, self.example = True, 0, False, ""
        for line in lines[at:]:
            if line.kind is LineKind.OTHER:  # of another program, in a known format
                self._known, self._unread = True, 0
            else:
                self._unread += 1
                self._lost = self._lost or _LOST.search(line.text) is not None
                self.example = self.example or line.text

    @property
    def unreadable(self) -> bool:
        """Whether what dhcpd writes now cannot be read."""
        return self._lost or self._unread >= (MANY if self._known else 1)
