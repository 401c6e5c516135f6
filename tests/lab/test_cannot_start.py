"""A dhcpd that does not start, and a `dhcpd -t` of somebody, on the real pair."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from dhcptui.assess.history.timeline import EventKind
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.verdict import Level
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.driving import Driver, driving
from tests.lab.naming import Answer, incidents, named, says, verdict
from tests.lab.pair import Lab
from tests.lab.server import plain_python

pytestmark = pytest.mark.lab
P, Q = Role.PRIMARY, Role.SECONDARY
WARNING = Weight.WARNING
HALF = "dhcp1 serves from its own half, short leases; dhcp2 is down"


@pytest.fixture
def driver(lab: Lab) -> Iterator[Driver]:
    """The engine on a settled pair."""
    with driving(lab) as running:
        running.settled()
        lab.wait_settled()
        yield running


def test_what_is_in_the_way_of_a_start(lab: Lab, driver: Driver) -> None:
    """I-28 with dhcpd's first complaint and its remedy; once that is mended and dhcpd runs, it is over."""
    server = lab.secondary
    server.kill()
    leases = server.own_file("/var/lib/dhcp/dhcpd.leases")
    kept = leases.read_bytes()
    leases.unlink()
    since = server.log_offset()
    server.run("/etc/dhcp/restart-dhcpd", check=False)
    server.wait_log("exiting", since=since)
    named(driver, Answer("I-28", WARNING, Level.WARNING, HALF, "dhcp2's dhcpd does not start: make the lease file"))
    says(driver, "I-28", "Can't open lease database")
    assert "I-6" not in incidents(driver)
    leases.write_bytes(kept)
    server.restart()
    driver.until(lambda: "I-28" not in incidents(driver), 30, "it runs again")
    server.kill()
    driver.until_words("communications-interrupted", "dhcpd not running", 20)
    assert "I-28" not in incidents(driver)


def test_a_lease_file_deleted_under_a_running_dhcpd(lab: Lab, driver: Driver) -> None:
    """It serves on, and could not be started again: told, and nobody stops it."""
    leases = lab.secondary.own_file("/var/lib/dhcp/dhcpd.leases")
    kept = leases.read_bytes()
    leases.unlink()
    driver.until(lambda: "no lease file in its place" in verdict(driver).headline, 40, "the file is missed")
    assert verdict(driver).advice.startswith("Do not stop dhcp2's dhcpd")
    assert not driver.plan(Action.SHUTDOWN, Role.SECONDARY).allowed
    assert not driver.plan(Action.SHUTDOWN, Role.PRIMARY).allowed  # that would leave it to serve alone
    assert "then restart" in verdict(driver).advice
    copied = "cp /proc/$(cat /var/lib/dhcp/dhcpd.pid)/fd/$1 /var/lib/dhcp/dhcpd.leases"
    links = lab.secondary.run("sh", "-c", "ls -l /proc/$(cat /var/lib/dhcp/dhcpd.pid)/fd").stdout.splitlines()
    number = next(link.split(" -> ")[0].split()[-1] for link in links if link.endswith("dhcpd.leases (deleted)"))
    lab.secondary.run("sh", "-c", copied, "sh", number)
    assert leases.read_bytes() == kept
    driver.until(lambda: "I-13" not in incidents(driver), 40, "it is there again")
    lab.secondary.run("/etc/dhcp/restart-dhcpd")
    lab.wait_settled(60)
    assert (
        leases.read_bytes().count(b"binding state backup;") >= 45
    )  # half of the pool: what its partner gave it is kept


def test_a_lease_file_looked_for_elsewhere(lab: Lab) -> None:
    """`leases` of the console names another path: no word of what dhcpd does with its own."""
    lab.wait_settled()
    with driving(lab, secondary={"leases": "/var/lib/dhcp/of-another.leases"}) as driver:
        driver.until(lambda: "no lease file in its place" in verdict(driver).headline, 40, "the path is wrong")
        assert "Mend that path" in verdict(driver).advice
        assert "recorded" not in verdict(driver).headline
        assert not driver.plan(Action.SHUTDOWN, Role.SECONDARY).allowed


def test_another_program_has_the_port(lab: Lab, driver: Driver) -> None:
    """Named by what dhcpd says of port 67, whoever holds it."""
    server = lab.secondary
    server.kill()
    code = "import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 67)); print('bound', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        server.inside_argv("python3", "-c", code), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout
        assert holder.stdout.readline() == "bound\n"
        since = server.log_offset()
        server.run("/etc/dhcp/restart-dhcpd", check=False)
        server.wait_log("Can't bind to dhcp address", since=since)
        driver.until(lambda: "I-28" in incidents(driver), 10, "named")
        says(driver, "I-28", "Can't bind to dhcp address: Address already in use")
        assert "UDP port 67" in verdict(driver).advice
    finally:
        holder.communicate("")


def test_a_test_by_somebody_beside_a_running_dhcpd(lab: Lab, driver: Driver) -> None:
    """dhcpd -t refuses another file, and says so in the log: neither an incident nor the end of the dhcpd that runs."""
    server = lab.secondary
    (server.etc / "draft.conf").write_text("subnet 10.9.0.0 netmask 255.255.255.0 {\n  mclt 3\n}\n")
    since = server.log_offset()
    # Its words come into the log as syslog brings them there on a server.
    log = (plain_python(), "-I", "-S", "/etc/dhcp/lab/stamper.py", "/var/log/dhcpd.log")
    server.run(*log, "/usr/sbin/dhcpd", "-t", "-cf", "/etc/dhcp/draft.conf", check=False)
    server.wait_log("exiting", since=since)

    def failed() -> list[str]:
        return [event.words for event in driver.engine.timeline() if event.kind is EventKind.FAILED]

    driver.until(lambda: bool(failed()), 10, "told")
    (text,) = failed()
    assert text.startswith("a start or a test of dhcpd failed: /etc/dhcp/draft.conf line ")
    time.sleep(2)
    assert [event.text for event in driver.engine.timeline() if event.kind is EventKind.END] == []
    assert not {"I-6", "I-12", "I-18", "I-28"} & set(incidents(driver))
    assert driver.headline() == "both servers serve"
    assert server.is_running()
