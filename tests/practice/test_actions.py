"""All seven actions on the practice pair, run by the engine over SSH and OMAPI exactly as on the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhcptui.act.plan import Outcome, Progress, StepState
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.driving import Driver
from tests.lab.test_sync_restart import allowed, carry_out
from tests.practice.pair import WatchedPair, WatchedServer

from .driving import driving

pytestmark = pytest.mark.second_try("a client waits a few seconds for its answer")

P, S = Role.PRIMARY, Role.SECONDARY
RECORD = ".dhcptui-sync-shared.json"


def verified(told: Progress) -> Progress:
    """The progress of an action that ended as it should."""
    assert told.outcome is Outcome.VERIFIED, told
    assert all(report.state is StepState.DONE for report in told.steps)
    return told


def contents(server: WatchedServer) -> dict[str, bytes]:
    """Every file of a server's shared directory."""
    root = server.etc / "shared"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def widen(server: WatchedServer) -> None:
    """Another range in a server's shared configuration."""
    master = server.etc / "shared/master.conf"
    master.write_text(master.read_text().replace("10.0.0.200", "10.0.0.180"))


@pytest.mark.parametrize("role", list(Role))
def test_hand_over_and_take_back(pair: WatchedPair, driver: Driver, role: Role) -> None:
    """There and back, without an MCLT wait."""
    verified(driver.run(Action.HAND_OVER, role))
    assert pair.servers[role.value].local_state() == "shutdown"
    assert pair.servers[role.other.value].local_state() == "partner-down"
    verified(driver.run(Action.TAKE_BACK, role))
    assert pair.states() == {"primary": "normal", "secondary": "normal"}
    assert "recover-wait" not in pair.primary.log_text() + pair.secondary.log_text()


def test_a_step_is_told_over_before_the_next_one_begins(driver: Driver) -> None:
    """Who loses the reader with the word of one step must know it before the next: the lock is renewed in between."""
    steps = verified(driver.run(Action.HAND_OVER, P)).steps
    told = [tuple(report.state for report in progress.steps) for _, progress in driver.progress]
    for index in range(1, len(steps)):
        over = next(at for at, states in enumerate(told) if states[index - 1] is StepState.DONE)
        assert told[over][index] is StepState.WAITING, f"step {index} was told over with the start of the next one"


@pytest.mark.parametrize("role", list(Role))
def test_shutdown_and_start(pair: WatchedPair, driver: Driver, role: Role) -> None:
    """A clean stop ends the process; the start brings it back through the restart script."""
    server = pair.servers[role.value]
    verified(driver.run(Action.SHUTDOWN, role))
    assert not server.is_running()
    assert pair.servers[role.other.value].local_state() == "partner-down"
    verified(driver.run(Action.START, role))
    pair.wait_states()


def test_a_start_that_fails(pair: WatchedPair, driver: Driver) -> None:
    """A broken configuration is told with the words of dhcpd's log."""
    pair.secondary.kill()
    driver.until_words("communications-interrupted", "dhcpd not running", 10)
    conf = pair.secondary.etc / "dhcpd.conf"
    conf.write_text(conf.read_text() + "subnet {\n")
    told = driver.run(Action.START, S)
    assert told.outcome is Outcome.FAILED
    assert "dhcpd.conf line " in told.result  # the first complaint, not "exiting"
    assert not pair.secondary.is_running()


def test_partner_down(pair: WatchedPair, driver: Driver) -> None:
    """Refused while the partner runs or is held, allowed once it is gone, never repeated."""
    refused = driver.run(Action.PARTNER_DOWN, P)
    assert refused.outcome is Outcome.REFUSED
    assert "answers and reads normal" in refused.result
    pair.secondary.kill()
    driver.until_words("communications-interrupted", "dhcpd not running", 10)
    verified(driver.run(Action.PARTNER_DOWN, P))
    assert pair.primary.local_state() == "partner-down"
    assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.REFUSED
    verified(driver.run(Action.START, S))


def test_a_held_partner_is_not_down(pair: WatchedPair, driver: Driver) -> None:
    """SIGSTOP: it answers nobody, but its process is there."""
    pair.secondary.pause()
    driver.until(lambda: driver.word(P) == "communications-interrupted", 60, "the primary to notice")
    refused = driver.run(Action.PARTNER_DOWN, P)
    assert refused.outcome is Outcome.REFUSED
    assert "held" in refused.result or "frozen" in refused.result or "is there" in refused.result, refused.result
    pair.secondary.resume()
    pair.wait_states(timeout=60)


