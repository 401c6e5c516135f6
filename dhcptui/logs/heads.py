"""What stands before the message in a line of a log: when, on which host, by which program. No clock is read here.

Who writes the log decides that, and who passes it on adds to it:

    Nov 22 11:33:05 dhcp1 dhcpd[123]: text                      RFC 3164; also with year, fraction or <PRI>, or without host
    Nov 22 11:33:05 <3.6> dhcp1 dhcpd[123]: text                FreeBSD's syslogd -v, -vv
    Nov 22 11:33:05 dhcp1 daemon.info dhcpd[123]: text          busybox
    Nov 22 11:33:05 loghost 10.0.0.1 dhcpd[123]: text           a relay, which adds its own name
    Nov 22 11:33:05 dhcp1 dhcpd: [ID 702911 daemon.info] text   Solaris
    <30>1 2026-11-22T12:33:05+01:00 dhcp1 dhcpd 123 - - text    RFC 5424
    2026-11-22T11:33:05.123456+00:00 dhcp1 dhcpd[123]: text     rsyslog, journalctl -o short-iso-precise
    Sun 2026-11-22 11:33:05 UTC dhcp1 dhcpd[123]: text          journalctl -o short-full
    Sun Nov 22 11:33:05 2026 daemon.info dhcpd[123]: text       logread of OpenWrt
    1700000000.123456 dhcp1 dhcpd[123]: text                    journalctl -o short-unix
    2026-11-22T11:33:05.123456789Z text                         docker logs -t
    2026-11-22T11:33:05.123456789Z stderr F text                the log of a container of Kubernetes
    {"MESSAGE": "text", ...}                                    journalctl -o json, docker's json-file
    dhcpd[123]: text                                            no time
    text                                                        dhcpd -d
"""

from __future__ import annotations

import json
import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from dhcptui.logs.lexicon import look_up
from dhcptui.logs.zone import Zone
from dhcptui.model.sanitize import clean, is_number

