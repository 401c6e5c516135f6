"""What of a server's log is worth remembering for a while: the lines that tell what is wrong."""

from __future__ import annotations

from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.log_line import LineKind, LogLine

_KINDS = frozenset({LineKind.STATE, LineKind.LINK, LineKind.WARNING, LineKind.ERROR, LineKind.FATAL})
_ROUTINE = frozenset({IncidentId.UPDATES_REJECTED, IncidentId.FIRST_START})


def is_notable(line: LogLine) -> bool:
    """Whether a line says something of the pair's health, rather than of its daily work."""
    return line.kind in _KINDS or line.incident in _ROUTINE
