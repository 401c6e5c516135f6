"""dhcpd's log: raw lines in, judged lines out; repeats folded. No clock is read here. What a line begins with: heads.py."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from dhcptui.logs.heads import CLIENT_WORDS, DAY, DHCPD, Head, split, split_json
from dhcptui.logs.lexicon import TARGET_INCIDENT, Entry, look_up, look_up_reason
from dhcptui.logs.start_failures import judge
from dhcptui.logs.zone import UTC_ZONE, Zone
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.log_line import LineKind, LogLine, Mover, Transition
from dhcptui.model.messages import MessageId
from dhcptui.model.sanitize import DEFAULT_LIMIT, clean, masked
from dhcptui.model.states import from_word

LOOK_BACK = 4
"""Rows a repeat may look back over: two servers refusing each other write two or three lines in turn."""
NO_CLOCK = "--:--:--"
MOST_HEADS = 4096
"""Beginnings of lines that a reader remembers."""
KEPT_LINES = 20
"""Lines of the batch before in which is looked for what a syslog says was repeated."""
SAME_MOMENT_SECONDS = 120.0
"""In an hour that comes twice: a line whose second time is so near to now was most likely just written."""
BACKWARDS_SECONDS = 60.0
"""Lines of one log cross by less than this: in an hour that comes twice, one that lies farther back is of the second."""

_REPEATED = re.compile(
    r"message repeated (\d{1,6}) times: \[ ?(.*)\]|Last message '(.*)' repeated (\d{1,6}) times?, suppressed by \S+ on \S+"
)
"""rsyslog's and syslog-ng's way to write a message once that came often."""
_LAST_REPEATED = re.compile(r"(?:--- )?[Ll]ast message repeated (\d{1,6}) times?(?: ---)?")
_TELL_REPEATS = frozenset({"", "syslogd"})
_STRUCTURED = re.compile(r"<\d+>1 ")
_BRACES: tuple[str | bytes, ...] = ("{", b"{")
_PART = re.compile(r"(?P<head>\S+ (?P<stream>stdout|stderr) )(?P<part>[FP]) ?(?P<text>.*)")
"""A line of Kubernetes' log of a container: whole, or its end (F), or a part of it (P)."""
_NOTHING = LogLine(None, "", "", None, LineKind.OTHER)
"""Stands for a line whose end has not come."""
_MAY_REPEAT = ("message repeated ", "Last message '")
_new = tuple.__new__  # half the time of the constructor of a NamedTuple
_CLIENT = LineKind.CLIENT
_OF_CLIENTS = {
    f"{id_.name} ": id_
    for id_ in (
        MessageId.DHCPDISCOVER, MessageId.DHCPOFFER, MessageId.DHCPREQUEST, MessageId.DHCPACK, MessageId.DHCPNAK,
        MessageId.DHCPDECLINE, MessageId.DHCPRELEASE, MessageId.DHCPINFORM, MessageId.DHCPLEASEQUERY,
        MessageId.BOOTREQUEST, MessageId.BOOTREPLY,
    )
} | {"reuse_lease: ": MessageId.LEASE_REUSED}  # fmt: skip
"""By the first word and the space behind it, where no row of the lexicon fits."""
_NUMBERS = re.compile(r"\d+")
_ACK = re.compile(r"DHCPACK on (\d+\.\d+\.\d+\.\d+) to ([0-9a-f]{2}(?::[0-9a-f]{2})+)[ ]")
_ASKS = re.compile(r"\w+ (?:for \S+ (?:\(\S+\) )?)?from (\S+)")
_MOVERS = {MessageId.I_MOVE: Mover.ME, MessageId.PEER_MOVES: Mover.PEER}
_TURNS_AWAY = frozenset({MessageId.NO_FREE_LEASES, MessageId.PEER_HOLDS_ALL_FREE_LEASES})

Shared = tuple[float | None, str, int | None, str]
"""What the lines of one second share: time, clock, pid and host."""


def beginning(peer: str) -> str:
    """What most lines about this relationship begin with, for who has said that already."""
    return f"failover peer {peer}: "


def given_out(line: LogLine) -> tuple[str, str] | None:
    """(address, hardware address) of a DHCPACK; None for other lines."""
    match = _ACK.match(line.text) if line.message is MessageId.DHCPACK else None
    return (match[1], match[2]) if match else None


def refused_client(line: LogLine) -> str | None:
    """The hardware address of the client that this line turns away; "" where it names none, None for every other line."""
    if line.message not in _TURNS_AWAY:
        return None
    match = _ASKS.match(line.slot("each"))
    return match[1] if match else ""


