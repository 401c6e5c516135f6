"""What of a server's log is worth remembering for a while: the lines that tell what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.logs.lexicon import LineKind
from dhcptui.logs.lines import LogLine
from dhcptui.model.incident_ids import IncidentId

_KINDS = frozenset({LineKind.STATE, LineKind.LINK, LineKind.WARNING, LineKind.ERROR, LineKind.FATAL})
_ROUTINE = frozenset({IncidentId.UPDATES_REJECTED, IncidentId.FIRST_START})


@dataclass(frozen=True, slots=True)
class NotableLine:
    """A remarkable line, or several that say the same. Times are epoch seconds by the clock of the server."""

    line: LogLine
    """The latest of them."""
    count: int
    first_at: float
    last_at: float
    refused: tuple[tuple[float, str], ...] = ()
    """Of lines that turn clients away: when each client was turned away last, for those of the last minutes."""

    @property
    def text(self) -> str:
        """The latest line, and how often it was said."""
        return self.line.text if self.count == 1 else f"{self.line.text} ({self.count} times)"


def is_notable(line: LogLine) -> bool:
    """Whether a line says something of the pair's health, rather than of its daily work."""
    return line.kind in _KINDS or line.incident in _ROUTINE
