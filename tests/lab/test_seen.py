"""What was not seen is not said, and witnesses that contradict each other come first: on the real pair."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.assess.contradictions import Kind
from dhcptui.assess.verdict import Level, Verdict, derive
from dhcptui.model.action import Action
from dhcptui.model.commands import key_of
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sentence import in_keys
from dhcptui.servers.ssh import commands
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab
from tests.lab.stranger import take_over

pytestmark = [pytest.mark.lab, pytest.mark.second_try("what was seen is held against what was so in that second")]


def dhcptui(lab: Lab, *args: str, timeout: float = 60, **config: Any) -> subprocess.CompletedProcess[str]:
    """Run the program from the operator's place; there is never a traceback."""
    argv = lab.operator_argv(
        sys.executable, "-W", "error", "-m", "dhcptui", "--config", str(lab.write_config(**config)), *args
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False, cwd=root)
    assert "Traceback" not in done.stderr + done.stdout
    return done


def plan(lab: Lab, *args: str) -> dict[str, Any]:
    """A fresh plan, as JSON."""
    return dict(json.loads(dhcptui(lab, "plan", *args, "--json").stdout))


def verdict_of(driver: Driver) -> Verdict:
    """What is said now."""
    return derive(driver.engine.snapshot(), driver.now())


def test_a_fresh_start_beside_a_partner_out_of_reach(lab: Lab) -> None:
    """Its lock-out lies on a server that cannot be reached: not seen is not "none"; it is answered for, or not done."""
    lab.wait_settled()
    lab.secondary.kill()
    lab.wait_states(primary="communications-interrupted", secondary=None, timeout=5)
    done = dhcptui(lab, "do", "partner-down", "office", "--server", "dhcp1", "--confirm", "dhcp2")
    assert done.returncode == 0, done
    assert list(lab.primary.leases.parent.glob(f"{commands.LOCKOUT}*"))
    lab.cut("operator", "primary")
    made = plan(lab, "start", "office", "--server", "dhcp2")
    (found,) = (each for each in made["findings"] if "unsynchronised" in each["asked"])
    assert (found["seen"], found["ok"]) == (False, False)
    assert "no lock-out" not in found["observed"]
    assert made["sentence"] == "I know that dhcp2 was not declared down"
    text = dhcptui(lab, "plan", "start", "office", "--server", "dhcp2").stdout
    assert "   ?  dhcp2 would not start unsynchronised" in text
    assert "   ?  clocks agree" in text
    done = dhcptui(lab, "do", "start", "office", "--server", "dhcp2", "--confirm", "dhcp2")
    assert done.returncode == 1, done
    assert not lab.secondary.is_running()
    lab.heal()


def test_a_stranger_on_the_port_of_a_dead_dhcpd() -> None:
    """It says "normal" for ever: that is no server, the contradiction is the headline, and nothing is done through it."""
    with Lab(mclt=20, max_response_delay=60, key_algorithm=None) as lab:
        lab.wait_settled()
        said = lab.secondary.state().raw
        with driving(lab) as driver:
            driver.settled()
            lab.secondary.kill()
            pid = take_over(lab.secondary, said)
            driver.until(lambda: f"pid {pid}" in driver.headline(), 15, "the contradiction")
            verdict = verdict_of(driver)
            assert verdict.headline.startswith("dhcp2's OMAPI answers, but its dhcpd is not there (pid")
            assert verdict.level is Level.WARNING
            assert verdict.serving == ("dhcp1",)
            assert [each.kind for each in verdict.contradictions][:1] == [Kind.IMPOSTOR]
            for action, acting in ((Action.HAND_OVER, Role.SECONDARY), (Action.TAKE_BACK, Role.SECONDARY)):
                assert any("dhcpd is not there" in why for why in driver.plan(action, acting).ruling.reasons)
            done = dhcptui(lab, "status", "--json")
            (told,) = json.loads(done.stdout)["pairs"]
            assert done.returncode == 1
            (text,) = told["contradictions"]
            assert f"pid {pid}" in text
            assert told["serving"] == ["dhcp1"]
            lab.secondary.run("kill", str(pid))
            driver.until(lambda: not verdict_of(driver).contradictions, 10, "no contradiction")
            driver.until(lambda: "dhcp2 is down" in driver.headline(), 10, "its dhcpd down")


