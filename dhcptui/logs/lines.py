"""dhcpd's log: one raw line in, one judged line out; repeats folded. No clock is read here.

A line comes from a syslog file, from the journal or from `dhcpd -d`; who wrote it decides the prefix:

    Nov 22 11:33:05 dhcp1 dhcpd[123]: message                       syslog file (RFC 3164: no year, no zone)
    2026-11-22T11:33:05.123456+00:00 dhcp1 dhcpd[123]: message      rsyslog's ISO form, journalctl -o short-iso-precise
    1700000000.123456 dhcp1 dhcpd[123]: message                     journalctl -o short-unix
    dhcpd[123]: message                                             no time
    message                                                         dhcpd -f -d
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from dhcptui.logs.lexicon import TARGET_INCIDENT, Entry, look_up, look_up_reason
from dhcptui.logs.start_failures import judge
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.log_line import LineKind, LogLine, Transition
from dhcptui.model.messages import MessageId
from dhcptui.model.sanitize import DEFAULT_LIMIT, clean, masked
from dhcptui.model.states import from_word

DAY = 86400
LOOK_BACK = 4
"""Rows a repeat may look back over: two servers refusing each other write two or three lines in turn."""
NO_CLOCK = "--:--:--"

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MONTHS = {"JanFebMarAprMayJunJulAugSepOctNovDec"[3 * n : 3 * n + 3]: n + 1 for n in range(12)}
_PREFIX = re.compile(
    r"(?:([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)"
    r"|(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?"
    r"|(\d{9,11}(?:\.\d{1,9})?)) \S+ "
    r"(?:[a-z]+[0-7]?\.[a-z]+ )?"  # busybox syslogd writes facility.level
    r"(?:(?P<program>[^\s\[\]:]+)(?:\[(\d+)\])?: ?)?(?P<text>.*)"
)
_TAG = re.compile(r"(?:(\S*\bdhcpd)(?:\[(\d+)\])?|([^\s\[\]:]+)\[(\d+)\]): ?(.*)")
_PROGRAMS = frozenset({"dhcpd", "dhcpd3", "/usr/sbin/dhcpd", "/usr/local/sbin/dhcpd"})
_REPEATED = re.compile(r"message repeated \d+ times: \[ ?(.*)\]")
_new = tuple.__new__  # half the time of the constructor of a NamedTuple
_CLIENTS = ("DHCP", "BOOTRE")
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
_MOVERS = {MessageId.I_MOVE: "me", MessageId.PEER_MOVES: "peer"}
_TURNS_AWAY = frozenset({MessageId.NO_FREE_LEASES, MessageId.PEER_HOLDS_ALL_FREE_LEASES})

Head = tuple[float | None, str, int | None]
"""Time, clock and pid."""


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


def parse(raw: str | bytes, now: float, utc_offset_seconds: int = 0) -> LogLine:
    """Judge one raw line.

    `now` (epoch seconds) only chooses the year of a stamp without one: the latest that lies no more than a day ahead.
    `utc_offset_seconds` is the server's offset from UTC, for stamps without a zone (east is positive).
    """
    return parse_lines((raw,), now, utc_offset_seconds)[0]


def parse_lines(raws: Iterable[str | bytes], now: float, utc_offset_seconds: int = 0) -> list[LogLine]:
    """Judge raw lines, each as `parse` does. Those of one second share what stands before the message, and one look at it."""
    heads: dict[str, Head | None] = {}
    return [
        _parse_plain(raw, now, utc_offset_seconds, heads) or _parse_any(raw, now, utc_offset_seconds) for raw in raws
    ]


def _parse_plain(
    raw: str | bytes, now: float, utc_offset_seconds: int, heads: dict[str, Head | None]
) -> LogLine | None:
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
    head, colon, text = line.partition(": ")
    fraction = ""
    if head[19:20] == "." and head[4] == "-" and head[20:26].isdigit() and not head[26:27].isdigit():
        fraction, head = head[19:26], head[:19] + head[26:]
    if head in heads:
        found = heads[head]
    else:
        found = heads[head] = _head(head, now, utc_offset_seconds)
    if found is None or not colon:
        return None
    stamp, clock, number = found
    if fraction and stamp is not None:
        stamp += float(fraction)
    message = _OF_CLIENTS.get(text[: text.find(" ") + 1])
    if message is not None and ": " not in text:  # most lines of a busy server end here
        return _new(LogLine, (stamp, clock, text, number, _CLIENT, None, "", None, text, None, "", message, ()))
    return _judge(stamp, clock, text, number)


@lru_cache(maxsize=4096)
def _head(head: str, now: float, utc_offset_seconds: int) -> Head | None:
    """What stands before dhcpd's message, judged; None where another program speaks, or none is named."""
    match = _PREFIX.fullmatch(head + ": ")
    if match is None or match["program"] not in _PROGRAMS or match["text"]:
        return None
    line = _parse_any(head + ": ", now, utc_offset_seconds)
    return line.stamp, line.clock, line.pid


