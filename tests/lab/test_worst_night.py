"""The worst nights: a silent survivor and its rescue with a real DHCP client; a partner nobody can look into."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.driving import driving
from tests.lab.pair import Lab

pytestmark = [pytest.mark.lab, pytest.mark.second_try("a rescue must end, and its client be answered, within seconds")]
P, Q = Role.PRIMARY, Role.SECONDARY


def dhcptui(lab: Lab, *args: str, config: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the program from the operator's place; never a traceback."""
    argv = lab.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(config or lab.dir / "config.toml"), *args)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False, cwd=Path(__file__).parents[2])
    assert "Traceback" not in done.stderr + done.stdout
    return done


def test_rescue_with_a_real_client(lab: Lab) -> None:
    """Drain one server, kill the other: partner-down alone gives no lease, the console says so, and rescue gives one."""
    lab.wait_settled()
    lab.primary.set_local_state(8)
    lab.wait_states(primary="shutdown", secondary="partner-down", timeout=3)
    lab.secondary.kill()
    with driving(lab) as driver:
        driver.until_words("shutdown", "dhcpd not running", 10)
        driver.until(lambda: driver.headline().startswith("nobody serves"), 5, "nobody serves")
        refused = driver.run(Action.PARTNER_DOWN, P)
        assert refused.outcome is Outcome.REFUSED
        assert "rescue" in refused.result
        # Somebody does it with omshell all the same: it reads partner-down and answers nobody.
        lab.primary.set_local_state(4)
        driver.until_words("partner-down", "dhcpd not running", 5)
        assert lab.dhcp_client(timeout=6) is None
        driver.until(lambda: "answers nobody" in driver.headline(), 5, "answers nobody")
        lab.primary.wait_log(r"not responding \(peer demands: recovering\)")
        assert driver.plan(Action.RESCUE, P).allowed

        began = time.monotonic()
        told = driver.run(Action.RESCUE, P, timeout=60)
        assert told.outcome is Outcome.VERIFIED, told
        lease = lab.dhcp_client(timeout=10)
        assert lease is not None
        assert time.monotonic() - began < 30
        assert lease["server"] == "10.0.0.10"

        down = driver.run(Action.PARTNER_DOWN, P)
        assert down.outcome is Outcome.VERIFIED, down
        assert lab.dhcp_client(timeout=10) is not None
        lab.secondary.start()
        driver.until_words("normal", "normal", 60)


def test_rescue_of_a_secondary(lab: Lab) -> None:
    """The same on the secondary, whose record also keeps the mclt."""
    lab.wait_settled()
    lab.secondary.set_local_state(8)
    lab.wait_states(primary="partner-down", secondary="shutdown", timeout=3)
    lab.primary.kill()
    with driving(lab) as driver:
        driver.until_words("dhcpd not running", "shutdown", 10)
        told = driver.run(Action.RESCUE, Q, timeout=60)
        assert told.outcome is Outcome.VERIFIED, told
        assert lab.secondary.state().mclt == 20
        assert lab.dhcp_client(timeout=10) is not None


def test_partner_unreachable_from_the_console_only(lab: Lab) -> None:
    """The survivor still reaches its partner's host: refused, and no sentence opens it."""
    with driving(lab) as driver:
        driver.settled()
        lab.cut("operator", "secondary")
        lab.cut("primary", "secondary", port=520)
        driver.until(lambda: driver.word(Q) == "unreachable", 40, "secondary unreachable")
        driver.until(lambda: driver.engine.snapshot().primary.reach is not None, 10, "the survivor has tried")
        plan = driver.plan(Action.PARTNER_DOWN, P)
        assert not plan.allowed
        assert plan.ruling.sentence == ""
        before = lab.primary.log_offset()
        assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.REFUSED
        assert "I move" not in lab.primary.log_text(before)


