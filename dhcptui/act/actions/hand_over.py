"""hand-over: the partner serves everything while dhcpd here keeps running. Undone by take-back within seconds."""

from __future__ import annotations

from dhcptui.act.actions.base import ActionScript, Context, Step, StepFailed
from dhcptui.act.operations import OmapiWrite
from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.evidence import partner_queue_empty, queue_empty
from dhcptui.assess.queues import queue_words
from dhcptui.config.loading import PairSettings
from dhcptui.model.action import Action
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sentence import On
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.model.words import joined
from dhcptui.servers.omapi.errors import OmapiError
from dhcptui.servers.omapi.objects import SettableState
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.watch.clocks import moment

_S = FailoverState
FOLLOW_SECONDS = 5.0
"""The survivor takes 0.1 s; after this long it will not follow."""
BACK_SECONDS = 15.0
QUEUE_SECONDS = 20.0
"""An update is acknowledged within milliseconds; a pair that is never quiet for so long is asked again later."""


def script(pair: PairSettings, acting: Role) -> ActionScript:
    """`acting` is the server that hands over."""
    me, partner = pair[acting], pair[acting.other]
    return ActionScript(
        Action.HAND_OVER,
        f"{me.name} hands every client of {pair.peer} over to {partner.name}; its dhcpd keeps running.",
        me.name,
        (queue_step(pair, acting), step(pair, acting)),
        f"{partner.name} serves every client of {pair.peer}; {me.name} is in shutdown, its dhcpd runs.",
        (
            Action.TAKE_BACK,
            On(me.name, said=True),
            " takes it back, without an MCLT wait unless updates were unacknowledged."
            f" Until then {partner.name} is alone.",
        ),
        expects=expected(me.name, partner.name),
        begins_at=2,
    )


def expected(me: str, partner: str) -> frozenset[tuple[str, str]]:
    """The states entered on the way: the last four when the survivor does not follow and all is set back."""
    back = (_S.RECOVER, _S.RECOVER_WAIT, _S.RECOVER_DONE, _S.NORMAL)
    return frozenset({(me, _S.SHUTDOWN.word), (partner, _S.PARTNER_DOWN.word), *((me, state.word) for state in back)})


def queue_step(pair: PairSettings, acting: Role) -> Step:
    """Wait for traffic: what is unacknowledged when a server leaves costs its return the full MCLT."""
    both = joined(pair[role].name for role in Role)
    condition = f"nothing unacknowledged on {both}"
    return Step.wait(pair[acting], "wait until no update is under way", condition, _queues_empty)


async def _queues_empty(context: Context) -> str:
    """Nothing is written unless both queues are seen empty, or somebody has answered for one that stands still."""
    findings = (queue_empty, partner_queue_empty)
    each = context.assessment()
    asked = [found for check in findings if not (found := check(each)).holds]
    if asked and all(found.sentence in context.sworn for found in asked):
        return "; ".join(found.observed for found in asked)
    start = moment().mono

    def empty(snapshot: PairSnapshot, now: Moment) -> bool:
        """Read after the step began, of both."""
        return all(
            one.live and one.view.status and one.view.status.at > start and not one.view.status.value.unacked_updates
            for one in assess_pair(snapshot, now).servers
        )

    if await context.until(empty, QUEUE_SECONDS):
        return "nothing unacknowledged"
    waiting = " and ".join(f"{each.view.name} {queue_words(each)}" for each in map(context.visibility, Role))
    raise StepFailed(
        f"not seen empty within {QUEUE_SECONDS:.0f} s: unacknowledged are {waiting}",
        "Nothing was written. Try again when fewer clients ask; a queue that stands still has lost the link.",
    )


def step(pair: PairSettings, acting: Role) -> Step:
    """The step itself; a clean shutdown begins with it too."""
    me, partner = pair[acting], pair[acting.other]
    return Step.on(
        me,
        f"{me.name} hands over",
        OmapiWrite(pair.peer, SettableState.SHUTDOWN),
        f"{me.name} reads shutdown, {partner.name} reads partner-down (else {me.name} is set back to recover)",
        _hand_over,
        fallback=OmapiWrite(pair.peer, SettableState.RECOVER),
    )


async def followed(context: Context) -> bool:
    """Wait until the acting server reads shutdown, its partner partner-down, and the acting server has heard that.

    Before it has heard, dhcpd would not leave out the MCLT wait of its return.
    """
    acting = context.acting

    def holds(snapshot: PairSnapshot, now: Moment) -> bool:
        pair = assess_pair(snapshot, now)
        me, partner = pair[acting], pair[acting.other]
        return me.state is _S.SHUTDOWN and partner.state is me.heard is _S.PARTNER_DOWN

    return await context.until(holds, FOLLOW_SECONDS)


async def _hand_over(context: Context) -> str:
    acting, partner = context.acting, context.acting.other
    await _queues_empty(context)  # again: clients go on, and this is the moment that counts
    await context.write_planned()
    if await followed(context):
        return f"{context.me.name} reads shutdown, {context.partner.name} reads partner-down"
    seen = context.visibility(partner)
    sentence = f"{context.partner.name} did not take over ({seen.state.word if seen.state else seen.visibility.value})"
    try:
        await context.write_fallback()
    except (OmapiError, RemoteError) as error:
        raise StepFailed(
            f"{sentence}; shutdown (8) was written on {context.me.name} and could not be taken back: {error}",
            (
                f"{context.me.name} serves nobody while it reads shutdown. As soon as it answers ",
                Action.TAKE_BACK,
                On(context.me.name),
                " takes it back.",
            ),
        ) from error
    back = await context.until_state(acting, FailoverState.NORMAL, BACK_SECONDS)
    mine = context.visibility(acting)
    word = "normal again" if back else f"{mine.state.word if mine.state else 'silent'} now: watch it"
    raise StepFailed(sentence, f"{context.me.name} was set back to recover and is {word}.")
