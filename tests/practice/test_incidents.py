"""The practice pair shows the same incidents, under the same answers as the real one (tests/lab/test_incidents.py)."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.verdict import Level
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.contract.subject import Subject
from tests.lab.driving import Driver
from tests.lab.naming import Answer, incidents, named, never, read, remedied, said, says, terminal
from tests.practice.pair import WatchedPair

pytestmark = pytest.mark.second_try("each incident must be named within ten seconds of its first sign")

P, Q = Role.PRIMARY, Role.SECONDARY
NOTE, WARNING, CRITICAL = Weight
HALF = "dhcp1 serves from its own half, short leases; dhcp2 "
APART = "both servers serve, but out of contact: each from its own half, short leases"


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Iterator[WatchedPair]:
    """Both normal, nothing under way; mclt 20 s (or the parameter), dhcpd's own timers five times as fast, a small pool."""
    mclt = getattr(request, "param", 20)
    with WatchedPair(mclt=mclt, speed=5.0, range=("10.0.0.100", "10.0.0.119"), max_response_delay=20) as running:
        running.wait_settled()
        yield running


def shown(pair: WatchedPair, answer: Answer) -> None:
    """Somebody who opens the console in the midst of it reads the answer."""
    argv = [sys.executable, "-m", "dhcptui", "--config", str(pair.write_config())]
    with terminal(argv) as opened:
        read(opened, answer)


def killed(pair: WatchedPair, driver: Driver) -> None:
    """The secondary's dhcpd is gone, and that is known."""
    pair.secondary.kill()
    driver.until_words("communications-interrupted", "dhcpd not running")


def test_first_start(pair: WatchedPair, driver: Driver) -> None:
    """I-19: a label, no alarm."""
    first = Answer("I-19", NOTE, Level.OK, "both servers serve", "Nothing to do")
    assert "started for the first time" in said(named(driver, first))
    assert incidents(driver).keys() == {"I-19"}


@pytest.mark.parametrize("pair", [60], indirect=True)  # the wait is counted from the partner-down: it must be seen
def test_a_crash_and_its_return(pair: WatchedPair, driver: Driver) -> None:
    """I-1, I-20, I-4, and no flash of another one."""
    killed(pair, driver)
    crash = Answer(
        "I-1", WARNING, Level.WARNING, HALF + "is down", r"U brings dhcp2 up\. If it stays away for long, P on dhcp1"
    )
    named(driver, crash)
    remedied(driver, "I-1", (Action.START, Q), (Action.PARTNER_DOWN, P))
    shown(pair, crash)
    assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.VERIFIED
    named(
        driver,
        Answer("I-20", NOTE, Level.WARNING, "dhcp1 serves alone; dhcp2 is down", "U brings dhcp2 up. Coming back"),
    )
    since = time.monotonic()
    pair.secondary.start()
    named(
        driver, Answer("I-4", NOTE, Level.WARNING, "dhcp1 serves alone; dhcp2 waits out", "Wait: dhcp2 resynchronises")
    )
    driver.settled(100)
    time.sleep(1.5)
    never(driver, since, "I-3", "I-8", "I-7", "I-21", headline="given out twice")


def test_the_survivor_runs_dry(pair: WatchedPair, driver: Driver) -> None:
    """I-1 at its end."""
    killed(pair, driver)
    pair.clients.surge(30)
    dry = Answer(
        "I-1", CRITICAL, Level.CRITICAL, "dhcp1 has no address left for new clients; dhcp2 is down", "U brings dhcp2 up"
    )
    named(driver, dry, 20)
    shown(pair, dry)


def test_the_wrong_one_starts(pair: WatchedPair, driver: Driver) -> None:
    """I-20, then I-3 by the log."""
    killed(pair, driver)
    assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.VERIFIED
    pair.primary.kill()
    first = "U brings dhcp1 up first"
    named(driver, Answer("I-20", CRITICAL, Level.CRITICAL, "nobody serves: dhcp1 is down .* and dhcp2 is down", first))
    pair.secondary.start()
    wrong = Answer("I-20", CRITICAL, Level.CRITICAL, "dhcp2 serves, and does not know .*given out twice", first)
    named(driver, wrong)
    shown(pair, wrong)
    since = time.monotonic()
    pair.primary.start()
    driver.settled()
    assert "to potential-conflict" in said(
        named(driver, Answer("I-3", NOTE, Level.OK, "both servers serve", "Nothing to do"))
    )
    never(driver, since, "I-21")


