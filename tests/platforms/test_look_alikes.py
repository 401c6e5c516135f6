"""What only looks, on each platform that is played here: by the configuration that `dhcptui init` writes, unedited."""

from __future__ import annotations

import json

import pytest

from dhcptui.assess.written_files import ASKED
from dhcptui.config.loading import load
from dhcptui.engine.thread import EngineThread
from dhcptui.model.log_line import Mover
from dhcptui.model.role import Role
from tests.lab.driving import Driver
from tests.lab.net import namespace, thread_in
from tests.platforms.declared import ALL, on
from tests.platforms.look_alike import LookAlike
from tests.platforms.looks import ALPINE, FREEBSD, FREEBSD_CHROOT, OPNSENSE, PFSENSE, RHEL

pytestmark = pytest.mark.lab


@on(ALL, "init")
def test_init(place: LookAlike) -> None:
    """The platform, the file that people write, the lease file that dhcpd has open, its log, its restart; no dead file."""
    done, look = place.told, place.look
    assert (done.returncode, done.stderr) == (0, ""), done
    pair = load(place.config).pair("office")
    for server in (pair.primary, pair.secondary):
        assert (server.platform, server.dhcpd_conf, server.leases) == (look.platform, look.conf, look.leases)
        assert (server.log, server.restart) == (look.row.log, tuple(look.row.restart.split()))
    assert pair.peer == look.settings.peer
    text = place.config.read_text()
    assert not [line for line in text.splitlines() if "guessed" in line and line.split()[0] in {"dhcpd_conf", "leases"}]
    assert ("note: dhcpd runs in the chroot" in done.stdout) is ("-chroot" in look.words)
    if look.copies:
        assert f"which its start script copies from {look.conf}" in done.stdout
    if look.firewall:
        assert look.row.own_way in done.stdout


@on(ALL, "status")
def test_status(place: LookAlike) -> None:
    """Both are normal and serve; each way works; nobody contradicts anybody."""
    done = place.dhcptui("status", "office", "--json")
    (pair,) = json.loads(done.stdout)["pairs"]
    assert (done.returncode, pair["level"]) == (0, "ok"), pair
    assert pair["contradictions"] == []
    for server in pair["servers"].values():
        assert (server["state"], server["omapi"], server["ssh"]) == ("normal", "ok", "ok")
        assert server["pools"][0]["total"] == 101


@on(ALL, "lint")
def test_lint(place: LookAlike) -> None:
    """Nothing is advised that would break a right configuration; in a chroot the files are told."""
    done = place.dhcptui("lint", "office", "--json")
    told = json.loads(done.stdout)
    wrong = [each for each in told["findings"] if each["severity"] != "info"]
    assert wrong == []
    assert not any("dhcptui's configuration" in each["sentence"] for each in told["findings"])
    assert len(told["notes"]) == (2 if "-chroot" in place.look.words else 0)
    assert all(place.look.conf in note for note in told["notes"])


@on(ALL, "lease")
def test_lease(place: LookAlike) -> None:
    """By address over OMAPI, and by its hardware address from the lease file that dhcpd has open."""
    given = place.dhcp_client("02:00:00:00:00:07")
    assert given
    address = given["fixed-address"]
    for question in (address, "02:00:00:00:00:07"):
        done = place.dhcptui("lease", "office", question)
        assert done.returncode == 0, (question, done)
        assert address in done.stdout


@on(ALL, "report")
def test_report(place: LookAlike) -> None:
    """Both logs were read, and tell how the two met."""
    done = place.dhcptui("report", "office", "--json")
    assert done.returncode == 0, done
    told = json.loads(done.stdout)
    assert not told["unread"], told["unread"]
    for name in ("dhcp1", "dhcp2"):
        (*_, last) = [each for each in told["timeline"] if each["server"] == name and each["kind"] == "state"]
        assert last["state"] == "normal", told["timeline"]
        assert "log" in " ".join(last["sources"])


@on((FREEBSD, FREEBSD_CHROOT, ALPINE, RHEL), "init")
def test_the_plan_of_a_sync_restart(place: LookAlike) -> None:
    """Nothing about the platform is in its way; in a chroot the plan says which file is tested."""
    done = place.dhcptui("plan", "sync-restart", "office", "--json")
    told = json.loads(done.stdout)
    (written,) = [each for each in told["findings"] if each["asked"] == ASKED]
    assert written["ok"], written
    assert bool([each for each in told["warnings"] if "chroot" in each]) is place.look.copies
    if place.look.shared:
        assert (done.returncode, told["allowed"]) == (0, True), told["reasons"]


@on((PFSENSE, OPNSENSE), "R", refused="its web interface writes dhcpd.conf anew")
@pytest.mark.parametrize("named", [True, False])
def test_sync_restart_is_refused(place: LookAlike, named: bool) -> None:
    """With the reason and the platform's own way: by `platform`, and where that is not given by what is found."""
    text = place.config.read_text()
    if not named:
        lines = [line for line in text.splitlines() if not line.startswith("platform = ")]
        place.config.write_text("\n".join(lines) + "\n")
    try:
        done = place.dhcptui("plan", "sync-restart", "office")
    finally:
        place.config.write_text(text)
    assert done.returncode == 1
    assert done.stdout.startswith("Refused: ")
    assert "web interface" in done.stdout.splitlines()[0]
    assert place.look.row.own_way in done.stdout.splitlines()[0]


@on(ALL, "init")
def test_the_plans_of_the_other_actions(place: LookAlike) -> None:
    """They are what they are anywhere: a healthy server may stop or hand over, and declares nobody down."""
    for action, allowed in (("shutdown", True), ("hand-over", True), ("partner-down", False), ("start", False)):
        done = place.dhcptui("plan", action, "office", "--server", "dhcp1", "--json")
        told = json.loads(done.stdout)
        assert (done.returncode == 0) is told["allowed"] is allowed, (action, told["reasons"])
        assert all(each["ok"] for each in told["findings"]) is allowed, (action, told["findings"])


@on(ALL, "console logs")
def test_the_log_of_both_servers(place: LookAlike) -> None:
    """It is followed where the platform has it; lines have their time, and a new one comes in."""
    settings = load(place.config).pair("office")
    with thread_in(namespace(place.name, "op")):
        engine = EngineThread(settings)
        driver = Driver(engine)
        engine.start(driver)
        try:
            driver.settled()
            for role in Role:
                driver.until(lambda role=role: _moves(driver, role), 10, f"log of {role.value}")  # type: ignore[misc]
                assert engine.snapshot()[role].log.ok
            before = {role: len(driver.logs[role]) for role in Role}
            assert place.dhcp_client("02:00:00:00:00:09")
            driver.until(lambda: any(len(driver.logs[role]) > before[role] for role in Role), 10, "a new line")
        finally:
            engine.stop()
    lines = [line for role in Role for line in driver.logs[role]]
    assert [line.text for line in lines if line.stamp is None and "dhcpd" in line.text] == []


def _moves(driver: Driver, role: Role) -> bool:
    """Whether a move of the server's own was read."""
    return any(line.transition and line.transition.who is Mover.ME for line in driver.logs[role])
