"""From Enter to the verified outcome of an action, on a real pair."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from dhcptui.act.plan import Outcome
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab
from tools.bench.table import Figure

TIMES = 5
GOAL_SECONDS = {Action.PARTNER_DOWN: 0.5, Action.HAND_OVER: 0.5, Action.TAKE_BACK: 5.0}


def _run(driver: Driver, action: Action) -> float:
    began = time.monotonic()
    told = driver.run(action, Role.PRIMARY)
    took = time.monotonic() - began
    if told.outcome is not Outcome.VERIFIED:
        raise RuntimeError(told)
    return took


def measure() -> Iterator[Figure]:
    """A hand-over and its end, a crash and partner-down, and everything well again, several times."""
    times: dict[Action, list[float]] = {action: [] for action in GOAL_SECONDS}
    with Lab(mclt=5, key_algorithm="hmac-sha256") as lab, driving(lab) as driver:
        for _ in range(TIMES):
            driver.settled()
            lab.wait_settled()
            times[Action.HAND_OVER].append(_run(driver, Action.HAND_OVER))
            times[Action.TAKE_BACK].append(_run(driver, Action.TAKE_BACK))
            lab.wait_settled()
            lab.secondary.kill()
            driver.until_words("communications-interrupted", "dhcpd not running", 5)
            times[Action.PARTNER_DOWN].append(_run(driver, Action.PARTNER_DOWN))
            lab.secondary.start()
    for action, taken in times.items():
        middle, goal = statistics.median(taken), GOAL_SECONDS[action]
        against = f"slowest of {len(taken)} {max(taken) * 1000:.0f} ms; {middle / goal:.2f}x the goal of {goal:g} s"
        yield Figure(f"Enter to verified, {action.value}", f"{middle * 1000:.0f} ms", against, middle <= goal)
