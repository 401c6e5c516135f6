"""One dhcpd with several failover relationships: no action takes one along that its plan did not name."""

from __future__ import annotations

import pytest

from dhcptui.act.actions import others
from dhcptui.act.plan import Outcome, Plan
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab
from tests.lab.relationships import BAR, BAZ, Relationship, add, local_state, only_primary, sampling_peers, wait
from tests.lab.test_sync_restart import allowed, carry_out, compared, widen

pytestmark = [
    pytest.mark.lab,
    pytest.mark.second_try("evidence must be fresh when it is judged, and an action must end within its time"),
]
P, Q = Role.PRIMARY, Role.SECONDARY


def observed(plan: Plan) -> str:
    """Everything a plan says of evidence and consequences."""
    return "\n".join([*(each.observed for each in plan.ruling.findings), *plan.ruling.warnings])


def knows(driver: Driver, role: Role, peer: str, state: str) -> None:
    """Wait until the console reads that state in another relationship."""

    def word() -> str:
        others = driver.engine.snapshot()[role].other_peers or ()
        found = [each.status for each in others if each.name == peer]
        return found[0].value.local_state.word if found and found[0] else ""

    driver.until(lambda: word() == state, 15, f"{peer} reads {state} on {role.value}, last {word()!r}")


def test_a_restart_is_refused_where_it_would_leave_a_relationship_with_nobody(lab: Lab) -> None:
    """`bar` has one server only: the restart of that one is refused, and nothing is restarted."""
    add(lab, BAR)
    only_primary(lab, BAR)
    widen(lab.primary)
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        pids = lab.primary.pid(), lab.secondary.pid()
        plan = compared(driver)
        with sampling_peers(lab, "foo", "bar") as sampler:
            told = carry_out(driver, plan)
        assert told.outcome is Outcome.REFUSED, told
        assert (lab.primary.pid(), lab.secondary.pid()) == pids
        assert sampler.unserved("bar") == 0
        assert any("bar" in each and "nobody would serve it" in each for each in plan.ruling.reasons), plan.ruling


def test_a_restart_waits_for_every_relationship(lab: Lab) -> None:
    """Roles mixed: all three are normal between the two restarts, and none is without a server at any moment."""
    add(lab, BAR, BAZ)
    widen(lab.primary)
    with driving(lab) as driver:
        driver.settled()
        plan = allowed(driver)
        for each in (BAR, BAZ):
            assert f"{each.name}: normal -> communications-interrupted while dhcpd restarts" in observed(plan)
        with sampling_peers(lab, "foo", "bar", "baz") as sampler:
            told = carry_out(driver, plan, timeout=400)
        assert told.outcome is Outcome.VERIFIED, told
        assert [sampler.unserved(peer) for peer in sampler.peers] == [0, 0, 0]
        assert BAR.states(lab) == BAZ.states(lab) == ("normal", "normal")
        restarts = [each.detail for each in told.steps if "new dhcpd" in each.detail]
        assert len(restarts) == 2
        assert all("bar and baz normal" in each for each in restarts), restarts


