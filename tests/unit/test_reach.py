"""The reachability matrix and its diagnosis, over the whole product of what can be observed."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.diagnosis import Cause, Diagnosis, diagnose
from dhcptui.assess.links import LinkMatrix, ServerLinks, Way, calm, lost, matrix
from dhcptui.assess.visibility import assess
from dhcptui.model.failover import FailoverPlace
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import (
    Channel,
    ClockOffset,
    FailoverSockets,
    Link,
    PartnerReach,
    ProcessSighting,
    Reach,
    ServerView,
)
from dhcptui.model.states import FailoverState
from tests.unit.making import NOW, down, gone, hung, live, never, pair

P, Q = Role.PRIMARY, Role.SECONDARY
R = Reach
ADDRESS = {P: "10.0.0.10", Q: "10.0.0.20"}
ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED


def place(role: Role, peer_address: str | None = None, peer_port: int = 647) -> FailoverPlace:
    """Crossed, as they should be."""
    return FailoverPlace(ADDRESS[role], 647, peer_address or ADDRESS[role.other], peer_port)


def table(established: bool = False, **more: Any) -> FailoverSockets:
    """A socket table; the listener is there unless said otherwise."""
    return FailoverSockets("ss", **{"listening": True, "established": established, **more})


def reach(role: Role, port: Reach, ping: Reach = R.OPEN, ssh: Reach = R.UNKNOWN) -> PartnerReach:
    """What a server met."""
    return PartnerReach(ADDRESS[role.other], ping, port, ssh)


def view(
    base: ServerView,
    sockets: FailoverSockets | None = None,
    met: PartnerReach | None = None,
    at: FailoverPlace | None = None,
) -> ServerView:
    """A view in which the ways were looked at a second ago."""
    return replace(
        base,
        sockets=Seen(sockets, NOW.mono - 1) if sockets else None,
        reach=Seen(met, NOW.mono - 1) if met else None,
        place=at or place(base.role),
    )


def healthy(role: Role) -> ServerView:
    """Normal, and connected."""
    return view(live(role), table(True))


def apart(role: Role, met: PartnerReach | None, **more: Any) -> ServerView:
    """In communications-interrupted, dhcpd there and listening."""
    return view(live(role, ALONE), table(**more), met)


def said(primary: ServerView, secondary: ServerView) -> Diagnosis:
    """The diagnosis of two views."""
    return diagnose(matrix(assess_pair(pair(primary, secondary), NOW)))


def test_all_green() -> None:
    """Nothing is broken: six open ways, each with what it rests on."""
    found = matrix(assess_pair(pair(healthy(P), healthy(Q)), NOW))
    assert found.all_green
    assert [way.state for way in found.ways] == [R.OPEN] * 6
    assert found.connected_by == "sockets of dhcp1 (ss) and dhcp2 (ss)"
    assert found.primary.failover.age_seconds == 1.0
    assert found.primary.failover.label == "failover port 647"
    diagnosis = diagnose(found)
    assert (diagnosis.cause, diagnosis.broken, diagnosis.incident) == (Cause.NONE, (), None)


def test_old_values_are_none() -> None:
    """A table from before the trouble, or a try from long ago, says nothing any more."""
    old = replace(healthy(P), sockets=Seen(table(True), NOW.mono - 60))
    assert matrix(assess_pair(pair(old, healthy(Q)), NOW)).primary.sockets is not None
    troubled = replace(apart(P, None), sockets=Seen(table(True), NOW.mono - 60))
    assert matrix(assess_pair(pair(troubled, live(Q, ALONE)), NOW)).connected is None
    long_ago = replace(apart(P, None), reach=Seen(reach(P, R.REFUSED), NOW.mono - 60))
    assert matrix(assess_pair(pair(long_ago, apart(Q, None)), NOW)).primary.failover.state is R.UNKNOWN


def test_a_connection_that_only_one_has_is_none() -> None:
    """After a crash of the host the other side still shows it."""
    found = matrix(assess_pair(pair(view(live(P, ALONE), table(True)), apart(Q, None)), NOW))
    assert found.connected is False
    assert found.primary.failover.state is R.UNKNOWN


def test_dhcpds_own_try() -> None:
    """A try of dhcpd's that meets silence shows in the table; a newer answer of ours counts more."""
    waiting = apart(P, None, connecting=True)
    way = matrix(assess_pair(pair(waiting, apart(Q, None)), NOW)).primary.failover
    assert (way.state, way.detail) == (R.SILENT, "dhcpd's own try")
    newer = replace(waiting, reach=Seen(reach(P, R.OPEN), NOW.mono - 0.5))
    assert matrix(assess_pair(pair(newer, apart(Q, None)), NOW)).primary.failover.state is R.OPEN


