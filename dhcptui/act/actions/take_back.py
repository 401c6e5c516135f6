"""take-back: a server in shutdown or paused serves its half again. What is written depends on both servers' states."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dhcptui.act.actions.base import ActionScript, Context, Step, StepFailed, both_normal
from dhcptui.act.actions.hand_over import followed
from dhcptui.act.operations import OmapiWrite
from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.return_path import ReturnPath, return_path
from dhcptui.assess.visibility import assess
from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.model.action import Action
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sentence import Look, On
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import REBUILDING, FailoverState
from dhcptui.servers.omapi.objects import SettableState
from dhcptui.watch.clocks import moment

_Run = Callable[[Context], Awaitable[str]]
NORMAL_SECONDS = 20.0
"""Two seconds on an idle pair; counted anew while leases are seen to travel."""
BEGUN_SECONDS = 5.0
BOTH_NORMAL = "both servers read normal"


def variant(acting: Role, snapshot: PairSnapshot, now: Moment) -> str:
    """The way back from these states; where there is none, that of a hand-over, which the guards refuse."""
    pair = assess_pair(snapshot, now)
    found = return_path(pair[acting].state, pair[acting.other].state)
    return (found or ReturnPath.TAKE_BACK).value


def script(pair: PairSettings, acting: Role, way: ReturnPath = ReturnPath.TAKE_BACK) -> ActionScript:
    """`acting` is the server in shutdown or paused."""
    me, partner = pair[acting], pair[acting.other]
    last = _recover(pair, me, BOTH_NORMAL, _take_back)
    together = f"{me.name} and {partner.name} exchange their leases and serve again."
    headline, confirm, steps = {
        ReturnPath.TAKE_BACK: (f"{me.name} takes its half of the clients back from {partner.name}.", me.name, (last,)),
        ReturnPath.BY_SHUTDOWN: (
            f"{me.name} comes back from paused: {partner.name} serves for both first, then {me.name} takes its half.",
            me.name,
            (_by_shutdown(pair, me, partner), last),
        ),
        ReturnPath.TOGETHER: (
            together,
            pair.name,
            (
                _recover(pair, me, f"{me.name} reads recover, or is further on its way", _begin),
                _recover(pair, partner, BOTH_NORMAL, _take_back),
            ),
        ),
        ReturnPath.JOIN: (together, me.name, (last,)),
    }[way]
    return ActionScript(
        Action.TAKE_BACK,
        headline,
        confirm,
        steps,
        "Both servers read normal and share the clients.",
        "Nothing to do.",
        if_interrupted=(Action.TAKE_BACK, On(me.name), " goes on from the states as they are now."),
    )


def _recover(pair: PairSettings, server: ServerSettings, until: str, run: _Run) -> Step:
    return Step.on(server, f"{server.name} recovers", OmapiWrite(pair.peer, SettableState.RECOVER), until, run)


def _by_shutdown(pair: PairSettings, me: ServerSettings, partner: ServerSettings) -> Step:
    return Step.on(
        me,
        f"{partner.name} serves for both",
        OmapiWrite(pair.peer, SettableState.SHUTDOWN),
        f"{me.name} reads shutdown, {partner.name} reads partner-down",
        _shut,
    )


async def _shut(context: Context) -> str:
    await context.write_planned()
    if await followed(context):
        return f"{context.me.name} reads shutdown, {context.partner.name} reads partner-down"
    seen = context.visibility(context.acting.other)
    raise StepFailed(
        f"{context.partner.name} did not take over ({seen.state.word if seen.state else seen.visibility.value})",
        (
            f"{context.me.name} is in shutdown now and serves nobody, as before. Mend the link between the two, then ",
            Action.TAKE_BACK,
            On(context.me.name),
            " again.",
        ),
    )


async def _begin(context: Context) -> str:
    await context.write_planned()
    began = {*REBUILDING, FailoverState.NORMAL}
    if await context.until(lambda snapshot, now: assess(snapshot[context.acting], now).state in began, BEGUN_SECONDS):
        return context.reads(context.acting)
    raise StepFailed(context.reads(context.acting), "Look at its log. Nobody serves now.")


async def _take_back(context: Context) -> str:
    """Both normal, once the server of this step was told to recover."""
    await context.write_planned()
    began = moment().mono
    if await context.until_settled(both_normal, NORMAL_SECONDS):
        return BOTH_NORMAL
    role = context.planned.role
    me, partner = context.visibility(role), context.visibility(role.other)
    other = context.pair[role.other].name
    meanwhile = f"{other} serves meanwhile" if partner.serving else "nobody serves meanwhile"
    waiting = [each.view.name for each in (me, partner) if each.state is FailoverState.RECOVER_WAIT]
    if waiting:
        why = ": updates were still unacknowledged when it stopped serving" if partner.serving else ""
        raise StepFailed(
            f"{waiting[0]} waits out the MCLT{why}",
            (f"Nothing to do: {meanwhile}, and ", Look.BOTH_STATES, " tell how long."),
        )
    raise StepFailed(
        f"not both normal after {moment().mono - began:.0f} s: {context.reads(role)}",
        f"{meanwhile[0].upper()}{meanwhile[1:]}. Look at both logs.",
    )
