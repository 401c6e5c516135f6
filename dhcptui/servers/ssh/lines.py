"""Bytes to lines, and the seam between two log follows: pure helpers of the tail."""

from __future__ import annotations

from collections import deque

MAX_LINE = 64 * 1024
"""Bytes kept of one line; the rest of it is dropped."""


class LineSplitter:
    """Cuts a byte stream into lines without their newline, none longer than `limit` bytes."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._rest = b""
        self._overlong = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes."""
        *lines, rest = (self._rest + data).split(b"\n")
        if lines and self._overlong:  # the end of a line whose beginning is delivered
            del lines[0]
            self._overlong = False
        lines = [line[: self._limit] for line in lines]
        if self._overlong:
            rest = b""
        elif len(rest) > self._limit:
            lines.append(rest[: self._limit])
            rest, self._overlong = b"", True
        self._rest = rest
        return lines

    def flush(self) -> list[bytes]:
        """What is left without a newline at the end of the stream."""
        lines, self._rest = ([self._rest] if self._rest else []), b""
        return lines


class Overlap:
    """Joins a log across reconnects: trims from a new backlog what was delivered before, so nothing shows twice.

    Everything delivered goes through `feed`. After a reconnect, `trim` takes a complete backlog; or `resume`, then
    `feed` as lines arrive, takes one that begins no earlier than the remembered lines do.
    """

    def __init__(self, keep: int = 1000) -> None:
        """Remember the last `keep` lines; not fewer than the backlog that a follow begins with."""
        self._seen: deque[bytes] = deque(maxlen=keep)
        self._replay: list[bytes] | None = None
        self._at_most: int | None = None
        self.gap = False
        """Whether the last backlog did not touch what was delivered: lines are missing before it."""

    @property
    def started(self) -> bool:
        """Whether anything was delivered yet."""
        return bool(self._seen)

    def resume(self, at_most: int | None = None) -> None:
        """A new follow begins: what comes next may be a replay, of no more than `at_most` lines."""
        self._replay = [] if self._seen else None
        self._at_most = at_most

    def feed(self, lines: list[bytes]) -> list[bytes]:
        """The lines that are new; withheld while they only repeat what was delivered."""
        if self._replay is not None:
            self._replay += lines
            size = len(self._replay) if self._at_most is None else self._at_most
            # Lines behind a replay are new, also where they say what was delivered before: not every log has times.
            replay, behind = self._replay[:size], self._replay[size:]
            if not behind and self._inside(replay):
                return []
            return self.trim(replay) + self.feed(behind)
        self._seen.extend(lines)
        return lines

    def touches(self, backlog: list[bytes]) -> bool:
        """Whether a complete backlog goes on from what was delivered, or holds a part of it."""
        return not self.started or self._known_until(backlog) > 0

    def trim(self, backlog: list[bytes]) -> list[bytes]:
        """The lines of a complete backlog that are new. They count as delivered."""
        known = self._known_until(backlog)
        self.gap = self.started and known == 0
        self._replay = None
        fresh = backlog[known:]
        self._seen.extend(fresh)
        return fresh

    def _known_until(self, backlog: list[bytes]) -> int:
        """How many lines of the backlog are known: up to where all that was delivered ends, else as far as it goes on.

        Equal lines can make this ambiguous; the choice then is the one that loses nothing.
        """
        seen = list(self._seen)
        if not seen:
            return 0
        for n in range(len(seen), len(backlog) + 1):  # the backlog holds all of it
            if backlog[n - 1] == seen[-1] and backlog[n - len(seen) : n] == seen:
                return n
        for n in range(min(len(seen), len(backlog)), 0, -1):  # the backlog begins within it
            if backlog[n - 1] == seen[-1] and backlog[:n] == seen[-n:]:
                return n
        return 0

    def _inside(self, lines: list[bytes]) -> bool:
        """Whether `lines` stand somewhere among the delivered ones, in one piece."""
        seen, size = list(self._seen), len(lines)
        return any(seen[at : at + size] == lines for at in range(len(seen) - size + 1))