HOUR, DAY = 3600, 86400
DHCPD = "dhcpd"
MOST_HOSTS = 2
"""Names of hosts before a program's: the second one is whose line a relay passes on."""
CLIENT_WORDS = ("DHCP", "BOOTRE")
"""What most lines begin with that a client's message caused."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MONTHS = {"JanFebMarAprMayJunJulAugSepOctNovDec"[3 * n : 3 * n + 3]: n + 1 for n in range(12)}
_NAMES = frozenset({
    DHCPD, "dhcpd3", "dhcpd.service", "isc-dhcpd.service", "isc-dhcp-server.service", "isc-dhcp-dhcpd.service"
})  # fmt: skip
"""How dhcpd is called; the last ones by `journalctl -o with-unit`."""
_PRI = r"(?:<\d{1,3}>)?"
_FACILITY = r"(?:kern|user|mail|daemon|auth|authpriv|security|syslog|lpr|news|uucp|cron|ftp|ntp|console|local[0-7])"
_LEVEL = rf"(?:{_FACILITY}\.[a-z]+|<(?:\d{{1,2}}\.\d|{_FACILITY}\.[a-z]+)>)"
_DAY_NAME = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_DAY = r"(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2})"
_TIME = r"(?P<time>\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_DATE = r"(?P<date>\d{4}-\d\d-\d\d)"
_ZONE = r"(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)"
_RFC_5424 = re.compile(
    rf"(?:\d+ )?{_PRI}1 (?:-|{_DATE}T{_TIME}{_ZONE}?) (?P<host>\S+) (?P<program>\S+) (?P<pid>\S+) \S+ "
    r'(?:-|(?:\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+)(?: (?:\\ufeff)?(?P<text>.*))?'
)
_STAMPS = tuple(
    re.compile(rf"{_PRI}{stamp}:?(?: {_LEVEL})? (?P<rest>.*)")
    for stamp in (
        rf"(?:(?P<before>\d{{4}}) )?{_DAY} (?:(?P<year>\d{{4}}) )?{_TIME}(?: {_ZONE}(?=:? ))?",
        rf"{_DATE}[T _]{_TIME}(?: ?{_ZONE})?",
        rf"{_DAY_NAME} {_DATE} {_TIME} (?:{_ZONE}|[A-Z]{{2,5}})",
        rf"{_DAY_NAME} {_DAY} {_TIME} (?P<year>\d{{4}})(?: \[\d+\.\d+\])?",
        r"(?P<unix>\d{9,11})(?:\.(?P<fraction>\d{1,9}))?",
        r"\[ *\d+\.\d{3,6}\]",  # since the machine was started: no time of day
    )
)
_CONTAINER = re.compile(r"(?:[\w.-]{0,80}dhcp[\w.-]{0,80} +\| |\[pod/\S{0,200}dhcp\S{0,200}\] )(?P<rest>.*)")
"""`docker compose logs`, `kubectl logs --prefix`: which container printed it."""
_CRI = re.compile(r"(?:stdout|stderr) [FP](?: (?P<rest>.*))?")
_TAG = re.compile(r"(?P<program>[^\s\[\]:]+)(?:\[(?P<pid>\d+)\])?(?: <[A-Z]\w+>)?:(?: |$|(?<=\]:))(?P<text>.*)")
_BARE_TAG = re.compile(r"(?P<program>\S*\bdhcpd|[^\s\[\]:]+(?=\[\d))(?:\[(?P<pid>\d+)\])?: ?(?P<text>.*)")
_LEVEL_ONLY = re.compile(_LEVEL)
_HOST = re.compile(r"[\w.:%@/-]*[\w.%@/-]")
_FORWARDED = re.compile(r"(?:(?P<relay>\S+) )?(?:Message )?[Ff]orwarded from (?P<host>[^\s:]+): (?P<rest>.*)")
_SOLARIS = re.compile(r"\[ID \d+ \w+\.\w+\] ")
_OF_CLIENT = re.compile(r"(?:DHCP[A-Z]+|BOOTRE(?:QUEST|PLY)) |reuse_lease: ")
_UNNAMED = re.compile(r"[0-9a-f]{12}|[0-9a-f]{64}|(?:.*[-_.])?dhcpd(?:[-_.]\d.*)?")
"""A container's own id, or a name that was given to it."""


class Head(NamedTuple):
    """A line taken apart.

    `program`: "dhcpd" for dhcpd by any of its names, "" where none is named; `stamp`: epoch seconds; `again`: the other
    moment with that name, an hour later, where clocks were set back between; `zoned`: its zone stands in the line;
    `known`: its format is known here, and not only its words can tell it to be dhcpd's.
    """

    text: str
    program: str = ""
    pid: int | None = None
    host: str = ""
    stamp: float | None = None
    again: float | None = None
    zoned: bool = False
    known: bool = True


def split(line: str, now: float, zone: Zone) -> Head:
    """Take a clean line apart. `now` and `zone` are for stamps without a year and without a zone."""
    if match := _RFC_5424.fullmatch(line):
        return _structured(match, now, zone)
    for pattern in _STAMPS:
        if match := pattern.fullmatch(line):
            return _stamped(match, now, zone)
    if match := _CONTAINER.fullmatch(line):
        inner = split(match["rest"], now, zone)
        return inner._replace(known=True)
    if match := _BARE_TAG.fullmatch(line):
        return _named(match["program"], match["pid"] or "", match["text"])
    remark = line.startswith("-- ")  # "-- Boot ...": journalctl
    return Head(line, "" if remark else DHCPD, known=remark)


