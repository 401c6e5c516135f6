"""R and U judge by the server: commands that lie about their end, and a dhcpd that works for long before it answers."""

from __future__ import annotations

import re
import shutil
import time
from datetime import UTC, datetime

import pytest

from dhcptui.act.actions import start
from dhcptui.act.actions import start_watch as upcoming
from dhcptui.act.plan import Outcome, Progress, StepState
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab, Server
from tests.lab.test_first_moments import GREETING, held_up
from tests.lab.test_sync_restart import allowed, both_normal, carry_out, contents, widen

pytestmark = [pytest.mark.lab, pytest.mark.second_try("a start is judged by how long dhcpd does nothing")]
P, S = Role.PRIMARY, Role.SECONDARY
LEASES = 250_000


def scripted(server: Server, before: str = "", after: str = "") -> None:
    """The restart command with shell lines at its two ends; `$real` is the command as it was."""
    real = server.etc / "real-restart"
    script = server.etc / "restart-dhcpd"
    if not real.exists():
        real.write_text(script.read_text())
        real.chmod(0o755)
    script.write_text(f"#!/bin/sh\nreal=/etc/dhcp/real-restart\n{before}\n$real\n{after}\n")


def synced(lab: Lab, driver: Driver) -> Progress:
    """A new range, copied and restarted."""
    driver.settled()
    lab.wait_settled()
    return carry_out(driver, allowed(driver))


def told_meanwhile(driver: Driver) -> str:
    """What was said of the steps while they ran."""
    return "\n".join(report.detail for _, progress in driver.progress for report in progress.steps)


def test_a_restart_that_works_and_ends_badly(lab: Lab) -> None:
    """Exit status 3 of a command that did its work: nothing is rolled back."""
    for server in lab.servers.values():
        scripted(server, after="exit 3")
    widen(lab.primary)
    with driving(lab) as driver:
        told = synced(lab, driver)
        assert told.outcome is Outcome.VERIFIED, told
        assert contents(lab.primary) == contents(lab.secondary)
        both_normal(lab)


def test_a_restart_that_starts_dhcpd_later(lab: Lab) -> None:
    """The command ends well at once, and dhcpd is started seconds after that, as by a supervisor: it is waited for."""
    scripted(lab.secondary, before="kill -9 $(cat /var/lib/dhcp/dhcpd.pid); (sleep 8; $real) >/dev/null 2>&1 & exit 0")
    widen(lab.primary)
    with driving(lab) as driver:
        told = synced(lab, driver)
        assert told.outcome is Outcome.VERIFIED, told
        assert "at the second attempt" not in told_meanwhile(driver)
        both_normal(lab)


