"""What the ways between the servers, and the order in which things were seen, do to the naming of incidents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.verdict import Verdict, derive
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Channel, Link, Reach, ServerView
from dhcptui.model.states import FailoverState
from tests.unit.making import NOW, down, live, pair
from tests.unit.test_incident_signs import said
from tests.unit.test_reach import apart, place, reach, table, view

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY
OPEN, SILENT, REFUSED = Reach.OPEN, Reach.SILENT, Reach.REFUSED


def judged(one: ServerView, two: ServerView) -> Verdict:
    """The verdict now."""
    return derive(pair(one, two), NOW)


@pytest.mark.parametrize(
    ("one", "two", "id_", "evidence", "advice"),
    [
        (
            apart(P, reach(P, SILENT)), apart(Q, reach(Q, OPEN)),
            "I-7", "blocks the failover port one way", "Look at the firewalls from dhcp1 to dhcp2.",
        ),
        (
            apart(P, reach(P, SILENT)), apart(Q, reach(Q, SILENT)),
            "I-7", "but not on the failover port", "Look at the firewalls between them",
        ),
        (
            view(live(P, S.COMMUNICATIONS_INTERRUPTED), table(), reach(P, SILENT), place(P, "10.0.0.99")),
            apart(Q, reach(Q, OPEN)),
            "I-6", "looks for its partner at 10.0.0.99", "Look at address, port, peer address and peer port",
        ),
        (
            apart(P, reach(P, OPEN)), view(live(Q, S.COMMUNICATIONS_INTERRUPTED, offset=90.0), table(), reach(Q, OPEN)),
            "I-5", "the clocks are 90 s apart", "Set the clocks right",
        ),
    ],
)  # fmt: skip
def test_what_the_ways_show_is_the_evidence(
    one: ServerView, two: ServerView, id_: str, evidence: str, advice: str
) -> None:
    """The cause that the matrix tells is the incident, and the only one of the three that look alike."""
    found = judged(one, two)
    named = {each.id.value: each for each in found.incidents}
    assert named.keys() & {"I-5", "I-6", "I-7"} == {id_}
    assert found.incidents[0].id == id_
    assert named[id_].weight is Weight.WARNING
    assert any(evidence in item.text for item in named[id_].evidence), named[id_].evidence
    assert found.advice.startswith(advice)


def test_a_look_from_before_a_restart_names_nothing() -> None:
    """The try met a refusal while dhcpd was away; now it runs again, and the console has reached it since."""
    one, two = apart(P, reach(P, REFUSED)), view(live(Q, S.RECOVER, S.PARTNER_DOWN), table(listening=False))
    one = replace(one, status=live(P, S.PARTNER_DOWN, S.RECOVER).status)
    assert "I-7" in {each.id for each in judged(one, two).incidents}
    just_now = Channel(Link.OK, since=NOW.mono - 0.5, round_trip_seconds=0.001)
    assert "I-7" not in {each.id for each in judged(one, replace(two, omapi=just_now)).incidents}


def test_a_log_that_is_read_from_behind_names_nothing() -> None:
    """A console that has just come knows only the old lines of a server in recover-wait: its first start is long over."""
    first = ("I move from recover to startup", "I move from startup to recover", "I move from recover-done to normal")
    later = ("I move from normal to startup", "I move from startup to recover", "I move from recover to recover-wait")
    heard = "failover peer foo: peer moves from normal to recover"
    lines = [(60.0 - at, f"failover peer foo: {text}") for at, text in enumerate((*first, *later))]
    waiting = live(Q, S.RECOVER_WAIT, S.PARTNER_DOWN)
    holder = said(live(P, S.PARTNER_DOWN, S.RECOVER_WAIT), (50, heard))
    for known, me in ((3, waiting), (6, waiting), (3, down(Q))):
        found = judged(holder, said(me, *lines[:known]))
        assert ("I-4" in {each.id for each in found.incidents}) is (me is waiting)
        assert not {"I-8", "I-19", "I-14"} & {each.id for each in found.incidents}, known


def test_another_relationship_on_the_same_server_is_not_ours() -> None:
    """A server may have several: what the state changes of "bar" say is nothing that happens to "foo"."""
    lines = [
        (30.0, "failover peer foo: I move from recover-done to normal"),
        (5.0, "failover peer bar: I move from recover to startup"),
    ]
    assert judged(live(P), said(live(Q), *lines)).incidents == ()


def test_a_name_that_is_not_found() -> None:
    """I-17 by the words of the dhcpd that runs; those of the one before it are the past, those since the last look are not.

    It hides I-6 and I-7.
    """
    words = ("dhcp1.example.net: host unknown.", "failover peer foo: unexpected error")
    starting = live(Q, S.COMMUNICATIONS_INTERRUPTED)
    found = judged(live(P, S.COMMUNICATIONS_INTERRUPTED), said(starting, *words))
    assert found.incidents[0].id == "I-17"
    assert not {"I-6", "I-7"} & {each.id for each in found.incidents}
    assert found.advice.startswith("Write an address for the host name in dhcp2's dhcpd.conf")
    past = judged(live(P, S.COMMUNICATIONS_INTERRUPTED), said(starting, *words, pid=7))
    assert "I-17" not in {each.id for each in past.incidents}
    assert starting.process is not None
    unlooked = replace(starting, process=replace(starting.process, at=NOW.mono - 2.0))
    new = judged(live(P, S.COMMUNICATIONS_INTERRUPTED), said(unlooked, *words, pid=101))
    assert "I-17" in {each.id for each in new.incidents}
    assert not {"I-6", "I-7"} & {each.id for each in new.incidents}
    ended = judged(live(P, S.COMMUNICATIONS_INTERRUPTED), said(down(Q), *words, "exiting."))
    assert ended.incidents[0].id == "I-17"
    assert "refuses its configuration: write an address" in ended.advice


def test_rejections_of_before_are_the_past_of_a_healthy_pair() -> None:
    """While a change of ranges goes round, one server does not know the new addresses; afterwards that is only a note."""
    rejected = "bind update on 10.0.0.150 from foo rejected: unknown IP address"
    since = int(NOW.wall) - 60
    for ago, weight in ((90.0, Weight.NOTE), (30.0, Weight.WARNING)):
        found = judged(said(live(P, stos=since), (ago, rejected)), live(Q, stos=since))
        assert [(each.id, each.weight) for each in found.incidents] == [("I-9", weight)]
