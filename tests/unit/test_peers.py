"""Other relationships of a dhcpd: who is a partner in them, who serves them, and what an action does to each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.guards import Ruling, rule
from dhcptui.assess.peer_guards import afterwards, still_waiting
from dhcptui.assess.peers import judge, partners
from dhcptui.assess.verdict import derive
from dhcptui.conf.reader import parse
from dhcptui.conf.site import failover_place, other_peers
from dhcptui.engine.status_report import as_json, as_text
from dhcptui.model.action import Action
from dhcptui.model.failover import FailoverPlace
from dhcptui.model.moments import Seen
from dhcptui.model.peers import OtherPeer
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot, ServerView
from dhcptui.model.states import FailoverState
from tests.unit.making import NOW, down, live, pair, status

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY
ADDRESS = {P: "10.0.1.10", Q: "10.0.1.20"}
NETWORK = ("10.0.1.0/24",)


def bar(role: Role, local: S | None, partner: S = S.NORMAL, *, name: str = "bar", ago: float = 0.5) -> OtherPeer:
    """One server's side of `bar`; without a state dhcpd did not know it."""
    place = FailoverPlace(ADDRESS[role], 647, ADDRESS[role.other], 647, NETWORK)
    if local is None:
        return OtherPeer(name, place, note="the running dhcpd does not know it")
    return OtherPeer(name, place, Seen(status(role, local, partner), NOW.mono - ago))


def third(local: S, partner: S = S.NORMAL) -> OtherPeer:
    """A relationship of the primary with a server outside the pair."""
    place = FailoverPlace("10.0.2.10", 647, "10.0.2.30", 647)
    return OtherPeer("qux", place, Seen(status(P, local, partner), NOW.mono - 0.5))


def with_peers(view: ServerView, *others: OtherPeer) -> ServerView:
    """A server with these relationships too."""
    return replace(view, other_peers=others)


def about(ruling: Ruling, name: str = "bar") -> list[tuple[bool, str, str]]:
    """The findings about one relationship: held, sentence, observed."""
    return [(each.ok, each.sentence, each.observed) for each in ruling.findings if each.observed.startswith(f"{name}:")]


CONF = """
failover peer "foo" { primary; address 10.0.0.10; peer address 10.0.0.20; mclt 60; split 128; }
failover peer "bar" { secondary; address 10.0.1.10; port 1; peer address 10.0.1.20; peer port 2; }
subnet 10.0.0.0 netmask 255.255.255.0 { pool { failover peer "foo"; range 10.0.0.100 10.0.0.120; } }
subnet 10.0.1.0 netmask 255.255.255.0 {
  pool { failover peer "bar"; range 10.0.1.100 10.0.1.120; }
  pool { failover peer "bar"; range 10.0.1.130 10.0.1.140; }
}
shared-network lab { subnet 10.0.2.0 netmask 255.255.255.0 { pool { failover peer "bar"; range 10.0.2.1 10.0.2.9; } } }
"""


def test_relationships_and_their_networks_come_from_the_configuration() -> None:
    """Each network once, however many pools it has."""
    configuration = parse(CONF, "dhcpd.conf")
    found = failover_place(configuration, "foo")
    assert found is not None
    assert found.networks == ("10.0.0.0/24",)
    (other,) = other_peers(configuration, "foo")
    assert other == OtherPeer("bar", FailoverPlace("10.0.1.10", 1, "10.0.1.20", 2, ("10.0.1.0/24", "10.0.2.0/24")))
    assert other.label == "bar (10.0.1.0/24, 10.0.2.0/24)"


def test_a_name_is_not_a_relationship() -> None:
    """Two servers may both have a `bar`, each with another partner; an address left out says nothing against it."""
    one, two = bar(P, S.NORMAL), bar(Q, S.NORMAL)
    assert partners(one, two)
    assert not partners(one, replace(two, name="baz"))
    assert not partners(one, replace(two, place=replace(two.place, peer_address="10.0.9.9")))
    assert partners(one, replace(two, place=replace(two.place, address="")))


@pytest.mark.parametrize(
    ("mine", "theirs", "serving", "elsewhere"),
    [
        (bar(P, S.NORMAL), bar(Q, S.NORMAL), True, True),
        (bar(P, S.PARTNER_DOWN, S.SHUTDOWN), bar(Q, S.SHUTDOWN), True, False),
        (bar(P, S.SHUTDOWN), bar(Q, S.PARTNER_DOWN, S.SHUTDOWN), False, True),
        (bar(P, S.PARTNER_DOWN, S.PARTNER_DOWN), bar(Q, S.NORMAL), False, True),
        (bar(P, None), bar(Q, S.NORMAL), None, True),
        (bar(P, S.NORMAL), bar(Q, None), True, None),
        (bar(P, S.NORMAL, ago=60), bar(Q, S.NORMAL, ago=60), None, None),
    ],
)
def test_serving_is_derived_from_each_servers_own_word(
    mine: OtherPeer, theirs: OtherPeer, serving: bool | None, elsewhere: bool | None
) -> None:
    """As for our own relationship; what is old or was refused is not known."""
    (found,) = judge(assess_pair(pair(with_peers(live(P), mine), with_peers(live(Q), theirs)), NOW), P)
    assert (found.serving, found.elsewhere) == (serving, elsewhere)


