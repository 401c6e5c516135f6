"""Ways to look at a log: only some lines, the next problem, a text, both servers on one clock. Pure, bounded, incremental.

A `LogView` holds the latest lines. A `Pick` of it holds those that match something, and is kept up to date: taking a
line costs the same however many are held. Every entry has a place; places order entries and never change.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable
from typing import NamedTuple

from dhcptui.logs.mixed import tag
from dhcptui.model.log_line import LineKind, LogLine
from dhcptui.model.role import Role

LIMIT = 20_000
"""Lines held by default; the same again in both logs merged."""
JITTER_SECONDS = 1.0
"""Lines of one server that seem to step back by less keep their order: the measured offset of its clock wavers."""

Place = tuple[float, int]
Match = Callable[[LogLine], bool]
PROBLEMS = frozenset({LineKind.WARNING, LineKind.ERROR, LineKind.FATAL})


class Entry(NamedTuple):
    """A line at its place in a view. `role`: whose log it is from."""

    place: Place
    role: Role
    line: LogLine


def transitions(line: LogLine) -> bool:
    """Whether a line tells of a state change."""
    return line.transition is not None


def problems(line: LogLine) -> bool:
    """Whether a line is a warning or worse."""
    return line.kind in PROBLEMS


def containing(text: str) -> Match:
    """Lines with this text in them or in what they begin with, as it stands; capitals and small letters are the same."""
    wanted = text.casefold()
    return lambda line: wanted in line.text.casefold() or wanted in tag(line).casefold()


_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_IP = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})")


def client_words(text: str) -> str | None:
    """A client's MAC or IPv4 address as dhcpd writes it; None when the text is neither.

    MAC: `00:16:3e:11:22:33`, `0-16-3E-11-22-33`, `0016.3e11.2233`, `00163e112233`; IP: `10.0.0.7`, `010.000.000.007`.
    """
    text = text.strip()
    if address := _IP.fullmatch(text):
        numbers = [int(part) for part in address.groups()]
        return ".".join(map(str, numbers)) if max(numbers) <= 255 else None
    groups = re.split(r"[:.-]", text)
    if not all(_HEX.fullmatch(group) for group in groups):
        return None
    match len(groups):
        case 6 if all(len(group) <= 2 for group in groups):
            octets = [group.zfill(2) for group in groups]
        case 3 if all(len(group) == 4 for group in groups):
            octets = re.findall("..", "".join(groups))
        case 1 if len(text) == 12:
            octets = re.findall("..", text)
        case _:
            return None
    return ":".join(octets).lower()


def client(text: str) -> Match | None:
    """Lines that name this client by MAC or IPv4 address, in any spelling of it; None when the text is neither."""
    words = client_words(text)
    if words is None:
        return None
    # Whole addresses only: 10.0.0.1 is neither in 10.0.0.10 nor in 210.0.0.1.
    found = re.compile(rf"(?<![0-9a-fA-F:.]){re.escape(words)}(?![0-9a-fA-F:]|\.\d)", re.IGNORECASE)
    return lambda line: found.search(line.text) is not None


class Pick:
    """The entries of a view that match, in their order. Its view keeps it up to date until it is dropped."""

    def __init__(self, match: Match) -> None:
        self.match = match
        self.entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self.entries)

    def after(self, place: Place | None) -> Entry | None:
        """The next one after a place, the first for None; None when there is none."""
        index = 0 if place is None else bisect_right(self.entries, place, key=_place)
        return self.entries[index] if index < len(self.entries) else None

    def before(self, place: Place | None) -> Entry | None:
        """The one before a place, the last for None; None when there is none."""
        index = len(self.entries) if place is None else bisect_left(self.entries, place, key=_place)
        return self.entries[index - 1] if index else None


class LogView:
    """The latest lines of one log, in the order they came."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._count = 0
        self._everything = Pick(lambda line: True)
        self._picks: list[Pick] = []

    @property
    def entries(self) -> list[Entry]:
        """What is held, oldest first: up to a quarter more than the limit."""
        return self._everything.entries

    def add(self, role: Role, line: LogLine) -> Entry:
        """Take a line; the entry says where it went."""
        self._count += 1
        entry = Entry(self._place(role, line), role, line)
        _insert(self.entries, entry)
        for pick in self._picks:
            if pick.match(line):
                _insert(pick.entries, entry)
        if len(self.entries) > self._limit + self._limit // 4:
            self._trim()
        return entry

    def pick(self, match: Match) -> Pick:
        """The entries that match, now and from now on. Costs one look at every line held."""
        pick = Pick(match)
        pick.entries = [entry for entry in self.entries if match(entry.line)]
        self._picks.append(pick)
        return pick

    def drop(self, pick: Pick) -> None:
        """Keep a pick up to date no longer."""
        self._picks.remove(pick)

    def _place(self, _role: Role, _line: LogLine) -> Place:
        return 0.0, self._count

    def _trim(self) -> None:
        """Forget the oldest, in one stroke."""
        del self.entries[: len(self.entries) - self._limit]
        first = self.entries[0].place if self.entries else (float("inf"), 0)
        for pick in self._picks:
            del pick.entries[: bisect_left(pick.entries, first, key=_place)]


class MergedView(LogView):
    """Both logs on one clock: a line's time is its server's stamp minus the offset of that server's clock.

    A line without a time stays with the line before it of the same server. Lines of the same time stand as they came.
    """

    def __init__(self, limit: int = 2 * LIMIT) -> None:
        super().__init__(limit)
        self._offsets: dict[Role, float] = {}
        self._last: dict[Role, float] = {}

    def set_offset(self, role: Role, seconds: float) -> None:
        """A server's clock minus the console's, for the lines that come from now on."""
        self._offsets[role] = seconds

    def fill(self, logs: Iterable[tuple[Role, Iterable[LogLine]]]) -> None:
        """Take whole logs at once, cheaper than line by line. For a view that is still empty."""
        entries = self.entries
        for role, lines in logs:
            for line in lines:
                self._count += 1
                entries.append(Entry(self._place(role, line), role, line))
        entries.sort(key=_place)
        self._trim()

    def _place(self, role: Role, line: LogLine) -> Place:
        last = self._last.get(role)
        if line.stamp is None:
            at = last if last is not None else float("-inf")
        else:
            at = line.stamp - self._offsets.get(role, 0.0)
            if last is not None and 0 < last - at < JITTER_SECONDS:
                at = last
        self._last[role] = at
        return at, self._count


def _place(entry: Entry) -> Place:
    return entry.place


def _insert(entries: list[Entry], entry: Entry) -> None:
    """At its place, which nearly always is the end."""
    if not entries or entries[-1].place < entry.place:
        entries.append(entry)
    else:
        insort(entries, entry, key=_place)
