"""Remembers the remarkable lines of one server's log: bounded, repeats folded, old ones forgotten."""

from __future__ import annotations

from collections.abc import Iterable

from dhcptui.model.loglines import LogLine
from dhcptui.model.remarks import Remark, remarkable

LIMIT = 256
MAX_AGE_SECONDS = 6 * 3600.0


class Remarks:
    """Lines that say the same, by the same process, are one remark however far apart they stand; a state change never folds."""

    def __init__(self, limit: int = LIMIT, max_age_seconds: float = MAX_AGE_SECONDS) -> None:
        self._limit = limit
        self._max_age = max_age_seconds
        self._kept: dict[tuple[object, ...], Remark] = {}  # in the order of their latest lines
        self._count = 0

    @property
    def kept(self) -> tuple[Remark, ...]:
        """What is remembered, in the order of the latest lines."""
        return tuple(self._kept.values())

    def add(self, lines: Iterable[LogLine], now: float) -> bool:
        """Take new lines; whether one of them was remarkable. `now`: by the server's clock, for lines without a time."""
        before = self._count
        for line in lines:
            if remarkable(line):
                self._take(line, now)
        if self._count == before:
            return False
        self._forget(now)
        return True

    def _take(self, line: LogLine, now: float) -> None:
        self._count += 1
        at = now if line.stamp is None else line.stamp
        key = (self._count,) if line.fold_key is None else (line.fold_key, line.pid, line.kind)
        old = self._kept.pop(key, None)
        self._kept[key] = Remark(line, old.count + 1, old.first_at, at) if old else Remark(line, 1, at, at)

    def _forget(self, now: float) -> None:
        """Drop what is too old, then what is too much, oldest first."""
        for key in [key for key, remark in self._kept.items() if remark.last_at < now - self._max_age]:
            del self._kept[key]
        for key in list(self._kept)[: max(0, len(self._kept) - self._limit)]:
            del self._kept[key]
