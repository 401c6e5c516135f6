"""start: bring a stopped dhcpd up, and see what becomes of it."""

from __future__ import annotations

import shlex

from dhcptui.act.actions.base import ActionScript, Context, Step, StepFailed
from dhcptui.act.actions.bring_up import clocks_step, start_step
from dhcptui.act.actions.delayed import cancel_step, delayed_command, schedule_restart
from dhcptui.act.actions.died_again import GoneAgain
from dhcptui.act.actions.others import BACK_SECONDS
from dhcptui.act.operations import run_on
from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.peer_guards import afterwards
from dhcptui.assess.peers import PeerAssessment, judge, unserved
from dhcptui.assess.return_path import OUT_OF_SERVICE
from dhcptui.assess.verdict import recover_wait_ends
from dhcptui.config.loading import PairSettings
from dhcptui.model.action import Action
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sentence import On
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import CONFLICT, FailoverState
from dhcptui.model.words import age, clock, joined
from dhcptui.watch.clocks import moment

SETTLE_SECONDS = 60.0


def script(pair: PairSettings, acting: Role, *, scheduled: bool = False) -> ActionScript:
    """`acting` is the server that is brought up; `scheduled`: a start of it is, and is taken off first."""
    me, partner = pair[acting], pair[acting.other]
    return ActionScript(
        Action.START,
        f"Bring {me.name} up.",
        me.name,
        (
            *([cancel_step(me)] if scheduled else []),
            clocks_step(me),
            start_step(me),
            Step.wait(
                me,
                "see the pair settle",
                f"both read normal; or {me.name} waits out the MCLT; or it serves while {partner.name} is away",
                _settle,
            ),
        ),
        f"{me.name} runs.",
        "",
        afterwards=lambda each: afterwards(each, each.me),
    )


def later(pair: PairSettings, acting: Role, seconds: int) -> ActionScript:
    """The same at a later time, by the server's own scheduler: it needs no console then."""
    me = pair[acting]
    summary = f"a timer of systemd (or at) on {me.name} runs {shlex.join(me.restart)} in {seconds} s or a little later"
    return ActionScript(
        Action.START,
        f"Bring {me.name} up in {seconds} s, by a timer of its own.",
        me.name,
        (
            Step.on(
                me,
                f"schedule dhcpd's start on {me.name}",
                run_on(me, delayed_command(me, seconds), summary),
                "the clocks agree, and the server has taken the job",
                schedule_restart,
            ),
        ),
        f"{me.name} starts its dhcpd by itself, whether a console is open or not; until then every console says so.",
        "Look at the pair when the time has come: nobody verifies that start.",
        judged=False,
    )


def cancel(pair: PairSettings, acting: Role) -> ActionScript:
    """Take a scheduled start off again."""
    me = pair[acting]
    return ActionScript(
        Action.START,
        f"Cancel the scheduled start of {me.name}.",
        me.name,
        (cancel_step(me),),
        f"No start of {me.name} is scheduled any more.",
        f"{me.name} stays as it is until somebody starts it.",
        judged=False,
    )


async def _settle(context: Context) -> str:
    acting = context.acting

    def settled(snapshot: PairSnapshot, now: Moment) -> bool:
        pair = assess_pair(snapshot, now)
        me, partner = pair[acting], pair[acting.other]
        if pair.both_normal:
            return True
        if me.state is FailoverState.RECOVER_WAIT or me.state in OUT_OF_SERVICE:
            return True
        return me.serving is True and (not partner.live or partner.state in OUT_OF_SERVICE)

    gone, began = GoneAgain(context, acting), moment().mono
    well = await gone.until(settled, SETTLE_SECONDS)
    if gone.dead:
        raise StepFailed(gone.why, f"Look at the log of {context.me.name}.")
    if not well:
        state = context.visibility(acting).state
        advice = "It resolves conflicts: wait." if state in CONFLICT else ""
        if state is None:
            advice = f"Look at the log of {context.me.name}."
        raise StepFailed(f"{context.reads(acting)} after {age(moment().mono - began)}", advice)
    _not_off(context)
    others = await _others_settle(context)
    view = context.snapshot[acting]
    if (ends := recover_wait_ends(view, context.snapshot[acting.other])) is not None:
        return f"{context.me.name} waits out the MCLT until {clock(ends)} UTC by its own clock; {context.partner.name} serves{others}"
    return f"{context.reads(acting)} and serves{others}"


def _not_off(context: Context) -> None:
    """A server that died in shutdown or paused starts in it, and no time ends that."""
    name, state = context.me.name, context.visibility(context.acting).state
    if state not in OUT_OF_SERVICE or state is None:
        return
    had = "had handed over" if state is FailoverState.SHUTDOWN else "had been paused"
    raise StepFailed(
        f"{name} runs, and reads {state.word}: it {had}, and stays so until somebody takes it back",
        (Action.TAKE_BACK, On(name, said=True), " takes it back."),
    )


async def _others_settle(context: Context) -> str:
    """The other relationships of this dhcpd: normal again, waiting out the MCLT, or served as far as can be."""

    def settled(snapshot: PairSnapshot, now: Moment) -> bool:
        return all(_has_settled(each) for each in judge(assess_pair(snapshot, now), context.acting))

    found = judge(context.assessment(), context.acting)
    if not found:
        return ""
    await context.until(settled, BACK_SECONDS)
    found = judge(context.assessment(), context.acting)
    if alone := [each.peer.label for each in found if unserved(each)]:
        raise StepFailed(f"nobody serves {joined(alone)}", f"Look at the log of {context.me.name}.")
    return "; " + ", ".join(f"{each.name} {each.state.word if each.state else 'not known'}" for each in found)


def _has_settled(each: PeerAssessment) -> bool:
    """A partner that serves it comes together with this one; without such a partner this one does alone.

    What was handed over or paused when it stopped stays so until somebody acts.
    """
    if each.state in {FailoverState.NORMAL, FailoverState.RECOVER_WAIT, *OUT_OF_SERVICE} or each.peer.note:
        return True
    return each.elsewhere is not True and each.serving is True