def split_json(raw: str | bytes, now: float, zone: Zone) -> Head | None:
    """Take an entry of the journal or of docker's json-file apart; None for what is none."""
    try:
        entry = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    if isinstance(log := entry.get("log"), str) and isinstance(time := entry.get("time"), str):
        return split(f"{clean(time)} {entry.get('stream', 'stderr')} F {clean(log)}", now, zone)
    text, micros = entry.get("MESSAGE"), str(entry.get("__REALTIME_TIMESTAMP"))
    if isinstance(text, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in text):
        text = bytes(text).decode("utf-8", "backslashreplace")  # so the journal gives what is not UTF-8
    if not isinstance(text, str):
        return None
    program, pid = (clean(str(entry.get(name) or "")) for name in ("SYSLOG_IDENTIFIER", "_PID"))
    head = _named(program, pid, clean(text))
    stamp = int(micros) / 1e6 if re.fullmatch(r"\d{10,17}", micros) else None
    return head._replace(host=clean(str(entry.get("_HOSTNAME") or "")), stamp=stamp, zoned=True)


def _structured(match: re.Match[str], now: float, zone: Zone) -> Head:
    """A line of RFC 5424; where it names no program the text may."""
    host, program, pid = ("" if match[name] == "-" else match[name] for name in ("host", "program", "pid"))
    text = match["text"] or ""
    head = _named(program, pid, text) if program else split(text, now, zone)
    stamp, again = _when(match, now, zone)
    return head._replace(host=host or head.host, stamp=stamp, again=again, zoned=match["zone"] is not None, known=True)


def _stamped(match: re.Match[str], now: float, zone: Zone) -> Head:
    """A line that begins with a time."""
    parts = match.groupdict()
    stamp, again = _when(match, now, zone)
    zoned = parts.get("zone") is not None or parts.get("unix") is not None
    rest, digits = match["rest"].lstrip(" "), len(parts.get("fraction") or "")
    container = digits > 0 and zoned and parts.get("unix") is None
    if container and (cri := _CRI.fullmatch(rest)):
        inner = _printed(cri["rest"] or "", now, zone)
    elif container and (digits == 9 or (parts["zone"] == "Z" and speaks(rest))):
        inner = _printed(rest, now, zone)
    else:
        inner = _body(rest, now, zone)
        if container and parts["zone"] == "Z" and not inner.program:
            inner = Head(rest, DHCPD)
    if inner.stamp is not None and (inner.zoned or not zoned):  # a relay wrote its own time before the server's
        return inner
    return inner._replace(stamp=stamp, again=again, zoned=zoned)


def _printed(text: str, now: float, zone: Zone) -> Head:
    """What a container printed: dhcpd's own text, or a whole line of a syslog in it."""
    if _OF_CLIENT.match(text):
        return Head(text, DHCPD)
    tagged = _tagged(text)
    if tagged and (tagged.program == DHCPD or tagged.pid is not None):
        return tagged
    inner = split(text, now, zone)
    return inner if inner.stamp is not None else Head(text, DHCPD)


def _body(rest: str, now: float, zone: Zone) -> Head:
    """What stands behind the time: hosts, level, program and text."""
    if head := _tagged(rest):
        return head
    if speaks(rest):
        return Head(rest, DHCPD)
    if forwarded := _FORWARDED.fullmatch(rest):
        return _body(forwarded["rest"], now, zone)._replace(host=forwarded["host"])
    host, _, text = rest.partition(" ")
    for again in (rest, text):
        for pattern in _STAMPS[:2]:
            if match := pattern.fullmatch(again):
                return _stamped(match, now, zone)
    if not text:
        return Head(rest)
    return Head(text, host=host)


def _tagged(rest: str) -> Head | None:
    """`host level program[pid]: text`; None where no program is named. A second host only before one that is sure."""
    hosts: list[str] = []
    at = 0
    while len(hosts) <= MOST_HOSTS:
        match = _TAG.match(rest, at)
        if match:
            head = _named(match["program"], match["pid"] or "", match["text"])
            if len(hosts) <= 1 or head.program == DHCPD or head.pid is not None:
                return head._replace(host=hosts[-1] if hosts else "")
            return None
        word, blank, _ = rest[at:].partition(" ")
        level = _LEVEL_ONLY.fullmatch(word)
        if not blank or not (level or _HOST.fullmatch(word)):
            return None
        hosts += [] if level else [word]
        at += len(word) + 1
    return None


