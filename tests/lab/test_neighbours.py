"""Every action and `init` on servers where ours is not the only dhcpd, or goes by another name: only ours is touched."""

from __future__ import annotations

import re

import pytest

from dhcptui.act.plan import Outcome, Progress
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.driving import Driver, driving
from tests.lab.neighbours import BOX_PORT, KINDS, away, box, rename, settle
from tests.lab.pair import Lab
from tests.lab.test_init import dhcptui, init

pytestmark = [pytest.mark.lab, pytest.mark.second_try("evidence must be fresh when it is judged")]
P, S = Role.PRIMARY, Role.SECONDARY
ALONE = "communications-interrupted"


def done(driver: Driver, action: Action, acting: Role) -> Progress:
    """Run an action as soon as its guards let us; it ends verified, and without a sentence."""
    if action is Action.SYNC_RESTART:
        driver.engine.prepare(action, acting)
    allowed = lambda: driver.plan(action, acting).allowed  # noqa: E731
    driver.until(allowed, 40, f"{action.value}: {driver.plan(action, acting).ruling.reasons}")
    assert not driver.plan(action, acting).ruling.sentence
    told = driver.run(action, acting, timeout=120)
    assert told.outcome is Outcome.VERIFIED, (action, told.result, told.steps)
    return told


def pids_named(told: Progress) -> set[int]:
    """Every process number that the steps of a run tell."""
    return {int(pid) for step in told.steps for pid in re.findall(r"pid (\d+)", step.detail)}


def trap(lab: Lab, driver: Driver) -> None:
    """The primary was drained, then the secondary died: the primary answers nobody."""
    lab.wait_settled()
    lab.primary.set_local_state(8)
    lab.wait_states(primary="shutdown", secondary="partner-down", timeout=10)
    lab.secondary.kill()
    driver.until_words("shutdown", "dhcpd not running", 10)