def test_an_unseen_partner_wants_a_sentence(pair: WatchedPair, driver: Driver) -> None:
    """A host that neither the console nor the survivor reaches: allowed, but only with the sentence typed."""
    pair.cut("operator", "secondary")
    pair.cut("primary", "secondary")
    pair.secondary.kill()
    driver.until(lambda: driver.plan(Action.PARTNER_DOWN, P).allowed, 60, "an allowed plan")
    plan = driver.plan(Action.PARTNER_DOWN, P)
    assert plan.ruling.sentence
    assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.REFUSED
    verified(driver.run(Action.PARTNER_DOWN, P, sentence=plan.ruling.sentence))
    pair.heal()


def test_rescue(pair: WatchedPair, driver: Driver) -> None:
    """The only living server answers nobody; its corrected lease file makes it serve again."""
    verified(driver.run(Action.HAND_OVER, P))
    pair.secondary.kill()
    driver.until_words("shutdown", "dhcpd not running", 10)
    assert pair.dhcp_client(timeout=3) is None
    verified(driver.run(Action.RESCUE, P, timeout=90))
    assert pair.primary.local_state() == "communications-interrupted"
    assert list(pair.primary.leases.parent.glob(".dhcptui-rescue-*"))
    assert pair.dhcp_client() is not None


def test_sync_restart_and_its_rollback(pair: WatchedPair, driver: Driver) -> None:
    """A change reaches the other server and both run it; a run that stops half-way is rolled back."""
    widen(pair.primary)
    pids = pair.primary.pid(), pair.secondary.pid()
    plan = allowed(driver)
    assert "+    range 10.0.0.100 10.0.0.180;" in plan.attachment
    verified(carry_out(driver, plan))
    assert contents(pair.primary) == contents(pair.secondary)
    assert pids[0] != pair.primary.pid()
    assert pids[1] != pair.secondary.pid()

    old = contents(pair.secondary)
    (pair.primary.etc / "shared/more.conf").write_text("# more\n")
    script = pair.primary.etc / "restart-dhcpd"
    good = script.read_text()
    script.write_text("#!/bin/sh\npkill -KILL -x dhcpd\necho cannot start >&2\nexit 1\n")
    driver.settled()
    told = carry_out(driver, allowed(driver))
    assert told.outcome is Outcome.FAILED, told
    assert contents(pair.secondary) != old
    script.write_text(good)
    pair.primary.restart()
    driver.settled()
    verified(carry_out(driver, allowed(driver, "rollback")))
    assert contents(pair.secondary) == old
    assert not list(pair.secondary.etc.glob(RECORD))


def test_a_bad_configuration_stops_sync_restart(pair: WatchedPair, driver: Driver) -> None:
    """`dhcpd -t` refuses it; nothing was restarted, the other server's files are as they were."""
    pids = pair.primary.pid(), pair.secondary.pid()
    old = contents(pair.secondary)
    (pair.primary.etc / "shared/master.conf").write_text("subnet {\n")
    driver.engine.prepare(Action.SYNC_RESTART, P)
    driver.until(
        lambda: "being compared" not in " ".join(driver.plan(Action.SYNC_RESTART, P).ruling.reasons), 15, "a comparison"
    )
    plan = driver.plan(Action.SYNC_RESTART, P)
    told = carry_out(driver, plan)
    assert told.outcome in {Outcome.REFUSED, Outcome.FAILED}
    assert contents(pair.secondary) == old
    assert (pair.primary.pid(), pair.secondary.pid()) == pids


def test_two_consoles(pair: WatchedPair, driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock of one console is seen by the other."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with driving(pair) as other:
        other.settled()
        plan = driver.plan(Action.SHUTDOWN, P)
        driver.engine.run(plan, plan.confirm_text)
        other.until(
            lambda: any(view.lock_files and view.lock_files.value.lock for view in other.engine.snapshot().servers),
            10,
            "the lock",
        )
        assert not other.plan(Action.SHUTDOWN, S).allowed
        driver.until(
            lambda: bool(driver.progress) and driver.progress[-1][1].outcome is not Outcome.RUNNING, 60, "the end"
        )
