"""Clock, processes and locks are separate looks: a program that hangs or fails on a server blinds no other of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcptui.assess.freshness import SIGHTING_SECONDS
from dhcptui.assess.visibility import unread
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ServerView
from dhcptui.watch.clocks import moment
from tests.lab.driving import Driver
from tests.practice.driving import driving
from tests.practice.pair import WatchedPair

P = Role.PRIMARY
HANGS, FAILS = "#!/bin/sh\nexec sleep 600\n", "#!/bin/sh\necho sorry\nexit 1\n"


@pytest.fixture
def pair() -> Iterator[WatchedPair]:
    """A healthy pair."""
    with WatchedPair(mclt=60) as running:
        running.wait_settled()
        yield running


def program(pair: WatchedPair, name: str) -> Path:
    """Where a program of the primary lies."""
    path = pair.machines[P].root / "bin" / name
    assert path.is_file()
    return path


def primary(driver: Driver) -> ServerView:
    """What is known of it."""
    return driver.engine.snapshot().primary


def fresh(view: ServerView, *names: str) -> bool:
    """Whether these were looked at within the time that evidence counts."""
    return all((seen := getattr(view, name)) and seen.age(moment()) < SIGHTING_SECONDS for name in names)


@pytest.mark.parametrize(
    ("name", "text", "said", "others"),
    [
        ("date", FAILS, "clock", ("process",)),  # the look at the locks asks for the time as well
        ("sockstat", HANGS, "processes", ("clock", "lock_files")),
        ("uname", HANGS, "processes", ("clock", "lock_files")),
        ("dhcpd", HANGS, "", ("clock", "lock_files", "process")),
        ("df", HANGS, "", ("clock", "lock_files", "process")),
    ],
    ids=["date fails", "sockstat hangs", "uname hangs", "dhcpd hangs", "df hangs"],
)
def test_one_blinds_no_other(pair: WatchedPair, name: str, text: str, said: str, others: tuple[str, ...]) -> None:
    """From the start on; it says what cannot be looked at, and sees it again when that is mended."""
    path = program(pair, name)
    whole = path.read_text()
    path.write_text(text)
    with driving(pair) as driver:
        driver.until(lambda: fresh(primary(driver), *others), 20, f"{others} beside a {name} that does not do")
        if said:
            driver.until(lambda: any(said in what for what, _ in unread(primary(driver))), 25, f"that of {said}")
        for _ in range(40):  # two tries in shells of their own among them
            assert fresh(primary(driver), *others), unread(primary(driver))
            time.sleep(0.2)
        path.write_text(whole)
        driver.until(lambda: fresh(primary(driver), "clock", "lock_files", "process"), 60, "all of it again")
        driver.until(lambda: not unread(primary(driver)), 10, "nothing to complain of")
