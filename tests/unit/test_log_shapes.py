"""Lines of a log in every shape that is known: time, host, program, pid and message of each; and in many variants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcptui.logs.lines import Folder, LogReader, parse, parse_lines
from dhcptui.logs.zone import UTC_ZONE, Zone, zone_of
from dhcptui.model.log_line import LineKind, LogLine
from dhcptui.model.messages import MessageId

GOLDEN = Path(__file__).parent.parent / "data" / "log_shapes.txt"
INDENT = "    "
RULES = {
    "UTC": "",
    "Europe/Berlin": "CET-1CEST,M3.5.0,M10.5.0/3",
    "America/New_York": "EST5EDT,M3.2.0,M11.1.0",
    "Australia/Lord_Howe": "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
    "Asia/Kolkata": "",
}
"""Zones, and the last line of their files where they have a summer time."""
BERLIN = Zone(3600, RULES["Europe/Berlin"])
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()
MOVE = "failover peer office: I move from normal to communications-interrupted"


def golden() -> Iterator[tuple[str, str]]:
    """(line, what is read in it)."""
    lines = [line for line in GOLDEN.read_text("utf-8").splitlines() if line and not line.startswith("# ")]
    for raw, expected in zip(lines[::2], lines[1::2], strict=True):
        assert expected.startswith(INDENT), raw
        yield raw, expected.removeprefix(INDENT)


def read(line: LogLine) -> str:
    """What was read, as the file writes it."""
    at = "-" if line.stamp is None else datetime.fromtimestamp(line.stamp, UTC).isoformat().replace("+00:00", "Z")
    nobody = line.kind in {LineKind.OTHER, LineKind.UNREAD}
    program = line.teller or ("-" if nobody else "dhcpd")
    times = f" x{line.times}" if line.times > 1 else ""
    kind = f"{line.kind}{times} {line.message or '-'}"
    return " | ".join((at, line.host or "-", program, str(line.pid or "-"), kind, line.text))


@pytest.mark.parametrize(("raw", "expected"), list(golden()))
def test_the_shapes(raw: str, expected: str) -> None:
    """As text and as bytes, alone and among others."""
    assert read(parse(raw, NOW, BERLIN)) == expected
    assert read(parse(f"{raw}\n".encode(), NOW, BERLIN)) == expected
    assert read(parse_lines(["Nov 22 11:33:04 dhcp9 cron[1]: x", raw], NOW, BERLIN)[1]) == expected.replace(
        " x3", " x3"
    )


def test_there_are_many() -> None:
    """The file is not cut short."""
    assert sum(1 for _ in golden()) > 100


# --- variants: what is written is what is read ---

Writer = Callable[[datetime, str, int, str], str]
"""(server's wall-clock time, host, pid, message) -> a line."""
LOCAL: dict[str, Writer] = {
    "rfc3164": lambda at, host, pid, text: f"{at:%b %e %T} {host} dhcpd[{pid}]: {text}",
    "one blank": lambda at, host, pid, text: f"{at:%b} {at.day} {at:%T} {host} dhcpd[{pid}]: {text}",
    "pri": lambda at, host, pid, text: f"<30>{at:%b %e %T} {host} dhcpd[{pid}]: {text}",
    "year before": lambda at, host, pid, text: f"{at:%Y %b %e %T} {host} dhcpd[{pid}]: {text}",
    "year between": lambda at, host, pid, text: f"{at:%b %e %Y %T} {host} dhcpd[{pid}]: {text}",
    "fraction": lambda at, host, pid, text: f"{at:%b %e %T}.000000 {host} dhcpd[{pid}]: {text}",
    "syslogd -v": lambda at, host, pid, text: f"{at:%b %e %T} <3.6> {host} dhcpd[{pid}]: {text}",
    "syslogd -vv": lambda at, host, pid, text: f"{at:%b %e %T} <daemon.info> {host} dhcpd[{pid}]: {text}",
    "busybox": lambda at, host, pid, text: f"{at:%b %e %T} {host} daemon.info dhcpd[{pid}]: {text}",
    "relay": lambda at, host, pid, text: f"{at:%b %e %T} loghost {host} dhcpd[{pid}]: {text}",
    "relayed head": lambda at, host, pid, text: f"{at:%b %e %T} loghost {at:%b %e %T} {host} dhcpd[{pid}]: {text}",
    "solaris": lambda at, host, pid, text: f"{at:%b %e %T} {host} dhcpd[{pid}]: [ID 702911 daemon.info] {text}",
    "iso": lambda at, host, pid, text: f"{at:%FT%T} {host} dhcpd[{pid}]: {text}",
    "iso blank": lambda at, host, pid, text: f"{at:%F %T} {host} dhcpd[{pid}]: {text}",
    "short-full": lambda at, host, pid, text: f"{at:%a %F %T %Z} {host} dhcpd[{pid}]: {text}",
    "container": lambda at, host, pid, text: f"{at:%b %e %T} {host} dhcpd/3f4ee1f23a2b[{pid}]: {text}",
    "rfc5424": lambda at, host, pid, text: f"<30>1 {at:%FT%T} {host} dhcpd {pid} - - {text}",
}
"""Shapes without a zone."""


def _offset(at: datetime, colon: str = ":") -> str:
    zone = f"{at:%z}"
    return zone[:3] + colon + zone[3:]


ZONED: dict[str, Writer] = {
    "rfc3339": lambda at, host, pid, text: f"{at:%FT%T.%f}{_offset(at)} {host} dhcpd[{pid}]: {text}",
    "short-iso": lambda at, host, pid, text: f"{at:%FT%T%z} {host} dhcpd[{pid}]: {text}",
    "short-iso-precise": lambda at, host, pid, text: f"{at:%FT%T.%f%z} {host} dhcpd[{pid}]: {text}",
    "rfc5424": lambda at, host, pid, text: f"<190>1 {at:%FT%T}{_offset(at)} {host} dhcpd {pid} - - {text}",
    "with data": lambda at, host, pid, text: (
        f'<190>1 {at:%FT%T.%f}{_offset(at)} {host} dhcpd {pid} - [meta sequenceId="{pid}"] {text}'
    ),
    "nanoseconds": lambda at, host, pid, text: (
        f"{at:%FT%T.%f}000{_offset(at)} stderr F {at:%b %e %T} {host} dhcpd[{pid}]: {text}"
    ),
    "short-unix": lambda at, host, pid, text: f"{at.timestamp():.6f} {host} dhcpd[{pid}]: {text}",
}
"""Shapes with one."""
WRITERS = st.tuples(
    st.sampled_from(["dhcp1", "fw1.example.net", "10.0.0.1", "fe80::1", "a-b_c"]), st.integers(1, 4_000_000)
)
"""(host, pid)."""
MESSAGES = st.sampled_from(
    [
        MOVE,
        "peer office: disconnected",
        "timeout waiting for failover peer office",
        "Failover CONNECT to office rejected: Connection rejected, time mismatch too great.",
        "DHCPDISCOVER from 00:16:3e:11:22:33 via eth0: peer holds all free leases",
        "DHCPACK on 10.0.0.7 to 00:16:3e:11:22:33 (a: b) via eth0",
        "bind update on 10.0.0.100 from office rejected: 10.0.0.100: invalid state transition: active to free",
    ]
)
MOMENTS = st.integers(0, 360 * 86400).map(lambda seconds: int(NOW) - seconds)


def told_zone(name: str, at: float) -> Zone:
    """What a server in that zone tells of it at that moment."""
    zone = zone_of([f"{datetime.fromtimestamp(at, ZoneInfo(name)):%z}", RULES[name]], at)
    assert zone is not None
    return zone


@given(st.sampled_from(sorted(LOCAL)), st.sampled_from(sorted(RULES)), MOMENTS, WRITERS, MESSAGES)
@settings(max_examples=400)
def test_times_of_the_servers_clock(shape: str, name: str, at: int, who: tuple[str, int], text: str) -> None:
    """Any time of the year, on either side of its switches, means what the server meant; but for the hour that comes twice."""
    local = datetime.fromtimestamp(at, ZoneInfo(name))
    line = parse(LOCAL[shape](local, *who, text), NOW, told_zone(name, NOW))
    assert ((line.host, line.pid), line.text) == (who, text)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    assert line.stamp is not None
    assert line.stamp == at or (twice and abs(line.stamp - at) <= 3600)


@given(st.sampled_from(sorted(ZONED)), st.integers(-12 * 60, 14 * 60), MOMENTS, WRITERS, MESSAGES)
@settings(max_examples=300)
def test_times_with_a_zone(shape: str, minutes: int, at: int, who: tuple[str, int], text: str) -> None:
    """The zone in the line counts, wherever the server is."""
    local = datetime.fromtimestamp(at, timezone(timedelta(minutes=minutes)))
    line = parse(ZONED[shape](local, *who, text), NOW, BERLIN)
    assert (line.stamp, (line.host, line.pid), line.text) == (at, who, text)


@given(MOMENTS, st.integers(0, 86400), MESSAGES)
def test_the_year_rolls_over(at: int, later: int, text: str) -> None:
    """Whenever it is read within a year, a stamp without a year is of the year it was written in."""
    raw = f"{datetime.fromtimestamp(at, UTC):%b %e %T} dhcp1 dhcpd[1]: {text}"
    assert parse(raw, at + later).stamp == at
    assert parse(raw, at - later).stamp == at  # the server's clock is ahead
    assert parse(raw, at + 360 * 86400).stamp == at


# --- the hour that comes twice, and the one that never comes ---


def stamps(*clocks: str, now: str, day: str = "Oct 25", zone: Zone = BERLIN) -> list[str]:
    """The times in UTC of lines at these local times."""
    raws = [f"{day} {clock} dhcp1 dhcpd[7]: {MOVE}" for clock in clocks]
    lines = parse_lines(raws, datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp(), zone)
    return [line.clock for line in lines]


def test_the_hour_that_comes_twice() -> None:
    """Where the times step back the second one begins; the first is summer time."""
    times = stamps("01:59:59", "02:10:00", "02:50:00", "02:05:00", "02:10:00", "03:00:00", now="2026-10-25T12:00")
    assert times == ["23:59:59", "00:10:00", "00:50:00", "01:05:00", "01:10:00", "02:00:00"]


def test_lines_that_cross_do_not_begin_it() -> None:
    """A few seconds back are two processes that write at once."""
    assert stamps("02:10:05", "02:10:03", "02:10:09", now="2026-10-25T12:00") == ["00:10:05", "00:10:03", "00:10:09"]


def test_a_line_that_was_just_written() -> None:
    """Who reads the log in the second hour knows which one it is."""
    assert stamps("02:10:00", now="2026-10-25T01:10:01") == ["01:10:00"]
    assert stamps("02:10:00", now="2026-10-25T00:10:01") == ["00:10:00"]


def test_batches_share_the_hour() -> None:
    """A reader remembers that the second hour has begun."""
    reader, now = LogReader(), datetime(2026, 10, 25, 12, tzinfo=UTC).timestamp()
    raws = [f"Oct 25 {clock} dhcp1 dhcpd[7]: {MOVE}" for clock in ("02:50:00", "02:05:00", "02:06:00")]
    assert [line.clock for raw in raws for line in reader.read([raw], now, BERLIN)] == [
        "00:50:00",
        "01:05:00",
        "01:06:00",
    ]


def test_the_hour_that_never_comes() -> None:
    """A time in it is of the clock before the switch."""
    assert stamps("02:30:00", "03:00:00", day="Mar 29", now="2026-11-25T12:00") == ["01:30:00", "01:00:00"]


@pytest.mark.parametrize(
    ("lines", "zone"),
    [
        (["+0100", "CET-1CEST,M3.5.0,M10.5.0/3"], BERLIN),
        (["+0200", "CET-1CEST,M3.5.0,M10.5.0/3"], Zone(7200)),  # TZ says otherwise
        (["-0330"], Zone(-12600)),
        (["+0000", "UTC0"], UTC_ZONE),
        (["+0530", "IST-5:30"], Zone(19800)),
        (["+0100", "\x00\x01,"], Zone(3600)),
        (["+0100", "CET-1CEST,M3.5.0"], Zone(3600)),
        (["CET"], None),
        (["", "", "20261122123305", "20261122113305"], Zone(3600)),
        (["%z", "", "20261121173302", "20261121230304"], Zone(-19800)),
        (
            ["", "CET-1CEST,M3.5.0,M10.5.0/3", "20261122123304", "20261122113305"],
            Zone(3600, "CET-1CEST,M3.5.0,M10.5.0/3"),
        ),
        (["", "", "20261122113305", "20261122113305"], UTC_ZONE),
        (["", "", "20261124113305", "20261122113305"], None),
        (["", "", "date: bad format", "20261122113305"], None),
        ([], None),
    ],
)
def test_what_a_server_tells_of_its_zone(lines: list[str], zone: Zone | None) -> None:
    """A rule counts where it agrees with the server's clock."""
    assert zone_of(lines, NOW) == zone


# --- lines that need those before them ---


def folded(raws: list[str]) -> list[tuple[str, int]]:
    """(text, count) of the rows that a pane shows."""
    folder, rows = Folder(), list[tuple[str, int]]()
    for line in parse_lines(raws, NOW):
        row, back = folder.add(line)
        rows[len(rows) - back :] = [(row.line.text, row.count)]
    return rows


HEAD = "Nov 22 11:33:05 dhcp1 dhcpd[7]: "


def test_a_repeated_message_counts() -> None:
    """`last message repeated` stands for so many of the line before it."""
    text = "timeout waiting for failover peer office"
    assert folded([HEAD + text, "Nov 22 11:33:35 dhcp1 last message repeated 4 times"]) == [(text, 5)]
    assert folded([HEAD + text, HEAD + f"message repeated 2 times: [ {text}]"]) == [(text, 3)]
    last = parse_lines([HEAD + text, "Nov 22 11:33:35 dhcp1 last message repeated 4 times"], NOW)[1]
    assert (last.message, last.clock, last.times, last.pid) == (MessageId.PARTNER_TIMEOUT, "11:33:35", 4, 7)


def test_a_repeat_is_of_its_host() -> None:
    """On a relay the line before may be another server's."""
    lines = parse_lines(
        [
            "Nov 22 11:33:05 dhcp1 dhcpd[7]: peer office: disconnected",
            "Nov 22 11:33:05 dhcp2 dhcpd[8]: timeout waiting for failover peer office",
            "Nov 22 11:33:35 dhcp1 last message repeated 2 times",
        ],
        NOW,
    )
    assert (lines[2].text, lines[2].host, lines[2].times) == ("peer office: disconnected", "dhcp1", 2)


def test_a_repeat_across_batches() -> None:
    """The line before may have come in the batch before."""
    reader = LogReader()
    reader.read([HEAD + "peer office: disconnected"], NOW)
    (line,) = reader.read(["Nov 22 11:33:35 dhcp1 last message repeated 2 times"], NOW)
    assert (line.text, line.times) == ("peer office: disconnected", 2)


def test_a_repeat_of_nothing() -> None:
    """The log begins with it: what was repeated is not known."""
    line = parse("Nov 22 11:33:35 dhcp1 last message repeated 2 times", NOW)
    assert (line.kind, line.text) == (LineKind.OTHER, "last message repeated 2 times")


def test_parts_of_a_line_are_joined() -> None:
    """What Kubernetes cut stands in one line again, each stream by itself, across batches too."""
    at = "2026-11-22T11:33:05.5Z"
    reader = LogReader()
    assert reader.read([f"{at} stderr P failover peer office: I move from", f"{at} stdout P dhc"], NOW) == []
    lines = reader.read([f"{at} stderr P  normal to", f"{at} stdout F p", f"{at} stderr F  shutdown"], NOW)
    assert [line.text for line in lines] == ["dhcp", "failover peer office: I move from normal to shutdown"]
    assert lines[1].message is MessageId.I_MOVE
    assert reader.rest() == []


def test_a_line_without_its_end_is_not_lost() -> None:
    """Where nothing follows it stands as far as it goes."""
    (line,) = parse_lines(["2026-11-22T11:33:05.5Z stderr P peer office: disconnected"], NOW)
    assert (line.text, line.clock) == ("peer office: disconnected", "11:33:05")


# --- a stranger's text ---


@pytest.mark.parametrize(
    "raw",
    [
        "Nov 22 11:33:05 dhcp1 dnsmasq-dhcp[9]: DHCPACK(eth0) 10.0.0.7 00:16:3e:11:22:33 dhcpd[7]: exiting.",
        "Nov 22 11:33:05 dhcp1 sshd[9]: Invalid user dhcpd[7]: exiting. from 10.0.0.9",
        "Nov 22 11:33:05 dhcp1 login evil[x]: dhcpd[7]: exiting.",
        f"<30>1 2026-11-22T11:33:05Z dhcp1 sshd 9 - - {MOVE}",
        f"2026-11-22T11:33:05.123456Z dhcp1 cron[9]: {MOVE}",
        f"2026-11-22T11:33:05.123456789Z dhcp1 cron[9]: {MOVE}",
        f"Nov 22 11:33:05 dhcp1 dhcpd-pools[9]: {MOVE} x",
        f"Nov 22 11:33:05 dhcp1 dhcpcd[9]: {MOVE}",
    ],
)
def test_nobody_else_speaks_for_dhcpd(raw: str) -> None:
    """Words of dhcpd in another program's line are that program's."""
    line = parse(raw, NOW)
    assert (line.kind, line.transition, line.message) == (LineKind.OTHER, None, None)


@given(st.text(max_size=60), st.sampled_from(sorted(LOCAL)))
def test_any_text_of_another_program(text: str, shape: str) -> None:
    """Whatever it says, it is no state change of ours."""
    raw = LOCAL[shape](datetime(2026, 11, 22, 11, tzinfo=UTC), "dhcp1", 7, f"{text} {MOVE}")
    assert parse(raw.replace("dhcpd", "named"), NOW).transition is None
