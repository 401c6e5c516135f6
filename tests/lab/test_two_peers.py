"""One dhcpd, two failover relationships: a clean shutdown hands over one of them, and says so of the other one before."""

from __future__ import annotations

import pytest

from dhcptui.model.guards import Action
from dhcptui.model.plan import Outcome
from dhcptui.model.snapshot import Role
from tests.lab.driving import driving
from tests.lab.pair import Lab

pytestmark = pytest.mark.lab
P, Q = Role.PRIMARY, Role.SECONDARY
PORT = 521


def second_relationship(lab: Lab) -> None:
    """Both serve `bar` too, for a network of its own, in the same roles; both are restarted.

    On addresses of its own: dhcpd knows by its partner's address which relationship a connection belongs to.
    """
    one, two = "10.0.0.11", "10.0.0.21"
    for server, here, there, own in ((lab.primary, one, two, "mclt 20; split 128;"), (lab.secondary, two, one, "")):
        server.run("ip", "addr", "add", f"{here}/24", "dev", "eth0")
        with (server.etc / "dhcpd.conf").open("a") as file:
            file.write(
                f'failover peer "bar" {{ {server.role}; address {here}; port {PORT}; peer address {there};'
                f" peer port {PORT}; max-response-delay 60; max-unacked-updates 10; load balance max seconds 3; {own} }}\n"
                'subnet 10.0.1.0 netmask 255.255.255.0 { pool { failover peer "bar"; range 10.0.1.100 10.0.1.120; } }\n'
            )
    lab.start_dhcpd()


def test_a_shutdown_names_the_other_relationship(lab: Lab) -> None:
    """Without its name typed nothing is written; with it our relationship is handed over, and the other one is not."""
    second_relationship(lab)
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        both = (lab.primary, lab.secondary)
        driver.until(lambda: {each.omapi.failover("bar").local_state for each in both} == {"normal"}, 30, "bar normal")
        driver.until(lambda: driver.engine.snapshot().secondary.other_peers is not None, 10, "dhcpd.conf read")
        assert driver.plan(Action.HAND_OVER, Q).ruling.sentence == ""
        plan = driver.plan(Action.SHUTDOWN, Q)
        assert plan.ruling.sentence == "bar stops too"
        assert any("failover peer bar" in each.observed for each in plan.ruling.findings if not each.ok)
        assert driver.run(Action.SHUTDOWN, Q).outcome is Outcome.REFUSED
        assert lab.secondary.local_state() == "normal"
        assert driver.run(Action.SHUTDOWN, Q, sentence="bar stops too").outcome is Outcome.VERIFIED
        assert lab.primary.omapi.failover("bar").local_state == "communications-interrupted"
        assert lab.primary.local_state() == "partner-down"