def _named(program: str, pid: str, text: str) -> Head:
    """A program's line. dhcpd is known by its name; in a container, where the name is another one, by its words."""
    text = text[solaris.end() :] if (solaris := _SOLARIS.match(text)) else text
    parts = program.split("/")
    if not _NAMES.isdisjoint(parts) or (_UNNAMED.fullmatch(parts[-1]) and speaks(text)):
        program = DHCPD
    return Head(text, program, int(pid) if is_number(pid) else None)


def speaks(text: str) -> bool:
    """Whether these are words of dhcpd."""
    return _OF_CLIENT.match(text) is not None or look_up(text) is not None


def _when(match: re.Match[str], now: float, zone: Zone) -> tuple[float | None, float | None]:
    """The moment, and the other one with that name; None where it is no time, or there is none."""
    parts = match.groupdict()
    fraction = float("0." + (parts.get("fraction") or "0"))
    if parts.get("unix"):
        return int(parts["unix"]) + fraction, None
    if parts.get("time") is None:
        return None, None
    year = parts.get("year") or parts.get("before")
    day = (parts["date"],) if parts.get("date") else (parts["month"], parts["day"], year)
    moments = _moments(day, parts["time"], parts.get("zone"), now // HOUR, zone)
    if not moments:
        return None, None
    return moments[0] + fraction, moments[1] + fraction if len(moments) > 1 else None


@lru_cache(maxsize=1024)
def _moments(day: tuple[str | None, ...], time: str, own: str | None, hour: float, zone: Zone) -> tuple[int, ...]:
    """Epoch seconds of `("2026-11-22",)`, or of `("Nov", "22", None)` as it is known in this hour; nothing for no time."""
    counts = _own_zone(own) or zone
    if len(day) == 1:
        return _of_date(day[0] or "", time, counts)
    return _of_day(_MONTHS.get(day[0] or "", 0), int(day[1] or 0), day[2], time, (hour + 1) * HOUR, counts)


def _own_zone(text: str | None) -> Zone | None:
    """The zone that stands in the line."""
    if text is None:
        return None
    if text[0] not in "+-":
        return Zone()
    minutes = int(text[1:3]) * 60 + int(text[3:].lstrip(":") or 0)
    return Zone((-60 if text[0] == "-" else 60) * minutes)


def _of_date(day: str, time: str, zone: Zone) -> tuple[int, ...]:
    try:
        return _of_local(date.fromisoformat(day), time, zone)
    except ValueError:
        return ()


def _of_day(month: int, day: int, year: str | None, time: str, now: float, zone: Zone) -> tuple[int, ...]:  # noqa: PLR0917
    """The year that is not told is the latest which puts it no more than a day ahead of now."""
    this_year = date.fromordinal(_EPOCH_DAY + int(now // DAY)).year
    # Nine years always hold a 29 February.
    for one in (int(year),) if year else range(this_year + 1, this_year - 9, -1):
        try:
            moments = _of_local(date(one, month, day), time, zone)
        except ValueError:
            continue
        if moments and (year or moments[0] <= now + DAY):
            return moments
    return ()


def _of_local(day: date, time: str, zone: Zone) -> tuple[int, ...]:
    """Epoch seconds of a day and a time `11:33:05` of this zone."""
    hour, minute, second = int(time[:2]), int(time[3:5]), int(time[6:])
    if hour > 23 or minute > 59 or second > 60:
        return ()
    return zone.stamps((day.toordinal() - _EPOCH_DAY) * DAY + hour * 3600 + minute * 60 + second)
