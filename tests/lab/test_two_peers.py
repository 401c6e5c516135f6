"""One dhcpd, two failover relationships: a clean shutdown hands over one of them, and says so of the other one before."""

from __future__ import annotations

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.driving import driving
from tests.lab.pair import Lab
from tests.lab.relationships import BAR, add, local_state

pytestmark = pytest.mark.lab
P, Q = Role.PRIMARY, Role.SECONDARY


def test_a_shutdown_names_the_other_relationship(lab: Lab) -> None:
    """Without its name typed nothing is written; with it our relationship is handed over, and the other one is not."""
    add(lab, BAR)
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        assert driver.plan(Action.HAND_OVER, Q).ruling.sentence == ""
        plan = driver.plan(Action.SHUTDOWN, Q)
        assert plan.ruling.sentence == "bar stops too"
        assert any(each.observed.startswith("bar: normal") for each in plan.ruling.findings if not each.ok)
        assert driver.run(Action.SHUTDOWN, Q).outcome is Outcome.REFUSED
        assert lab.secondary.local_state() == "normal"
        told = driver.run(Action.SHUTDOWN, Q, sentence="bar stops too")
        assert told.outcome is Outcome.VERIFIED, told
        assert told.result.endswith(" bar (10.0.1.0/24): dhcp1 serves it.")
        assert local_state(lab.primary, "bar") == "communications-interrupted"
        assert lab.primary.local_state() == "partner-down"
