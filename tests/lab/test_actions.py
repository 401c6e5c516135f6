"""The three actions on the real pair: what they do, what they refuse, and that dhcpd's own log agrees."""

from __future__ import annotations

import re
import threading
import time

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.model.action import Action
from dhcptui.model.commands import key_of
from dhcptui.model.role import Role
from dhcptui.model.sentence import in_keys
from tests.lab.driving import driving
from tests.lab.pair import Lab, Server

pytestmark = [pytest.mark.lab, pytest.mark.second_try("an action must end within the time that it gives")]
P, S = Role.PRIMARY, Role.SECONDARY
MOVES = r"I move from (\S+) to (\S+)"


def moves(server: Server, since: int = 0) -> list[tuple[str, str]]:
    """Every transition dhcpd logged since an offset."""
    return re.findall(MOVES, server.log_text(since))


def test_partner_down_on_a_healthy_pair_is_refused(lab: Lab) -> None:
    """Refused with reasons, even when typed right; neither dhcpd logs anything of it."""
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        before = lab.primary.log_offset(), lab.secondary.log_offset()
        for acting in Role:
            told = driver.run(Action.PARTNER_DOWN, acting)
            assert told.outcome is Outcome.REFUSED
            assert "answers and reads normal" in told.result
        time.sleep(0.5)
        assert moves(lab.primary, before[0]) == moves(lab.secondary, before[1]) == []
        assert lab.states() == {"primary": "normal", "secondary": "normal"}


def test_wrong_confirmation_is_refused(lab: Lab) -> None:
    """Typing the survivor's name, or anything else but the dead one's, writes nothing."""
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 5)
        for typed in ("dhcp1", "DHCP2", "", "dhcp2 "):
            assert driver.run(Action.PARTNER_DOWN, P, typed).outcome is Outcome.REFUSED
        assert lab.primary.local_state() == "communications-interrupted"


def test_partner_down_after_a_crash(lab: Lab) -> None:
    """Allowed once the process is proven gone; verified on dhcpd itself; never repeated."""
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 5)
        told = driver.run(Action.PARTNER_DOWN, P)
        assert told.outcome is Outcome.VERIFIED, told
        first = lab.primary.state()
        assert first.local_state == "partner-down"
        assert ("communications-interrupted", "partner-down") in moves(lab.primary)
        again = driver.run(Action.PARTNER_DOWN, P)
        assert again.outcome is Outcome.REFUSED
        assert "restart the MCLT wait" in again.result
        assert lab.primary.state().local_stos == first.local_stos


def test_partner_down_on_the_secondary(lab: Lab) -> None:
    """The other way round works as well: the primary dies, the secondary survives."""
    with driving(lab) as driver:
        driver.settled()
        lab.primary.kill()
        driver.until_words("dhcpd not running", "communications-interrupted", 5)
        told = driver.run(Action.PARTNER_DOWN, S)
        assert told.outcome is Outcome.VERIFIED, told
        assert lab.secondary.local_state() == "partner-down"


