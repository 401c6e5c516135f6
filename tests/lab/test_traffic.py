"""Clients come and go while an action is considered: a queue of updates that moves is normal, one that stands is not."""

from __future__ import annotations

import time

import pytest

from dhcptui.act.plan import Outcome, StepState
from dhcptui.model.action import Action
from dhcptui.model.commands import key_of
from dhcptui.model.role import Role
from dhcptui.model.sentence import in_keys
from tests.lab.driving import Driver, driving
from tests.lab.load import loading
from tests.lab.pair import Lab

pytestmark = [
    pytest.mark.lab,
    pytest.mark.second_try("a queue of updates is judged by whether it moves within seconds"),
]
P, Q = Role.PRIMARY, Role.SECONDARY
BUSY = 25
"""New clients a second: one address each, two updates each."""


@pytest.mark.parametrize("action", [Action.SHUTDOWN, Action.HAND_OVER])
def test_traffic_does_not_void_a_plan(lab: Lab, action: Action) -> None:
    """While clients get addresses and updates are under way, every plan asks for the same, and no proof is missing."""
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        first, under_way = driver.plan(action, P), 0
        assert (first.allowed, first.ruling.sentence) == (True, "")
        with loading(lab, BUSY, most=90) as load:
            while under_way < 3 or len(load.granted) < 20:
                assert load.is_alive(), f"updates seen under way: {under_way}, leases {len(load.granted)}"
                read_now(driver)
                counts = [view.status.value.unacked_updates for view in driver.engine.snapshot().servers if view.status]
                plan = driver.plan(action, P)
                assert plan.same_as(first), (counts, plan.ruling)
                assert (plan.allowed, plan.ruling.sentence) == (True, ""), (counts, plan.ruling)
                under_way += any(counts)
                time.sleep(0.005)


@pytest.mark.parametrize("action", [Action.SHUTDOWN, Action.HAND_OVER])
def test_an_action_waits_for_the_queue_as_a_step(lab: Lab, action: Action) -> None:
    """Under load it is verified without a sentence, and its first step has waited until nothing was under way."""
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        with loading(lab, 10):
            told = driver.run(action, P, timeout=90)
        assert told.outcome is Outcome.VERIFIED, told
        assert told.plan.steps[0].title == "wait until no update is under way"
        assert lab.secondary.local_state() == "partner-down"


def test_a_queue_that_does_not_empty_ends_the_action_before_anything_was_written(lab: Lab) -> None:
    """The link is cut without a word: updates stay unacknowledged while both read normal. Later a sentence is wanted."""
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        lab.cut("primary", "secondary", port=520)
        with loading(lab, 10, most=6) as load:
            driver.until(lambda: _waiting(lab) > 0, 10, "an update without an answer")
            plan = driver.plan(Action.SHUTDOWN, P)
            assert (plan.allowed, plan.ruling.sentence) == (True, "")
            told = driver.run(Action.SHUTDOWN, P, timeout=60)
            assert load.granted
        assert told.outcome is Outcome.FAILED, told
        assert told.steps[0].state is StepState.FAILED
        assert "unacknowledged" in told.result
        assert in_keys(told.next, key_of).startswith("Nothing was written.")
        assert lab.states() == {"primary": "normal", "secondary": "normal"}
        plan = driver.plan(Action.SHUTDOWN, P)
        assert plan.ruling.sentence == "dhcp1 may wait for the MCLT"


def read_now(driver: Driver) -> None:
    """Read both servers as often as an action under way does."""
    engine = driver.engine._engine
    assert engine is not None
    for watcher in engine.watchers.values():
        driver.engine._home.call(watcher.refresh)


def _waiting(lab: Lab) -> int:
    return sum(server.state().unacked for server in (lab.primary, lab.secondary))