def test_a_relationship_that_lost_its_other_server_stops_the_second_restart(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two restarts `bar` does not come back: the second server, its only one, is not restarted."""
    monkeypatch.setattr(others, "BACK_SECONDS", 20.0)
    add(lab, BAR)
    widen(lab.primary)
    with driving(lab) as driver:
        driver.settled()
        plan = allowed(driver)
        pid = lab.primary.pid()
        secondary = lab.secondary.etc / "dhcpd.conf"
        # dhcpd reads its file at the restart only: from then on it looks for the partner of `bar` elsewhere.
        secondary.write_text(
            secondary.read_text().replace(f"peer address {BAR.address('primary')}", "peer address 10.0.0.77")
        )
        lab.secondary.leases.write_text("")
        with sampling_peers(lab, "bar") as sampler:
            told = carry_out(driver, plan, timeout=400)
        assert told.outcome is Outcome.FAILED, told
        assert "bar" in told.result
        assert lab.primary.pid() == pid
        assert sampler.unserved("bar") == 0


def test_a_shutdown_says_who_serves_each_relationship_afterwards(lab: Lab) -> None:
    """Of `bar` nobody: that is typed before, and said after."""
    add(lab, BAR)
    only_primary(lab, BAR)
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        plan = driver.plan(Action.SHUTDOWN, P)
        assert plan.ruling.sentence == "nobody serves bar then"
        assert "bar: partner-down on dhcp1: only this server serves it: nobody would serve it" in observed(plan)
        assert driver.run(Action.SHUTDOWN, P).outcome is Outcome.REFUSED
        assert lab.primary.local_state() == "normal"
        told = driver.run(Action.SHUTDOWN, P, sentence=plan.ruling.sentence)
        assert told.outcome is Outcome.VERIFIED, told
        assert "serves every client of foo" in told.result
        assert "Nobody serves bar (10.0.1.0/24)" in told.result
        assert lab.secondary.local_state() == "partner-down"
        assert BAR.states(lab) == ("no-answer", "shutdown")


def test_a_relationship_that_loses_its_server_meanwhile_stops_a_shutdown(lab: Lab) -> None:
    """The sentence was for a relationship that its partner serves: once it does not, dhcpd is not stopped."""
    add(lab, BAR)
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        plan = driver.plan(Action.SHUTDOWN, P)
        assert plan.ruling.sentence == "bar stops too"
        lab.secondary.omapi.failover("bar", set_state=8)
        wait(lab, BAR, "partner-down", "shutdown")
        driver.progress.clear()
        driver.engine.run(plan, plan.confirm_text, plan.ruling.sentence)
        driver.until(
            lambda: bool(driver.progress) and driver.progress[-1][1].outcome is not Outcome.RUNNING, 60, "the end"
        )
        assert driver.progress[-1][1].outcome is not Outcome.VERIFIED
        assert lab.primary.is_running()
        assert BAR.states(lab) == ("partner-down", "shutdown")


def test_a_rescue_names_the_relationship_that_its_restart_silences(lab: Lab) -> None:
    """`bar` has the silenced server only: a sentence before, and it serves again at the end."""
    add(lab, BAR)
    lab.primary.set_local_state(8)
    lab.wait_states("shutdown", "partner-down")
    with driving(lab) as driver:
        driver.until_words("shutdown", "partner-down")
        lab.secondary.kill()
        driver.until(lambda: driver.word(Q) == "dhcpd not running", 15, "the partner is gone")
        knows(driver, P, "bar", "communications-interrupted")
        driver.until(lambda: not driver.plan(Action.RESCUE, P).ruling.pending, 15, "everything read")
        plan = driver.plan(Action.RESCUE, P)
        assert plan.ruling.sentence == "nobody serves bar while dhcpd restarts"
        assert driver.run(Action.RESCUE, P).outcome is Outcome.REFUSED
        assert local_state(lab.primary, "bar") == "communications-interrupted"
        told = driver.run(Action.RESCUE, P, timeout=120, sentence=plan.ruling.sentence)
        assert told.outcome is Outcome.VERIFIED, told
        assert "bar (10.0.1.0/24)" in told.result
        assert local_state(lab.primary, "bar") == "communications-interrupted"


def test_partner_down_says_which_clients_and_who_still_waits(lab: Lab) -> None:
    """One of three is declared; the two others stay in communications-interrupted and are named."""
    add(lab, BAR, BAZ)
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running")
        for each in (BAR, BAZ):
            knows(driver, P, each.name, "communications-interrupted")
        plan = driver.plan(Action.PARTNER_DOWN, P)
        assert "every client of foo" in plan.headline
        said = observed(plan)
        assert "foo (10.0.0.0/24) only" in said
        assert "bar (10.0.1.0/24) and baz (10.0.2.0/24) stay in communications-interrupted" in said
        told = driver.run(Action.PARTNER_DOWN, P)
        assert told.outcome is Outcome.VERIFIED, told
        assert "every client of foo" in told.result
        assert "bar (10.0.1.0/24) and baz (10.0.2.0/24) still wait in communications-interrupted" in told.result
        assert local_state(lab.primary, "bar") == local_state(lab.primary, "baz") == "communications-interrupted"


def test_bringing_a_server_up_names_and_verifies_every_relationship(lab: Lab) -> None:
    """The plan says what each waits for, the last step what each has become."""
    add(lab, BAR, BAZ)
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running")
        for each in (BAR, BAZ):
            knows(driver, P, each.name, "communications-interrupted")
        said = observed(driver.plan(Action.START, Q))
        assert "bar: communications-interrupted on dhcp1" in said
        assert "baz: communications-interrupted on dhcp1" in said
        told = driver.run(Action.START, Q, timeout=200)
        assert told.outcome is Outcome.VERIFIED, told
        assert "bar (10.0.1.0/24): " in told.result
        assert "baz (10.0.2.0/24): " in told.result
        assert BAR.states(lab) == BAZ.states(lab) == ("normal", "normal")


def test_a_relationship_that_is_added_while_the_console_looks_on(lab: Lab) -> None:
    """A console that is left open reads what a new dhcpd was started with."""
    with driving(lab) as driver:
        driver.settled()
        assert driver.engine.snapshot().primary.other_peers == ()
        add(lab, BAR)
        for role in Role:
            knows(driver, role, "bar", "normal")


def test_what_the_running_dhcpd_does_not_know_is_not_known(lab: Lab) -> None:
    """A relationship that stands in dhcpd.conf only, since dhcpd was started: a sentence, never a tick."""
    stranger = Relationship("qux", 3, known_to=("primary",))
    with (lab.primary.etc / "dhcpd.conf").open("a") as file:
        file.write(stranger.text("primary"))
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        plan = driver.plan(Action.SHUTDOWN, P)
        found = [each for each in plan.ruling.findings if "qux" in each.observed]
        assert [each.ok for each in found] == [False]
        assert plan.ruling.sentence == "what becomes of qux is not known"
        assert driver.run(Action.SHUTDOWN, P).outcome is Outcome.REFUSED


def test_a_partner_that_nobody_looks_into(lab: Lab) -> None:
    """`qux` has a third server, which is away: nobody else is known to serve it, so its stop is asked for."""
    qux = Relationship("qux", 3, known_to=("primary",))
    add(lab, qux)
    wait(lab, qux, "recover", "no-answer")  # it has never met its partner
    lab.primary.omapi.failover("qux", set_state=3)
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        knows(driver, P, "qux", "communications-interrupted")
        plan = driver.plan(Action.SHUTDOWN, P)
        assert plan.ruling.sentence == "nobody else is known to serve qux"


def test_bringing_a_server_up_does_not_wait_for_what_was_handed_over(lab: Lab) -> None:
    """`bar` was in shutdown on this server and stays so until somebody takes it back: that is no reason to wait."""
    add(lab, BAR)
    lab.secondary.omapi.failover("bar", set_state=8)
    wait(lab, BAR, "partner-down", "shutdown")
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running")
        driver.until(lambda: driver.plan(Action.START, Q).allowed, 20, "a start")
        told = driver.run(Action.START, Q, timeout=90)
        assert told.outcome is Outcome.VERIFIED, told
        assert told.steps[-1].detail.endswith("; bar shutdown")
        assert "dhcp1 serves it" in told.result
        assert BAR.states(lab) == ("partner-down", "shutdown")


def test_a_relationship_that_stops_with_a_shutdown_waits_out_its_mclt_on_the_return(lab: Lab) -> None:
    """dhcpd that is told to exit leaves every relationship in recover: the plans of S and U say what that costs."""
    add(lab, BAR)
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        plan = driver.plan(Action.SHUTDOWN, P)
        assert "when dhcp1 comes back it waits for the MCLT in it, and dhcp2 serves it alone" in observed(plan)
        assert driver.run(Action.SHUTDOWN, P, sentence=plan.ruling.sentence).outcome is Outcome.VERIFIED
        driver.until(lambda: driver.plan(Action.START, P).allowed, 20, "a start")
        said = observed(driver.plan(Action.START, P))
        assert "if dhcp1's dhcpd was told to stop it waits for the MCLT first, and dhcp2 serves it alone" in said
        assert driver.run(Action.START, P, timeout=120).outcome is Outcome.VERIFIED
        assert BAR.states(lab) == ("recover-wait", "partner-down")
        wait(lab, BAR, "normal", "normal", 60)
