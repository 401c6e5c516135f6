"""take-back: a server that has handed over serves its half again. About two seconds, no MCLT wait."""

from __future__ import annotations

from dhcptui.config import PairSettings
from dhcptui.engine.actions.base import ActionScript, Context, Step, StepFailed, omapi_write
from dhcptui.model.guards import Action
from dhcptui.model.plan import PlannedStep
from dhcptui.model.snapshot import Role
from dhcptui.model.states import FailoverState
from dhcptui.omapi.objects import SettableState

NORMAL_SECONDS = 20.0
"""Two seconds on an idle pair; a large lease database takes longer to send."""


def script(pair: PairSettings, acting: Role) -> ActionScript:
    """`acting` is the server in shutdown."""
    me, partner = pair[acting], pair[acting.other]
    return ActionScript(
        Action.TAKE_BACK,
        f"{me.name} takes its half of the clients back from {partner.name}.",
        me.name,
        (
            Step(
                PlannedStep(
                    f"{me.name} recovers",
                    me.name,
                    omapi_write(me, pair.peer, SettableState.RECOVER),
                    "both servers read normal",
                ),
                _take_back,
            ),
        ),
        "Both servers read normal and share the clients.",
        "Nothing to do.",
    )


async def _take_back(context: Context) -> str:
    await context.set_state(context.acting, SettableState.RECOVER)
    if await context.until_both_normal(NORMAL_SECONDS):
        return "both servers read normal"
    mine = context.standing(context.acting)
    if mine.state is FailoverState.RECOVER_WAIT:
        raise StepFailed(
            f"{context.me.name} waits out the MCLT: updates were still unacknowledged when it handed over",
            f"Nothing to do: {context.partner.name} serves meanwhile, and the countdown stands above.",
        )
    raise StepFailed(
        f"not both normal after {NORMAL_SECONDS:.0f} s: {context.me.name} reads"
        f" {mine.state.word if mine.state else 'nothing'}",
        f"{context.partner.name} serves meanwhile. Look at both logs.",
    )
