"""Three relationships between two machines, roles mixed: each machine is watched once, each relationship as it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from dhcptui.assess.freshness import STALE_AFTER_SECONDS
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Link, PairSnapshot
from dhcptui.watch.clocks import mono
from tests.lab.pair import Lab
from tests.lab.relationships import BAR, BAZ, add, wait
from tests.lab.sharing import Watching, settings_of, watching, ways

pytestmark = [
    pytest.mark.lab,
    pytest.mark.second_try("states are held to the time in which they must be on screen"),
]
ALL = ("office", "bar", "baz")
NORMAL = ("normal", "normal")
ONE_OF_EACH = (1, 1, 1)


@pytest.fixture
def three(lab: Lab) -> Iterator[Watching]:
    """All three watched, and all normal."""
    add(lab, BAR, BAZ)
    with watching(lab, *settings_of(lab, BAR, BAZ)) as together:
        together.start(*ALL)
        together.until_words(office=NORMAL, bar=NORMAL, baz=NORMAL)
        yield together


def counted(together: Watching, wanted: tuple[int, int, int] = ONE_OF_EACH, timeout: float = 10) -> None:
    """Wait until both servers count so many ways, and see that it stays so for a while."""
    servers = (together.lab.primary, together.lab.secondary)
    together.until(lambda: all(ways(each) == wanted for each in servers), timeout, f"{wanted} on each server")
    for _ in range(10):
        assert [ways(each) for each in servers] == [wanted, wanted]
        time.sleep(0.1)


def view_of(snapshot: PairSnapshot, host: str) -> object:
    """What a pair knows of one of the lab's servers."""
    return next(view for view in snapshot.servers if view.host == host)


def test_each_machine_is_watched_once(three: Watching) -> None:
    """One session, one connection and one log of each, by the servers' own count; the last pair to leave closes them."""
    counted(three)
    snapshots = {name: three.engines[name].snapshot for name in ALL}
    assert snapshots["office"].primary.host == snapshots["baz"].secondary.host == three.lab.primary.host
    for name, others in (("office", {"bar", "baz"}), ("bar", {"foo", "baz"}), ("baz", {"foo", "bar"})):
        three.until(
            lambda name=name, others=others: all(  # type: ignore[misc]
                {each.name for each in view.other_peers or () if each.status} == others
                for view in three.engines[name].snapshot.servers
            ),
            10,
            f"{name} knows the two others",
        )
        for role in Role:
            status = three.engines[name].snapshot[role].status
            assert status is not None
            assert status.value.name == three.engines[name].settings.peer
            assert three.lines[name, role], "each has the log"
    three.stop("office")
    counted(three)
    three.stop("bar")
    counted(three)
    three.stop("baz")
    counted(three, (0, 0, 0))


def test_one_that_joins_later_knows_at_once_what_is_known(lab: Lab) -> None:
    """The log of before, the clock, and no connection more."""
    add(lab, BAR, BAZ)
    with watching(lab, *settings_of(lab, BAR, BAZ)) as together:
        together.start("office")
        together.until_words(office=NORMAL)
        together.until(lambda: all(view.clock for view in together.engines["office"].snapshot.servers), 10, "clocks")
        together.start("baz")
        together.until_words(2.0, baz=NORMAL)
        assert all(view.clock and view.ssh.ok for view in together.engines["baz"].snapshot.servers)
        together.until(lambda: len(together.lines) == 4, 5, "the log")
        assert together.lines["baz", Role.SECONDARY] == together.lines["office", Role.PRIMARY]
        counted(together)


def test_one_that_dhcpd_does_not_know_disturbs_no_other(lab: Lab) -> None:
    """A wrong name is told of that pair only; the connection stays, and the other pair's state never grows old."""
    own, *_ = settings_of(lab)
    with watching(lab, own, replace(own, name="wrong", peer="nosuch")) as together:
        together.start("office", "wrong")
        together.until_words(office=NORMAL)
        together.until(
            lambda: all(
                f"{view.name} has no failover peer 'nosuch'" in view.omapi.detail
                for view in together.engines["wrong"].snapshot.servers
            ),
            10,
            "the name is wrong",
        )
        opened = {
            role: watcher.record.machine.connections for role, watcher in together.engines["wrong"].watchers.items()
        }
        together.seen.clear()
        time.sleep(5)
        assert all(
            view.omapi.ok for _, snapshot in together.seen if snapshot.pair == "office" for view in snapshot.servers
        )
        for role, watcher in together.engines["office"].watchers.items():
            assert watcher.record.machine.connections == opened[role]
        counted(together)


