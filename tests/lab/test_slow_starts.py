"""R and U judge by the server: commands that lie about their end, and a dhcpd that works for long before it answers."""

from __future__ import annotations

import time

import pytest

from dhcptui.engine.actions import upcoming
from dhcptui.model.guards import Action
from dhcptui.model.plan import Outcome, Progress
from dhcptui.model.snapshot import Role
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab, Server
from tests.lab.test_sync_restart import allowed, both_normal, carry_out, contents, widen

pytestmark = pytest.mark.lab
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
        assert "reads its leases" in told_meanwhile(driver)
        assert "lease records" in told_meanwhile(driver)
        both_normal(lab)
