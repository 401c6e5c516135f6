"""Clocks: how far apart and what it means; and what chrony, ntpd, OpenNTPD, the kernel and timedatectl say, in several versions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.timesync import ClockLevel, judge, level_of, sync_words
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ClockOffset, TimeSync
from dhcptui.servers.host import Completed
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.timesync import (
    KERNEL_TRUST_SECONDS,
    SYSTEMD_SECONDS,
    SystemdWord,
    find_service,
    parse_chrony,
    parse_kernel_clock,
    parse_ntpq,
    parse_openntpd,
    parse_timedate,
    read_time_sync,
)
from tests.unit.making import NOW, live, pair

P, Q = Role.PRIMARY, Role.SECONDARY

CHRONY_4 = "A29FC87B,162.159.200.123,4,1795347125.123456789,-0.000012345,0.000023,0.000045,-12.345,0.001,0.05,0.012,0.0009,1030.5,Normal\n"
CHRONY_LEAP = CHRONY_4.replace("Normal", "Insert second")
CHRONY_LOCAL = "7F7F0101,,10,1795347125.1,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,Normal\n"
CHRONY_UNSYNC = "00000000,,0,0.000000000,0.0,0.0,0.0,-12.3,0.0,0.0,1.0,1.0,0.0,Not synchronised\n"
NTPQ_4_2_8 = """\
associd=0 status=0615 leap_none, sync_ntp, 1 event, clock_sync,
version="ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)",
processor="x86_64", system="Linux/5.10.0-18-amd64", leap=00, stratum=3,
precision=-24, rootdelay=12.345, rootdisp=23.456, refid=192.0.2.1,
offset=-0.123, frequency=-12.345, sys_jitter=0.012, clk_jitter=0.034
"""
NTPQ_4_2_4 = """\
assID=0 status=06f4 leap_none, sync_ntp, 15 events, event_peer/strat_chg,
version="ntpd 4.2.4p8@1.1612-o Fri Feb 22 11:23:27 UTC 2013 (1)?",
processor="i686", system="Linux/2.6.32", leap=00, stratum=2,
"""
NTPQ_UNSYNC = """\
associd=0 status=c011 leap_alarm, sync_unspec, 1 event, freq_not_set,
version="ntpd 4.2.8p15", processor="amd64", system="FreeBSD/13.1-RELEASE",
leap=11, stratum=16, precision=-20, refid=INIT, offset=0.000
"""
NTPCTL = "4/4 peers valid, constraint offset 0s, clock synced, stratum 3\n"
NTPCTL_UNSYNC = "2/4 peers valid, clock unsynced, clock offset is 1234.567ms\n"
ADJTIMEX = commands.kernel_clock().argv[2]
PS = "    1 Ss   03:04:05 systemd  /sbin/init\n  700 Ss   03:04:05 {name}  /usr/sbin/{name}\n"


def answered(answers: dict[str, str], command: Command) -> Completed:
    """What a server says that has these programs and no others."""
    text = next((text for name, text in answers.items() if name in command.argv), None)
    return Completed((text or "").encode(), b"", 0 if text else 127)


def test_chrony() -> None:
    """In sync, with a leap second ahead, from its own clock only, and not in sync."""
    assert parse_chrony(CHRONY_4) == TimeSync("chrony", True, True, "stratum 4")
    assert parse_chrony(CHRONY_LEAP) == TimeSync("chrony", True, True, "stratum 4")
    assert parse_chrony(CHRONY_LOCAL) == TimeSync("chrony", True, True, "stratum 10")
    assert parse_chrony(CHRONY_UNSYNC) == TimeSync("chrony", True, False, "not synchronised")
    for other in ("", "506 Cannot talk to daemon\n", "Reference ID    : A29FC87B (x)\n", "\x1b[2J,a,b\n"):
        assert parse_chrony(other) is None


def test_ntpd() -> None:
    """Old and new ntpd, in sync and not; what is no answer is none."""
    assert parse_ntpq(NTPQ_4_2_8) == TimeSync("ntpd", True, True, "stratum 3")
    assert parse_ntpq(NTPQ_4_2_4) == TimeSync("ntpd", True, True, "stratum 2")
    assert parse_ntpq(NTPQ_UNSYNC) == TimeSync("ntpd", True, False, "follows no server")
    assert parse_ntpq("ntpq: read: Connection refused\n") is None


def test_openntpd() -> None:
    """Synced and unsynced."""
    assert parse_openntpd(NTPCTL) == TimeSync("OpenNTPD", True, True, "stratum 3")
    assert parse_openntpd(NTPCTL_UNSYNC) == TimeSync("OpenNTPD", True, False, "")
    assert parse_openntpd("ntpctl: connect: /var/run/ntpd.sock: No such file or directory\n") is None


def test_timedate() -> None:
    """The kernel's own word, as systemd passes it on."""
    assert parse_timedate("NTP=yes\nNTPSynchronized=yes\n") is True
    assert parse_timedate("NTP=no\nNTPSynchronized=no\n") is False
    assert parse_timedate("Unknown operation show\n") is None


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (PS.format(name="chronyd"), ("chrony", True)),
        (PS.format(name="systemd-timesyn"), ("systemd-timesyncd", True)),
        (PS.format(name="sshd"), ("", False)),
        ("  700 S    00:05 bash  -bash\n", ("", None)),
        ("", ("", None)),
        ("    1 Ss 01:00 init /sbin/init\n  7 Z 00:01 ntpd <defunct>\n", ("", False)),
        (
            "    1 Is 1-01:00:00 init /sbin/init --\n  812 Ss 1-01:00:00 /usr/sbin/ntpd ntpd -p /var/db/ntp/ntpd.pid\n",
            ("ntpd", True),
        ),
    ],
)
def test_which_service_runs(rows: str, found: tuple[str, bool | None]) -> None:
    """By the process table; one that shows only our own processes cannot tell."""
    assert find_service(rows.splitlines()) == found


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"ps": PS.format(name="chronyd"), "chronyc": CHRONY_4}, "chrony, in sync (stratum 4)"),
        ({"ps": PS.format(name="chronyd"), "chronyc": CHRONY_UNSYNC}, "chrony, not in sync (not synchronised)"),
        ({"ps": PS.format(name="chronyd")}, "chrony runs, cannot tell whether in sync"),
        ({"ps": PS.format(name="chronyd"), "timedatectl": "NTP=yes\nNTPSynchronized=yes\n"}, "chrony, in sync"),
        ({"ps": PS.format(name="chronyd"), ADJTIMEX: "kernel 0\n"}, "chrony, in sync"),
        ({"ps": PS.format(name="ntpd"), ADJTIMEX: "kernel 5\n"}, "ntpd, not in sync"),
        ({"ps": PS.format(name="systemd-timesyn"), ADJTIMEX: "timesyncd 60\nkernel 5\n"}, "systemd-timesyncd, in sync"),
        ({"ps": PS.format(name="systemd-timesyn"), ADJTIMEX: "kernel 5\n"}, "systemd-timesyncd, not in sync"),
        ({"ps": PS.format(name="sshd"), ADJTIMEX: "timesyncd 60\nkernel 5\n"}, "no time synchronisation runs"),
        ({"ps": PS.format(name="sshd"), ADJTIMEX: "kernel 1\n"}, "in sync, kept by something outside"),
        ({"ps": PS.format(name="sshd"), ADJTIMEX: "kernel -1\n", "timedatectl": "NTPSynchronized=no\n"}, "cannot tell"),
        ({"ps": PS.format(name="ntpd"), "ntpq": NTPQ_4_2_8}, "ntpd, in sync (stratum 3)"),
        ({"ps": PS.format(name="ntpd"), "ntpctl": NTPCTL}, "OpenNTPD, in sync (stratum 3)"),
        (
            {"ps": PS.format(name="systemd-timesyn"), "timedatectl": "NTP=yes\nNTPSynchronized=no\n"},
            "systemd-timesyncd, not in sync",
        ),
        (
            {"ps": PS.format(name="sshd"), "timedatectl": "NTP=no\nNTPSynchronized=yes\n"},
            "in sync, kept by something outside",
        ),
        ({"ps": PS.format(name="sshd"), "timedatectl": "NTP=no\nNTPSynchronized=no\n"}, "no time synchronisation runs"),
        ({"ps": PS.format(name="sshd")}, "no time synchronisation runs"),
        ({}, "cannot tell"),
    ],
)
async def test_whole_servers(answers: dict[str, str], words: str) -> None:
    """What is said of a server that has these programs and no others."""

    async def ask(command: Command) -> Completed:
        return answered(answers, command)

    assert sync_words((await read_time_sync(ask, SystemdWord(), 0.0)).value)[0] == words