def test_partner_unreachable_from_both() -> None:
    """Nobody reaches the partner's host: allowed, but only with the sentence typed exactly."""
    with Lab(mclt=20, max_response_delay=3, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        with driving(lab) as driver:
            driver.settled()
            lab.cut("operator", "secondary")
            lab.cut("primary", "secondary")
            driver.until(lambda: driver.word(Q) == "unreachable", 40, "secondary unreachable")
            driver.until(lambda: driver.plan(Action.PARTNER_DOWN, P).allowed, 30, "the survivor meets silence")
            plan = driver.plan(Action.PARTNER_DOWN, P)
            assert plan.ruling.sentence == "I know that dhcp2 is off"
            for sentence in ("", "i know that dhcp2 is off", "dhcp2"):
                assert driver.run(Action.PARTNER_DOWN, P, sentence=sentence).outcome is Outcome.REFUSED
            assert lab.primary.local_state() == "communications-interrupted"
            told = driver.run(Action.PARTNER_DOWN, P, sentence=plan.ruling.sentence)
            assert told.outcome is Outcome.VERIFIED, told
            assert lab.primary.local_state() == "partner-down"


def test_plan_and_do(lab: Lab) -> None:
    """The contract of the command line: exit codes, JSON, reasons with every refusal, and what is printed."""
    lab.wait_settled()
    lab.write_config()
    refused = dhcptui(lab, "plan", "partner-down", "office", "--server", "dhcp1", "--json")
    assert refused.returncode == 1
    plan = json.loads(refused.stdout)
    assert (plan["schema"], plan["action"], plan["server"], plan["allowed"]) == (1, "partner-down", "dhcp1", False)
    assert any("answers and reads normal" in reason for reason in plan["reasons"])
    assert any("local-state = 4" in step["command"] for step in plan["steps"])
    assert plan["confirm"] == "dhcp2"

    done = dhcptui(lab, "do", "partner-down", "office", "--server", "dhcp1", "--confirm", "dhcp2")
    assert done.returncode == 1
    assert "answers and reads normal" in done.stderr

    wrong = dhcptui(lab, "do", "hand-over", "office", "--server", "dhcp1", "--confirm", "dhcp2")
    assert wrong.returncode == 1
    assert "REFUSED" in wrong.stdout
    assert lab.states() == {"primary": "normal", "secondary": "normal"}

    either = dhcptui(lab, "do", "hand-over", "office", "--confirm", "dhcp1")
    assert either.returncode == 1
    assert "--server dhcp1 or dhcp2" in either.stderr

    allowed = dhcptui(lab, "plan", "hand-over", "office", "--server", "dhcp1")
    assert allowed.returncode == 0
    over = dhcptui(lab, "do", "hand-over", "office", "--server", "dhcp1", "--confirm", "dhcp1")
    assert over.returncode == 0
    assert "2. dhcp1 hands over (dhcp1): ok" in over.stdout
    assert "VERIFIED" in over.stdout
    assert lab.states() == {"primary": "shutdown", "secondary": "partner-down"}
    back = dhcptui(lab, "do", "take-back", "office", "--confirm", "dhcp1")
    assert back.returncode == 0
    lab.wait_states(timeout=5)

    read_only = dhcptui(lab, "--read-only", "do", "hand-over", "office", "--server", "dhcp1", "--confirm", "dhcp1")
    assert read_only.returncode == 1
    assert "read-only" in read_only.stdout + read_only.stderr


def test_do_that_fails_half_way(lab: Lab) -> None:
    """A step that cannot be verified ends with exit code 2 and says where it stopped."""
    lab.wait_settled()
    script = lab.secondary.etc / "restart-dhcpd"
    lab.secondary.kill()
    script.write_text("#!/bin/sh\necho no such luck >&2\nexit 1\n")
    lab.write_config()
    done = dhcptui(lab, "do", "start", "office", "--confirm", "dhcp2")
    assert done.returncode == 2
    assert "no such luck" in done.stdout
    assert "FAILED" in done.stdout