@pytest.mark.parametrize("kind", KINDS)
def test_actions_beside(kind: str) -> None:
    """S, U, R, P and X with a neighbour on both servers: verified, ours is named, and the neighbours live on."""
    with Lab(mclt=10, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        beside = [settle(server, kind) for server in lab.servers.values()]
        with driving(lab) as driver:
            driver.settled()
            lab.wait_settled()
            done(driver, Action.SHUTDOWN, S)
            assert lab.secondary.pid() is None
            told = done(driver, Action.START, S)
            assert pids_named(told) == {lab.secondary.pid()}
            driver.until_words("normal", "normal", 60)
            told = done(driver, Action.SYNC_RESTART, P)
            assert pids_named(told) == {lab.primary.pid(), lab.secondary.pid()}
            driver.until_words("normal", "normal", 60)
            assert all(each.lives() for each in beside)
            lab.secondary.kill()
            driver.until_words(ALONE, "dhcpd not running", 10)
            done(driver, Action.PARTNER_DOWN, P)
            done(driver, Action.START, S)
            driver.until_words("normal", "normal", 60)
            trap(lab, driver)
            done(driver, Action.RESCUE, P)
            assert all(each.lives() for each in beside)


@pytest.mark.parametrize("program", ["dhcpd-real", "served"])
def test_another_name(program: str) -> None:
    """A dhcpd that is called otherwise is seen, also when it is held; every action works on it."""
    with Lab(mclt=10, max_response_delay=3, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        for server in lab.servers.values():
            server.terminate()
            rename(server, program)
        lab.start_dhcpd()
        lab.wait_states()
        with driving(lab) as driver:
            driver.settled()
            lab.secondary.pause()
            try:
                driver.until(lambda: driver.word(P) == ALONE, 20, "primary alone")
                for action, acting in ((Action.PARTNER_DOWN, P), (Action.START, S)):
                    plan = driver.plan(action, acting)
                    assert not plan.allowed, plan.ruling
                    assert f"pid {lab.secondary.pid()}" in " ".join(plan.ruling.reasons)
                    assert driver.run(action, acting).outcome is Outcome.REFUSED
                assert lab.primary.local_state() == ALONE
            finally:
                lab.secondary.resume()
            driver.until_words("normal", "normal", 60)
            lab.wait_settled()
            done(driver, Action.SHUTDOWN, S)
            assert lab.secondary.pid() is None
            assert pids_named(done(driver, Action.START, S)) == {lab.secondary.pid()}
            driver.until_words("normal", "normal", 60)
            trap(lab, driver)
            old = lab.primary.pid()
            done(driver, Action.RESCUE, P)
            assert lab.primary.pid() not in {None, old}


@pytest.mark.parametrize("kind", KINDS)
def test_init_beside(lab: Lab, kind: str) -> None:
    """What init writes is ours, whoever lives there too; and it works."""
    beside = [settle(server, kind) for server in lab.servers.values()]
    lab.wait_settled()
    made = init(lab, "10.0.0.10", "10.0.0.20")
    assert (made.returncode, made.stderr) == (0, "")
    text = (lab.dir / "own/config.toml").read_text()
    for line in ('dhcpd_conf = "/etc/dhcp/dhcpd.conf"', 'leases = "/var/lib/dhcp/dhcpd.leases"', "omapi_port = 7911"):
        assert text.count(f"{line}\n") == 2, text
    assert ("2 dhcpd run there" in made.stdout) == (kind == "second")
    assert dhcptui(lab, "status", "office", "--json").returncode == 0
    assert all(each.lives() for each in beside)


@pytest.mark.parametrize("kind", KINDS)
def test_init_without_ours(lab: Lab, kind: str) -> None:
    """Where ours does not run, nothing is taken from another one but with a word about it."""
    settle(lab.secondary, kind)
    lab.secondary.kill()
    made = init(lab, "10.0.0.10", "10.0.0.20")
    text = made.stdout + made.stderr
    assert f"/run/{kind}" not in (lab.dir / "own/config.toml").read_text() if made.returncode == 0 else "foo" in text
    if kind != "second":  # it is the only DHCP server there: its file has no failover peer, and that is said
        assert made.returncode == 0, text


def test_a_looker_in_a_container(lab: Lab) -> None:
    """sshd with processes and files of its own: it sees that our ports are held, and not by whom; nobody is gone there."""
    server = lab.secondary
    server.stop_sshd()
    away(server, "unshare --pid --mount --mount-proc --fork")
    with driving(lab) as driver:
        driver.settled()
        server.pause()
        try:
            driver.until(lambda: driver.word(S) != "normal", 20, "no answer")
            for action, acting in ((Action.PARTNER_DOWN, P), (Action.START, S)):
                plan = driver.plan(action, acting)
                assert not plan.allowed, plan.ruling
                assert "OMAPI port 7911: somebody who cannot be seen" in " ".join(plan.ruling.reasons)
        finally:
            server.resume()


def test_a_looker_that_sees_nobody_while_omapi_answers() -> None:
    """sshd in a container with a network of its own, OMAPI reached directly: its look proves nothing, and somebody must
    answer for it."""
    with Lab(mclt=10, max_response_delay=3, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        server = lab.secondary
        box(server)
        known = lab.dir / "known_hosts"
        key = next(line for line in known.read_text().splitlines() if line.startswith(server.host)).partition(" ")[2]
        known.write_text(known.read_text() + f"[{server.host}]:{BOX_PORT} {key}\n")
        with driving(lab, secondary={"port": BOX_PORT, "omapi_transport": "direct"}) as driver:
            driver.settled()
            driver.until(
                lambda: "OMAPI answered" in str(driver.engine.snapshot().secondary.process), 15, "seen to be blind"
            )
            server.pause()
            try:
                driver.until(lambda: driver.word(P) == ALONE, 20, "primary alone")
                asked = "I know that dhcp2's dhcpd is gone"
                driver.until(lambda: driver.plan(Action.PARTNER_DOWN, P).ruling.sentence == asked, 10, asked)
                assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.REFUSED
                assert driver.plan(Action.START, S).ruling.sentence == asked
                assert lab.primary.local_state() == ALONE
            finally:
                server.resume()