async def test_systemd_is_asked_once_an_hour_and_last() -> None:
    """Its service wakes for it and the journal tells: never where the kernel can be asked, and its word keeps its age."""
    asked: list[str] = []
    answers = {"ps": PS.format(name="sshd"), "timedatectl": "NTP=no\nNTPSynchronized=yes\n"}

    async def ask(command: Command) -> Completed:
        asked.extend(word for word in command.argv if word == "timedatectl")
        return answered(answers, command)

    systemd = SystemdWord()
    ages = []
    for now in range(0, int(SYSTEMD_SECONDS), 30):
        sync = await read_time_sync(ask, systemd, float(now))
        assert sync.value.in_sync
        ages.append(now - sync.at)
    assert asked == ["timedatectl"]
    assert ages[-1] == SYSTEMD_SECONDS - 30
    assert (await read_time_sync(ask, systemd, SYSTEMD_SECONDS)).at == SYSTEMD_SECONDS
    assert asked == ["timedatectl"] * 2
    answers[ADJTIMEX] = "kernel 0\n"
    assert (await read_time_sync(ask, systemd, 3 * SYSTEMD_SECONDS)).at == 3 * SYSTEMD_SECONDS
    assert asked == ["timedatectl"] * 2


def test_a_time_service_is_asked_without_root() -> None:
    """sudo writes four lines for each command; chronyc and ntpq need no root."""
    for command in (commands.chrony_tracking(), commands.ntpq_variables()):
        assert not command.as_root().sudo
    assert commands.process_table().as_root().sudo


