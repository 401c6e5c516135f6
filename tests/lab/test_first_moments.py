"""A console that has just been opened: what was not read yet is not known, and nobody is said to serve nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.verdict import Level
from dhcptui.model.role import Role
from tests.lab.driving import Driver, driving
from tests.lab.naming import replay
from tests.lab.net import sh
from tests.lab.pair import Lab
from tests.lab.test_status import dhcptui

pytestmark = [pytest.mark.lab, pytest.mark.second_try("the first seconds of a console")]
P, Q = Role.PRIMARY, Role.SECONDARY
OMAPI = "7911"


@pytest.fixture(params=[True, False], ids=["handed over", "stopped"])
def left(request: pytest.FixtureRequest, lab: Lab) -> tuple[Lab, str]:
    """The primary has handed over, or has even ended since; what is seen of it then. The secondary serves alone."""
    lab.wait_settled()
    lab.primary.set_local_state(8)
    lab.wait_states("shutdown", "partner-down")
    if request.param:
        return lab, "shutdown"
    lab.primary.kill()
    return lab, "dhcpd not running"


def calm(driver: Driver) -> None:
    """In no frame so far anybody cried that nobody serves, or blamed a server for it."""
    for each in replay(driver):
        assert "nobody" not in each.headline, each.headline
        assert each.level is not Level.CRITICAL, each.headline
        assert all(found.weight < Weight.CRITICAL for found in each.incidents), each.incidents
        assert "obody serves" not in each.advice, each.advice
        assert "Mend the link" not in each.advice, each.advice


@contextmanager
def held_up(lab: Lab, *rule: str) -> Iterator[None]:
    """The secondary drops what comes in by this rule, so that its answers are late."""
    base = ("ip", "netns", "exec", lab.secondary.space, "iptables", "-w")
    sh(*base, "-A", "INPUT", *rule, "-j", "DROP")
    try:
        yield
    finally:
        sh(*base, "-D", "INPUT", *rule, "-j", "DROP")


SSH = ("-p", "tcp", "--dport", "22")
GREETING = ("-i", "lo", "-p", "tcp", "--dport", OMAPI)


def test_both_are_read_at_once(left: tuple[Lab, str]) -> None:
    """Nothing is slow, and still one is read before the other."""
    lab, word = left
    with driving(lab) as driver:
        driver.until_words(word, "partner-down")
        calm(driver)


@pytest.mark.parametrize("rule", [SSH, GREETING], ids=["ssh", "omapi"])
def test_the_one_that_serves_is_read_late(left: tuple[Lab, str], rule: tuple[str, ...]) -> None:
    """Its login, or its dhcpd, answers seconds after the one that has stepped back."""
    lab, word = left
    with driving(lab) as driver:
        with held_up(lab, *rule):
            driver.until(lambda: driver.word(P) == word, 10, word)
            known: Callable[[], bool] = lambda: rule is SSH or driver.engine.snapshot()[Q].process is not None  # noqa: E731
            driver.until(known, 10, "the processes of the secondary")
        driver.until_words(word, "partner-down")
        calm(driver)


def test_status_waits_for_a_late_login(left: tuple[Lab, str]) -> None:
    """`dhcptui status` reads a server whose login takes its time, and gives its dhcpd as long as any other's."""
    lab, _ = left
    with ThreadPoolExecutor(1) as pool:
        with held_up(lab, *SSH):
            asking = pool.submit(dhcptui, lab, "status", "--config", str(lab.write_config()))
            time.sleep(2.5)  # longer than it gives a dhcpd, and shorter than it gives a login
        done = asking.result()
    assert "dhcp2 serves alone" in done.stdout
    assert done.returncode == 1, done.stdout