def _parse_any(raw: str | bytes, now: float, utc_offset_seconds: int) -> LogLine:
    """Any line at all."""
    line = clean(raw)
    match = _PREFIX.fullmatch(line)
    if match is None:
        stamp, clock = None, NO_CLOCK
        if bare := _TAG.fullmatch(line):
            program, pid, other, other_pid, text = bare.groups()
            program, pid = program or other, pid or other_pid
        else:
            program, pid, text = None if line.startswith("-- ") else "dhcpd", None, line  # "-- Boot ...": journalctl
    else:
        local, day, hour, minute, second, fraction, zone, unix, program, pid, text = match.groups()
        if local:
            stamp, clock = _local_time(local, now, utc_offset_seconds)
        elif day:
            stamp = _iso_time(day, zone, utc_offset_seconds)
            if stamp is not None:
                stamp += int(hour) * 3600 + int(minute) * 60 + int(second)
            clock = _clock(stamp)
            if fraction and stamp is not None:
                stamp += float("." + fraction)
        else:
            stamp = float(unix)
            clock = _clock(int(stamp))
    number = int(pid) if pid else None
    if program not in _PROGRAMS:
        return _of_another(stamp, clock, program or "", text, number)
    return _judge(stamp, clock, text, number)


def _of_another(stamp: float | None, clock: str, program: str, text: str, pid: int | None) -> LogLine:
    """A line of another program: it may say why dhcpd does not start, or is gone."""
    shown = masked(f"{program}: {text}" if program else text)
    found = judge(program, text) if program else None
    if found is None:
        return LogLine(stamp, clock, shown, pid, LineKind.OTHER, fold_key=shown, teller=program)
    # A service manager tries again and again, and each denial has a number: they fold, lest they push out what else is known.
    key = None if found.own and found.kind is LineKind.FATAL else _NUMBERS.sub("#", shown)
    return LogLine(
        stamp, clock, shown, pid, found.kind, found.incident, found.meaning, None, key, None, program, found.message
    )


def _judge(stamp: float | None, clock: str, text: str, pid: int | None) -> LogLine:
    """What the lexicon says of dhcpd's message `text`."""
    if not text.startswith(_CLIENTS):  # there the word is a client's, and nothing is quoted
        text = masked(text)
    said = text
    if repeated := _REPEATED.fullmatch(text):  # rsyslog's own folding: judge what was repeated
        said = repeated[1]
    found = look_up(said)
    if found is None:
        message = _OF_CLIENTS.get(said[: said.find(" ") + 1])
        kind = LineKind.CLIENT if message or said.startswith(_CLIENTS) else LineKind.ROUTINE
        return LogLine(stamp, clock, text, pid, kind, fold_key=text, message=message)
    entry, match = found
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
        stamp,
        clock,
        text,
        pid,
        kind,
        incident,
        meaning,
        transition,
        key,
        subject,
        "",
        entry.message,
        tuple(slots.items()),
    )


def _weigh(entry: Entry, slots: dict[str, str]) -> tuple[LineKind, IncidentId | None, str]:
    """Kind, incident and meaning of an entry; a reason text, where it has one, knows better, and adds its slots."""
    found = look_up_reason(slots["reason"]) if "reason" in slots else None
    if found is None:
        return entry.kind, entry.incident, entry.words
    reason, match = found
    slots.update(match.groupdict())
    return reason.kind if entry.weighed else entry.kind, reason.incident, f"{entry.words}: {reason.meaning}"


@lru_cache(maxsize=1024)
def _local_time(text: str, now: float, utc_offset: int) -> tuple[float | None, str]:
    """`Nov 22 11:33:05` in the server's local time -> (epoch seconds, clock)."""
    month, day = _MONTHS.get(text[:3], 0), int(text[4:6])
    seconds = int(text[7:9]) * 3600 + int(text[10:12]) * 60 + int(text[13:15]) - utc_offset
    this_year = date.fromordinal(_EPOCH_DAY + int(now // DAY)).year
    for year in range(this_year + 1, this_year - 9, -1):  # nine years always hold a 29 February
        try:
            stamp = (date(year, month, day).toordinal() - _EPOCH_DAY) * DAY + seconds
        except ValueError:
            continue
        if stamp <= now + DAY:
            return float(stamp), _clock(stamp)
    return None, NO_CLOCK


@lru_cache(maxsize=64)
def _iso_time(day: str, zone: str | None, utc_offset: int) -> float | None:
    """Epoch seconds of the midnight that starts `2026-11-22` in `+02:00`; without a zone, in the server's."""
    if zone == "Z":
        utc_offset = 0
    elif zone:
        utc_offset = (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60) * (-1 if zone[0] == "-" else 1)
    try:
        return float((date.fromisoformat(day).toordinal() - _EPOCH_DAY) * DAY - utc_offset)
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _clock(stamp: float | None) -> str:
    """Whole epoch seconds as HH:MM:SS in UTC."""
    if stamp is None:
        return NO_CLOCK
    minutes, second = divmod(int(stamp) % DAY, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}"


@dataclass(slots=True)
class LogRow:
    """What one row of a log pane shows: `line`, the first of `count` that say the same, and the latest of them.

    Nobody changes one. (Frozen it takes four times as long to make, and there is one for nearly every line.)
    """

    line: LogLine
    count: int
    last_line: LogLine
    span: tuple[str, str] | None = None
    """Lowest and highest address of the lines."""

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
            return FoldResult(LogRow(line, 1, line), 0)
        if key in self._keys:
            for back, row in enumerate(reversed(self._recent), 1):
                first = row.line
                if first.fold_key == key and first.pid == line.pid and first.kind is line.kind:
                    joined = LogRow(first, row.count + 1, line, _widen(row.span, line.subject))
                    self._recent[-back] = joined
                    return FoldResult(joined, back)
        subject = line.subject
        row = LogRow(line, 1, line, (subject, subject) if subject else None)
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
