"""Roles that are not the configured ones: who serves now stands first, then what is mixed up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.guards import rule
from dhcptui.assess.role_mismatch import RoleMismatch, role_mismatch
from dhcptui.assess.verdict import Level, derive
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ProcessSighting, ServerView
from dhcptui.model.states import FailoverState
from tests.unit.making import NOW, down, live, never, pair

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY
OWN = S.COMMUNICATIONS_INTERRUPTED


def says(view: ServerView, role: Role, pid: int = 100) -> ServerView:
    """The same server, telling another role, as another process."""
    assert view.status is not None
    status = replace(view.status.value, role=role)
    return replace(view, status=Seen(status, view.status.at), process=Seen(ProcessSighting((pid,)), NOW.mono - 1))


SWAPPED = says(live(P), Q), says(live(Q), P, 7)
ONE = live(P), says(live(Q), P)
ALIKE = live(P, OWN), says(live(Q, OWN), P, 7)
CASES = [
    (*SWAPPED, RoleMismatch.SWAPPED, Level.WARNING, "both servers serve; our configuration has dhcp1 and dhcp2 swapped"),
    (*ONE, RoleMismatch.ONE_SERVER, Level.WARNING, "dhcp1 serves; dhcp2 is the same server, so who else serves is not seen"),
    (
        live(P, S.PAUSED), says(live(Q, S.PAUSED), P), RoleMismatch.ONE_SERVER, Level.CRITICAL,
        "dhcp1 serves nobody; dhcp2 is the same server, so who else serves is not seen",
    ),
    (
        *ALIKE, RoleMismatch.ALIKE, Level.CRITICAL,
        "both servers serve as the primary, from one half: addresses may be given out twice",
    ),
    (
        says(live(P, S.STARTUP), Q), live(Q, OWN), RoleMismatch.ALIKE, Level.WARNING,
        "dhcp2 serves from its own half, short leases; dhcp1 is starting; both say they are the secondary",
    ),
    (
        down(P), says(live(Q, OWN), P), RoleMismatch.UNCLEAR, Level.WARNING,
        "dhcp2 serves from its own half, short leases; dhcp1 is down (dhcpd not running);"
        " dhcp2 says it is the primary",
    ),
    (
        down(P), says(live(Q, S.PAUSED), P), RoleMismatch.UNCLEAR, Level.CRITICAL,
        "nobody serves: dhcp1 is down (dhcpd not running) and dhcp2 is in paused;"
        " dhcp2 says it is the primary",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("one", "two", "mixed", "level", "words"), CASES)
def test_who_serves_and_what_is_mixed_up(
    one: ServerView, two: ServerView, mixed: RoleMismatch, level: Level, words: str
) -> None:
    """The headline answers both; the advice names what to correct, and no action, since none is allowed."""
    verdict = derive(pair(one, two), NOW)
    assert role_mismatch(assess_pair(pair(one, two), NOW)) is mixed
    assert (verdict.level, verdict.headline) == (level, words)
    assert "configuration" in verdict.advice or "dhcpd.conf" in verdict.advice
    assert not any(isinstance(part, Action) for part in verdict.advised)
    assert not any(rule(action, role, pair(one, two), NOW).allowed for action in Action for role in Role)
    assert "I-6" in {each.id for each in verdict.incidents}


def test_no_mix_up() -> None:
    """Roles as configured; a server that says nothing is not accused of anything."""
    for one, two in ((live(P), live(Q)), (live(P), down(Q)), (never(P), never(Q))):
        assert role_mismatch(assess_pair(pair(one, two), NOW)) is None
