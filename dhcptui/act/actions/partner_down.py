"""partner-down: tell the survivor that its partner is gone, so that it may take over all addresses."""

from __future__ import annotations

import posixpath

from dhcptui.act.actions.base import ActionScript, Context, Step, StepFailed
from dhcptui.act.actions.others import unsworn
from dhcptui.act.locks import directory
from dhcptui.act.operations import OmapiWrite, run_on
from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.guards import rule
from dhcptui.assess.interrupted import unmarked
from dhcptui.assess.peer_guards import still_waiting
from dhcptui.assess.visibility import answers_since
from dhcptui.config.loading import PairSettings
from dhcptui.model.action import Action
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.servers.omapi.objects import SettableState
from dhcptui.servers.ssh import commands, lock_files
from dhcptui.servers.ssh.commands import Command
from dhcptui.watch.clocks import moment

DECLARED = "partner-down was declared"
ANSWER_SECONDS = 8.0


MARKER = "marker"
"""The variant that leaves only the marker, where an interrupted run has written the state and come no further."""


def variant(acting: Role, snapshot: PairSnapshot, now: Moment) -> str:
    """What is left to do."""
    return MARKER if unmarked(assess_pair(snapshot, now)) is acting else ""


def script(pair: PairSettings, acting: Role, variant: str = "") -> ActionScript:
    """`acting` is the survivor."""
    me, partner = pair[acting], pair[acting.other]
    place = posixpath.join(directory(me), commands.lockout_name(pair.peer))
    command = _marker(pair, acting, "OPERATOR")
    mark = Step.on(
        me,
        "leave a marker for other consoles",
        run_on(me, command, f"writes {place} on {me.name}", command.argv[-1]),
        f"{place} is read back",
        _mark,
    )
    headline = (
        f"{me.name} is in partner-down: leave the marker that {partner.name} must not start before it can reach {me.name}."
        if variant == MARKER
        else f"Declare {partner.name} down: {me.name} serves every client of {pair.peer} and may take over all its addresses."
    )
    return ActionScript(
        Action.PARTNER_DOWN,
        headline,
        partner.name,
        (mark,)
        if variant == MARKER
        else (
            Step.wait(partner, f"look at {partner.name} once more", "its dhcpd is still gone", _look_again),
            Step.on(
                me,
                f"put {me.name} into partner-down",
                OmapiWrite(pair.peer, SettableState.PARTNER_DOWN),
                f"{me.name} reads partner-down",
                _declare,
            ),
            mark,
        ),
        f"{me.name} is in partner-down and serves every client of {pair.peer}.",
        f"Keep {partner.name} from starting until it can reach {me.name}. It resynchronises before it serves again.",
        expects=frozenset({(me.name, FailoverState.PARTNER_DOWN.word)}),
        if_interrupted=f"Look whether {me.name} is in partner-down; until {partner.name} can reach it, it must not start.",
        begins_at=2,
        afterwards=still_waiting,
    )


def _marker(pair: PairSettings, acting: Role, by: str) -> Command:
    """What tells every console that the partner must not start unsynchronised."""
    return lock_files.put_lockout(directory(pair[acting]), pair[acting.other].name, by, DECLARED, pair.peer)


async def _look_again(context: Context) -> str:
    start, acting = moment().mono, context.acting
    await context.fresh()
    if context.snapshot[acting].omapi.ok:
        await context.until(lambda snapshot, now: answers_since(snapshot[acting], start, now), ANSWER_SECONDS)
    ruling = rule(Action.PARTNER_DOWN, context.acting, context.snapshot, moment())
    look = context.snapshot[acting.other].process
    gone = ruling.findings[1]
    if gone.ok and (look is None or look.at <= start):  # it was proven by a look from before the confirmation
        raise StepFailed(f"{context.partner.name} could not be looked at again just now", "Nothing was written.")
    if new := unsworn(context, ruling.findings):  # what nobody has answered for was not confirmed
        raise StepFailed("; ".join(new), "Nothing was written.")
    return gone.observed


async def _declare(context: Context) -> str:
    if context.visibility(context.acting).state is FailoverState.PARTNER_DOWN:
        raise StepFailed(f"{context.me.name} already is in partner-down", "Nothing was written.")
    written = await context.write_planned()
    if written.local_state is not FailoverState.PARTNER_DOWN:
        raise StepFailed(
            f"{context.me.name} answered {written.local_state.word}", "Look at its log before anything else."
        )
    if not await context.until_state(context.acting, FailoverState.PARTNER_DOWN, 5):
        raise StepFailed(f"{context.me.name} does not read partner-down", "Look at its log. Do not write it again.")
    return f"{context.me.name} reads partner-down{context.unanswered}"


async def _mark(context: Context) -> str:
    me, partner = context.me.name, context.partner.name
    if trouble := await context.mark_planned(_marker(context.pair, context.acting, context.who.text)):
        raise StepFailed(
            f"{me} is in partner-down and serves, but no marker tells other consoles that {partner} must not start:"
            f" {trouble}",
            f"Tell everybody: {partner} must not be started until it can reach {me}.",
        )
    return f"{posixpath.join(directory(context.me), commands.lockout_name(context.pair.peer))} was read back"
