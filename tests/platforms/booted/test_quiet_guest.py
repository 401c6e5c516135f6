"""What an open console leaves in a quiet server's journal and auth.log: its login, and nothing after that."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from dhcptui.model.role import Role
from dhcptui.model.snapshot import ServerView
from dhcptui.watch import clock, links, probe
from tests.lab.driving import Driver, driving
from tests.platforms.booted.machine import Machine
from tests.platforms.booted.pair import ACCOUNTS, ROOT, BootedPair
from tests.terminal import Terminal

pytestmark = pytest.mark.lab
PROGRAM_SECONDS = 65.0
"""The program's own looks: at the time service every 30 s while it is not in sync, at the sockets every 45 s."""
FASTER = (
    (clock, "UNSURE_SECONDS"), (clock, "TIME_SYNC_SECONDS"), (links, "CALM_SECONDS"), (probe, "SPACE_SECONDS"),
)  # fmt: skip
"""The looks of the engines, every 1.5 s instead of 30 s to 5 minutes."""
LOOKS = 20
ROOT_DIRECTORY = Path(__file__).parents[3]


def own_lines(server: Machine) -> list[str]:
    """The journal and auth.log, without what this server's dhcpd writes by itself."""
    dhcpd = re.compile(rf" dhcpd\[{server.pid()}\]: ")
    return [line for line in (*server.journal(), *server.auth_lines()) if not dhcpd.search(line)]


@contextmanager
def console(pair: BootedPair) -> Iterator[Terminal]:
    """The real program, in a terminal."""
    argv = pair.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(pair.write_config()), "office")
    with Terminal(argv, env={**os.environ, "PYTHONPATH": str(ROOT_DIRECTORY)}) as terminal:
        yield terminal


def wait_looks(drivers: list[Driver], count: int, timeout: float) -> None:
    """Wait until each engine has asked about both servers' time service so many times more."""
    asked = {(number, role): set[float]() for number in range(len(drivers)) for role in Role}
    deadline = time.monotonic() + timeout
    while min(len(moments) for moments in asked.values()) <= count:
        assert time.monotonic() < deadline, {key: len(moments) for key, moments in asked.items()}
        for (number, role), moments in asked.items():
            if sync := drivers[number].engine.snapshot()[role].time_sync:
                moments.add(sync.at)
        time.sleep(0.1)


def test_a_quiet_hour(pair: BootedPair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program with the accounts of people, and engines with those and as root whose looks come faster: not one line."""
    for module, name in FASTER:
        monkeypatch.setattr(module, name, 1.5)
    with driving(pair, **ACCOUNTS) as driver, driving(pair, **ROOT) as as_root, console(pair) as terminal:
        for each in (driver, as_root):
            each.settled()
        wait_looks([driver, as_root], 2, 30)
        terminal.until("both servers serve", 20)
        terminal.until(r"log live.*log live", 20)
        until_still(pair)
        before = {server.name: len(own_lines(server)) for server in pair.servers.values()}
        began = time.monotonic()
        wait_looks([driver, as_root], LOOKS, 120)
        time.sleep(max(0.0, began + PROGRAM_SECONDS - time.monotonic()))
        assert terminal.shows("both servers serve")
        after = {server.name: own_lines(server)[before[server.name] :] for server in pair.servers.values()}
    assert after == {server.name: [] for server in pair.servers.values()}


def until_still(pair: BootedPair) -> None:
    """Wait until the logins themselves have been written down: no new line for two seconds; a console that never stops
    writing is not waited for."""
    counts, since = [-1], time.monotonic()
    deadline = since + 20
    while time.monotonic() - since < 2 and time.monotonic() < deadline:
        found = [len(own_lines(server)) for server in pair.servers.values()]
        if found != counts:
            counts, since = found, time.monotonic()
        time.sleep(0.2)


def test_a_long_incident_through_sudo(pair: BootedPair) -> None:
    """While dhcpd is dead the console reads its lease file and tries the partner every few seconds: with one sudo, not one
    a look."""
    with driving(pair, **ACCOUNTS) as driver:
        driver.settled()
        until_still(pair)
        pair.primary.kill()
        driver.until_words("dhcpd not running", "communications-interrupted", 20)
        view = driver.engine.snapshot()[Role.PRIMARY]
        driver.until(lambda: looked_on(driver, view), 30, "a look at the lease file, and a try of the partner")
        before = sum("COMMAND=" in line for line in pair.primary.journal())
        for _ in range(3):
            view = driver.engine.snapshot()[Role.PRIMARY]
            driver.until(partial(looked_on, driver, view), 30, "another look, and another try")
        after = sum("COMMAND=" in line for line in pair.primary.journal())
        pair.primary.restart()
        driver.settled(60)
    assert after == before


def looked_on(driver: Driver, since: ServerView) -> bool:
    """Whether the primary's lease file was read, and the partner tried from there, later than `since`."""
    view = driver.engine.snapshot()[Role.PRIMARY]
    fresh = [(view.recorded, since.recorded), (view.reach, since.reach)]
    return all(now is not None and (then is None or now.at > then.at) for now, then in fresh)
