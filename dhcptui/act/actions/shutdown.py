"""shutdown: hand over first, then stop, so that the partner takes over at once and the return needs no MCLT wait.

`control state = 2` alone does not hand over on 4.4.3 (proven on a real pair: the survivor stays in
communications-interrupted). local-state shutdown (8) first does.
"""

from __future__ import annotations

import shlex

from dhcptui.act.actions import hand_over
from dhcptui.act.actions.base import ActionScript, Context, Step, StepFailed
from dhcptui.act.actions.others import case_now, unsworn
from dhcptui.act.operations import OmapiShutdown
from dhcptui.assess.peer_guards import Interruption, afterwards, interrupted
from dhcptui.assess.visibility import assess, no_process, process_running
from dhcptui.config.loading import PairSettings
from dhcptui.model.action import Action
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sentence import On
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.watch.clocks import moment

EXIT_SECONDS = 40.0
"""dhcpd exits 10-17 s after control state = 2."""


HANDED_OVER = "handed over"
"""The variant of a server that has handed over already: only its dhcpd is left to stop."""


def variant(acting: Role, snapshot: PairSnapshot, now: Moment) -> str:
    """What is left to do, by the acting server's state."""
    return HANDED_OVER if assess(snapshot[acting], now).state is FailoverState.SHUTDOWN else ""


def script(pair: PairSettings, acting: Role, variant: str = "") -> ActionScript:
    """`acting` is the server that stops."""
    me, partner = pair[acting], pair[acting.other]
    stop = Step.on(
        me,
        f"{me.name}'s dhcpd stops",
        OmapiShutdown(),
        f"nobody holds {me.name}'s lease file or its ports, {partner.name} still in partner-down",
        _stop,
    )
    handed_over = variant == HANDED_OVER
    headline = (
        f"Stop {me.name}, which has handed over: {partner.name} serves every client of {pair.peer}."
        if handed_over
        else f"Stop {me.name} cleanly: {partner.name} takes over every client of {pair.peer} first."
    )
    return ActionScript(
        Action.SHUTDOWN,
        headline,
        me.name,
        (stop,) if handed_over else (hand_over.queue_step(pair, acting), hand_over.step(pair, acting), stop),
        f"{me.name} is stopped, {partner.name} serves every client of {pair.peer}. {me.name}'s restart will skip the MCLT wait,"
        " unless updates were still unacknowledged.",
        (
            f"To bring {me.name} back: ",
            Action.START,
            On(me.name),
            f", or {shlex.join(me.restart)} on {me.name}. Until then {partner.name} is alone.",
        ),
        expects=hand_over.expected(me.name, partner.name),
        if_interrupted=(
            f"{me.name} has handed over and its dhcpd still runs: ",
            Action.SHUTDOWN,
            On(me.name),
            " goes on and stops it, ",
            Action.TAKE_BACK,
            On(me.name),
            " takes it back.",
        ),
        begins_at=0 if handed_over else 2,
        afterwards=lambda each: afterwards(each, each.me),
    )


async def _stop(context: Context) -> str:
    acting = context.acting
    await context.fresh()
    case = case_now(context, acting)
    if alone := unsworn(context, interrupted(case, Interruption.STOP, case.me)):
        raise StepFailed(
            "; ".join(alone),
            (
                f"dhcpd on {context.me.name} was not stopped; it has handed over: ",
                Action.TAKE_BACK,
                On(context.me.name),
                " takes it back.",
            ),
        )
    await context.shut_down_planned()
    if not await context.until(lambda snapshot, now: no_process(snapshot[acting], now), EXIT_SECONDS):
        seen = process_running(context.snapshot[acting], moment())
        name = context.me.name
        raise StepFailed(
            f"{name}'s dhcpd is still there after {EXIT_SECONDS:.0f} s"
            if seen
            else f"{name} has been told to stop, but cannot be looked into: {context.snapshot[acting].ssh.detail}",
            f"{context.partner.name} serves every client of {context.pair.peer} meanwhile. Look at {name}: process and log.",
        )
    if context.visibility(acting.other).state is not FailoverState.PARTNER_DOWN:
        raise StepFailed(
            f"dhcpd on {context.me.name} is gone, but {context.reads(acting.other)}",
            f"Look at {context.partner.name} first.",
        )
    look = context.snapshot[acting].process
    besides = f" but {'; '.join(look.value.held)}" if look and look.value.held else ""
    return (
        f"nobody holds {context.me.name}'s lease file or its ports{besides}; {context.partner.name} reads partner-down"
    )
