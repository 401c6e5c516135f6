"""Which server acts: the guards know."""

from __future__ import annotations

from dhcptui.assess.guards import Ruling, rule
from dhcptui.assess.return_path import OUT_OF_SERVICE
from dhcptui.assess.visibility import assess
from dhcptui.model.action import Action
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot


def meant(action: Action, snapshot: PairSnapshot, now: Moment) -> Action:
    """What a key means at the moment: where a server is in shutdown or paused, the same key takes back."""
    if action is Action.HAND_OVER and _off(snapshot, now):
        return Action.TAKE_BACK
    return action


def candidates(
    action: Action, snapshot: PairSnapshot, now: Moment, *, looking_at: Role, sync_from: Role
) -> tuple[Role, ...]:
    """The servers that may act, or the one whose refusal says most. More than one: somebody has to choose."""
    if action is Action.SYNC_RESTART:
        return (sync_from,)
    allowed = tuple(role for role in Role if rule(action, role, snapshot, now).allowed)
    if action is Action.TAKE_BACK:  # two that come back together do so whichever begins: nothing to choose
        allowed = allowed[:1]
    if not allowed:  # what is still being looked at must not decide who is offered
        allowed = tuple(role for role in Role if rule(action, role, snapshot, now).pending)
        allowed = allowed if action in {Action.SHUTDOWN, Action.HAND_OVER, Action.START} else ()
    return allowed or (_most_telling(action, snapshot, now, looking_at),)


def _most_telling(action: Action, snapshot: PairSnapshot, now: Moment, looking_at: Role) -> Role:
    """The server that would have to act, if any could."""
    assessments = {role: assess(snapshot[role], now) for role in Role}
    wanted: list[Role] = []
    if action is Action.PARTNER_DOWN:
        return survivor(snapshot, now)
    if action is Action.TAKE_BACK:
        wanted = _off(snapshot, now)
    elif action is Action.START:
        wanted = [role for role in Role if not assessments[role].live]
    elif action is Action.RESCUE:
        mute = [role for role in Role if assessments[role].live and assessments[role].serving is False]
        wanted = mute or [survivor(snapshot, now)]
    return wanted[0] if len(wanted) == 1 else looking_at


def _off(snapshot: PairSnapshot, now: Moment) -> list[Role]:
    return [role for role in Role if assess(snapshot[role], now).state in OUT_OF_SERVICE]


def survivor(snapshot: PairSnapshot, now: Moment) -> Role:
    """The server that would have to go on alone: the only one that serves, the only one that answers, else the primary."""
    assessments = {role: assess(snapshot[role], now) for role in Role}
    for roles in (
        [role for role in Role if assessments[role].serving],
        [role for role in Role if assessments[role].live],
    ):
        if len(roles) == 1:
            return roles[0]
    return Role.PRIMARY


def rulings(snapshot: PairSnapshot, now: Moment, *, looking_at: Role, sync_from: Role) -> dict[Action, Ruling]:
    """For the key bar: for each action that has a key, the ruling of what it means, for the server that would act."""
    found: dict[Action, Ruling] = {}
    for key in Action:
        if key is not Action.TAKE_BACK:
            action = meant(key, snapshot, now)
            acting = candidates(action, snapshot, now, looking_at=looking_at, sync_from=sync_from)[0]
            found[key] = rule(action, acting, snapshot, now)
    return found
