"""A recover-wait that a clock has made longer: the advice says until when, and what ends it in time."""

from __future__ import annotations

import textwrap
from dataclasses import replace

import pytest

from dhcptui.assess.verdict import derive
from dhcptui.assess.visibility import assess
from dhcptui.assess.waiting import set_back
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ServerView
from dhcptui.model.states import FailoverState as S
from tests.unit.making import NOW, live, pair

P, Q = Role.PRIMARY, Role.SECONDARY
HOUR = 3600.0
BEGAN = int(NOW.wall) - 600
"""Ten minutes ago by a true clock; mclt is half an hour."""


def waiting(offset: float, stos: int = BEGAN) -> ServerView:
    """dhcp2 in recover-wait under this clock."""
    return live(Q, S.RECOVER_WAIT, S.PARTNER_DOWN, stos=stos, offset=offset)


def survivor(offset: float = 0.0) -> ServerView:
    """dhcp1 serves for both."""
    return live(P, S.PARTNER_DOWN, S.RECOVER_WAIT, offset=offset)


def test_an_hour_back() -> None:
    """Until when by its clock, and how long; and that it ends in time once the clock is right."""
    verdict = derive(pair(survivor(), waiting(-HOUR)), NOW)
    ends = BEGAN + 1800
    found = set_back(verdict.secondary, verdict.primary.view)
    assert found
    assert (found.ends, found.remaining_seconds, found.behind_seconds) == (ends, 1200 + HOUR, HOUR)
    assert verdict.advice.startswith("Set dhcp2's clock right: it was set back")
    assert "1h 20m" in verdict.advice
    assert "ends in time" in verdict.advice
    assert len(textwrap.wrap(f"What now: {verdict.advice}", 78)) <= 2


def test_a_little_back_on_a_live_link() -> None:
    """Two minutes behind both others: dhcpd would not have connected so, and it is so now."""
    assert "set back" in derive(pair(survivor(), waiting(-120.0)), NOW).advice


def test_a_clock_that_was_ahead() -> None:
    """It is right now, and the last state began in its future: there is nothing to set."""
    verdict = derive(pair(survivor(), waiting(0.0, int(NOW.wall) + 3000)), NOW)
    assert verdict.advice.startswith("Wait until ")
    assert "Set" not in verdict.advice


@pytest.mark.parametrize(
    "view",
    [
        waiting(0.0),
        waiting(-30.0),
        waiting(+120.0),
        replace(waiting(-HOUR), clock=None),  # its clock was never read: nothing is known
        live(Q, S.RECOVER, S.PARTNER_DOWN, stos=BEGAN, offset=-HOUR),
    ],
)
def test_nothing_is_known_of_a_longer_wait(view: ServerView) -> None:
    """A plain wait, a clock within what dhcpd tolerates, one that is ahead, one that was not read, no wait at all."""
    assert set_back(assess(view, NOW), survivor()) is None


def test_our_own_clock_is_the_wrong_one() -> None:
    """Both servers agree, and we are an hour ahead of both: nobody's clock was set back."""
    assert set_back(assess(waiting(-HOUR, BEGAN - 3600), NOW), survivor(-HOUR)) is None