def test_a_wrong_clock(pair: WatchedPair, driver: Driver) -> None:
    """I-5, not I-7."""
    pair.secondary.kill()
    pair.secondary.start(skew_seconds=90)
    driver.until_words("communications-interrupted", "communications-interrupted")
    clocks = Answer("I-5", WARNING, Level.WARNING, APART, "Set the clocks right")
    named(driver, clocks)
    assert not {"I-1", "I-6", "I-7"} & incidents(driver).keys()
    shown(pair, clocks)


def test_the_failover_port_is_blocked(pair: WatchedPair, driver: Driver) -> None:
    """I-7, not I-1, and no remedy: both run."""
    since = time.monotonic()
    pair.cut("primary", "secondary", port=520)
    driver.until_words("communications-interrupted", "communications-interrupted")
    blocked = Answer("I-7", WARNING, Level.WARNING, APART, ".*[Nn]ot a case for partner-down")
    assert named(driver, blocked).remedies == ()
    never(driver, since, "I-1", "I-3", "I-5", "I-6")
    shown(pair, blocked)


def test_a_lost_lease_file(pair: WatchedPair, driver: Driver) -> None:
    """I-8, not I-19."""
    killed(pair, driver)
    pair.secondary.leases.write_text("")
    pair.secondary.start()
    lost = Answer(
        "I-8", WARNING, Level.WARNING, "dhcp1 serves alone; dhcp2 ", "Wait: dhcp2 resynchronises.*dhcp1 serves"
    )
    named(driver, lost)
    says(driver, "I-8", "stopped in normal and started from recover")
    assert "I-19" not in incidents(driver)
    shown(pair, lost)


def test_both_restarted(pair: WatchedPair, driver: Driver) -> None:
    """I-10: they find each other later than they start."""
    pair.cut("primary", "secondary", port=520)
    for server in (pair.primary, pair.secondary):
        server.terminate()
    for server in (pair.primary, pair.secondary):
        server.start()
    named(
        driver,
        Answer("I-10", CRITICAL, Level.CRITICAL, "nobody serves: dhcp1 is starting and dhcp2 is starting", "Wait"),
    )
    pair.heal()
    driver.settled(40)
    assert "I-19" not in incidents(driver)


def test_a_hand_over_and_then_alone_and_silent(pair: WatchedPair, driver: Driver) -> None:
    """I-12 as a label, then I-21."""
    since = time.monotonic()
    assert driver.run(Action.HAND_OVER, P).outcome is Outcome.VERIFIED
    named(
        driver,
        Answer("I-12", NOTE, Level.WARNING, "dhcp2 serves alone; dhcp1 has handed over", ".*H takes its clients back"),
    )
    never(driver, since, "I-3", headline="given out twice")
    pair.secondary.kill()
    silent = Answer(
        "I-21", CRITICAL, Level.CRITICAL, "nobody serves: dhcp1 has handed over and dhcp2 is down",
        r"U brings dhcp2 up\. If it cannot come back, X \(rescue\) makes dhcp1 serve again",
    )  # fmt: skip
    named(driver, silent)
    remedied(driver, "I-21", (Action.START, Q), (Action.RESCUE, P))
    shown(pair, silent)


def test_somebody_else_writes_a_state(pair: WatchedPair, driver: Driver) -> None:
    """I-12 as a surprise."""
    Subject(pair, 5.0).write("primary", 7)
    paused = Answer(
        "I-12", WARNING, Level.WARNING, "dhcp2 serves from its own half.*dhcp1 is in paused", "dhcp1 stays in paused"
    )
    named(driver, paused)
    Subject(pair, 5.0).write("secondary", 8)
    named(
        driver,
        Answer("I-12", CRITICAL, Level.CRITICAL, "nobody serves: ", "Nobody serves.*H makes dhcp1 and dhcp2 serve"),
    )


def test_a_configuration_that_dhcpd_refuses(pair: WatchedPair, driver: Driver) -> None:
    """I-6: a peer without a pool."""
    killed(pair, driver)
    conf = pair.secondary.etc / "shared/master.conf"
    conf.write_text(conf.read_text().replace('failover peer "foo";', ""))
    assert driver.run(Action.START, Q).outcome is Outcome.FAILED
    refused = Answer(
        "I-6", WARNING, Level.WARNING, HALF + "is down", "dhcp2's dhcpd refuses its configuration: mend it"
    )
    named(driver, refused)
    says(driver, "I-6", "no referring pools")
    shown(pair, refused)