def test_a_third_server_is_known_by_the_link_only() -> None:
    """Normal means that the link is up; partner-down that somebody declared it dead; anything else says nothing."""
    for state, elsewhere in ((S.NORMAL, True), (S.COMMUNICATIONS_INTERRUPTED, None), (S.PARTNER_DOWN, False)):
        (found,) = judge(assess_pair(pair(with_peers(live(P), third(state)), live(Q)), NOW), P)
        assert (found.elsewhere, found.by) == (elsewhere, "its partner 10.0.2.30")


def test_what_a_staged_restart_does_to_it() -> None:
    """Both normal: named for each server. One left with nobody: refused, whatever is typed. Not known: a sentence."""
    both = pair(with_peers(live(P), bar(P, S.NORMAL)), with_peers(live(Q), bar(Q, S.NORMAL)))
    assert about(rule(Action.SYNC_RESTART, P, both, NOW)) == [
        (
            True,
            "",
            f"bar: normal -> communications-interrupted while dhcpd restarts on {one}; {two} serves it meanwhile",
        )
        for one, two in (("dhcp1", "dhcp2"), ("dhcp2", "dhcp1"))
    ]
    alone = pair(
        with_peers(live(P), bar(P, S.PARTNER_DOWN, S.SHUTDOWN)), with_peers(live(Q), bar(Q, S.SHUTDOWN, S.PARTNER_DOWN))
    )
    ruling = rule(Action.SYNC_RESTART, P, alone, NOW)
    assert not ruling.allowed
    assert [each[:2] for each in about(ruling)] == [(False, ""), (True, "")]
    assert "only this server serves it: nobody would serve it" in ruling.reasons[0]
    unknown = pair(with_peers(live(P), bar(P, None)), with_peers(live(Q), bar(Q, S.NORMAL)))
    assert rule(Action.SYNC_RESTART, P, unknown, NOW).sentence == (
        "what becomes of bar is not known and nobody else is known to serve bar"
    )


def test_those_that_share_a_fate_share_a_sentence() -> None:
    """Each has its own evidence; what is typed names them once."""
    ours = (bar(P, S.NORMAL), bar(P, S.NORMAL, name="baz"), third(S.PARTNER_DOWN))
    theirs = (bar(Q, S.NORMAL), bar(Q, S.NORMAL, name="baz"))
    both = pair(with_peers(live(P), *ours), with_peers(live(Q), *theirs))
    ruling = rule(Action.SHUTDOWN, P, both, NOW)
    assert (ruling.allowed, ruling.sentence) == (True, "bar and baz stop too and nobody serves qux then")
    assert [len(about(ruling, name)) for name in ("bar", "baz", "qux")] == [1, 1, 1]
    assert rule(Action.HAND_OVER, P, both, NOW).sentence == ""
    assert rule(Action.SHUTDOWN, Q, both, NOW).sentence == "bar and baz stop too"


@pytest.mark.parametrize("action", [Action.SHUTDOWN, Action.SYNC_RESTART])
def test_an_unread_configuration_is_not_known(action: Action) -> None:
    """While it is read, wait; where it cannot be read somebody answers for it; nothing unseen is called fine."""
    unread = replace(live(P), other_peers=None)
    assert rule(action, P, pair(unread, live(Q)), NOW).pending
    blind = replace(unread, configuration_note="Permission denied")
    ruling = rule(action, P, pair(blind, live(Q)), NOW)
    assert (ruling.allowed, ruling.sentence) == (True, "every other failover peer stops too")
    asked = OtherPeer("bar", FailoverPlace("", 647, "", 647))
    assert rule(action, P, pair(with_peers(live(P), asked), live(Q)), NOW).findings[-1].sentence


def test_unread_pools_are_not_an_unread_configuration() -> None:
    """Why there are no pool counters tells nothing of dhcpd.conf, and that they came does not mean that it was read."""
    unread = replace(live(P), other_peers=None, pools_note="pool of 10.0.0.100: no object matches")
    assert rule(Action.SHUTDOWN, P, pair(unread, live(Q)), NOW).pending
    counted = replace(unread, pools_note="", configuration_note="Permission denied")
    ruling = rule(Action.SHUTDOWN, P, pair(counted, live(Q)), NOW)
    assert (ruling.pending, ruling.sentence) == (False, "every other failover peer stops too")
    assert any("dhcpd.conf could not be read (Permission denied)" in found.observed for found in ruling.findings)


