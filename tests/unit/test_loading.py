"""A dhcpd that reads a large lease file: it works and answers nobody, for minutes; one that does nothing is another thing."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace

import pytest

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.contradictions import Kind, contradictions
from dhcptui.assess.verdict import Level, derive
from dhcptui.engine.read_once import settled
from dhcptui.model.changes import Work
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import (
    Holding,
    LeaseSpace,
    Link,
    ProcessSighting,
    RecordedState,
    Resource,
    ServerView,
)
from dhcptui.model.states import FailoverState
from dhcptui.servers.ssh import holder_commands
from dhcptui.servers.ssh.work import cpu_seconds, worked
from tests.unit.making import FAILED, NOW, live, pair

P, Q = Role.PRIMARY, Role.SECONDARY
S = FailoverState
MEGABYTE = 1024 * 1024


def starting(role: Role, work: Work | None, size: int = 428 * MEGABYTE, age: int | None = 200) -> ServerView:
    """A dhcpd that was started some minutes ago and has opened no port; its state stands in the lease file."""
    return replace(
        live(role),
        omapi=FAILED,
        status=None,
        process=Seen(ProcessSighting((100,), age_seconds=age), NOW.mono - 1),
        space=Seen(LeaseSpace(10**9, size), NOW.mono - 1),
        recorded=Seen(RecordedState(S.NORMAL, NOW.wall - 900, None, "lease file", NOW.wall - 900), NOW.mono - 1),
        work=Seen(work, NOW.mono - 1) if work else None,
    )


WORKING = Work(100, 190.0, NOW.mono - 1, NOW.mono - 1, judged=True)
IDLE = Work(100, 190.0, NOW.mono - 90, NOW.mono - 1, judged=True)
OTHER = Work(77, 190.0, NOW.mono - 1, NOW.mono - 1, judged=True)


def test_what_it_does_is_said() -> None:
    """How large the file is, how long it has taken, and that it must not be restarted; its record says nothing more."""
    verdict = derive(pair(live(P, S.COMMUNICATIONS_INTERRUPTED, S.NORMAL), starting(Q, WORKING)), NOW)
    assert verdict.level is Level.WARNING
    assert verdict.headline == (
        "dhcp1 serves from its own half, short leases; dhcp2 is reading its lease file, 428 MB: 3 min so far"
    )
    assert verdict.advice_in_commands("office") == (
        "Wait: dhcp2 answers once it has read all leases. Do not restart dhcpd meanwhile: it would begin anew."
    )


@pytest.mark.parametrize("work", [IDLE, OTHER, None], ids=["idle", "of another process", "never looked at"])
def test_what_was_not_seen_to_work_is_not_said_to(work: Work | None) -> None:
    """As before: it does not tell its state."""
    verdict = derive(pair(live(P, S.COMMUNICATIONS_INTERRUPTED, S.NORMAL), starting(Q, work)), NOW)
    assert "dhcp2 does not tell its state (lease file: normal since" in verdict.headline


def test_what_is_not_known_is_left_out() -> None:
    """A small file explains nothing; a process whose age nobody tells."""
    for view, words in (
        (starting(Q, WORKING, size=12_000), "dhcp2 is reading its lease file, 3 min so far"),
        (starting(Q, WORKING, age=None), "dhcp2 is reading its lease file, 428 MB"),
        (starting(Q, WORKING, size=0, age=None), "dhcp2 is reading its lease file"),
    ):
        assert derive(pair(live(P, S.COMMUNICATIONS_INTERRUPTED, S.NORMAL), view), NOW).headline.endswith(words)


def test_one_that_has_its_port_open_reads_nothing() -> None:
    """It has read its leases, and should answer; one that is suspended does nothing."""
    view = starting(Q, WORKING)
    for look in (
        ProcessSighting((100,), holds=(Holding(Resource.OMAPI_PORT, 7911),)),
        ProcessSighting((100,), stopped=True),
        ProcessSighting((100,), ports_seen=False),
    ):
        seen = replace(view, process=Seen(look, NOW.mono - 1))
        assert "reading" not in derive(pair(live(P), seen), NOW).headline


def test_a_port_that_has_just_been_opened_contradicts_nothing() -> None:
    """After minutes of reading the console needs a moment to connect; after twenty seconds something is wrong."""
    look = ProcessSighting((100,), holds=(Holding(Resource.OMAPI_PORT, 7911),), since=NOW.mono - 300)
    opened = replace(starting(Q, WORKING), process=Seen(look, NOW.mono - 0.1))
    assert not contradictions(assess_pair(pair(live(P), opened), NOW))
    long_ago = replace(opened, work=Seen(WORKING, NOW.mono - 30))
    assert [each.kind for each in contradictions(assess_pair(pair(live(P), long_ago), NOW))] == [Kind.SILENT]


def test_both_read_after_a_power_cut() -> None:
    """Nobody serves, and nothing is to be pressed."""
    verdict = derive(pair(starting(P, WORKING), starting(Q, WORKING)), NOW)
    assert verdict.level is not Level.OK
    assert "Wait: dhcp1 and dhcp2 answer once they have read all leases." in verdict.advice_in_commands("office")


def test_a_single_look_waits_for_the_second_one() -> None:
    """Whether it works takes two looks to know; for one that is gone or answers nobody waits."""
    first = Work(100, 190.0, None, NOW.mono - 1)
    assert not settled(starting(Q, first), NOW, NOW.mono - 5)
    assert not settled(starting(Q, None), NOW, NOW.mono - 5)
    assert settled(starting(Q, WORKING), NOW, NOW.mono - 5)
    assert settled(starting(Q, IDLE), NOW, NOW.mono - 5)
    assert FAILED.link is Link.FAILED


def test_two_looks() -> None:
    """CPU used between them, or a wait for the disk; another process begins anew; what is not understood is not known."""
    first = worked(None, 100, "R 500 ticks", 10.0)
    assert (first.cpu_seconds, first.worked_at, first.judged) == (5.0, None, False)
    assert worked(first, 100, "S 501 ticks", 12.0).worked_at is None
    assert worked(first, 100, "S 600 ticks", 12.0).worked_at == 12.0
    assert worked(first, 100, "D 500 ticks", 12.0).worked_at == 12.0
    assert worked(first, 100, "D+   0:05.00", 12.0).worked_at == 12.0
    assert worked(first, 101, "R 900 ticks", 12.0).judged is False
    garbled = worked(first, 100, "sh: ps: not found", 12.0)
    assert (garbled.cpu_seconds, garbled.worked_at, garbled.judged) == (None, None, True)
    later = worked(worked(first, 100, "S 600 ticks", 12.0), 100, "S 600 ticks", 14.0)
    assert (later.worked_at, later.looked_at) == (12.0, 14.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1234 ticks", 12.34), ("00:01:02", 62.0), ("1-00:00:03", 86_403.0), ("0:03.25", 3.25), ("?", None), ("", None)],
)
def test_cpu_time(text: str, seconds: float | None) -> None:
    """As Linux, procps and BSD tell it."""
    assert cpu_seconds(text) == seconds


def test_a_real_process_that_works_and_one_that_sleeps() -> None:
    """By the script that a server runs."""

    def looks(argv: list[str]) -> Work:
        process = subprocess.Popen(argv)
        try:
            work = None
            for _ in range(3):
                time.sleep(0.4)
                done = subprocess.run(
                    holder_commands.work(process.pid).argv, capture_output=True, text=True, check=True
                )
                work = worked(work, process.pid, done.stdout, time.monotonic())
            assert work is not None
            return work
        finally:
            process.kill()
            process.wait()

    assert looks(["sh", "-c", "while :; do :; done"]).worked_at is not None
    assert looks(["sleep", "60"]).worked_at is None
