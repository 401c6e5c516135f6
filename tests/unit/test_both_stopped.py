"""Both servers stopped: an incident of the present, which names the one to start first; what is over is told as past."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.incidents.past import is_past, past_words
from dhcptui.assess.verdict import Level, derive
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot, RecordedState, ServerView
from dhcptui.model.states import FailoverState
from dhcptui.ui.keymap import Commands
from dhcptui.ui.render.explanation import incident_view
from tests.unit.making import NOW, down, live, pair, status
from tests.unit.test_incident_signs import hold, said

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY
ALONE = "failover peer foo: I move from normal to communications-interrupted"
NORMAL = "failover peer foo: I move from communications-interrupted to normal"


def silent(role: Role) -> ServerView:
    """A stopped server of which no answer was ever seen, nor anything written."""
    return replace(down(role), status=None)


def recorded(view: ServerView, state: FailoverState) -> ServerView:
    """The view with a state in its lease file."""
    return replace(view, recorded=Seen(RecordedState(state, None, None, "lease file", None), NOW.mono))


def answered(view: ServerView, ago: float) -> ServerView:
    """The view with its last answer so long ago."""
    return replace(view, status=Seen(status(view.role), NOW.mono - ago))


@pytest.mark.parametrize(
    ("one", "two", "why"),
    [
        (recorded(silent(P), S.NORMAL), recorded(silent(Q), S.COMMUNICATIONS_INTERRUPTED), "its lease file says communications"),
        (said(silent(P), (60, NORMAL)), said(silent(Q), (30, ALONE)), "its log says communications-interrupted"),
        (answered(silent(P), 90), answered(silent(Q), 30), "it answered this console until"),
        (said(silent(P), (60, NORMAL)), said(silent(Q), (30, NORMAL)), "its log ends later"),
    ],
)  # fmt: skip
def test_who_was_stopped_last_is_named_by_any_witness(one: ServerView, two: ServerView, why: str) -> None:
    """Lease file, log, this console's own eyes: the advice names it, and the evidence says how that is known."""
    snapshot = pair(one, two)
    hold(snapshot)
    verdict = derive(snapshot, NOW)
    assert verdict.level is Level.CRITICAL
    assert verdict.advice == "U brings dhcp2 up first: it was the last to serve. Then start dhcp1."
    (found,) = (each for each in verdict.incidents if each.id == "I-25")
    assert found.weight is Weight.CRITICAL
    assert any(why in each.text and each.server == "dhcp2" for each in found.evidence)
    assert [(each.action, each.acting) for each in found.remedies] == [(Action.START, Q)]


def test_where_no_witness_tells() -> None:
    """It is said, and nobody is named: no answer, no line; and two that stopped within a moment."""
    for one, two in ((silent(P), silent(Q)), (answered(silent(P), 30), answered(silent(Q), 29))):
        verdict = derive(pair(one, two), NOW)
        assert verdict.advice.startswith("Start the server that was stopped last")
        (found,) = (each for each in verdict.incidents if each.id == "I-25")
        assert any("not known" in each.text for each in found.evidence)


def lost_an_hour_ago(last: str) -> PairSnapshot:
    """The secondary had lost its lease file some minutes ago and recovered; `last`: its last line."""
    lines = (
        (400.0, "failover peer foo: I move from recover-done to normal"),
        (300.0, "failover peer foo: I move from recover to startup"),
        (250.0, "failover peer foo: I move from startup to recover"),
        (200.0, "failover peer foo: I move from recover-done to normal"),
        (60.0, last),
    )
    return pair(down(P), said(down(Q), *lines))


def test_what_is_over_is_no_advice_for_now() -> None:
    """A lost lease database of minutes ago beside two stopped servers: past, with its end, and without "do"."""
    snapshot = lost_an_hour_ago("failover peer foo: I move from normal to communications-interrupted")
    verdict = derive(snapshot, NOW)
    assert verdict.incidents[0].id == "I-25"
    (lost,) = (each for each in verdict.incidents if each.id == "I-8")
    assert is_past(lost)
    assert "over since dhcp2 was normal" in past_words(lost, snapshot)
    page = [repr(each) for each in incident_view([lost], snapshot, Commands())]
    assert any("over since dhcp2 was normal" in each for each in page)
    assert not any(lost.incident.do in each or lost.incident.avoid in each for each in page)
    now = [repr(each) for each in incident_view(verdict.incidents[:1], snapshot, Commands())]
    assert any(verdict.incidents[0].incident.do in each for each in now)


def test_what_is_so_now_is_not_past() -> None:
    """Whatever rests on the present keeps its advice."""
    for snapshot in (pair(down(P), down(Q)), pair(live(P, S.COMMUNICATIONS_INTERRUPTED), down(Q))):
        assert not any(is_past(each) for each in derive(snapshot, NOW).incidents if each.weight > Weight.NOTE)
