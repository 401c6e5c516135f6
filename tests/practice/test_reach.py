"""The practice pair's cables, as the console's reachability matrix sees them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.diagnosis import Cause, diagnose
from dhcptui.assess.links import matrix
from dhcptui.watch.clocks import moment
from tests.lab.driving import Driver
from tests.practice.driving import driving
from tests.practice.pair import WatchedPair

pytestmark = pytest.mark.second_try("a broken cable must be named within seconds")

PORT = 520


@pytest.fixture
def pair() -> Iterator[WatchedPair]:
    """A healthy pair whose silence is noticed after some seconds."""
    with WatchedPair(mclt=60, max_response_delay=4) as running:
        running.wait_settled()
        yield running


def cause(driver: Driver) -> Cause:
    """What the console says is broken."""
    return diagnose(matrix(assess_pair(driver.engine.snapshot(), moment()))).cause


def test_a_healthy_pair_is_all_green(pair: WatchedPair) -> None:
    """Both see the link in their socket tables."""
    with driving(pair) as driver:
        driver.settled()
        driver.until(lambda: matrix(assess_pair(driver.engine.snapshot(), moment())).all_green, 10, "all green")


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        ({"a": "primary", "b": "secondary"}, Cause.NETWORK),
        ({"a": "primary", "b": "secondary", "one_way": True}, Cause.NETWORK_ONE_WAY),
        ({"a": "primary", "b": "secondary", "port": PORT}, Cause.PORT),
        ({"a": "secondary", "b": "primary", "port": PORT, "one_way": True}, Cause.PORT_ONE_WAY),
    ],
)
def test_cuts_are_told_apart(pair: WatchedPair, cut: dict[str, object], expected: Cause) -> None:
    """Both ways or one, everything or the failover port alone."""
    with driving(pair) as driver:
        driver.settled()
        pair.cut(**cut)  # type: ignore[arg-type]
        driver.until(lambda: cause(driver) is expected, 25, expected.name)
        pair.heal()
        driver.until_words("normal", "normal", 20)


def test_a_dead_dhcpd_does_not_listen(pair: WatchedPair) -> None:
    """Its host answers, its failover port refuses."""
    with driving(pair) as driver:
        driver.settled()
        pair.secondary.kill()
        driver.until(lambda: cause(driver) is Cause.LISTENER_MISSING, 10, "dhcpd gone")


def test_a_cut_link_keeps_its_diagnosis(pair: WatchedPair) -> None:
    """However often it is asked, from before dhcpd has noticed on: the network, never the firewall."""
    with driving(pair) as driver:
        driver.settled()
        pair.cut("primary", "secondary")
        said: list[Cause] = []
        deadline = time.monotonic() + 60

        def named() -> bool:
            driver.engine.probe_links()
            if not said or said[-1] is not cause(driver):
                said.append(cause(driver))
            return said.count(Cause.NETWORK) > 0

        driver.until(named, 25, "named")
        while time.monotonic() < deadline - 30:
            named()
            time.sleep(0.25)
        assert said[-1] is Cause.NETWORK
        assert set(said) <= {Cause.NONE, Cause.UNKNOWN, Cause.NETWORK}


def test_asked_before_dhcpd_notices_it_is_tried() -> None:
    """An established connection on a cut link is an inference, and says so; asked, each server tries the other."""
    with WatchedPair(mclt=60, max_response_delay=60) as slow:
        slow.wait_settled()
        with driving(slow) as driver:
            driver.settled()
            driver.until(lambda: matrix(assess_pair(driver.engine.snapshot(), moment())).all_green, 10, "all green")
            slow.cut("primary", "secondary")
            seen = matrix(assess_pair(driver.engine.snapshot(), moment()))
            assert seen.primary.failover.inferred
            driver.engine.probe_links()
            driver.until(lambda: cause(driver) is Cause.NETWORK, 15, "the cut")
            seen = matrix(assess_pair(driver.engine.snapshot(), moment()))
            assert not seen.primary.failover.inferred
            assert seen.connected
