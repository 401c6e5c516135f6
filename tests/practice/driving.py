"""The engine on the practice pair, as the console drives it; the hands are those of the real pair's tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dhcptui.config.loading import load
from dhcptui.engine.thread import EngineThread
from tests.lab.driving import Driver
from tests.practice.pair import WatchedPair


@contextmanager
def driving(pair: WatchedPair, **overrides: Any) -> Iterator[Driver]:
    """An engine on a running practice pair; overrides are keys of the pair's table."""
    engine = EngineThread(load(pair.write_config(**overrides)).pair(None))
    driver = Driver(engine)
    engine.start(driver)
    try:
        yield driver
    finally:
        engine.stop()
    if engine.failure is not None:
        raise engine.failure
