"""H, U and X: which server acts, and what its prompt says."""

from __future__ import annotations

import pytest

from dhcptui.assess.assessment import assess_pair
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.ui.acting import candidates, meant
from dhcptui.ui.panes.plan_view import PlanView
from dhcptui.ui.panes.prompt import Stage
from tests.ui.feed import (
    FakeClock,
    both_stopped,
    both_unreachable,
    busy_elsewhere,
    handed_over,
    healthy,
    one_down,
    pair,
    recovering,
    server,
    silenced,
)
from tests.ui.test_main_screen import row, screen
from tests.ui.test_prompt import confirm

P, Q = Role.PRIMARY, Role.SECONDARY
S = FailoverState


def off(one: FailoverState, two: FailoverState) -> PairSnapshot:
    """Two servers that hear each other, in these states."""
    return pair(server(P, one, two), server(Q, two, one))


@pytest.mark.parametrize(
    ("action", "snapshot", "acting"),
    [
        (Action.HAND_OVER, healthy(), (P, Q)),
        (Action.HAND_OVER, one_down(), (P,)),
        (Action.TAKE_BACK, handed_over(), (Q,)),
        (Action.TAKE_BACK, silenced(), (P,)),
        (Action.TAKE_BACK, off(S.PAUSED, S.COMMUNICATIONS_INTERRUPTED), (P,)),
        (Action.TAKE_BACK, off(S.PAUSED, S.SHUTDOWN), (P,)),
        (Action.START, one_down(), (Q,)),
        (Action.START, both_stopped(), (P, Q)),
        (Action.START, healthy(), (P,)),
        (Action.START, both_unreachable(), (P,)),
        (Action.RESCUE, silenced(), (P,)),
        (Action.RESCUE, recovering(), (Q,)),
        (Action.RESCUE, one_down(), (P,)),
    ],
)
def test_who_acts(action: Action, snapshot: PairSnapshot, acting: tuple[Role, ...]) -> None:
    """The allowed servers; where none is, the one whose refusal says most."""
    assert candidates(action, assess_pair(snapshot, FakeClock()()), looking_at=P, sync_from=P) == acting


def test_h_means_take_back_only_where_a_server_is_off() -> None:
    """One key, two actions, never both."""
    assert meant(Action.HAND_OVER, assess_pair(healthy(), FakeClock()())) is Action.HAND_OVER
    assert meant(Action.HAND_OVER, assess_pair(handed_over(), FakeClock()())) is Action.TAKE_BACK
    assert meant(Action.HAND_OVER, assess_pair(silenced(), FakeClock()())) is Action.TAKE_BACK
    assert (
        meant(Action.HAND_OVER, assess_pair(off(S.PAUSED, S.COMMUNICATIONS_INTERRUPTED), FakeClock()()))
        is Action.TAKE_BACK
    )
    assert meant(Action.START, assess_pair(handed_over(), FakeClock()())) is Action.START


async def test_hand_over_asks_which_server() -> None:
    """Both may hand over: a number chooses, that server's name confirms."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("H")
        assert app.main.prompt.stage is Stage.CHOOSING
        assert console.prepared == []
        await pilot.press("2")
        assert console.prepared == [(Action.HAND_OVER, Q)]
        assert "only a rescue of its lease file helps" in app.screen.query_one(PlanView).shown
        await confirm(pilot, "dhcp2")
        assert [(plan.action, plan.acting) for plan, _ in console.ran] == [(Action.HAND_OVER, Q)]


async def test_h_takes_back() -> None:
    """The server that has handed over is known: nobody is asked which."""
    async with screen(handed_over()) as (_app, pilot, console):
        await pilot.press("H")
        await confirm(pilot, "dhcp2")
        assert [(plan.action, plan.acting) for plan, _ in console.ran] == [(Action.TAKE_BACK, Q)]


async def test_h_brings_two_silent_servers_back_together() -> None:
    """Neither serves: nobody is asked which begins, and the pair's name is typed, since both are written to."""
    async with screen(off(S.PAUSED, S.SHUTDOWN)) as (app, pilot, console):
        await pilot.press("H")
        assert "Nobody serves now" in app.screen.query_one(PlanView).shown
        await confirm(pilot, "office")
        ((plan, _),) = console.ran
        assert [step.where for step in plan.steps] == ["dhcp1", "dhcp2"]


async def test_u_starts_the_server_that_is_down() -> None:
    """U needs no choice where one dhcpd runs; with none it asks."""
    async with screen(one_down()) as (_app, pilot, console):
        await pilot.press("U")
        await confirm(pilot, "dhcp2")
        assert [(plan.action, plan.acting) for plan, _ in console.ran] == [(Action.START, Q)]
    async with screen(both_stopped()) as (app, pilot, _):
        await pilot.press("U")
        assert app.main.prompt.stage is Stage.CHOOSING


async def test_x_rescues_the_silenced_server() -> None:
    """The living server that answers nobody acts; what it costs stands on top."""
    async with screen(silenced()) as (app, pilot, console):
        await pilot.press("X")
        assert "▲ Leases that only dhcp2 knew may be given out twice." in app.screen.query_one(PlanView).shown
        await confirm(pilot, "dhcp1")
        assert [(plan.action, plan.acting) for plan, _ in console.ran] == [(Action.RESCUE, P)]


@pytest.mark.parametrize("key", ["R", "S", "H"])
async def test_a_foreign_lock_refuses_and_says_who(key: str) -> None:
    """Somebody else is at work: nothing to type into, the holder named."""
    async with screen(busy_elsewhere()) as (app, pilot, console):
        await pilot.press(key)
        await pilot.pause()
        shown = app.screen.query_one(PlanView).shown
        assert shown.startswith("Refused")
        assert "anna" in shown
        assert "runs sync-restart (2 of 5: restart dhcp2)" in shown
        assert "Esc to leave" in row(app, "prompt-hint")
        await pilot.press("enter")
        assert console.ran == []
