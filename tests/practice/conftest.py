"""What most tests of the practice pair begin with; a file that wants another pair has a `pair` of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.driving import Driver
from tests.practice.driving import driving
from tests.practice.pair import WatchedPair


@pytest.fixture
def pair() -> Iterator[WatchedPair]:
    """Both normal, nothing under way; mclt 20 s, dhcpd's own timers three times as fast."""
    with WatchedPair(mclt=20, speed=3.0) as running:
        running.wait_settled()
        yield running


@pytest.fixture
def driver(pair: WatchedPair) -> Iterator[Driver]:
    """An engine that has read everything."""
    with driving(pair) as driver:
        driver.settled()
        yield driver