def parse(raw: str | bytes, now: float, zone: Zone = UTC_ZONE) -> LogLine:
    """Judge one raw line, as `parse_lines` does."""
    return parse_lines((raw,), now, zone)[0]


def parse_lines(raws: Iterable[str | bytes], now: float, zone: Zone = UTC_ZONE) -> list[LogLine]:
    """Judge the raw lines of a log, all at once.

    `now` (epoch seconds) only chooses the year of a stamp without one: the latest that lies no more than a day ahead.
    `zone` is the server's, for stamps without a zone.
    """
    reader = LogReader()
    return reader.read(raws, now, zone) + reader.rest()


class LogReader:
    """Judges the lines of one log in their order, batch by batch: some tell only together with those before them."""

    def __init__(self) -> None:
        self._heads: dict[str, Shared | None] = {}
        """What was found of the beginnings seen so far, for this hour and zone."""
        self._heads_for: tuple[float, Zone] | None = None
        self._recent: list[LogLine] = []
        """The end of the batch before."""
        self._parts: dict[str, str] = {}
        """Lines of a container that have not ended yet, by its stream."""
        self._unfinished = False
        """A line of this batch needs those before it."""
        self._twice = float("-inf")
        """The first time of the last line from an hour that comes twice."""
        self._second_hour = False

    def read(self, raws: Iterable[str | bytes], now: float, zone: Zone = UTC_ZONE) -> list[LogLine]:
        """Judge the next lines; see `parse_lines`. A line whose end has not come yet is kept until then."""
        if self._heads_for != (key := (now // 3600, zone)) or len(self._heads) > MOST_HEADS:
            self._heads, self._heads_for = {}, key
        heads = self._heads
        lines = [_parse_plain(raw, now, zone, heads) or self._parse_any(raw, now, zone) for raw in raws]
        if self._unfinished:
            lines, self._unfinished = self._finished(lines), False
        self._recent = lines[-KEPT_LINES:] or self._recent
        return lines

    def rest(self) -> list[LogLine]:
        """The lines whose end has not come, as far as they go."""
        parts, self._parts = self._parts, {}
        return [_of_head(split(line, 0.0, UTC_ZONE)) for line in parts.values()]

    def _parse_any(self, raw: str | bytes, now: float, zone: Zone) -> LogLine:
        """Any line at all."""
        if raw[:1] in _BRACES and (entry := split_json(raw, now, zone)):
            return _of_head(entry)
        line = clean(raw)
        if part := _PART.fullmatch(line):
            line = self._parts.pop(part["stream"], part["head"] + "F ") + part["text"]
            if part["part"] == "P":
                self._parts[part["stream"]] = line[: 2 * DEFAULT_LIMIT]
                self._unfinished = True
                return _NOTHING
        head = split(line, now, zone)
        if head.again is not None and head.stamp is not None:
            head = head._replace(stamp=self._of_two(head.stamp, head.again, now))
        if head.program in _TELL_REPEATS and _LAST_REPEATED.fullmatch(head.text):
            self._unfinished = True
        return _of_head(head)

    def _of_two(self, first: float, second: float, now: float) -> float:
        """Which of two moments with one name: lines stand in their order, so a step back leads into the second hour."""
        if abs(first - self._twice) > 2 * (second - first):
            self._second_hour = False
        elif first < self._twice - BACKWARDS_SECONDS:
            self._second_hour = True
        self._twice = first
        self._second_hour |= abs(now - second) < SAME_MOMENT_SECONDS
        return second if self._second_hour else first

    def _finished(self, lines: list[LogLine]) -> list[LogLine]:
        """The lines of a batch, with what is repeated in the place of the words that say so."""
        finished: list[LogLine] = []
        for line in lines:
            if line is _NOTHING:
                continue
            other = line.kind is LineKind.OTHER
            repeated = _LAST_REPEATED.fullmatch(line.text.removeprefix("syslogd: ")) if other else None
            before = next(
                (one for one in chain(reversed(finished), reversed(self._recent)) if one.host == line.host), None
            )
            if repeated and before is not None:
                finished.append(before._replace(stamp=line.stamp, clock=line.clock, times=int(repeated[1])))
            else:
                finished.append(line)
        return finished


def _parse_plain(raw: str | bytes, now: float, zone: Zone, heads: dict[str, Shared | None]) -> LogLine | None:
    """What nearly every line of a busy server is: printable ASCII, from dhcpd. None for all others.

    Every microsecond here is a second of a million lines. `heads`: what was found of the beginnings seen so far.
    """
    try:
        line = raw.decode("ascii") if isinstance(raw, bytes) else raw
    except UnicodeDecodeError:
        return None
    if not line.isprintable():
        line = line.rstrip("\r\n")
        if not line.isprintable():
            return None
    if not line.isascii() or len(line) > DEFAULT_LIMIT:
        return None
    begin, colon, text = line.partition(": ")
    fraction = ""
    if begin[19:20] == "." and begin[4] == "-" and begin[20:26].isdigit() and not begin[26:27].isdigit():
        fraction, begin = begin[19:26], begin[:19] + begin[26:]
    if begin in heads:
        shared = heads[begin]
    else:
        shared = heads[begin] = _shared(begin, now, zone)
    if shared is None or not colon:
        return None
    stamp, clock, pid, host = shared
    if fraction and stamp is not None:
        stamp += float(fraction)
    message = _OF_CLIENTS.get(text[: text.find(" ") + 1])
    if message is not None and ": " not in text:  # most lines of a busy server end here
        known = (stamp, clock, text, pid, _CLIENT, None, "", None, text, None, "", message, (), host, 1, "", "")
        return _new(LogLine, known)
    if text.startswith("["):  # of Solaris
        return None
    return _judge(stamp, clock, text, pid, host)


def _shared(begin: str, now: float, zone: Zone) -> Shared | None:
    """What stands before dhcpd's message; None where another program speaks, none is named, or the time is one of two."""
    if _STRUCTURED.match(begin):  # the colon stands in the text: each beginning would be another one
        return None
    head = split(begin + ": ", now, zone)
    if head.program != DHCPD or head.text or not head.known or head.again is not None:
        return None
    return head.stamp, clock_of(head.stamp), head.pid, head.host


def _of_head(head: Head) -> LogLine:
    """A line that was taken apart, judged."""
    clock = clock_of(head.stamp)
    if head.program != DHCPD:
        return _of_another(head, clock)
    line = _judge(head.stamp, clock, head.text, head.pid, head.host)
    if head.known or _is_told_by_its_words(line) or not head.text.strip():
        return line
    return LogLine(None, NO_CLOCK, line.text, None, LineKind.UNREAD, fold_key=line.text)


def _is_told_by_its_words(line: LogLine) -> bool:
    """Whether a text with nothing before it is surely a message of dhcpd: what leads to its fixed words is a client's, or one word."""
    if line.kind is _CLIENT or line.text.startswith(CLIENT_WORDS):
        return True
    leading = line.slots[0][1] if line.slots and line.text.startswith(line.slots[0][1]) else ""
    return line.message is not None and " " not in leading


def _of_another(head: Head, clock: str) -> LogLine:
    """A line of another program: it may say why dhcpd does not start, or is gone."""
    program, text = head.program, head.text
    shown = masked(f"{program}: {text}" if program else text)
    judged = judge(program, text) if program else None
    if judged is None:
        return LogLine(
            head.stamp, clock, shown, head.pid, LineKind.OTHER, fold_key=shown, teller=program, host=head.host
        )
    # A service manager tries again and again, and each denial has a number: they fold, lest they push out what else is known.
    key = None if judged.own and judged.kind is LineKind.FATAL else _NUMBERS.sub("#", shown)
    return LogLine(
        head.stamp, clock, shown, head.pid, judged.kind, judged.incident, judged.meaning, None, key, None, program,
        judged.message, (), head.host,
    )  # fmt: skip


def _judge(stamp: float | None, clock: str, text: str, pid: int | None, host: str) -> LogLine:
    """What the lexicon says of dhcpd's message `text`."""
    times = 1
    if text.startswith(_MAY_REPEAT) and (repeated := _REPEATED.fullmatch(text)):
        text, times = repeated[2] or repeated[3] or "", int(repeated[1] or repeated[4])
    if not text.startswith(CLIENT_WORDS):  # there the word is a client's, and nothing is quoted
        text = masked(text)
    message = _OF_CLIENTS.get(text[: text.find(" ") + 1])
    row = look_up(text) if message is None or ": " in text else None  # a row about a client has more than its words
    if row is None:
        kind = LineKind.CLIENT if message or text.startswith(CLIENT_WORDS) else LineKind.ROUTINE
        return LogLine(stamp, clock, text, pid, kind, fold_key=text, message=message, host=host, times=times)
    entry, match = row
    slots = match.groupdict()
    kind, incident, meaning = _weigh(entry, slots)
    transition = None
    if entry.message in _MOVERS:
        states = (from_word(slots[name]) for name in ("from_state", "to_state"))
        transition = Transition(_MOVERS[entry.message], slots["peer"], *states)
        incident = TARGET_INCIDENT.get(transition.to_state)
    each = slots.get("each")
    key = None if kind in {LineKind.STATE, LineKind.FATAL} else text.replace(each, "*") if each else text
    subject = each if each and "each:ip" in entry.format else None
    return LogLine(
        stamp, clock, text, pid, kind, incident, meaning, transition, key, subject, "", entry.message,
        tuple(slots.items()), host, times,
    )  # fmt: skip


def _weigh(entry: Entry, slots: dict[str, str]) -> tuple[LineKind, IncidentId | None, str]:
    """Kind, incident and meaning of an entry; a reason text, where it has one, knows better, and adds its slots."""
    found = look_up_reason(slots["reason"]) if "reason" in slots else None
    if found is None:
        return entry.kind, entry.incident, entry.words
    reason, match = found
    slots.update(match.groupdict())
    return reason.kind if entry.weighed else entry.kind, reason.incident, f"{entry.words}: {reason.meaning}"


@lru_cache(maxsize=1024)
def clock_of(stamp: float | None) -> str:
    """Epoch seconds as HH:MM:SS in UTC."""
    if stamp is None:
        return NO_CLOCK
    minutes, second = divmod(int(stamp) % DAY, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}"


class LogRow(NamedTuple):
    """What one row of a log pane shows: `line`, the first of `count` that say the same, and the latest of them.

    `span`: lowest and highest address of the lines. (A tuple is made in half the time, and there is one for nearly every line.)
    """

    line: LogLine
    count: int  # type: ignore[assignment]  # of lines, not of what a tuple holds
    last_line: LogLine
    span: tuple[str, str] | None = None

    @property
    def summary(self) -> str:
        """`(101 times, 10.0.0.100 - 10.0.0.200)`, `(12 times, until 11:34:05)`; "" for a single line."""
        if self.count == 1:
            return ""
        if self.span and self.span[0] != self.span[1]:
            return f"({self.count} times, {self.span[0]} - {self.span[1]})"
        until = self.last_line.clock
        return f"({self.count} times)" if until == self.line.clock else f"({self.count} times, until {until})"


class FoldResult(NamedTuple):
    """`back` 0: append `row`; n: `row` replaces the n-th row from the end (1 is the last)."""

    row: LogRow
    back: int


class Folder:
    """Folds the lines of one log as they come.

    A line joins a row of the same key, kind and process among the last LOOK_BACK rows. A line without a key (a state
    change, the end of the process) is a border: what follows it is news.
    """

    def __init__(self) -> None:
        self._recent: deque[LogRow] = deque(maxlen=LOOK_BACK)
        self._keys: deque[str] = deque(maxlen=LOOK_BACK)
        """Their keys: that none fits is seen at a glance, and is so of nearly every line of a busy server."""

    def add(self, line: LogLine) -> FoldResult:
        """Take the next line; the result says what to do to the rows shown."""
        key = line.fold_key
        if key is None:
            self.clear()
            return FoldResult(LogRow(line, line.times, line), 0)
        if key in self._keys:
            for back, row in enumerate(reversed(self._recent), 1):
                first = row.line
                if first.fold_key == key and first.pid == line.pid and first.kind is line.kind:
                    joined = LogRow(first, row.count + line.times, line, _widen(row.span, line.subject))
                    self._recent[-back] = joined
                    return FoldResult(joined, back)
        subject = line.subject
        row = _new(LogRow, (line, line.times, line, (subject, subject) if subject else None))
        self._recent.append(row)
        self._keys.append(key)
        return _new(FoldResult, (row, 0))

    def clear(self) -> None:
        """Forget what was shown: the next line begins a new row."""
        self._recent.clear()
        self._keys.clear()


def _widen(span: tuple[str, str] | None, subject: str | None) -> tuple[str, str] | None:
    """The span that holds `subject` as well."""
    if subject is None or span is None:
        return span if subject is None else (subject, subject)
    return min(span[0], subject, key=_number), max(span[1], subject, key=_number)


def _number(address: str) -> tuple[int, ...]:
    """`10.0.0.9` before `10.0.0.10`."""
    return tuple(map(int, address.split(".")))