def test_an_open_way_from_before_the_other_one_closed_is_no_witness() -> None:
    """One way is blocked only where the other one was tried since: else both may be cut."""
    closed = replace(silent(P), failover_met_at=NOW.mono - 1, failover_since=NOW.mono - 3)
    before = replace(opened(Q), failover_met_at=NOW.mono - 4, failover_since=NOW.mono - 90)
    since = replace(before, failover_met_at=NOW.mono - 2)
    assert said(apart(P, closed), apart(Q, before)).cause is Cause.UNKNOWN
    assert said(apart(P, closed), apart(Q, since)).cause is Cause.PORT_ONE_WAY


def silent(role: Role) -> PartnerReach:
    """Ping passes, the port does not."""
    return reach(role, R.SILENT)


def refused(role: Role) -> PartnerReach:
    """Somebody says no."""
    return reach(role, R.REFUSED)


def opened(role: Role) -> PartnerReach:
    """The port takes connections."""
    return reach(role, R.OPEN)


def no_ping(role: Role) -> PartnerReach:
    """Nothing answers."""
    return reach(role, R.SILENT, R.SILENT)


CASES = [
    ("port to secondary", apart(P, silent(P)), apart(Q, opened(Q)), Cause.PORT_ONE_WAY, "from dhcp1 to dhcp2 at 10.0.0.20:647 meet"),
    ("port to primary", apart(P, opened(P)), apart(Q, silent(Q)), Cause.PORT_ONE_WAY, "from dhcp2 to dhcp1 at 10.0.0.10:647 meet"),
    ("rejected", apart(P, refused(P)), apart(Q, opened(Q)), Cause.PORT_ONE_WAY, "are refused although dhcp2 listens"),
    ("port packets one way", apart(P, silent(P), half_open=True), apart(Q, silent(Q)), Cause.PORT_ONE_WAY, "What dhcp1 sends to dhcp2 for failover"),
    ("port both ways", apart(P, silent(P)), apart(Q, silent(Q)), Cause.PORT, "not on the failover port"),
    ("network one way", apart(P, no_ping(P)), apart(Q, no_ping(Q), half_open=True), Cause.NETWORK_ONE_WAY, "What dhcp2 sends to dhcp1 is lost"),
    ("network both ways", apart(P, no_ping(P)), apart(Q, no_ping(Q)), Cause.NETWORK, "Nothing passes"),
    ("no ping there", apart(P, reach(P, R.SILENT, R.UNKNOWN)), apart(Q, reach(Q, R.SILENT, R.UNKNOWN)), Cause.UNREACHED, "not known"),
    ("killed", apart(P, refused(P)), view(down(Q), table(listening=False), opened(Q)), Cause.LISTENER_MISSING, "of dhcp2: dhcpd is not running"),
    ("no failover", apart(P, refused(P)), apart(Q, opened(Q), listening=False), Cause.LISTENER_MISSING, "dhcpd runs on dhcp2, but does not listen"),
    ("another host", apart(P, opened(P)), apart(Q, opened(Q), listening=False), Cause.WRONG_PEER, "it is another host"),
    ("wrong address", view(live(P, ALONE), table(), silent(P), place(P, "10.0.0.99")), apart(Q, opened(Q)), Cause.WRONG_PEER, "dhcp1 looks for its partner at 10.0.0.99"),
    ("wrong port", view(live(P, ALONE), table(), refused(P), place(P, None, 520)), apart(Q, opened(Q)), Cause.WRONG_PEER, "dhcp1 tries port 520, but dhcp2 listens on 647"),
    ("translated", apart(P, opened(P), strangers=("192.0.2.7",)), apart(Q, opened(Q)), Cause.TRANSLATED, "dhcp1 gets connections from 192.0.2.7"),
    ("clocks", apart(P, opened(P)), replace(apart(Q, opened(Q)), clock=Seen(ClockOffset(90.0, 0.01), NOW.mono - 1)), Cause.CLOCKS, "90 s apart"),
    ("not yet", apart(P, opened(P)), apart(Q, opened(Q)), Cause.NOT_CONNECTED, "no connection"),
    ("held", healthy(P), view(hung(Q), table(True)), Cause.HELD, "dhcpd on dhcp2 is held"),
    ("console's path", view(live(P, ALONE), table(), reach(P, R.SILENT)), gone(Q), Cause.CONSOLE_PATH, "dhcp1 reaches dhcp2"),
    ("host gone", view(live(P, ALONE), table(), no_ping(P)), gone(Q), Cause.HOST_GONE, "neither the console nor dhcp1"),
    ("not tried yet", view(live(P, ALONE), table()), gone(Q), Cause.UNKNOWN, "has not been able to try"),
    ("blind", gone(P), gone(Q), Cause.UNKNOWN, "reaches neither dhcp1 nor dhcp2"),
    ("first frame", never(P), never(Q), Cause.UNKNOWN, "still looking for the servers"),
    ("omapi only", healthy(P), replace(healthy(Q), omapi=Channel(Link.FAILED, "connection reset")), Cause.OMAPI, "dhcp2 cannot be asked over OMAPI (connection reset)"),
    ("login", healthy(P), replace(gone(Q), ssh=Channel(Link.FAILED, "host key changed", answered=True)), Cause.LOGIN, "host key changed"),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "cause", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_causes(a: ServerView, b: ServerView, cause: Cause, words: str) -> None:
    """Each fault by name, in a sentence that tells the servers apart."""
    diagnosis = said(a, b)
    assert diagnosis.cause is cause, diagnosis
    assert words in diagnosis.sentence, diagnosis


def test_our_own_try_is_no_stranger() -> None:
    """A host with two addresses tries from the wrong one: that is no translation."""
    met = apart(P, opened(P), strangers=("10.1.0.20",))
    other = apart(Q, opened(Q), own_addresses=("10.1.0.20",))
    assert said(met, other).cause is Cause.NOT_CONNECTED


def test_translation_that_is_meant() -> None:
    """Where the try gets through, an address that differs from the partner's own is not called wrong."""
    meant = view(live(P, ALONE), table(), opened(P), place(P, "192.0.2.20"))
    assert said(meant, apart(Q, opened(Q))).cause is Cause.NOT_CONNECTED


def test_lost_before_ssh_says_so() -> None:
    """A server that has been silent for seconds is lost, long before its SSH connection times out."""
    silent = replace(
        live(Q),
        status=Seen(live(Q).status.value, NOW.mono - 8),  # type: ignore[union-attr]
        clock=Seen(ClockOffset(0.0, 0.01), NOW.mono - 8),
        process=Seen(ProcessSighting((1,)), NOW.mono - 8),
    )
    assert lost(assess(silent, NOW))
    assert not lost(assess(replace(silent, process_note="hidepid"), NOW))
    assert not lost(assess(live(Q), NOW))
    assert not calm(assess_pair(pair(live(P), silent), NOW))
    assert said(view(live(P), table(True), reach(P, R.UNKNOWN)), silent).cause is Cause.CONSOLE_PATH


STATES = (R.OPEN, R.REFUSED, R.SILENT, R.UNKNOWN)
TABLES = (None, table(True), table(), table(half_open=True), table(listening=False), table(strangers=("192.0.2.7",)))
MET = (None, reach(P, R.OPEN), reach(P, R.UNKNOWN), no_ping(P))


Seeing = tuple[
    tuple[Reach, Reach],
    Reach,
    FailoverSockets | None,
    PartnerReach | None,
    tuple[bool | None, bool],
    FailoverPlace | None,
]
"""Console over SSH and OMAPI, the failover port, sockets, what was met, dhcpd running and held, dhcpd.conf."""


def side(role: Role, seeing: Seeing) -> ServerLinks:
    """A side of which nothing else is known."""
    console, failover, sockets, met, process, at = seeing
    name = f"dhcp{1 if role is P else 2}"
    other = f"dhcp{2 if role is P else 1}"
    ssh, omapi = (
        Way("console", name, what, state, "console", 1.0, "why")
        for what, state in zip(("SSH", "OMAPI"), console, strict=True)
    )
    way = Way(name, other, "failover port", failover, name, port=647)
    return ServerLinks(name, role, ssh, omapi, way, sockets, met, at, *process)


def judged(found: LinkMatrix) -> Diagnosis:
    """The diagnosis, which must be one sentence that claims no more than was seen."""
    diagnosis = diagnose(found)
    ends = [each.failover.state for each in found.sides]
    assert diagnosis.sentence.endswith("."), diagnosis
    assert len(diagnosis.sentence) < 260, diagnosis
    assert diagnosis.look_at or diagnosis.cause in {Cause.NONE, Cause.UNKNOWN}
    if diagnosis.cause is Cause.NONE:
        assert found.all_green
    if found.all_green and not any(each.held for each in found.sides):
        assert diagnosis.cause is Cause.NONE
    if diagnosis.cause in {Cause.PORT_ONE_WAY, Cause.PORT, Cause.NETWORK, Cause.NETWORK_ONE_WAY, Cause.REFUSED}:
        assert R.UNKNOWN not in ends
        assert set(ends) != {R.OPEN}
    if diagnosis.cause in {Cause.CLOCKS, Cause.NOT_CONNECTED}:
        assert set(ends) == {R.OPEN}
    if diagnosis.cause is Cause.LISTENER_MISSING:
        assert any(each.running is False or (each.sockets and not each.sockets.listening) for each in found.sides)
    if diagnosis.cause is Cause.HELD:
        assert any(each.held for each in found.sides)
    if diagnosis.cause in {Cause.HOST_GONE, Cause.CONSOLE_PATH}:
        assert [each.seen for each in found.sides].count(False) == 1
    if diagnosis.cause is Cause.WRONG_PEER:
        assert (
            found.primary.place
            or found.secondary.place
            or any(each.ok for each in (found.primary.failover, found.secondary.failover))
        )
    assert set(diagnosis.broken) == {way for way in found.ways if way.state in {R.REFUSED, R.SILENT}}
    return diagnosis


def test_total_over_the_link() -> None:
    """Every combination of what the two servers meet and see of each other, while the console reaches both."""
    causes = set()
    both = (R.OPEN, R.OPEN)
    for met_by_a, met_by_b, one, two, met, process in product(
        STATES, STATES, TABLES, TABLES, MET, ((True, False), (False, False), (None, False), (True, True))
    ):
        said_by = [each.established for each in (one, two) if each]
        connected = all(said_by) if said_by else None
        a, b = (R.OPEN, R.OPEN) if connected else (met_by_a, met_by_b)
        found = LinkMatrix(
            side(P, (both, a, one, met, (True, False), place(P))),
            side(Q, (both, b, two, met, process, place(Q))),
            connected, "tables", 1.0, None,
        )  # fmt: skip
        causes.add(judged(found).cause)
    expected = set(Cause) - {Cause.CONSOLE_PATH, Cause.HOST_GONE, Cause.LOGIN, Cause.OMAPI, Cause.CLOCKS}
    assert causes == expected


def test_total_over_the_console() -> None:
    """Every combination of how the console reaches the two, with and without a link between them."""
    for ssh_a, omapi_a, ssh_b, omapi_b, met, connected in product(
        STATES, STATES, STATES, STATES, MET, (True, False, None)
    ):
        link = R.OPEN if connected else R.UNKNOWN
        sockets = None if connected is None else table(connected)
        found = LinkMatrix(
            side(P, ((ssh_a, omapi_a), link, sockets, met, (None, False), None)),
            side(Q, ((ssh_b, omapi_b), link, sockets, met, (None, False), None)),
            connected, "tables", 1.0, None,
        )  # fmt: skip
        judged(found)


PLACES = st.sampled_from(
    [None, place(P), place(Q), place(P, "dhcp2.example"), place(Q, "10.0.0.99"), place(P, None, 520)]
)
SIDES = st.tuples(
    st.tuples(st.sampled_from(STATES), st.sampled_from(STATES)),
    st.sampled_from(STATES),
    st.sampled_from(TABLES),
    st.sampled_from(MET),
    st.sampled_from([(True, False), (False, False), (None, False), (True, True)]),
    PLACES,
)


@settings(max_examples=500, deadline=None)
@given(SIDES, SIDES, st.sampled_from([True, False, None]), st.sampled_from([None, 0.0, 61.0, -90.0]))
def test_total_over_everything(a: Seeing, b: Seeing, connected: bool | None, clock: float | None) -> None:
    """Whatever comes together, there is one sentence."""
    if connected:  # the connection is the way, open both ways
        a, b = (a[0], R.OPEN, *a[2:]), (b[0], R.OPEN, *b[2:])
    judged(LinkMatrix(side(P, a), side(Q, b), connected, "tables", 1.0, clock))