def test_what_a_command_printed_is_shown(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts nothing, prints the remedy and ends well, as `service` on FreeBSD: the remedy stands in the result."""
    monkeypatch.setattr(upcoming, "START_SECONDS", 4.0)
    remedy = "Cannot 'restart' isc-dhcpd. Set dhcpd_enable to YES in /etc/rc.conf or use 'onerestart'."
    (lab.secondary.etc / "restart-dhcpd").write_text(f'#!/bin/sh\necho "{remedy}"\n')
    lab.secondary.kill()
    with driving(lab) as driver:
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        told = driver.run(Action.START, S)
        assert told.outcome is Outcome.FAILED
        assert "no dhcpd was started on dhcp2" in told.result
        assert "Set dhcpd_enable to YES" in told.result


def test_bringing_up_by_a_command_that_ends_badly(lab: Lab) -> None:
    """U: what runs and answers counts."""
    scripted(lab.secondary, after="exit 3")
    lab.secondary.kill()
    with driving(lab) as driver:
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        told = driver.run(Action.START, S)
        assert told.outcome is Outcome.VERIFIED, told
        lab.wait_states(timeout=60)


def many_leases(server: Server) -> None:
    """A lease file that takes a while to read: dhcpd answers only afterwards. Of addresses that no pool has any more."""
    record = "lease 10.{}.{}.{} {{\n  starts 4 2026/08/20 11:52:11;\n  ends 4 2026/08/20 12:52:11;\n  binding state free;\n}}\n"
    numbers = ((n >> 16 & 255, n >> 8 & 255, n & 255) for n in range(LEASES))
    with server.leases.open("a") as file:
        file.writelines(record.format(100 + a, b, c) for a, b, c in numbers)


def test_a_dhcpd_that_reads_its_leases_is_waited_for(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works all the while: no rollback however long it takes, and what it is at is told."""
    monkeypatch.setattr(upcoming, "LOOK_SECONDS", 0.5)
    monkeypatch.setattr(upcoming, "IDLE_SECONDS", 4.0)
    many_leases(lab.secondary)
    widen(lab.primary)
    with driving(lab) as driver:
        began = time.monotonic()
        told = synced(lab, driver)
        assert told.outcome is Outcome.VERIFIED, (told, time.monotonic() - began)
        assert re.search(
            r"dhcpd on dhcp2 \(pid \d+\) is reading its lease file, \d\d MB: \d+ s so far", told_meanwhile(driver)
        )
        both_normal(lab)


def test_the_first_line_of_a_complaint_is_the_reason(lab: Lab) -> None:
    """A dhcpd that refuses its configuration: the step ends long before a minute, with what it said first."""
    lab.secondary.kill()
    conf = lab.secondary.etc / "dhcpd.conf"
    conf.write_text(conf.read_text() + "\nno-such-statement 5;\n")
    with driving(lab) as driver:
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        told = driver.run(Action.START, S)
        assert told.outcome is Outcome.FAILED, told
        assert took(told) < upcoming.START_SECONDS / 2
        assert re.search(r"no dhcpd runs on dhcp2 after its restart: \S+dhcpd.conf line \d+: ", told.result), (
            told.result
        )


@pytest.mark.parametrize("words", [True, False], ids=["fatal", "without a word"])
def test_a_dhcpd_that_dies_while_the_pair_settles(lab: Lab, words: bool) -> None:
    """It answered, and ended before the pair was well: the step ends then, and not after its minute."""
    lab.secondary.kill()
    with driving(lab) as driver:
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        lab.cut("primary", "secondary", port=520)  # it looks for its partner for 15 s
        driver.until_read(Action.START, S)
        plan = driver.plan(Action.START, S)
        driver.engine.run(plan, plan.confirm_text)
        driver.until(lambda: driver.word(S) == "startup", 30, "its start")
        driver.until(
            lambda: bool(driver.progress) and driver.progress[-1][1].steps[-1].state is StepState.RUNNING,
            10,
            "the last step",
        )
        pid = lab.secondary.pid()
        lab.secondary.kill()
        if words:  # as dhcpd writes them before it ends by itself; it has no cause to here
            with lab.secondary.log_file.open("a") as log:
                stamp = datetime.now(UTC).isoformat()
                log.writelines(
                    f"{stamp} dhcp2 dhcpd[{pid}]: {said}\n"
                    for said in ("Can't open lease database /var/lib/dhcp/dhcpd.leases: Input/output error", "exiting.")
                )
        driver.until(lambda: driver.progress[-1][1].outcome is not Outcome.RUNNING, 30, "an end")
        told = driver.progress[-1][1]
        assert told.outcome is Outcome.FAILED, told
        assert "dhcpd on dhcp2 came up and ended again" in told.result
        assert ("ended again: Can't open lease database" in told.result) is words


def test_a_dhcpd_that_dies_before_it_answers(lab: Lab) -> None:
    """Seen, and gone again without a word: it was started, and no minute is waited for another one."""
    scripted(lab.secondary, after="sleep 2; kill -9 $(cat /var/lib/dhcp/dhcpd.pid)")
    lab.secondary.kill()
    with driving(lab) as driver:
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        with held_up(lab, *GREETING):
            told = driver.run(Action.START, S, timeout=50)
        assert told.outcome is Outcome.FAILED, told
        assert "dhcpd on dhcp2 came up and ended again" in told.result
        assert took(told) < upcoming.START_SECONDS / 2


def took(told: Progress) -> float:
    """How long the failed step took."""
    (step,) = (each for each in told.steps if each.state is StepState.FAILED)
    assert step.started_seconds is not None
    assert step.ended_seconds is not None
    return step.ended_seconds - step.started_seconds


def test_a_server_that_answers_slowly_does_not_make_its_dhcpd_idle(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at it takes longer than a dhcpd may do nothing, as on a loaded machine: what was not seen meanwhile is not known."""
    monkeypatch.setattr(upcoming, "LOOK_SECONDS", 0.5)
    monkeypatch.setattr(upcoming, "IDLE_SECONDS", 4.0)
    real, slow = lab.secondary.etc / "lab/real-ls", lab.secondary.etc / "lab/ls"
    shutil.copy("/usr/bin/ls", real)
    slow.write_text('#!/bin/sh\ncase "$*" in "-lnL "*) sleep 6;; esac\nexec /etc/dhcp/lab/real-ls "$@"\n')
    slow.chmod(0o755)
    lab.secondary.run("mount", "--bind", "/etc/dhcp/lab/ls", "/usr/bin/ls")
    many_leases(lab.secondary)
    widen(lab.primary)
    with driving(lab) as driver:
        told = synced(lab, driver)
        assert told.outcome is Outcome.VERIFIED, told
        both_normal(lab)


def test_a_recovery_that_goes_on_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that has lost its leases fetches thousands of them: as long as they come its start does not fail."""
    monkeypatch.setattr(start, "SETTLE_SECONDS", 1.0)
    lab = Lab(mclt=5, key_algorithm="hmac-sha256")
    lab.start(dhcpd=False)
    try:
        for server in lab.servers.values():
            master = server.etc / "shared/master.conf"
            pool = 'pool { failover peer "foo"; range 10.50.0.1 10.50.24.254; }'
            master.write_text(f"{master.read_text()}subnet 10.50.0.0 netmask 255.255.0.0 {{ {pool} }}\n")
        lab.start_dhcpd()
        lab.wait_states(timeout=90)
        with driving(lab) as driver:
            driver.settled(60)
            lab.wait_settled()
            lab.secondary.kill()
            lab.secondary.leases.write_text("")
            driver.until_words("communications-interrupted", "dhcpd not running", 10)
            told = driver.run(Action.START, S, timeout=120)
            assert told.outcome is Outcome.VERIFIED, told
            assert took_longest(told) > 2 * start.SETTLE_SECONDS
            assert re.search(r"takes the leases of its partner over \(recover, lease file \d", told_meanwhile(driver))
    finally:
        lab.stop()


def took_longest(told: Progress) -> float:
    """How long the longest step took, in seconds."""
    return max((each.ended_seconds or 0.0) - (each.started_seconds or 0.0) for each in told.steps)