def test_polls_are_spread_over_the_second(three: Watching) -> None:
    """The three questions to one machine never fall together while all is quiet."""
    time.sleep(3)
    three.seen.clear()
    time.sleep(3)
    asked: dict[str, set[float]] = {name: set() for name in ALL}
    for _, snapshot in three.seen:
        status = view_of(snapshot, three.lab.primary.host).status  # type: ignore[attr-defined]
        asked[snapshot.pair].add(status.at)
    for name, times in asked.items():
        assert 2 <= len(times) <= 5, f"{name}: {sorted(times)}"
        others = [at for other in ALL if other != name for at in asked[other]]
        assert min(abs(at - one) for at in times for one in others) > 0.15, asked


def test_a_fault_shows_where_it_is(three: Watching) -> None:
    """One relationship cut, one handed over: each reads so, and the third reads normal. A killed dhcpd shows in all."""
    lab = three.lab
    BAR.cut(lab)
    three.until_words(90, bar=("communications-interrupted", "communications-interrupted"), office=NORMAL, baz=NORMAL)
    lab.secondary.omapi.failover("baz", set_state=8)
    wait(lab, BAZ, "partner-down", "shutdown")
    three.until_words(5, baz=("partner-down", "shutdown"), office=NORMAL)
    assert three.words("bar") == ("communications-interrupted", "communications-interrupted")
    counted(three)
    lab.primary.kill()
    gone = "dhcpd not running"
    three.until(lambda: all(three.words(name)[0] == gone for name in ALL), 5, "gone in all three")
    three.until_words(10, office=(gone, "communications-interrupted"), baz=(gone, "shutdown"))
    lab.primary.restart()
    three.until_words(60, office=NORMAL)
    counted(three)


def test_a_lost_session_comes_back_as_one(three: Watching) -> None:
    """All three tell of it, and all three see again through one session."""
    three.lab.primary.run("pkill", "-KILL", "-f", "sshd.*root@")
    host = three.lab.primary.host

    def lost(name: str) -> bool:
        return any(
            snapshot.pair == name and view_of(snapshot, host).ssh.link is Link.FAILED  # type: ignore[attr-defined]
            for _, snapshot in three.seen
        )

    three.until(lambda: all(lost(name) for name in ALL), 10, "told by all")
    three.until_words(15, office=NORMAL, bar=NORMAL, baz=NORMAL)
    counted(three)


def test_a_cut_of_our_own_is_told_as_that(three: Watching) -> None:
    """What follows a write that was not confirmed: every relationship connects anew, and says why."""
    watcher = three.engines["bar"].watchers[Role.PRIMARY]
    three.seen.clear()
    three.call(lambda: watcher.record.machine.cut("a state written for bar was not confirmed"))
    host = three.lab.primary.host

    def told(name: str) -> bool:
        return any(
            snapshot.pair == name and "written for bar" in view_of(snapshot, host).ssh.detail  # type: ignore[attr-defined]
            for _, snapshot in three.seen
        )

    three.until(lambda: all(told(name) for name in ALL), 5, "told by all")
    three.until_words(15, office=NORMAL, bar=NORMAL, baz=NORMAL)
    counted(three)


def test_a_dead_machine_delays_no_other(three: Watching) -> None:
    """Nothing comes from the one for a while: of the other one nothing is ever old."""
    lab, host = three.lab, three.lab.secondary.host
    lab.cut("operator", "primary")
    oldest, until = 0.0, time.monotonic() + 12
    while time.monotonic() < until:
        for name in ALL:
            status = view_of(three.engines[name].snapshot, host).status  # type: ignore[attr-defined]
            oldest = max(oldest, mono() - status.at)
        time.sleep(0.02)
    assert oldest < STALE_AFTER_SECONDS
    assert all(
        view_of(three.engines[name].snapshot, lab.primary.host).ssh.link is Link.FAILED  # type: ignore[attr-defined]
        for name in ALL
    )
    lab.heal()
    three.until_words(60, office=NORMAL, bar=NORMAL, baz=NORMAL)
