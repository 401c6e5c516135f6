"""A clock that is set back while its server waits out the MCLT, on the real pair."""

from __future__ import annotations

import time

import pytest

from tests.lab.driving import driving
from tests.lab.naming import verdict
from tests.lab.pair import Lab

pytestmark = pytest.mark.lab


def test_a_clock_set_back_in_recover_wait() -> None:
    """The wait gets longer, the advice says by what and until when; set right, it ends in time."""
    with Lab(mclt=60, key_algorithm="hmac-sha256") as lab:
        lab.secondary.start(skew_seconds=0.5)  # from birth under a clock that can be set
        lab.wait_settled()
        with driving(lab) as driver:
            driver.settled()
            lab.secondary.kill()
            driver.until_words("communications-interrupted", "dhcpd not running", 20)
            lab.primary.set_local_state(4)
            lab.secondary.restart()
            driver.until_words("partner-down", "recover-wait", 20)
            began = time.monotonic()
            driver.until(lambda: "resynchronises" in verdict(driver).advice, 10, "a plain wait")
            lab.secondary.set_clock(-3600.0)
            driver.until(lambda: "dhcp2's clock right: it was set back" in verdict(driver).advice, 20, "it is told")
            (wait,) = (each for each in verdict(driver).countdowns if each.server == "dhcp2")
            assert 3500 < wait.remaining_seconds < 3720
            lab.secondary.set_clock(0.5)
            driver.until(lambda: "normal" in driver.words(), 90, "it ends in time")
            assert time.monotonic() - began < 90
