"""Evidence that grows old, lies, or cannot be had: nothing is written on it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.driving import driving
from tests.lab.pair import Lab

pytestmark = [
    pytest.mark.lab,
    pytest.mark.second_try("evidence grows old by the second, also while the machine does something else"),
]
P, Q = Role.PRIMARY, Role.SECONDARY


def test_a_look_from_before_the_confirmation_proves_nothing(lab: Lab) -> None:
    """dhcpd was seen gone, then its host goes silent and dhcpd comes back: the write must not happen."""
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 5)
        lab.cut("primary", "secondary", port=520)
        seen = driver.engine.snapshot().secondary.process
        driver.until(lambda: driver.engine.snapshot().secondary.process is not seen, 5, "a fresh look")
        lab.cut("operator", "secondary")
        lab.secondary.start()
        before = lab.primary.log_offset()
        told = driver.run(Action.PARTNER_DOWN, P)
        assert told.outcome in {Outcome.FAILED, Outcome.REFUSED}, told
        assert "partner-down" not in lab.primary.log_text(before)
        lab.heal()


def test_a_partner_down_without_a_marker(lab: Lab) -> None:
    """Written by an old script: no console left a marker, and the lease file tells it to one that never saw the survivor."""
    lab.wait_settled()
    lab.secondary.kill()
    lab.wait_states(primary="communications-interrupted", secondary=None, timeout=20)
    lab.primary.set_local_state(4)
    lab.wait_states(primary="partner-down", secondary=None, timeout=10)
    lab.primary.kill()
    with driving(lab) as driver:
        driver.until_words("dhcpd not running", "dhcpd not running", 20)
        driver.until(lambda: not driver.plan(Action.START, Role.SECONDARY).ruling.pending, 20, "all was read")
        reasons = " ".join(driver.plan(Action.START, Role.SECONDARY).ruling.reasons)
        assert "dhcp1 was last in partner-down" in reasons, reasons
        assert "start dhcp1 first" in reasons
        assert driver.plan(Action.START, Role.PRIMARY).allowed


def test_a_write_that_cannot_be_sent_is_not_sent_later(lab: Lab) -> None:
    """The way to the survivor is lost at the moment of confirmation: when it comes back, nothing arrives late."""
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 5)
        plan = driver.plan(Action.PARTNER_DOWN, P)
        assert plan.allowed
        lab.cut("operator", "primary")
        told = driver.run(Action.PARTNER_DOWN, P)
        assert told.outcome in {Outcome.FAILED, Outcome.REFUSED}, told
        before = lab.primary.log_offset()
        lab.secondary.start()
        lab.heal()
        lab.wait_states(timeout=30)
        time.sleep(3)
        assert "partner-down" not in lab.primary.log_text(before)
        assert lab.states() == {"primary": "normal", "secondary": "normal"}


def test_an_account_that_sees_only_itself_is_no_witness() -> None:
    """With hidepid an ordinary user sees no dhcpd: its ports show that it is there; when they are free that is no proof."""
    with Lab(mclt=20, max_response_delay=3, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        server = lab.secondary
        (server.root / "tmp" / "passwd").write_text(Path("/etc/passwd").read_text() + "ops:x:4242:4242::/tmp:/bin/sh\n")
        server.run("mount", "--bind", "/tmp/passwd", "/etc/passwd")
        with (server.root / "shadow").open("a") as shadow:
            shadow.write("ops:*:19000:0:99999:7:::\n")
        server.ssh_etc.chmod(0o755)
        (server.ssh_etc / "authorized_keys").chmod(0o644)
        server.run("mount", "-o", "remount,hidepid=2", "/proc")
        with driving(lab, secondary={"user": "ops"}) as driver:
            driver.until_words("normal", "normal", 20)
            server.pause()
            try:
                driver.until(lambda: driver.word(P) == "communications-interrupted", 20, "primary alone")
                time.sleep(3)
                plan = driver.plan(Action.PARTNER_DOWN, P)
                assert not plan.allowed, plan.ruling
                assert "OMAPI port 7911: somebody who cannot be seen" in " ".join(plan.ruling.reasons)
                assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.REFUSED
            finally:
                server.resume()
            server.kill()
            driver.until_words("communications-interrupted", "dhcpd not running", 10)
            for action, acting in ((Action.PARTNER_DOWN, P), (Action.START, Q)):
                ruling = driver.plan(action, acting).ruling
                assert ruling.sentence == "I know that dhcp2's dhcpd is gone"
                assert any("sees only its own processes" in finding.observed for finding in ruling.findings)
                assert driver.run(action, acting).outcome is Outcome.REFUSED


def test_a_hung_dhcpd_collects_no_connections() -> None:
    """A suspended dhcpd is asked again and again; when it goes on it finds one connection of ours, not one per try."""
    with Lab(mclt=20, max_response_delay=60, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        with driving(lab) as driver:
            driver.settled()
            lab.secondary.pause()
            time.sleep(30)
            lab.secondary.resume()
            driver.until_words("normal", "normal", 30)
            time.sleep(6)
            sockets = lab.secondary.run("ss", "-Htn", "state", "established", "sport", "=", ":7911").stdout
            assert len(sockets.splitlines()) == 1, sockets


def test_a_dhcpd_that_hangs_again_is_late_again() -> None:
    """An answer that came late says nothing of how long the next one may take."""
    with Lab(mclt=20, max_response_delay=60, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        with driving(lab) as driver:
            driver.settled()
            lab.secondary.pause()
            time.sleep(6)
            lab.secondary.resume()
            driver.until_words("normal", "normal", 10)
            lab.secondary.pause()
            try:
                driver.until(lambda: driver.words()[1] != "normal", 6, "the second hang")
            finally:
                lab.secondary.resume()
