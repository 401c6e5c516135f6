"""A server that a recorded partner state silences: headline, advice, incident and the guard of rescue agree."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dhcptui.assess.guards import rule
from dhcptui.assess.verdict import derive
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ServerView
from dhcptui.model.states import SILENCING
from dhcptui.model.states import FailoverState as S
from tests.unit.making import NOW, down, gone, hung, live, pair

P, Q = Role.PRIMARY, Role.SECONDARY
SERVING = [state for state in S if state.info.serves]


@pytest.mark.parametrize("state", SERVING)
@pytest.mark.parametrize("recorded", sorted(SILENCING, key=str))
@pytest.mark.parametrize("away", [down, gone, hung])
def test_no_sentence_denies_the_other(state: S, recorded: S, away: Callable[[Role], ServerView]) -> None:
    """The headline names what was recorded; no refusal says that the server answers its clients."""
    snapshot = pair(live(P, state, recorded), away(Q))
    verdict = derive(snapshot, NOW)
    assert "answers nobody" in verdict.headline
    assert verdict.headline.endswith(f"recorded its partner as {recorded.word}")
    ruling = rule(Action.RESCUE, P, snapshot, NOW)
    assert not [each for each in ruling.findings if "answers its clients" in each.observed]


@pytest.mark.parametrize("state", [S.COMMUNICATIONS_INTERRUPTED, S.PARTNER_DOWN])
def test_what_a_recorded_partner_down_silences_is_rescued(state: S) -> None:
    """Its own state is no obstacle: only its lease file is, and the advice names the key."""
    snapshot = pair(live(P, state, S.PARTNER_DOWN), down(Q))
    assert rule(Action.RESCUE, P, snapshot, NOW).allowed
    assert "X (rescue) makes dhcp1 serve again" in derive(snapshot, NOW).advice


def test_before_it_has_noticed() -> None:
    """In normal it waits for its partner's answer a little longer; that is the reason, and not that it serves."""
    ruling = rule(Action.RESCUE, P, pair(live(P, S.NORMAL, S.PARTNER_DOWN), down(Q)), NOW)
    assert not ruling.allowed
    assert any("has not noticed yet" in each.observed for each in ruling.findings)


@pytest.mark.parametrize("recorded", [S.NORMAL, S.COMMUNICATIONS_INTERRUPTED])
def test_one_that_serves_is_not_rescued(recorded: S) -> None:
    """Nothing silences it: refused, by what it recorded."""
    snapshot = pair(live(P, S.COMMUNICATIONS_INTERRUPTED, recorded), down(Q))
    assert not rule(Action.RESCUE, P, snapshot, NOW).allowed
