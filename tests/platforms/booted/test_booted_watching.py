"""What the console sees of booted servers: logs under rotation, a reboot, a foreign restart, a wrong clock at boot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dhcptui.model.role import Role
from dhcptui.model.snapshot import Link
from tests.lab.client import new_mac
from tests.lab.driving import Driver, driving
from tests.lab.naming import verdict
from tests.platforms.booted.machine import UNIT, Machine
from tests.platforms.booted.pair import ACCOUNTS, RESTART, BootedPair

pytestmark = pytest.mark.lab
P, S = Role.PRIMARY, Role.SECONDARY
STARTED = "Server starting service."


@pytest.fixture
def driver(pair: BootedPair) -> Iterator[Driver]:
    """The console with the accounts of people, open and settled."""
    with driving(pair, **ACCOUNTS) as running:
        running.settled()
        running.until(lambda: all(running.engine.snapshot()[role].log.ok for role in Role), 10, "both logs live")
        yield running


def count(driver: Driver, role: Role, text: str) -> int:
    """How many log lines with this text have come."""
    return sum(text in line.text for line in driver.logs[role])


def test_what_sshd_remarks_is_no_trouble_of_the_log(pair: BootedPair) -> None:
    """The account of docs/security.md has no home directory, and sshd says so before each command: the log is live."""
    with driving(pair, **ACCOUNTS) as driver:
        driver.settled()
        driver.until(lambda: bool(driver.logs[S]), 10, "log lines")
        failed = [
            view.log.detail
            for _, snapshot in driver.snapshots
            if (view := snapshot[S]).log.link is Link.FAILED and view.ssh.link is Link.OK
        ]
    assert failed == []


@pytest.mark.parametrize("role", list(Role))
def test_a_reboot(pair: BootedPair, driver: Driver, role: Role) -> None:
    """It is seen to be away and back; its log goes on without a hole and without a line twice."""
    machine = pair.servers[role.value]
    starts = count(driver, role, STARTED)
    machine.reboot()
    driver.until(lambda: count(driver, role, STARTED) > starts, 60, "the start of dhcpd in its log")
    driver.settled(60)
    away = [snapshot[role].ssh.link for _, snapshot in driver.snapshots]
    assert Link.FAILED in away
    assert count(driver, role, STARTED) == starts + 1
    assert driver.headline() == "both servers serve"
    done = pair.dhcptui("status", "office")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("role", list(Role))
def test_a_foreign_restart(pair: BootedPair, driver: Driver, role: Role) -> None:
    """Somebody restarts the unit: told by the log, and another process is seen to be ours."""
    machine = pair.servers[role.value]
    starts, pid = count(driver, role, STARTED), machine.pid()
    pair.ssh(role.value, RESTART)
    driver.until(lambda: count(driver, role, STARTED) == starts + 1, 20, "the start of dhcpd in its log")
    driver.settled(60)
    seen = driver.engine.snapshot()[role].process
    assert seen
    assert machine.pid() != pid
    driver.until(lambda: bool((p := driver.engine.snapshot()[role].process) and p.value.running), 10, "the new process")


def heard(pair: BootedPair, driver: Driver, mac: str) -> None:
    """A client asks; both logs tell of it."""
    assert pair.dhcp_client(mac)
    driver.until(
        lambda: all(count(driver, role, f"DHCPDISCOVER from {mac}") for role in Role), 15, f"{mac} in both logs"
    )


def rotate(machine: Machine) -> None:
    """What Debian's timers do: logrotate for the file; for the journal a new file, and the old ones thrown away."""
    if machine.journal_only:
        machine.run("journalctl", "--rotate")
        machine.run("journalctl", "--vacuum-time=1s")
    else:
        machine.run("/usr/sbin/logrotate", "--force", "/etc/logrotate.d/dhcpd")


def test_rotation(pair: BootedPair, driver: Driver) -> None:
    """Three times while a client asks in between: no line is lost, none comes twice, and both logs stay live."""
    macs = [new_mac() for _ in range(4)]
    heard(pair, driver, macs[0])
    for mac in macs[1:]:
        for machine in pair.servers.values():
            rotate(machine)
        heard(pair, driver, mac)
    assert all(driver.engine.snapshot()[role].log.ok for role in Role)
    kept = pair.secondary.run("sh", "-c", "cd /var/log; zcat -f dhcpd.log*").stdout
    for mac in macs:
        assert count(driver, S, mac) == kept.count(mac), mac


def test_a_wrong_clock_at_boot(pair: BootedPair, driver: Driver) -> None:
    """A dead battery: it boots two hours behind, dhcpd refuses the link, and that is named until the clock is stepped."""
    machine = pair.secondary
    machine.wrong_clock(-7200)
    try:
        machine.reboot()
        driver.until(lambda: "Set the clocks right" in verdict(driver).advice, 60, "advice to set the clocks right")
        clock = driver.engine.snapshot()[S].clock
        assert clock
        assert -7205 < clock.value.seconds < -7195
        assert pair.dhcptui("status", "office").returncode == 1
        machine.right_clock()
        driver.settled(90)
        driver.until(lambda: driver.headline() == "both servers serve", 30, "both serve")
    finally:
        machine.own_clock()
        machine.reboot()
        pair.wait_states(timeout=60)
    assert machine.run("systemctl", "is-active", UNIT).stdout == "active\n"
