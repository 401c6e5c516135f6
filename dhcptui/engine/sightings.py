"""What a console sees of its servers, kept for later reports: for each server from when to when it saw the same.

One JSON object a line in `seen.jsonl` beside the audit log, rotated as that is. A line is written when what is seen changes,
and once a minute while it does not; lines of one console with one beginning are the same sighting, and the latest counts.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from dhcptui.act import audit_files
from dhcptui.act.audit import AuditError, AuditLog, default_path
from dhcptui.assess.history.service import Sighting
from dhcptui.assess.since import sighting
from dhcptui.config.loading import PairSettings
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot

AGAIN_SECONDS = 60.0
JOIN_SECONDS = 10.0
"""Two looks further apart tell nothing of the time between them."""
READ_BYTES = 16 * 1024 * 1024


def seen_path() -> Path:
    """Where it lies."""
    return default_path().with_name("seen.jsonl")


class Sightings:
    """Takes each snapshot of one pair and writes down what changes. Nothing that fails here is in anybody's way."""

    def __init__(self, settings: PairSettings, path: Path | None = None) -> None:
        self._settings = settings
        self._log = AuditLog(path or seen_path())
        self._console = secrets.token_hex(8)
        self._open: dict[Role, Sighting] = {}
        self._written: dict[Role, float] = {}

    def looked(self, snapshot: PairSnapshot, now: Moment) -> None:
        """A new snapshot."""
        for view in snapshot.servers:
            self._take(view.role, sighting(view, now))

    def _take(self, role: Role, seen: Sighting | None) -> None:
        known = self._open.get(role)
        if known is not None and seen is not None and _goes_on(known, seen):
            self._open[role] = known = replace(known, end=max(known.end, seen.end))
            if known.end - self._written[role] >= AGAIN_SECONDS:
                self._write(known)
            return
        if known is not None:
            self._write(self._open.pop(role))
        if seen is not None:
            self._open[role] = seen
            self._write(seen)

    def close(self) -> None:
        """The console looks no more."""
        for role in tuple(self._open):
            self._write(self._open.pop(role))

    def _write(self, seen: Sighting) -> None:
        self._written[seen.role] = seen.end
        settings = self._settings
        record = {
            "epoch": round(seen.end, 3),
            "console": self._console,
            "pair": settings.name,
            "peer": settings.peer,
            "role": seen.role.value,
            "host": settings[seen.role].host,
            "begin": round(seen.begin, 3),
            "serves": seen.serves,
            "gone": seen.gone,
        }
        with suppress(AuditError):
            self._log.append(record, sync=False)


def _goes_on(known: Sighting, seen: Sighting) -> bool:
    same = (known.serves, known.gone) == (seen.serves, seen.gone)
    return same and known.begin <= seen.end and seen.begin - known.end <= JOIN_SECONDS


@dataclass(frozen=True, slots=True)
class _Line:
    console: str
    seen: Sighting


def recall(settings: PairSettings, since: float, path: Path | None = None) -> tuple[Sighting, ...]:
    """What consoles of this machine saw of a pair since `since`, in the order of its beginning. Raises AuditError."""
    path = path or seen_path()
    found: dict[tuple[str, Role, float], Sighting] = {}
    try:
        for raw in audit_files.lines(path, READ_BYTES):
            if (line := _line(raw, settings)) is not None and line.seen.end >= since:
                found[line.console, line.seen.role, line.seen.begin] = line.seen
    except OSError as error:
        raise AuditError(f"cannot read {path}: {error.strerror}") from error
    return tuple(sorted(found.values(), key=lambda seen: seen.begin))


def _line(raw: bytes, settings: PairSettings) -> _Line | None:
    """A line about this pair's servers; None for any other, and for a torn one."""
    try:
        record = json.loads(raw)
        role = Role(record["role"])
        begin, end = float(record["begin"]), float(record["epoch"])
        ours = (record["pair"], record["peer"], record["host"]) == (settings.name, settings.peer, settings[role].host)
        serves, gone = record["serves"], record["gone"]
        if (
            not ours
            or not isinstance(serves, bool | None)
            or not isinstance(gone, bool)
            or not math.isfinite(end - begin)
        ):
            return None
        return _Line(str(record["console"]), Sighting(role, begin, end, serves, gone))
    except (ValueError, KeyError, TypeError):
        return None


def of_role(seen: Iterable[Sighting], role: Role) -> tuple[Sighting, ...]:
    """Those of one server."""
    return tuple(each for each in seen if each.role is role)
