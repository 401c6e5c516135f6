"""start: bring a stopped dhcpd up, and see what becomes of it."""

from __future__ import annotations

from dhcptui.config import PairSettings
from dhcptui.engine.actions.base import ActionScript, Context, Step, StepFailed
from dhcptui.engine.actions.coming_up import clocks_step, start_step
from dhcptui.model.guards import Action
from dhcptui.model.plan import PlannedStep
from dhcptui.model.snapshot import Moment, PairSnapshot, Role
from dhcptui.model.standing import stand
from dhcptui.model.states import CONFLICT, FailoverState
from dhcptui.model.verdict import recover_wait_ends
from dhcptui.model.words import clock

SETTLE_SECONDS = 60.0


def script(pair: PairSettings, acting: Role) -> ActionScript:
    """`acting` is the server that is brought up."""
    me, partner = pair[acting], pair[acting.other]
    return ActionScript(
        Action.START,
        f"Bring {me.name} up.",
        me.name,
        (
            clocks_step(me),
            start_step(me),
            Step(
                PlannedStep(
                    "see the pair settle",
                    me.name,
                    "",
                    f"both read normal; or {me.name} waits out the MCLT; or it serves while {partner.name} is away",
                ),
                _settle,
            ),
        ),
        f"{me.name} runs.",
        "Follow the states above: a recover-wait ends by itself.",
    )


async def _settle(context: Context) -> str:
    acting = context.acting

    def settled(snapshot: PairSnapshot, now: Moment) -> bool:
        me, partner = stand(snapshot[acting], now), stand(snapshot[acting.other], now)
        if me.state is FailoverState.NORMAL and partner.state is FailoverState.NORMAL:
            return True
        return me.state is FailoverState.RECOVER_WAIT or (me.serving is True and not partner.live)

    if not await context.until(settled, SETTLE_SECONDS):
        state = context.standing(acting).state
        advice = "It resolves conflicts: wait." if state in CONFLICT else f"Look at the log of {context.me.name}."
        raise StepFailed(f"{context.me.name} reads {state.word if state else 'nothing'} after a minute", advice)
    view = context.snapshot[acting]
    if (ends := recover_wait_ends(view, context.snapshot[acting.other])) is not None:
        return f"{context.me.name} waits out the MCLT until {clock(ends)} UTC by its own clock; {context.partner.name} serves"
    state = context.standing(acting).state
    return f"{context.me.name} reads {state.word if state else '?'} and serves"
