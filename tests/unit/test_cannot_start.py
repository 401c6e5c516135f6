"""Why a dhcpd does not start, from whatever program logs it; and what is no end of the one that runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dhcptui.assess.cannot_start import sign_of_life
from dhcptui.assess.history.lives import read_lives
from dhcptui.assess.history.timeline import Event, EventKind, from_lines, merge
from dhcptui.assess.verdict import Level, derive
from dhcptui.logs.complaints import complaint, spoken, without_farewell
from dhcptui.logs.lines import parse
from dhcptui.model.log_line import LineKind
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ServerView
from dhcptui.model.states import FailoverState
from dhcptui.servers.ssh.errors import CommandFailed
from dhcptui.watch.notable_lines import NotableLines, Signs
from tests.unit.making import NOW, down, live, pair, status
from tests.unit.test_incident_signs import ids

E, F, OTHER = LineKind.ERROR, LineKind.FATAL, LineKind.OTHER
P, Q = Role.PRIMARY, Role.SECONDARY
COMM = FailoverState.COMMUNICATIONS_INTERRUPTED
DENIED = 'kernel: [ 12.3] audit: type=1400 audit(1764156785.1:2): apparmor="DENIED" operation="open" profile="/usr/sbin/dhcpd" name="/srv/dhcpd.leases" pid=9 comm="dhcpd" requested_mask="r"'

LINES = [
    # program and message, kind, incident, a word of the meaning
    ("isc-dhcp-server[123]: dhcpd self-test failed. Please fix /etc/dhcp/dhcpd.conf.", F, "I-6", "dhcpd -t refuses"),
    ("isc-dhcp-server[123]: The error was:", OTHER, None, ""),
    ("isc-dhcp-server[130]: /etc/dhcp/dhcpd.conf line 7: semicolon expected.", E, "I-6", "error in the configuration"),
    ("sh[123]: Configuration file errors encountered -- exiting", F, "I-6", "does not start"),
    ("sh[123]: Can't open lease database /var/lib/dhcp/dhcpd.leases: No such file or directory --", F, "I-28", "lease file"),
    ("root: Not configured to listen on any interfaces!", F, "I-28", "subnet declaration"),
    ("systemd[1]: isc-dhcp-server.service: Failed with result 'exit-code'.", F, "I-28", "lines above"),
    ("systemd[1]: dhcpd.service: Main process exited, code=killed, status=11/SEGV", F, "I-18", "fault of dhcpd"),
    ("systemd[1]: dhcpd.service: Main process exited, code=exited, status=1/FAILURE", F, "I-28", "ended with an error"),
    ("systemd[1]: dhcpd.service: Start request repeated too quickly.", F, "I-28", "reset-failed"),
    ("systemd[1]: isc-dhcp-server.service: A process of this unit has been killed by the OOM killer.", F, "I-28", "memory"),
    ("systemd[1]: Failed to start LSB: DHCP server.", F, "I-28", "does not start"),
    ("systemd[1]: Failed to start isc-dhcp-server.service - LSB: DHCP server.", F, "I-28", "does not start"),
    (DENIED, E, "I-28", "AppArmor"),
    ('audit[9]: AVC apparmor="DENIED" operation="mknod" profile="/usr/sbin/dhcpd" name="/x" comm="dhcpd"', E, "I-28", "AppArmor"),
    ('kernel: audit: type=1400 audit(1.2:3): avc:  denied  { open } for  pid=9 comm="dhcpd" path="/srv/x" scontext=system_u:system_r:dhcpd_t:s0', E, "I-28", "restorecon"),
    ("setroubleshoot[77]: SELinux is preventing /usr/sbin/dhcpd from read access on the file dhcpd.leases.", E, "I-28", "restorecon"),
    ("kernel: dhcpd[812]: segfault at 0 ip 0000 sp 0000 error 4 in dhcpd", F, "I-18", "fault of dhcpd"),
    ("kernel: Out of memory: Killed process 812 (dhcpd) total-vm:1kB", F, "I-28", "memory"),
    ("kernel: pid 812 (dhcpd), jid 0, uid 0: exited on signal 11 (core dumped)", F, "I-18", "fault of dhcpd"),
    # nothing of ours
    ("systemd[1]: isc-dhcp-server6.service: Failed with result 'exit-code'.", OTHER, None, ""),
    ("systemd[1]: dhcpd6.service: Main process exited, code=exited, status=1/FAILURE", OTHER, None, ""),
    ("systemd[1]: isc-dhcp-server.service: Main process exited, code=exited, status=0/SUCCESS", OTHER, None, ""),
    ("systemd[1]: dhcpd.service: Deactivated successfully.", OTHER, None, ""),
    ("systemd[1]: nginx.service: Failed with result 'exit-code'.", OTHER, None, ""),
    ('kernel: audit: apparmor="DENIED" operation="open" profile="/usr/sbin/cupsd" name="/x" comm="cupsd"', OTHER, None, ""),
    ("sshd[5]: Invalid user Configuration file errors encountered -- exiting", OTHER, None, ""),
    ("sshd[5]: Configuration file errors encountered -- exiting", OTHER, None, ""),
    ("sh[123]: exiting.", OTHER, None, ""),
    ("kernel: dhclient[812]: segfault at 0 ip 0000", OTHER, None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "kind", "incident", "word"), LINES)
def test_who_else_tells_of_it(line: str, kind: LineKind, incident: str | None, word: str) -> None:
    """Judged by program and words; the program stays on screen, and never is the line taken for dhcpd's own."""
    found = parse(f"Nov 22 11:33:05 dhcp1 {line}", NOW.wall)
    assert (found.kind, found.incident) == (kind, incident)
    assert word in found.meaning
    assert found.teller
    assert found.text.startswith(found.teller)


