"""How many places see that a server is silent: a console on the survivor, or behind it, is not a second one."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhcptui.assess.evidence import Finding
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab

pytestmark = pytest.mark.lab
P, S = Role.PRIMARY, Role.SECONDARY
OFF = "I know that dhcp2 is off"


def sworn(driver: Driver) -> Finding:
    """The finding that a person must answer for, once there is one."""
    driver.until(lambda: driver.plan(Action.PARTNER_DOWN, P).ruling.sentence == OFF, 60, OFF)
    return next(each for each in driver.plan(Action.PARTNER_DOWN, P).ruling.findings if each.sentence)


def silence(lab: Lab, driver: Driver) -> None:
    """The secondary's host is gone for everybody."""
    driver.settled()
    lab.cut("primary", "secondary")
    lab.cut("operator", "secondary")
    driver.until(lambda: driver.word(P) == "communications-interrupted", 40, "primary alone")


def quick() -> Lab:
    """A pair that notices a cut within seconds."""
    return Lab(mclt=10, max_response_delay=3, key_algorithm="hmac-sha256")


def test_from_elsewhere() -> None:
    """Two places."""
    with quick() as lab:
        lab.wait_states()
        with driving(lab) as driver:
            silence(lab, driver)
            assert "unreachable from here and from dhcp1" in sworn(driver).observed


def test_on_the_survivor() -> None:
    """One."""
    with quick() as lab:
        lab.wait_states()
        with driving(lab, place="primary") as driver:
            silence(lab, driver)
            found = sworn(driver)
            assert "the console runs on dhcp1, so that this is one place and not two" in found.observed
            assert found.by == "dhcp1 alone"


def test_through_the_survivor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One."""
    with quick() as lab:
        lab.wait_states()
        (tmp_path / ".ssh").mkdir(mode=0o700)
        (tmp_path / ".ssh/config").write_text(
            f"Host {lab.secondary.host}\n  ProxyJump root@{lab.primary.host}\n"
            f"Host *\n  IdentityFile {lab.dir}/id_ed25519\n  UserKnownHostsFile {lab.dir}/known_hosts\n"
        )
        monkeypatch.setenv("HOME", str(tmp_path))
        with driving(lab) as driver:
            silence(lab, driver)
            assert "the console reaches dhcp2 through dhcp1, so that this is one place" in sworn(driver).observed