@pytest.mark.parametrize("fault", ["stopped", "failover port cut", "unreachable from the console"])
def test_partner_down_needs_the_partner_gone(fault: str) -> None:
    """A hung, a merely cut off and an unseen partner are each refused, and nothing is written."""
    with Lab(mclt=20, max_response_delay=2, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        with driving(lab) as driver:
            driver.settled()
            if fault == "stopped":
                lab.secondary.pause()
            elif fault == "failover port cut":
                lab.cut("primary", "secondary", port=520)
            else:
                lab.cut("operator", "secondary")
                lab.cut("primary", "secondary", port=520)
            try:
                driver.until(
                    lambda: driver.word(P) == "communications-interrupted", 15, "primary communications-interrupted"
                )
                before = lab.primary.log_offset()
                told = driver.run(Action.PARTNER_DOWN, P)
                assert told.outcome is Outcome.REFUSED, told
                assert moves(lab.primary, before) == []
            finally:
                if fault == "stopped":
                    lab.secondary.resume()
                lab.heal()


@pytest.mark.parametrize("role", list(Role))
def test_clean_shutdown(lab: Lab, role: Role) -> None:
    """The survivor is in partner-down, the process ends, and the return never waits for the MCLT."""
    stopping, survivor = lab.servers[role.value], lab.servers[role.other.value]
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        began = time.monotonic()
        told = driver.run(Action.SHUTDOWN, role)
        assert told.outcome is Outcome.VERIFIED, told
        handed_over = told.steps[1].ended_seconds
        assert handed_over is not None
        assert handed_over < 5.0  # a tenth of a second; the bench measures it
        assert time.monotonic() - began < 30
        assert not stopping.is_running()
        assert survivor.local_state() == "partner-down"
        assert "will skip the MCLT wait" in told.result
        since = {server.role: server.log_offset() for server in (stopping, survivor)}
        stopping.start()
        assert lab.wait_states(timeout=10) < 10
        text = stopping.log_text(since[stopping.role]) + survivor.log_text(since[survivor.role])
        assert "recover-wait" not in text
        driver.settled()


def test_shutdown_is_taken_back_when_the_survivor_does_not_follow() -> None:
    """A survivor that hears nothing of the drain: the leaver is set back, and both are normal when the link is back."""
    with Lab(mclt=20, max_response_delay=60, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        with driving(lab) as driver:
            driver.settled()
            lab.wait_settled()
            plan = driver.plan(Action.SHUTDOWN, P)
            assert plan.allowed
            lab.cut("primary", "secondary", port=520)
            resume = threading.Timer(7, lab.heal)
            resume.start()
            try:
                driver.engine.run(plan, plan.confirm_text)
                driver.until(
                    lambda: bool(driver.progress) and driver.progress[-1][1].outcome is not Outcome.RUNNING, 40, "end"
                )
            finally:
                resume.join()
            told = driver.progress[-1][1]
            assert told.outcome is Outcome.FAILED
            assert "did not take over" in told.result
            assert lab.primary.is_running()
            lab.wait_states(timeout=60)


def test_shutdown_is_refused_when_the_survivor_hangs_at_the_last_moment() -> None:
    """It stopped answering after the plan was made: the guards are asked again before the first write."""
    with Lab(mclt=20, max_response_delay=60, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        with driving(lab) as driver:
            driver.settled()
            lab.wait_settled()
            plan = driver.plan(Action.SHUTDOWN, P)
            before = lab.primary.log_offset()
            lab.secondary.pause()
            driver.engine.run(plan, plan.confirm_text)
            driver.until(lambda: bool(driver.progress), 10, "an answer")
            told = driver.progress[-1][1]
            assert told.outcome is Outcome.REFUSED
            assert moves(lab.primary, before) == []
            lab.secondary.resume()


def test_read_only_refuses(lab: Lab) -> None:
    """A read-only pair runs nothing, whatever is typed."""
    with driving(lab, read_only=True) as driver:
        driver.settled()
        assert driver.engine.read_only
        for action in Action:
            assert driver.run(action, P).outcome is Outcome.REFUSED
        assert lab.states() == {"primary": "normal", "secondary": "normal"}


def test_a_server_that_comes_up_handed_over(lab: Lab) -> None:
    """It died in shutdown and starts in it: said as soon as it is seen, with the key that ends it; it serves after that."""
    lab.wait_settled()
    lab.secondary.set_local_state(8)
    lab.wait_states("partner-down", "shutdown")
    lab.secondary.kill()
    with driving(lab) as driver:
        driver.until_words("partner-down", "dhcpd not running")
        driver.until(lambda: driver.plan(Action.START, Role.SECONDARY).allowed, 20, "a start")
        told = driver.run(Action.START, Role.SECONDARY, timeout=45)
        assert told.outcome is Outcome.FAILED, told
        assert (
            "dhcp2 runs, and reads shutdown: it had handed over, and stays so until somebody takes it back"
            in told.result
        )
        assert in_keys(told.next, key_of).startswith("H on dhcp2")
        driver.until(lambda: driver.plan(Action.TAKE_BACK, Role.SECONDARY).allowed, 20, "a take-back")
        assert driver.run(Action.TAKE_BACK, Role.SECONDARY, timeout=90).outcome is Outcome.VERIFIED
