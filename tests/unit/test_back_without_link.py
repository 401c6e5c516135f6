"""A server on its way back that does not hear its partner: waiting helps nothing, and what does is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.verdict import derive
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ClockOffset, Reach, ServerView
from dhcptui.model.states import FailoverState
from tests.unit.making import NOW, live, pair
from tests.unit.test_incident_signs import said
from tests.unit.test_reach import reach, table, view

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY
BACK = [S.RECOVER, S.RECOVER_WAIT, S.RECOVER_DONE]
LATE = int(NOW.wall) - 2


def advice(one: ServerView, two: ServerView) -> str:
    """What now."""
    return derive(pair(one, two), NOW).advice


def cut(server: ServerView) -> ServerView:
    """The view with a failover port that meets silence."""
    return view(server, table(), reach(server.role, Reach.SILENT))


def linked(server: ServerView) -> ServerView:
    """The view with its failover connection."""
    return view(server, table(True))


@pytest.mark.parametrize("state", BACK)
@pytest.mark.parametrize("holder", [S.PARTNER_DOWN, S.COMMUNICATIONS_INTERRUPTED])
def test_a_port_that_is_cut(state: FailoverState, holder: FailoverState) -> None:
    """Seen on a real pair: "goes back to normal by itself" for ever, with I-7 named beside it."""
    told = advice(cut(live(P, holder, S.RECOVER)), cut(live(Q, state, S.PARTNER_DOWN)))
    assert "Wait" not in told
    assert told.startswith("Look at the firewalls between them")
    assert told.endswith("dhcp1 serves meanwhile.")


@pytest.mark.parametrize("state", BACK)
def test_the_states_alone_tell_it(state: FailoverState) -> None:
    """No look at the ways was possible; communications-interrupted beside it is enough, once it has lasted."""
    one, two = live(P, S.COMMUNICATIONS_INTERRUPTED, S.RECOVER), live(Q, state, S.NORMAL)
    assert advice(one, two).startswith("Mend the link between the two")
    just = live(P, S.COMMUNICATIONS_INTERRUPTED, S.RECOVER, stos=LATE)
    assert advice(just, two).startswith("Wait: dhcp2 resynchronises")


@pytest.mark.parametrize("state", [S.RECOVER, S.RECOVER_DONE])
def test_clocks_that_are_far_apart(state: FailoverState) -> None:
    """Seen on a real pair: a clock set 300 s ahead, and dhcpd that refuses to connect again."""
    ahead = replace(live(Q, state, S.PARTNER_DOWN), clock=Seen(ClockOffset(300.0, 0.001), NOW.mono - 1))
    told = advice(live(P, S.PARTNER_DOWN, state), ahead)
    assert told.startswith("Set the clocks right, best by NTP")
    assert told.endswith("dhcp1 serves meanwhile.")


def test_dhcpd_says_why_itself() -> None:
    """Roles or names that do not fit: no look at the ways tells that."""
    rejected = "Failover CONNECT to foo rejected: Connection rejected, invalid failover partner."
    one = said(live(P, S.PARTNER_DOWN, S.RECOVER), rejected)
    assert advice(one, live(Q, S.RECOVER, S.PARTNER_DOWN)).startswith("Compare the failover peer blocks")


@pytest.mark.parametrize("state", BACK)
def test_a_link_that_holds_is_waited_for(state: FailoverState) -> None:
    """Nothing is wrong: it goes on by itself."""
    wait = "Wait: dhcp2 resynchronises and goes back to normal by itself. dhcp1 serves meanwhile."
    one, two = live(P, S.PARTNER_DOWN, state), live(Q, state, S.PARTNER_DOWN)
    assert advice(linked(one), linked(two)) == wait
    assert advice(one, two) == wait


def test_both_on_their_way_back_and_apart() -> None:
    """Neither serves, and neither hears the other one."""
    told = advice(cut(live(P, S.RECOVER, S.RECOVER)), cut(live(Q, S.RECOVER, S.RECOVER)))
    assert told.startswith("Look at the firewalls between them")
    whole = advice(linked(live(P, S.RECOVER, S.RECOVER)), linked(live(Q, S.RECOVER, S.RECOVER, stos=LATE)))
    assert whole.startswith("Wait: both exchange their leases")
