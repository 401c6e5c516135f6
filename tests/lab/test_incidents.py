"""Incidents made on the real pair: the console names each within ten seconds, and not what looks like it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from dhcptui.model.guards import Action
from dhcptui.model.incident_signs import Probable
from dhcptui.model.incidents import Weight
from dhcptui.model.plan import Outcome
from dhcptui.model.snapshot import Role
from dhcptui.model.verdict import derive
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab
from tests.lab.server import Server

pytestmark = pytest.mark.lab
P, Q = Role.PRIMARY, Role.SECONDARY
WITHIN_SECONDS = 10.0


@pytest.fixture
def driver(lab: Lab) -> Iterator[Driver]:
    """The engine on a settled pair."""
    with driving(lab) as running:
        running.settled()
        lab.wait_settled()
        yield running


def incidents(driver: Driver) -> dict[str, Probable]:
    """By id."""
    return {each.id: each for each in derive(driver.engine.snapshot(), driver.now()).incidents}


def named(driver: Driver, id_: str, weight: Weight, timeout: float = WITHIN_SECONDS) -> Probable:
    """Wait until the console names it with this weight."""

    def holds() -> bool:
        found = incidents(driver).get(id_)
        return found is not None and found.weight is weight

    driver.until(holds, timeout, f"{id_}; named: {list(incidents(driver))}")
    return incidents(driver)[id_]


def actions(incident: Probable) -> list[tuple[Action, Role]]:
    """The remedies."""
    return [(each.action, each.acting) for each in incident.remedies]


def said(incident: Probable) -> str:
    """Its evidence in one text."""
    return "\n".join(each.sentence for each in incident.evidence)


def edit(server: Server, name: str, old: str, new: str) -> None:
    """Change a configuration file."""
    path = server.etc / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_first_start(lab: Lab, driver: Driver) -> None:
    """I-19: a flood of rejections and no alarm."""
    first = named(driver, "I-19", Weight.NOTE)
    assert "started for the first time" in said(first)
    assert incidents(driver).keys() == {"I-19"}


def test_a_crash_and_its_return(lab: Lab, driver: Driver) -> None:
    """I-1 and I-11 after a crash; with partner-down the reminder of I-20, and I-4 when it comes back."""
    lab.secondary.kill()
    driver.until_words("communications-interrupted", "dhcpd not running")
    alone = named(driver, "I-1", Weight.WARNING)
    driver.until(lambda: bool(incidents(driver)["I-1"].remedies), 10, "remedies")
    assert actions(incidents(driver)["I-1"]) == [(Action.START, Q), (Action.PARTNER_DOWN, P)]
    assert "dhcp2 dhcpd not running" in said(alone)
    assert not {"I-2", "I-5", "I-7"} & incidents(driver).keys()
    named(driver, "I-11", Weight.NOTE)
    assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.VERIFIED
    named(driver, "I-20", Weight.NOTE)
    driver.until(lambda: "declared dhcp2 down" in said(incidents(driver)["I-20"]), 10, "the marker")
    lab.secondary.start()
    driver.until_words("partner-down", "recover-wait")
    named(driver, "I-4", Weight.NOTE)
    assert "I-8" not in incidents(driver)


def test_the_wrong_one_starts(lab: Lab, driver: Driver) -> None:
    """I-20: the server in partner-down dies, the other one starts; when both meet, I-3 by the log alone."""
    lab.secondary.kill()
    driver.until_words("communications-interrupted", "dhcpd not running")
    assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.VERIFIED
    lab.primary.kill()
    both = named(driver, "I-20", Weight.CRITICAL)
    driver.until(lambda: bool(incidents(driver)["I-20"].remedies), 10, "remedies")
    assert actions(incidents(driver)["I-20"]) == [(Action.START, P)]
    assert "was last in partner-down" in said(both)
    lab.secondary.start()
    named(driver, "I-20", Weight.WARNING)
    driver.until_words("dhcpd not running", "communications-interrupted")
    named(driver, "I-20", Weight.CRITICAL)
    lab.primary.start()
    driver.settled()
    met = named(driver, "I-3", Weight.NOTE)
    assert "to potential-conflict" in said(met)
    assert "I-20" not in incidents(driver)


def test_alone_and_silent(lab: Lab, driver: Driver) -> None:
    """I-12 as a hand-over, then I-21, which says more."""
    assert driver.run(Action.HAND_OVER, P).outcome is Outcome.VERIFIED
    handed = named(driver, "I-12", Weight.NOTE)
    driver.until(lambda: actions(incidents(driver)["I-12"]) == [(Action.TAKE_BACK, P)], 10, "take-back")
    assert "dhcp1 reads shutdown" in said(handed)
    lab.secondary.kill()
    named(driver, "I-21", Weight.CRITICAL)
    driver.until(lambda: bool(incidents(driver)["I-21"].remedies), 10, "remedies")
    assert actions(incidents(driver)["I-21"]) == [(Action.START, Q), (Action.RESCUE, P)]
    assert "I-12" not in incidents(driver)


def test_somebody_else_sets_shutdown_on_both(lab: Lab, driver: Driver) -> None:
    """I-12 as a surprise: nobody serves, and nobody handed over."""
    lab.primary.set_local_state(7)
    paused = named(driver, "I-12", Weight.WARNING)
    assert "dhcp1 reads paused" in said(paused)
    lab.secondary.set_local_state(8)
    named(driver, "I-12", Weight.CRITICAL)


def test_a_wrong_clock(lab: Lab, driver: Driver) -> None:
    """I-5, not I-7: both serve and do not hear each other because of the clocks."""
    lab.secondary.kill()
    lab.secondary.start(skew_seconds=90)
    driver.until(lambda: "I-5" in incidents(driver) and "time" in said(incidents(driver)["I-5"]), 15, "I-5 by the log")
    driver.until_words("communications-interrupted", "communications-interrupted")
    clocks = named(driver, "I-5", Weight.WARNING)
    assert "+90." in said(clocks) or "+89." in said(clocks)
    assert "I-7" not in incidents(driver)


def test_the_failover_port_is_blocked() -> None:
    """I-7, not I-1: both run."""
    with Lab(mclt=20, key_algorithm="hmac-sha256", max_response_delay=4) as lab, driving(lab) as driver:
        driver.settled()
        lab.cut("primary", "secondary", port=520)
        driver.until_words("communications-interrupted", "communications-interrupted")
        blocked = named(driver, "I-7", Weight.WARNING)
        assert blocked.remedies == ()
        assert not {"I-1", "I-5", "I-6"} & incidents(driver).keys()
        lab.heal()


def test_a_lost_lease_file(lab: Lab, driver: Driver) -> None:
    """I-8, not I-4: it starts in recover although it stopped in normal."""
    lab.secondary.kill()
    driver.until_words("communications-interrupted", "dhcpd not running")
    lab.secondary.leases.write_text("")
    lab.secondary.start()
    lost = named(driver, "I-8", Weight.WARNING)
    assert "stopped in normal and started from recover" in said(lost)
    assert "I-19" not in incidents(driver)


def test_an_edited_lease_file(lab: Lab, driver: Driver) -> None:
    """I-14: it starts from a state it did not stop in."""
    lab.secondary.kill()
    driver.until_words("communications-interrupted", "dhcpd not running")
    with lab.secondary.leases.open("a") as file:
        date = time.strftime("%w %Y/%m/%d %H:%M:%S", time.gmtime())
        file.write(
            f'failover peer "foo" state {{\n  my state partner-down at {date};\n'
            f"  partner state communications-interrupted at {date};\n  mclt 20;\n}}\n"
        )
    lab.secondary.start()
    edited = named(driver, "I-14", Weight.NOTE)
    assert "stopped in normal and started from partner-down" in said(edited)
    assert "I-8" not in incidents(driver)


def test_both_restarted(lab: Lab, driver: Driver) -> None:
    """I-10: within seconds of each other."""
    time.sleep(1)
    for server in (lab.primary, lab.secondary):
        server.terminate()
    for server in (lab.primary, lab.secondary):
        server.start()
    driver.until(lambda: "I-10" in incidents(driver), WITHIN_SECONDS, "I-10")
    assert "I-19" not in incidents(driver)


def test_two_names(lab: Lab, driver: Driver) -> None:
    """I-6, not I-7: the relationship's name differs, and dhcpd says so."""
    for name in ("dhcpd.conf", "shared/master.conf"):
        edit(lab.secondary, name, 'failover peer "foo"', 'failover peer "bar"')
    lab.secondary.restart()
    misfit = named(driver, "I-6", Weight.WARNING)
    assert "Failover" in said(misfit)
    assert "I-7" not in incidents(driver)


def test_a_configuration_that_dhcpd_refuses(lab: Lab, driver: Driver) -> None:
    """I-6 when it does not start; a `dhcpd -t` beside a running dhcpd is no incident."""
    edit(lab.secondary, "shared/master.conf", "authoritative;", "authoritative")
    since = lab.secondary.log_offset()
    lab.secondary.run("dhcpd", "-t", "-cf", "/etc/dhcp/dhcpd.conf", check=False)
    time.sleep(1)
    assert "I-6" not in incidents(driver)
    lab.secondary.kill()
    lab.secondary.run("/etc/dhcp/restart-dhcpd", check=False)
    lab.secondary.wait_log("exiting", since=since)
    refused = named(driver, "I-6", Weight.WARNING)
    assert "exiting" in said(refused)


def test_ranges_that_differ(lab: Lab, driver: Driver) -> None:
    """I-9: the partner does not know the addresses."""
    edit(lab.secondary, "shared/master.conf", "10.0.0.200", "10.0.0.120")
    lab.secondary.restart()
    lab.primary.kill()
    lab.primary.leases.write_text("")
    lab.primary.start()
    driver.until(lambda: "I-9" in incidents(driver), 40, "I-9")
    assert "unknown IP address" in said(incidents(driver)["I-9"])