def told(view: ServerView, *lines: str | tuple[float, str]) -> ServerView:
    """The view with these lines (program and message) in its log, one second apart, or so many seconds ago."""
    notable_lines = NotableLines()
    for index, each in enumerate(lines):
        ago, line = each if isinstance(each, tuple) else (float(len(lines) - index), each)
        iso = datetime.fromtimestamp(view.server_time(NOW) - ago, UTC).isoformat()
        notable_lines.add([parse(f"{iso} {view.name} {line}", NOW.wall)], view.server_time(NOW))
    return replace(view, notable_lines=notable_lines.kept)


START_FAILS = [
    # lines of one attempt; incident; the first evidence; the advice
    (
        ("isc-dhcp-server[1]: dhcpd self-test failed. Please fix /etc/dhcp/dhcpd.conf.", "isc-dhcp-server[2]: /etc/dhcp/dhcpd.conf line 7: semicolon expected.",
         "systemd[1]: isc-dhcp-server.service: Failed with result 'exit-code'."),
        "I-6", "line 7: semicolon expected", "refuses its configuration",
    ),
    (
        ("dhcpd[9]: Can't open lease database /var/lib/dhcp/dhcpd.leases: Permission denied --", "dhcpd[9]: exiting.",
         "systemd[1]: dhcpd.service: Failed with result 'exit-code'."),
        "I-28", "Can't open lease database", "make the lease file, or mend its rights",
    ),
    (("dhcpd[9]: Can't bind to dhcp address: Address already in use", "dhcpd[9]: exiting."), "I-28", "Can't bind", "UDP port 67"),
    ((DENIED, "dhcpd[9]: Can't open /srv/dhcpd.conf: Permission denied", "dhcpd[9]: exiting."), "I-28", "DENIED", "its log says why"),
    (("dhcpd[9]: Not configured to listen on any interfaces!",), "I-28", "Not configured", "no interface that it is given"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "incident", "first", "advice"), START_FAILS)
def test_what_is_in_the_way(lines: tuple[str, ...], incident: str, first: str, advice: str) -> None:
    """Named with the first complaint of the last attempt, not with what follows from it; and what to do against it."""
    snapshot = pair(live(P, COMM), told(down(Q), *lines))
    assert {"I-6", "I-28"} & ids(snapshot).keys() == {incident}
    verdict = derive(snapshot, NOW)
    evidence = next(each.evidence for each in verdict.incidents if each.id == incident)
    words = [item.text for item in evidence if item.at is not None]
    assert first in words[0], words
    assert advice in verdict.advice


def test_a_thousand_denials_and_attempts_are_two_remarks() -> None:
    """They differ in numbers alone, and push nothing out of what is remembered."""
    lines = [line for n in range(500) for line in (DENIED.replace("785.1:2", f"{n}.1:{n}"), "systemd[1]: dhcpd.service: Failed with result 'exit-code'.")]  # fmt: skip
    view = told(down(Q), (2000, "dhcpd[10]: failover peer foo: I move from startup to normal"), *lines)
    assert len(view.notable_lines) == 3


