"""Which server acts: the guards know."""

from __future__ import annotations

from dhcptui.assess.assessment import Assessment
from dhcptui.assess.guards import Ruling, judge
from dhcptui.assess.return_path import OUT_OF_SERVICE
from dhcptui.model.action import Action
from dhcptui.model.role import Role


def meant(action: Action, pair: Assessment) -> Action:
    """What a key means at the moment: where a server is in shutdown or paused, the same key takes back."""
    if action is Action.HAND_OVER and _off(pair):
        return Action.TAKE_BACK
    return action


def candidates(action: Action, pair: Assessment, *, looking_at: Role, sync_from: Role) -> tuple[Role, ...]:
    """The servers that may act, or the one whose refusal says most. More than one: somebody has to choose."""
    if action is Action.SYNC_RESTART:
        return (sync_from,)
    allowed = tuple(role for role in Role if judge(action, pair.seen_from(role)).allowed)
    if action is Action.TAKE_BACK:  # two that come back together do so whichever begins: nothing to choose
        allowed = allowed[:1]
    if not allowed:  # what is still being looked at must not decide who is offered
        allowed = tuple(role for role in Role if judge(action, pair.seen_from(role)).pending)
        allowed = allowed if action in {Action.SHUTDOWN, Action.HAND_OVER, Action.START} else ()
    return allowed or (_most_telling(action, pair, looking_at),)


def _most_telling(action: Action, pair: Assessment, looking_at: Role) -> Role:
    """The server that would have to act, if any could."""
    wanted: list[Role] = []
    if action is Action.PARTNER_DOWN:
        return survivor(pair)
    if action is Action.TAKE_BACK:
        wanted = _off(pair)
    elif action is Action.START:
        wanted = [role for role in Role if not pair[role].live]
    elif action is Action.RESCUE:
        mute = [role for role in Role if pair[role].live and pair[role].serving is False]
        wanted = mute or [survivor(pair)]
    return wanted[0] if len(wanted) == 1 else looking_at


def _off(pair: Assessment) -> list[Role]:
    return [role for role in Role if pair[role].state in OUT_OF_SERVICE]


def survivor(pair: Assessment) -> Role:
    """The server that would have to go on alone: the only one that serves, the only one that answers, else the primary."""
    for roles in (
        [role for role in Role if pair[role].serving],
        [role for role in Role if pair[role].live],
    ):
        if len(roles) == 1:
            return roles[0]
    return Role.PRIMARY


def rulings(pair: Assessment, *, looking_at: Role, sync_from: Role) -> dict[Action, Ruling]:
    """For the key bar: for each action that has a key, the ruling of what it means, for the server that would act."""
    found: dict[Action, Ruling] = {}
    for key in Action:
        if key is not Action.TAKE_BACK:
            action = meant(key, pair)
            acting = candidates(action, pair, looking_at=looking_at, sync_from=sync_from)[0]
            found[key] = judge(action, pair.seen_from(acting))
    return found
