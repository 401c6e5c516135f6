"""After a clean shutdown: its partner took over because it was told to, and nobody was declared down."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.verdict import Level
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.driving import Driver, driving
from tests.lab.naming import Answer, incidents, named, never, verdict
from tests.lab.pair import Lab

pytestmark = pytest.mark.lab
P, Q = Role.PRIMARY, Role.SECONDARY
GONE, ALONE = "dhcpd not running", "partner-down"


def by_console(lab: Lab, driver: Driver) -> None:
    """S on the primary."""
    assert driver.run(Action.SHUTDOWN, P).outcome is Outcome.VERIFIED


def by_hand(lab: Lab, driver: Driver) -> None:
    """As a script does it: 8, then control 2. No console wrote down that it did."""
    lab.primary.set_local_state(8)
    lab.wait_states("shutdown", ALONE)
    lab.primary.omapi_shutdown()


@pytest.mark.parametrize("stop", [by_console, by_hand])
def test_a_shutdown_is_no_declaration(lab: Lab, stop: Callable[[Lab, Driver], None]) -> None:
    """I-20 is named at no moment, by a console that saw it or a fresh one, while the partner serves and when it dies too."""
    last = Answer(
        "I-25", Weight.CRITICAL, Level.CRITICAL, "nobody serves: dhcp1 is down .* and dhcp2 is down",
        "U brings dhcp2 up first: it was the last to serve",
    )  # fmt: skip
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        since = time.monotonic()
        stop(lab, driver)
        driver.until_words(GONE, ALONE)
        assert "U brings dhcp1 up" in verdict(driver).advice
        with driving(lab) as fresh:
            fresh.until_words(GONE, ALONE)
            never(fresh, 0.0, "I-20")
        lab.secondary.kill()
        named(driver, last)
        never(driver, since, "I-20")
    with driving(lab) as fresh:
        named(fresh, last)
        never(fresh, 0.0, "I-20")


def test_a_declaration_is_one(lab: Lab) -> None:
    """The same two states, but a script declared a dead partner down: I-20 stands, also without a marker of ours."""
    lab.wait_settled()
    lab.primary.kill()
    lab.wait_states("no-answer", "communications-interrupted")
    lab.secondary.set_local_state(4)
    with driving(lab) as driver:
        driver.until_words(GONE, ALONE)
        driver.until(lambda: "I-20" in incidents(driver), 10, "I-20")
