"""The quick way through a log line says what the long way says, for every line it takes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcptui.logs.lines import LogReader, _parse_plain, parse, parse_lines
from dhcptui.logs.zone import UTC_ZONE, Zone
from dhcptui.model.log_line import LogLine
from tests.unit.test_loglines import DISCOVER, NOW, SAMPLES

HOSTS = ["dhcp1", "10.0.0.10", "fe80::1", "d.123456", "-"]
STAMPS = [
    "Nov 22 11:33:05", "Nov  2 11:33:05", "Feb 29 10:00:00", "Nov 31 11:33:05", "Xyz 22 11:33:05",
    "2026-11-22T11:33:05Z", "2026-11-22T11:33:05.250000+00:00", "2026-11-22T11:33:05.2500000-05:30",
    "2026-11-22T11:33:05.25Z", "2026-11-22 11:33:05,250000", "2026-13-45T11:33:05.123456Z", "2026-11-22 11:33:05.123456",
    "1795347185.123456", "1795347185",
]  # fmt: skip
PROGRAMS = [
    "dhcpd[7]: ", "dhcpd: ", "daemon.info dhcpd[7]: ", "/usr/sbin/dhcpd[7]: ", "cron[7]: ", "dhcpd[7]:", "dhcpd[7]:  ",
    "dhcpd[x]: ", "dhcpd", "-- MARK --: ", "",
]  # fmt: skip
MESSAGES = [
    *(sample[0] for sample in SAMPLES), "", "x", ": ", "a: b: c", "DHCPACK on 10.0.0.7: x", "Grüße", "\x1b[31mred",
    "x" * 2100, "message repeated 3 times: [ timeout waiting for failover peer foo]", "dhcpd[7]: exiting.",
]  # fmt: skip
ENDS = ["", "\n", "\r\n", "\n\n", " \n", "\r", "\x0b"]
ZONES = [UTC_ZONE, Zone(7200), Zone(-18000), Zone(3600, "CET-1CEST,M3.5.0,M10.5.0/3")]


def long_way(raw: str | bytes, zone: Zone = UTC_ZONE) -> LogLine:
    """The line by itself, by the way that takes any."""
    return LogReader()._parse_any(raw, NOW, zone)


LINES = st.tuples(*map(st.sampled_from, (STAMPS, HOSTS, PROGRAMS, MESSAGES)))
ODD = st.tuples(st.integers(0, 60), st.text(max_size=3))


@given(LINES, st.sampled_from(ENDS), st.sampled_from(ZONES), ODD)
@settings(max_examples=600)
def test_both_ways_agree(parts: tuple[str, str, str, str], end: str, zone: Zone, odd: tuple[int, str]) -> None:
    """As text and as bytes, whole and with something strange in the midst of it."""
    stamp, host, program, message = parts
    line = f"{stamp} {host} {program}{message}"
    for text in (line + end, line[: odd[0]] + odd[1] + line[odd[0] :] + end):
        for raw in (text, text.encode("utf-8", "surrogatepass")):
            long = long_way(raw, zone)
            assert (_parse_plain(raw, NOW, zone, {}) or long) == long
            assert parse(raw, NOW, zone) == long


@given(st.binary(max_size=80) | st.text(max_size=80))
def test_both_ways_agree_on_anything(raw: str | bytes) -> None:
    """No line is only for one of them."""
    assert parse(raw, NOW) == long_way(raw)


@pytest.mark.parametrize("stamp", [stamp for stamp in STAMPS if "." not in stamp or "6" in stamp])
def test_the_usual_lines_go_the_quick_way(stamp: str) -> None:
    """Otherwise the two would agree on nothing; and the fraction of a second is kept."""
    quick = _parse_plain(f"{stamp} dhcp1 dhcpd[7]: {DISCOVER}\n".encode(), NOW, UTC_ZONE, {})
    assert quick is not None
    assert quick.text == DISCOVER


def test_another_moment_is_another_year() -> None:
    """What is remembered of a prefix does not outlive the year it was judged in."""
    later = datetime(2028, 11, 22, 12, 0, tzinfo=UTC).timestamp()
    one, two = (parse(f"Nov 22 11:33:05 dhcp1 dhcpd[7]: {DISCOVER}", now).stamp for now in (NOW, later))
    assert one is not None
    assert two is not None
    assert two - one == 731 * 86400


def test_many_lines_are_judged_as_each_of_them_is() -> None:
    """What the lines of a batch share changes none of them."""
    raws = [
        f"{stamp} dhcp1 {program}{message}".encode("utf-8", "surrogatepass")
        for message in MESSAGES[::7]
        for stamp in STAMPS
        for program in PROGRAMS
    ]
    assert parse_lines(raws, NOW, Zone(7200)) == [long_way(raw, Zone(7200)) for raw in raws]
