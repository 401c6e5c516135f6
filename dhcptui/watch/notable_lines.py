"""Remembers the remarkable lines of one server's log: bounded, repeats folded, old ones forgotten."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from dhcptui.assess.cannot_start import sign_of_life
from dhcptui.logs.lines import refused_client
from dhcptui.logs.notable_lines import is_notable
from dhcptui.logs.refusals import REFUSED_SECONDS
from dhcptui.model.log_line import LogLine, Mover, NotableLine

LIMIT = 256
MAX_AGE_SECONDS = 6 * 3600.0
MOST_CLIENTS = 500
"""Turned-away clients that are remembered of one kind of line."""


class NotableLines:
    """Lines that say the same, by the same process, are one notable line however far apart they stand; a state change never folds."""

    def __init__(self, limit: int = LIMIT, max_age_seconds: float = MAX_AGE_SECONDS) -> None:
        self._limit = limit
        self._max_age = max_age_seconds
        self._kept: dict[tuple[object, ...], NotableLine] = {}  # in the order of their latest lines
        self._refused: dict[tuple[object, ...], dict[str, float]] = {}
        self._count = 0

    @property
    def kept(self) -> tuple[NotableLine, ...]:
        """What is remembered, in the order of the latest lines."""
        return tuple(
            replace(notable, refused=self._turned_away(key)) if key in self._refused else notable
            for key, notable in self._kept.items()
        )

    def add(self, lines: Iterable[LogLine], now: float) -> bool:
        """Take new lines; whether one of them was remarkable. `now`: by the server's clock, for lines without a time."""
        before = self._count
        for line in lines:
            if is_notable(line):
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
        count, first_at = (old.count, old.first_at) if old else (0, at)
        self._kept[key] = NotableLine(line, count + line.times, first_at, at)
        client = refused_client(line)
        if client is not None:
            self._refuse(self._refused.setdefault(key, {}), client, at)

    @staticmethod
    def _refuse(clients: dict[str, float], client: str, at: float) -> None:
        """Note a client, and forget those of long ago: the dictionary stands in the order of their latest lines."""
        clients.pop(client, None)
        clients[client] = at
        while len(clients) > MOST_CLIENTS or next(iter(clients.values())) < at - 2 * REFUSED_SECONDS:
            del clients[next(iter(clients))]

    def _turned_away(self, key: tuple[object, ...]) -> tuple[tuple[float, str], ...]:
        return tuple((at, client) for client, at in self._refused[key].items())

    def _forget(self, now: float) -> None:
        """Drop what is too old, then what is too much, oldest first."""
        for key in [key for key, notable in self._kept.items() if notable.last_at < now - self._max_age]:
            self._drop(key)
        for key in list(self._kept)[: max(0, len(self._kept) - self._limit)]:
            self._drop(key)

    def _drop(self, key: tuple[object, ...]) -> None:
        del self._kept[key]
        self._refused.pop(key, None)


class Signs:
    """Signs of life of our own dhcpd in a log that others, and tests of a file, may write as well."""

    def __init__(self) -> None:
        self._pid: int | None = None
        """Of the last one that moved in our relationship."""

    def last(self, lines: Sequence[LogLine], peer: str, pids: Collection[int]) -> float:
        """When the last of these lines that is one was written; 0 for none. `pids`: those seen to be ours."""
        for line in lines:
            move = line.transition
            if move is not None and move.who is Mover.ME and move.peer == peer:
                self._pid = line.pid
        for line in reversed(lines):
            ours = line.pid is not None and (line.pid == self._pid or line.pid in pids)
            if ours and line.stamp is not None and sign_of_life(line):
                return line.stamp
        return 0.0