@pytest.mark.parametrize(
    ("text", "service", "in_sync"),
    [
        ("kernel 0\n", "", True),
        ("kernel 4\n", "", True),
        ("kernel 5\n", "", False),
        ("kernel -1\n", "", None),
        ("kernel 77\n", "", None),
        ("", "", None),
        (f"timesyncd {KERNEL_TRUST_SECONDS}\nkernel 0\n", "systemd-timesyncd", False),
        ("timesyncd -5\n", "systemd-timesyncd", True),
        ("timesyncd 9\n", "chrony", None),
    ],
)
def test_kernel_clock(text: str, service: str, in_sync: bool | None) -> None:
    """timesyncd's last setting counts as long as the kernel would trust it, and only where timesyncd runs."""
    assert parse_kernel_clock(text, service) is in_sync


def test_not_asked() -> None:
    """Nothing known is said to be that."""
    assert sync_words(None) == ("not asked yet", None)


@pytest.mark.parametrize(
    ("apart", "level"),
    [
        (0.0, ClockLevel.OK),
        (5.0, ClockLevel.OK),
        (-5.1, ClockLevel.WARNING),
        (30.0, ClockLevel.WARNING),
        (30.1, ClockLevel.CRITICAL),
        (-60.0, ClockLevel.CRITICAL),
        (60.1, ClockLevel.REFUSED),
        (-90.0, ClockLevel.REFUSED),
    ],
)
def test_levels(apart: float, level: ClockLevel) -> None:
    """5 s, 30 s and dhcpd's own 60 s, whichever way round."""
    assert level_of(apart) is level


def test_judge() -> None:
    """Who is ahead of whom, how sure that is, and that nothing keeps one of them right."""
    behind = replace(live(Q, offset=-90.0), time_sync=Seen(TimeSync("", False, None), NOW.mono - 30))
    clocks = judge(pair(live(P, offset=1.0), behind), NOW)
    assert clocks.level is ClockLevel.REFUSED
    assert clocks.apart_seconds == -91.0
    assert clocks.uncertainty_seconds == pytest.approx(0.002)
    assert clocks.sentence.startswith("dhcp1's clock is 91.0 s (±0.0 s) ahead of dhcp2's: dhcpd sets up no")
    assert "on dhcp2 nothing keeps it right" in clocks.sentence
    assert clocks[Q].sync == "no time synchronisation runs"
    assert clocks[Q].sync_age_seconds == 30
    assert clocks[P].sync == "not asked yet"


def test_judge_the_console() -> None:
    """Both servers agree and the console does not: that is no fault of the pair."""
    clocks = judge(pair(live(P, offset=100.0), live(Q, offset=100.2)), NOW)
    assert clocks.level is ClockLevel.OK
    assert "the console's, which is then the wrong one" in clocks.sentence


def test_judge_without_a_reading() -> None:
    """An old reading is none."""
    old = replace(live(Q), clock=Seen(ClockOffset(0.0, 0.001), NOW.mono - 100))
    clocks = judge(pair(live(P), old), NOW)
    assert (clocks.level, clocks.apart_seconds) == (ClockLevel.UNKNOWN, None)
    assert "dhcp2" in clocks.sentence
    assert "dhcp1" not in clocks.sentence
