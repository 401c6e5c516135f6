"""What is read is as old as the question for it, however late the answer comes."""

from __future__ import annotations

from dhcptui.model.role import Role
from dhcptui.watch.clocks import mono
from tests.practice.pair import WatchedPair

from .driving import driving


def test_a_late_answer_is_no_news() -> None:
    """A dhcpd that was held answers when it goes on; what it says then may have been so since it was asked."""
    with WatchedPair(mclt=20, speed=3.0) as pair:
        pair.wait_settled()
        with driving(pair) as driver:
            driver.settled()
            pair.secondary.pause()
            held = mono()
            driver.until(lambda: driver.word(Role.SECONDARY) == "does not answer", 20, "that it is held")
            old = driver.engine.snapshot().secondary.status
            goes_on = mono()
            pair.secondary.resume()
            driver.until(lambda: driver.engine.snapshot().secondary.status != old, 20, "an answer")
            late = next(
                status.at for _, each in driver.snapshots if (status := each.secondary.status) and status.at > held - 1.5
                and status != old and (old is None or status.at > old.at)
            )  # fmt: skip
            assert late < goes_on