def test_a_start_that_succeeded_since_ends_it() -> None:
    """What was in the way of an earlier start says nothing of a dhcpd that ran after it and is gone now."""
    view = told(
        down(Q),
        (900, "dhcpd[9]: Can't bind to dhcp address: Address already in use"),
        (600, "dhcpd[10]: failover peer foo: I move from startup to normal"),
    )
    assert "I-28" not in ids(pair(live(P, COMM), view))


def test_a_denial_beside_a_dhcpd_that_runs_is_no_outage() -> None:
    """It is explained where it stands; the pair is as it is."""
    snapshot = pair(told(live(P), DENIED, "systemd[1]: dhcpd.service: Failed with result 'exit-code'."), live(Q))
    assert "I-28" not in ids(snapshot)
    assert derive(snapshot, NOW).level is Level.OK


def test_a_test_beside_a_running_dhcpd_is_no_incident() -> None:
    """Its complaint and its end are of another process."""
    view = told(live(P), "dhcpd[77]: /tmp/x.conf line 3: semicolon expected.", "dhcpd[77]: Configuration file errors encountered -- exiting")  # fmt: skip
    assert "I-6" not in ids(pair(view, live(Q)))


DRAFT = (11, "dhcpd[77]: /tmp/m.conf line 3: semicolon expected."), (11, "dhcpd[77]: Configuration file errors encountered -- exiting")  # fmt: skip


def answered(view: ServerView, ago: float | None) -> ServerView:
    """The view with its last answer so long ago."""
    return replace(view, status=Seen(status(view.role), NOW.mono - ago) if ago is not None else None)


@pytest.mark.parametrize(
    "view",
    [
        answered(told(down(Q), *DRAFT), 4),  # it answered over OMAPI after that
        replace(answered(told(down(Q), *DRAFT), None), lived=NOW.wall - 5),  # it wrote of clients after that
        answered(told(down(Q), *DRAFT, (5, "dhcpd[26]: failover peer foo: I move from normal to startup")), None),
    ],
)
def test_a_test_before_the_end_is_not_why_it_ended(view: ServerView) -> None:
    """Seen on a real pair: a draft was tested, dhcpd ran on and was killed 11 s later. Its configuration is in order."""
    snapshot = pair(live(P, COMM), view)
    assert not {"I-6", "I-28"} & ids(snapshot).keys()
    assert "refuses its configuration" not in derive(snapshot, NOW).advice


@pytest.mark.parametrize(
    "view",
    [
        answered(told(down(Q), *DRAFT), 12),
        answered(told(down(Q), *DRAFT), 10),  # so close together nobody can tell which was first
        answered(told(down(Q), *DRAFT), None),
        replace(answered(told(down(Q), *DRAFT), None), lived=NOW.wall - 12),
    ],
)
def test_a_start_after_the_last_sign_of_life_is_why(view: ServerView) -> None:
    """It is the last thing that was tried."""
    snapshot = pair(live(P, COMM), view)
    assert "I-6" in ids(snapshot)
    assert "refuses its configuration" in derive(snapshot, NOW).advice


def test_what_is_a_sign_of_life() -> None:
    """Only who serves writes of clients and of the link; a test or a start that fails writes neither."""
    lines = {
        "dhcpd[26]: DHCPACK on 10.0.0.5 to 00:16:3e:11:22:33 via eth0": True,
        "dhcpd[26]: peer foo: disconnected": True,
        "dhcpd[26]: failover peer foo: I move from startup to normal": True,
        "dhcpd[77]: /tmp/m.conf line 3: semicolon expected.": False,
        "dhcpd[77]: Internet Systems Consortium DHCP Server 4.4.3-P1": False,
        "dhcpd[77]: exiting.": False,
        "systemd[1]: isc-dhcp-server.service: Failed with result 'exit-code'.": False,
    }
    for line, alive in lines.items():
        assert sign_of_life(parse(f"2026-11-22T11:33:05+00:00 dhcp1 {line}", NOW.wall)) is alive, line


def test_only_our_own_dhcpd_lives_by_its_lines() -> None:
    """Another one of the same host writes into the same log: that says nothing of ours."""
    stamped = [
        f"2026-11-22T11:33:{second:02}+00:00 dhcp1 dhcpd[{pid}]: {text}"
        for second, pid, text in [
            (1, 26, "DHCPDISCOVER from 00:16:3e:11:22:33 via eth0"),
            (5, 26, "failover peer foo: I move from startup to normal"),
            (7, 26, "DHCPDISCOVER from 00:16:3e:11:22:33 via eth0"),
            (9, 40, "failover peer bar: I move from startup to normal"),
            (9, 40, "DHCPDISCOVER from 00:16:3e:11:22:33 via eth1"),
        ]
    ]
    lines = [parse(each, NOW.wall) for each in stamped]
    signs = Signs()
    stamps = [line.stamp for line in lines]
    assert signs.last(lines[:1], "foo", ()) == 0.0
    assert signs.last(lines[:1], "foo", (26,)) == stamps[0]
    assert signs.last(lines, "foo", ()) == stamps[2]
    assert signs.last(lines[3:], "foo", (26,)) == 0.0


