"""The ways back for a server in shutdown or paused: which writes, and when none is allowed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.act.actions import make_plan
from dhcptui.act.plan import Plan
from dhcptui.assess.return_path import OUT_OF_SERVICE, ReturnPath, return_path
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import FailoverSockets, ServerView
from dhcptui.model.states import REBUILDING, FailoverState
from tests.unit.making import NOW, down, live, pair
from tools.documents.guide import example

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY
OWN, ALONE = S.COMMUNICATIONS_INTERRUPTED, S.PARTNER_DOWN
OFFICE = example()
WRITES = {
    (S.SHUTDOWN, ALONE): ["dhcp1 6"],
    (S.PAUSED, OWN): ["dhcp1 8", "dhcp1 6"],
    (S.PAUSED, ALONE): ["dhcp1 8", "dhcp1 6"],
    **{(one, two): ["dhcp1 6", "dhcp2 6"] for one in OUT_OF_SERVICE for two in OUT_OF_SERVICE},
    **{(one, two): ["dhcp1 6"] for one in OUT_OF_SERVICE for two in REBUILDING},
}
"""Everything else has no way."""


def plan(one: ServerView, two: ServerView) -> Plan:
    """The take-back of the primary."""
    return make_plan(Action.TAKE_BACK, P, OFFICE, pair(one, two), NOW)


def linked(view: ServerView, up: bool, seconds: float = 1.0) -> ServerView:
    """The same with its socket table read."""
    return replace(view, sockets=Seen(FailoverSockets("ss", listening=True, established=up), NOW.mono - seconds))


@pytest.mark.parametrize("two", S)
@pytest.mark.parametrize("one", S)
def test_every_pair_of_states(one: FailoverState, two: FailoverState) -> None:
    """Allowed with exactly these writes, or refused."""
    made = plan(live(P, one, two), live(Q, two, one))
    assert made.allowed == ((one, two) in WRITES), made.ruling.reasons
    assert (return_path(one, two) is not None) == made.allowed
    if made.allowed:
        written = [f"{step.where} {step.command.partition('local-state = ')[2][0]}" for step in made.steps]
        assert written == WRITES[one, two]
        assert made.confirm_text == ("office" if {step.where for step in made.steps} == {"dhcp1", "dhcp2"} else "dhcp1")
        assert made.variant == (return_path(one, two) or ReturnPath.TAKE_BACK).value


def test_the_wait_is_foretold() -> None:
    """What it may cost stands in the plan before anything is typed, and who serves meanwhile."""
    said = {
        two: " ".join(plan(live(P, S.PAUSED, two), live(Q, two, S.PAUSED)).ruling.warnings)
        for two in (OWN, S.SHUTDOWN, S.RECOVER_WAIT)
    }
    assert "dhcp1 waits out the MCLT (30 min); dhcp2 serves meanwhile" in said[OWN]
    assert "Nobody serves now. Both are normal within seconds" in said[S.SHUTDOWN]
    assert "once dhcp2 has waited out the MCLT (30 min)" in said[S.RECOVER_WAIT]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (linked(live(P, S.PAUSED, OWN), False), live(Q, OWN, S.PAUSED)),
        (live(P, S.PAUSED, OWN), linked(live(Q, OWN, S.PAUSED), False)),
        (live(P, S.PAUSED, S.NORMAL), live(Q, OWN, S.PAUSED)),
        (live(P, S.PAUSED, OWN), live(Q, OWN, S.NORMAL)),
        (live(P, S.SHUTDOWN, OWN), live(Q, OWN, S.SHUTDOWN)),
    ],
    ids=["no link, says dhcp1", "no link, says dhcp2", "dhcp1 has not heard", "dhcp2 has not heard", "not taken over"],
)
def test_without_a_link_nothing_is_written(one: ServerView, two: ServerView) -> None:
    """It would wait for ever: the reason says what to mend."""
    made = plan(one, two)
    assert not made.allowed
    assert "mend the link" in " ".join(made.ruling.reasons)


def test_an_old_socket_table_says_nothing() -> None:
    """What was seen before the link came back forbids nothing; neither does it where the partner serves for both."""
    assert plan(linked(live(P, S.PAUSED, OWN), False, 60), live(Q, OWN, S.PAUSED)).allowed
    assert plan(linked(live(P, S.SHUTDOWN, ALONE), False), live(Q, ALONE, S.SHUTDOWN)).allowed


def test_without_a_partner_partner_down_is_the_way() -> None:
    """A dead partner takes nothing over; the server that is left may, unless what it recorded silences it."""
    for off in OUT_OF_SERVICE:
        assert not plan(live(P, off, OWN), down(Q)).allowed
        for heard, action in ((OWN, Action.PARTNER_DOWN), (ALONE, Action.RESCUE)):
            for each in (Action.PARTNER_DOWN, Action.RESCUE):
                made = make_plan(each, P, OFFICE, pair(live(P, off, heard), down(Q)), NOW)
                assert made.allowed == (each is action), made.ruling.reasons
