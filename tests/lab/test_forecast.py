"""The forecast of an empty pool against the real moment, with a stream of real clients."""

from __future__ import annotations

import time

import pytest

from dhcptui.assess.forecast import PoolForecast
from dhcptui.model.role import Role
from tests.lab.driving import Driver, driving
from tests.lab.load import loading
from tests.lab.pair import Lab

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(300),
    pytest.mark.second_try("a forecast is held against the moment at which the pool is empty"),
]


def only(driver: Driver) -> PoolForecast:
    """The one forecast there is."""
    (found,) = driver.engine.forecasts()
    return found


@pytest.mark.parametrize("survivor", list(Role), ids=lambda role: role.value)
def test_forecast_at_half_level(survivor: Role) -> None:
    """One server alone in communications-interrupted: at half level the forecast is within a quarter of the truth."""
    with Lab(mclt=600, key_algorithm="hmac-sha256", range=("10.0.0.100", "10.0.0.219")) as lab:
        lab.wait_settled()
        with driving(lab) as driver:
            driver.settled()
            lab.servers[survivor.other.value].kill()
            driver.until(
                lambda: driver.word(survivor) == "communications-interrupted" and bool(driver.engine.forecasts()),
                10,
                "the survivor is alone",
            )
            start = only(driver).to_give
            assert start in range(58, 63)
            with loading(lab, 1.5) as load:
                driver.until(lambda: only(driver).to_give <= start / 2, 60, "half level")
                half = only(driver)
                asked = time.monotonic()
                assert half.servers == (survivor,)
                assert half.dry_about_seconds is not None, half.words
                assert half.dry_not_before_seconds is not None
                driver.until(lambda: load.dry_since() is not None, 90, "the pool is dry")
                dry = load.dry_since()
                assert dry is not None
                real = dry - asked
                print(f"{survivor.value}: {half.words}; really {real:.1f} s")
                assert abs(half.dry_about_seconds - real) <= 0.25 * real
                assert half.dry_not_before_seconds <= real
                driver.until(lambda: only(driver).to_give == 0, 10, "the counter is at 0")
                assert "no address is left" in only(driver).words


def test_no_forecast_with_a_tiny_rate(lab: Lab) -> None:
    """Two clients in half a minute tell nothing, and that is said."""
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        with loading(lab, 0.1, most=2) as load:
            load.join(20)
            time.sleep(16)
        assert len(load.granted) == 2
        found = only(driver)
        assert found.dry_about_seconds is None
        assert found.dry_not_before_seconds is None
        assert found.too_slow, found


def test_the_partners_half_comes_after_the_mclt() -> None:
    """In partner-down the survivor has its own half until local-stos + mclt, then both; dhcpd's answers agree."""
    with Lab(mclt=25, key_algorithm="hmac-sha256", range=("10.0.0.100", "10.0.0.119")) as lab:
        lab.wait_settled()
        with driving(lab) as driver:
            driver.settled()
            lab.secondary.kill()
            driver.until_words("communications-interrupted", "dhcpd not running", 10)
            lab.primary.set_local_state(4)
            driver.until(lambda: driver.word(Role.PRIMARY) == "partner-down", 5, "partner-down")
            driver.until(lambda: bool(driver.engine.forecasts()), 5, "a forecast")
            before = only(driver)
            usable_at = lab.primary.state().local_stos + 25
            assert before.partner_half_usable_at == usable_at
            assert before.to_give in range(9, 12)
            assert before.partner_half in range(9, 12)
            with loading(lab, 2.0) as load:
                driver.until(lambda: time.time() > usable_at + 12, 60, "well past the MCLT")
            served = {address for _, address, _ in load.granted}
            early = sum(1 for at, _, _ in load.granted if time.time() - (time.monotonic() - at) < usable_at - 1)
            assert early <= before.to_give
            assert len(served) > before.to_give
            assert only(driver).partner_half_usable_at == usable_at


def test_counters_agree_on_a_healthy_pair(lab: Lab) -> None:
    """Both servers hold the same numbers, also while clients come: no mismatch is told."""
    with driving(lab) as driver:
        driver.settled()
        with loading(lab, 4.0, most=60) as load:
            load.join(25)
        driver.until(lambda: len(driver.engine.forecasts()) == 1, 5, "one forecast for the pair")
        assert only(driver).servers == tuple(Role)
        assert driver.engine.mismatches() == ()