TEST = [
    "dhcpd[77]: Internet Systems Consortium DHCP Server 4.4.3-P1",
    "dhcpd[77]: /tmp/x.conf line 3: semicolon expected.",
    "dhcpd[77]: Configuration file errors encountered -- exiting",
    "dhcpd[77]: If you think you have received this message due to a bug rather",
    "dhcpd[77]: exiting.",
]


def events(*lines: str) -> list[Event]:
    """What the timeline tells of a log, one line a second."""
    read = [parse(f"2026-11-22T11:33:{index:02}+00:00 dhcp1 {line}", NOW.wall) for index, line in enumerate(lines)]
    return [each for each in merge(from_lines(P, read, "foo"), {}) if each.kind in {EventKind.END, EventKind.FAILED}]


def test_a_test_by_anybody_is_not_the_end_of_the_running_dhcpd() -> None:
    """One event with the first complaint, told for what it is; and the life of the running dhcpd goes on."""
    runs = "dhcpd[26]: failover peer foo: I move from startup to normal"
    later = "dhcpd[26]: failover peer foo: I move from normal to communications-interrupted"
    (one,) = events(runs, *TEST, later)
    assert one.kind is EventKind.FAILED
    assert one.text == "/tmp/x.conf line 3: semicolon expected."
    assert one.words == f"a start or a test of dhcpd failed: {one.text}"
    stamped = [f"2026-11-22T11:33:{index:02}+00:00 dhcp1 {line}" for index, line in enumerate([runs, *TEST, later])]
    (life,) = read_lives([parse(each, NOW.wall) for each in stamped], "foo", 0.0)
    assert not life.ended
    assert len(life.moves) == 2


def test_its_own_end_is_one() -> None:
    """The process that ran says so itself: its end, with the first line of it."""
    (one,) = events(
        "dhcpd[26]: failover peer foo: I move from startup to normal", "dhcpd[26]: Impossible case at failover.c:639.",
        "dhcpd[26]: exiting.",
    )  # fmt: skip
    assert (one.kind, one.text) == (EventKind.END, "Impossible case at failover.c:639.")


def test_a_failed_start_after_an_end() -> None:
    """First the one that ran ends, then others fail to start: each attempt once."""
    (end, first, second) = events(
        "dhcpd[26]: failover peer foo: I move from startup to normal", "dhcpd[26]: exiting.",
        "dhcpd[30]: Can't bind to dhcp address: Address already in use", "dhcpd[30]: exiting.",
        "dhcpd[31]: Can't bind to dhcp address: Address already in use", "dhcpd[31]: exiting.",
    )  # fmt: skip
    assert [each.kind for each in (end, first, second)] == [EventKind.END, EventKind.FAILED, EventKind.FAILED]
    assert "Can't bind" in first.text


SAID = """Internet Systems Consortium DHCP Server 4.4.3-P1
Copyright 2004-2022 Internet Systems Consortium.
All rights reserved.
For info, please visit https://www.isc.org/software/dhcp/
Can't open /srv/dhcpd.conf: Permission denied

If you think you have received this message due to a bug rather
than a configuration issue please read the section on submitting
bugs on either our web page at www.isc.org or in the README file
before submitting a bug.  These pages explain the proper
process and the information we find helpful for debugging.

exiting.
"""


def test_the_first_complaint_is_shown() -> None:
    """Not the banner, and not the lines on bugs, whoever shows it."""
    assert complaint(SAID) == "Can't open /srv/dhcpd.conf: Permission denied"
    assert spoken(SAID) == ["Can't open /srv/dhcpd.conf: Permission denied"]
    assert complaint("") == "it ends with exit status 1"
    assert without_farewell(SAID).rstrip().endswith("Permission denied")
    failed = CommandFailed("systemctl restart dhcpd", 1, SAID.encode())
    assert failed.stderr.endswith("Permission denied")
    assert "bug" not in str(failed)
