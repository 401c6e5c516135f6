"""A partner that vanished without a word, and a survivor that still reads normal: what is said until it notices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.forecast import forecasts
from dhcptui.assess.guards import rule
from dhcptui.assess.unnoticed import unnoticed
from dhcptui.assess.verdict import Level, derive
from dhcptui.assess.visibility import assess
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PartnerReach, Reach, ServerView
from dhcptui.model.states import FailoverState
from tests.unit.making import NOW, down, gone, hung, live, pair
from tests.unit.test_incident_signs import hold

P, Q = Role.PRIMARY, Role.SECONDARY
NET = "10.0.0.0/24"


def tried(view: ServerView, answer: Reach, ago: float = 1.0) -> ServerView:
    """The view after its server tried its partner's host."""
    return replace(view, reach=Seen(PartnerReach("10.0.0.20", answer, answer, answer), NOW.mono - ago))


def counted(view: ServerView, free: int, backup: int) -> ServerView:
    """The view with these counters."""
    return replace(view, pools=Seen((PoolCounters(NET, 101, free, backup),), NOW.mono - 1))


@pytest.mark.parametrize(
    ("one", "two", "words"),
    [
        (live(P), hung(Q), "not noticed yet (will by {}): dhcp2 is stopped"),
        (live(P), down(Q), "not noticed yet (will by {}): dhcp2 is down"),
        (tried(live(P), Reach.SILENT), gone(Q), "not noticed yet (will by {}): dhcp2 cannot be reached"),
    ],
)
def test_what_is_said_until_it_notices(one: ServerView, two: ServerView, words: str) -> None:
    """Who serves from what, until when at the latest; partner-down is "not yet" and not "its partner is alive"."""
    snapshot = pair(one, two)
    hold(snapshot)
    verdict = derive(snapshot, NOW)
    waits = unnoticed(assess(one, NOW), assess(two, NOW))
    assert waits is not None
    assert verdict.level is Level.WARNING
    assert verdict.headline.startswith("dhcp1 serves from its half, ")
    assert words.format(waits.by) in verdict.headline
    assert f"dhcp1 notices by {waits.by}" in verdict.advice
    ruling = rule(Action.PARTNER_DOWN, P, snapshot, NOW)
    assert not ruling.allowed
    assert any(f"not yet: {waits.seconds:.0f} s at most, until dhcp1 notices" in reason for reason in ruling.reasons)
    assert not any("is alive" in reason for reason in ruling.reasons)


def test_who_may_still_be_heard_is_not_called_gone() -> None:
    """One that only the console cannot reach, one whose host answers its partner, one that was not tried yet."""
    for one, two in (
        (tried(live(P), Reach.OPEN), gone(Q)),
        (tried(live(P), Reach.REFUSED), gone(Q)),
        (live(P), gone(Q)),
        (tried(live(P), Reach.SILENT, ago=120.0), gone(Q)),
        (live(P), live(Q)),
        (live(P, FailoverState.COMMUNICATIONS_INTERRUPTED), hung(Q)),
    ):
        assert unnoticed(assess(one, NOW), assess(two, NOW)) is None
        assert "noticed" not in derive(pair(one, two), NOW).headline


def test_after_max_response_delay_it_hears_somebody() -> None:
    """Still normal then: the guess was wrong, and is not said any more."""
    late = replace(hung(Q), status=Seen(hung(Q).status.value, NOW.mono - 70))  # type: ignore[union-attr]
    assert unnoticed(assess(live(P), NOW), assess(late, NOW)) is None
    (reason,) = (
        each for each in rule(Action.PARTNER_DOWN, P, pair(live(P), late), NOW).reasons if "reads normal" in each
    )
    assert "is alive" in reason


def test_its_own_half_alone_counts() -> None:
    """Empty: clients get nothing although the partner's half is full; the forecast counts the same."""
    one = counted(live(P), 0, 50)
    snapshot = pair(one, hung(Q))
    hold(snapshot)
    verdict = derive(snapshot, NOW)
    assert verdict.level is Level.CRITICAL
    assert verdict.headline.startswith("dhcp1 has no address left for new clients, not noticed yet")
    assert verdict.incidents[0].id == "I-1"
    assert [(each.to_give, each.servers) for each in forecasts(snapshot, {}, NOW)] == [(0, (P,))]
    assert [each.to_give for each in forecasts(pair(one, live(Q)), {}, NOW)] == [50]