def test_a_rescue_is_asked_where_nobody_else_serves_it() -> None:
    """The partner is dead: while this dhcpd restarts, nobody serves `bar`."""
    me = with_peers(live(P, S.SHUTDOWN, S.PARTNER_DOWN), bar(P, S.COMMUNICATIONS_INTERRUPTED))
    partner = with_peers(down(Q), bar(Q, S.NORMAL))
    ruling = rule(Action.RESCUE, P, pair(me, partner), NOW)
    assert (ruling.allowed, ruling.sentence) == (True, "nobody serves bar while dhcpd restarts")


def test_partner_down_names_its_clients_and_who_waits() -> None:
    """Networks of ours, and the two that wait; one that stands otherwise is said not to be touched."""
    place = FailoverPlace("10.0.0.10", 647, "10.0.0.20", 647, ("10.0.0.0/24",))
    waiting = S.COMMUNICATIONS_INTERRUPTED
    ours = (bar(P, waiting), bar(P, waiting, name="baz"), third(S.NORMAL))
    theirs = (bar(Q, S.NORMAL), bar(Q, S.NORMAL, name="baz"))
    snapshot = pair(replace(with_peers(live(P, waiting), *ours), place=place), with_peers(down(Q), *theirs))
    said = rule(Action.PARTNER_DOWN, P, snapshot, NOW).warnings
    assert "This is about the clients of foo (10.0.0.0/24) only." in said
    assert any(
        each.startswith(
            "bar (10.0.1.0/24) and baz (10.0.1.0/24) stay in communications-interrupted, with the same partner dhcp2:"
        )
        for each in said
    )
    assert "qux: normal on dhcp1, not touched." in said
    words = still_waiting(assess_pair(snapshot, NOW))
    assert "bar (10.0.1.0/24) and baz (10.0.1.0/24) still wait in communications-interrupted" in words


def test_who_serves_it_afterwards() -> None:
    """Somebody, nobody, or not known: never "every client"."""

    def then(snapshot: PairSnapshot) -> str:
        both = assess_pair(snapshot, NOW)
        return afterwards(both, both.primary)

    left = pair(with_peers(down(P), bar(P, S.NORMAL)), with_peers(live(Q), bar(Q, S.COMMUNICATIONS_INTERRUPTED)))
    assert then(left) == " bar (10.0.1.0/24): dhcp2 serves it."
    left = pair(with_peers(down(P), bar(P, S.NORMAL)), with_peers(live(Q), bar(Q, S.SHUTDOWN)))
    assert then(left) == " Nobody serves bar (10.0.1.0/24)."
    left = pair(with_peers(down(P), bar(P, S.NORMAL)), with_peers(live(Q), bar(Q, None)))
    assert then(left).endswith("whether anybody serves it is not known.")
    blind = pair(replace(down(P), other_peers=None), live(Q))
    assert "could not be read" in then(blind)


def test_start_names_what_each_waits_for() -> None:
    """By the word of the server that runs; of a third server nothing is known here."""
    me = with_peers(down(Q), bar(Q, S.NORMAL), bar(Q, S.NORMAL, name="baz"), replace(third(S.NORMAL)))
    partner = with_peers(
        live(P, S.COMMUNICATIONS_INTERRUPTED), bar(P, S.PARTNER_DOWN), bar(P, S.COMMUNICATIONS_INTERRUPTED, name="baz")
    )
    said = rule(Action.START, Q, pair(partner, me), NOW).warnings
    assert "bar: partner-down on dhcp1: dhcp2 fetches its leases first and may wait out the MCLT." in said
    assert (
        "baz: communications-interrupted on dhcp1, which serves it: normal again once dhcp2 is there; if dhcp2's dhcpd was told"
        " to stop it waits for the MCLT first, and dhcp1 serves it alone."
    ) in said
    assert "qux: it looks for 10.0.2.30, of which nothing is known here." in said


def test_status_tells_them() -> None:
    """Name and state; null where it is not known, also for the whole list."""
    snapshot = pair(with_peers(live(P), bar(P, S.NORMAL), bar(P, None, name="baz")), replace(live(Q), other_peers=None))
    verdict = derive(snapshot, NOW)
    servers = as_json([(snapshot, verdict)], NOW)["pairs"][0]["servers"]
    assert servers["primary"]["other_peers"] == [{"peer": "bar", "state": "normal"}, {"peer": "baz", "state": None}]
    assert servers["secondary"]["other_peers"] is None
    assert "also failover peer bar (10.0.1.0/24): normal" in as_text(snapshot, verdict, NOW)