def test_healthy_pairs_do_not_contradict_themselves() -> None:
    """Under starts, stops, a kill and every action, with clients: not one snapshot."""
    with Lab(mclt=20, max_response_delay=60, key_algorithm="hmac-sha256") as lab:
        lab.wait_settled()
        with driving(lab) as driver:
            driver.settled()
            for role in Role:
                assert driver.run(Action.HAND_OVER, role).outcome is Outcome.VERIFIED
                assert driver.run(Action.TAKE_BACK, role).outcome is Outcome.VERIFIED
                driver.settled(60)
            for server in (lab.primary, lab.secondary):
                server.restart()
                lab.wait_states(timeout=60)
                driver.settled(60)
            lab.secondary.kill()
            driver.until_words("communications-interrupted", "dhcpd not running", 10)
            assert driver.run(Action.START, Role.SECONDARY).outcome is Outcome.VERIFIED
            driver.settled(60)
            assert lab.dhcp_client() is not None
            now = driver.now()
            moments = [(snapshot, Moment(now.wall - (now.mono - at), at)) for at, snapshot in driver.snapshots]
            seen = [derive(snapshot, at) for snapshot, at in moments]
            assert len(seen) > 50
            assert not [each.contradictions for each in seen if each.contradictions]


def test_a_full_lease_disk(lab: Lab) -> None:
    """dhcpd goes on answering, and records nothing: a fresh `status`, which reads no log, says so, and no start is planned."""
    lab.wait_settled()
    lab.secondary.kill()
    lab.secondary.run(
        "sh",
        "-c",
        "cp -a /var/lib/dhcp /tmp/kept && mount -t tmpfs -o size=1m tmpfs /var/lib/dhcp && cp -a /tmp/kept/. /var/lib/dhcp/",
    )
    lab.secondary.start()
    lab.wait_states(timeout=60)
    lab.secondary.run("dd", "if=/dev/zero", "of=/var/lib/dhcp/filler", "bs=512", check=False)
    done = dhcptui(lab, "status", "--json")
    (told,) = json.loads(done.stdout)["pairs"]
    assert (done.returncode, told["level"]) == (1, "warning")
    assert told["headline"] == "both servers serve; dhcp2 has no disk space left: what it gives out is not recorded"
    assert not plan(lab, "sync-restart", "office")["allowed"]
    lab.secondary.kill()
    lab.wait_states(primary="communications-interrupted", secondary=None, timeout=10)
    made = plan(lab, "start", "office", "--server", "dhcp2")
    assert not made["allowed"]
    assert any("free space first" in reason for reason in made["reasons"])
    lab.secondary.run("rm", "/var/lib/dhcp/filler")
    assert plan(lab, "start", "office", "--server", "dhcp2")["allowed"]


def test_a_start_that_comes_up_silent_says_what_helps(lab: Lab) -> None:
    """dhcp2 handed over and stopped, then dhcp1 died: dhcp2 comes up and answers nobody. "Next" is what the screen advises."""
    lab.wait_settled()
    with driving(lab) as driver:
        driver.settled()
        assert driver.run(Action.SHUTDOWN, Role.SECONDARY).outcome is Outcome.VERIFIED
        lab.primary.kill()
        driver.until_words("dhcpd not running", "dhcpd not running", 15)
        told = driver.run(Action.START, Role.SECONDARY, timeout=150)
        assert told.outcome is Outcome.FAILED, told
        assert in_keys(told.next, key_of) == verdict_of(driver).advice
        assert "rescue" in in_keys(told.next, key_of)


def test_the_last_words_of_a_start(lab: Lab) -> None:
    """Both normal again: that is what is said, and nothing of a wait that there is not."""
    lab.wait_settled()
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 15)
        told = driver.run(Action.START, Role.SECONDARY, timeout=150)
        assert (told.outcome, told.result) == (Outcome.VERIFIED, "dhcp2 runs. Now: both servers serve.")
        assert "recover-wait" not in in_keys(told.next, key_of)


def test_pools_that_dhcpd_made_one_stand_once() -> None:
    """Two `pool {}` that permit the same are one pool of dhcpd's; a configured probe address is no network."""
    with Lab(mclt=20, key_algorithm="hmac-sha256") as lab:
        for server in (lab.primary, lab.secondary):
            master = server.etc / "shared/master.conf"
            text = master.read_text()
            whole = "range 10.0.0.100 10.0.0.200;"
            assert whole in text
            parts = 'range 10.0.0.100 10.0.0.149; } pool { failover peer "foo"; range 10.0.0.150 10.0.0.200;'
            master.write_text(text.replace(whole, parts))
            server.restart()
        lab.wait_settled()
        settings: tuple[dict[str, Any], ...] = ({}, {"probe_address": ["10.0.0.120"]})
        for more in settings:
            done = dhcptui(lab, "status", "--json", **more)
            (told,) = json.loads(done.stdout)["pairs"]
            for server in told["servers"].values():
                (pool,) = server["pools"]
                assert (pool["network"], pool["total"]) == ("10.0.0.0/24", 101)
            if not more:
                assert pool["pools"] == ["10.0.0.100-10.0.0.149", "10.0.0.150-10.0.0.200"]
