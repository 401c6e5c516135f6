"""What `dhcptui audit` prints."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from dhcptui.config.loading import ConfigError
from dhcptui.model.audit import AuditEntry, AuditEvent

EARLIEST = 7 * 86400.0
"""Of the epoch: what goes with a log is read from a day before, and no clock that was ever set tells an earlier time."""
_WRITE = "30m, 2h, 3d, or a time as in 2026-11-22T10:00 (UTC), or with its zone as in 2026-11-22T12:00+02:00"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_WORDS = {None: "    ", True: "ok  ", False: "FAIL"}


def parse_since(text: str, now: float) -> float:
    """Epoch seconds of "2h" (ago) or "2026-11-22T10:00" (UTC where no zone is named), no later than now. Raises ConfigError."""
    since = _epoch(text, now)
    if since > now:
        shown = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M")
        raise ConfigError(f"--since {text!r} is in the future: it is {shown} now, in UTC; write {_WRITE}")
    if since < EARLIEST:
        raise ConfigError(f"--since {text!r} is before all records; write {_WRITE}")
    return since


def _epoch(text: str, now: float) -> float:
    if match := re.fullmatch(r"(\d{1,6})([smhdw])", text.strip()):
        return now - int(match[1]) * _UNITS[match[2]]
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(f"--since {text!r}: write {_WRITE}") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def line(entry: AuditEntry) -> str:
    """One entry in one line; a run begins with an empty line before it."""
    at = datetime.fromtimestamp(entry.at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    step = f" {entry.step}/{entry.steps}" if entry.step else ""
    event = {AuditEvent.INTENT: "will", AuditEvent.OUTCOME: "did "}.get(entry.event, entry.event.value)
    head = "\n" if entry.event is AuditEvent.BEGIN else ""
    return f"{head}{at}  {entry.pair} {entry.action}{step}  {_WORDS[entry.ok]} {event}  {entry.server}: {entry.text}"
