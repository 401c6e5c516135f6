"""The console's log panes on the platforms that are played here."""

from __future__ import annotations

import pytest

from dhcptui.config.loading import load
from dhcptui.engine.thread import EngineThread
from dhcptui.model.role import Role
from tests.lab.driving import Driver
from tests.lab.net import namespace, thread_in
from tests.platforms.declared import ALL, on
from tests.platforms.look_alike import LookAlike

pytestmark = pytest.mark.lab


@on(ALL, "console logs")
def test_the_log_of_both_servers(place: LookAlike) -> None:
    """It is followed where the platform has it; lines have their time, and a new one comes in."""
    settings = load(place.config).pair("office")
    with thread_in(namespace(place.name, "op")):
        engine = EngineThread(settings)
        driver = Driver(engine)
        engine.start(driver)
        try:
            driver.settled()
            for role in Role:
                driver.until(lambda role=role: _moves(driver, role), 10, f"log of {role.value}")  # type: ignore[misc]
                assert engine.snapshot()[role].log.ok
            before = {role: len(driver.logs[role]) for role in Role}
            assert place.dhcp_client("02:00:00:00:00:09")
            driver.until(lambda: any(len(driver.logs[role]) > before[role] for role in Role), 10, "a new line")
        finally:
            engine.stop()
    lines = [line for role in Role for line in driver.logs[role]]
    assert [line.text for line in lines if line.stamp is None and "dhcpd" in line.text] == []


def _moves(driver: Driver, role: Role) -> bool:
    """Whether a move of the server's own was read."""
    return any(line.transition and line.transition.who == "me" for line in driver.logs[role])
