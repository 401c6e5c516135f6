"""Which server acts: the guards know."""

from __future__ import annotations

from dhcptui.model.guards import Action, Ruling, rule
from dhcptui.model.snapshot import Moment, PairSnapshot, Role
from dhcptui.model.standing import stand


def candidates(
    action: Action, snapshot: PairSnapshot, now: Moment, *, looking_at: Role, sync_from: Role
) -> tuple[Role, ...]:
    """The servers that may act, or the one whose refusal says most. More than one: somebody has to choose."""
    if action is Action.SYNC_RESTART:
        return (sync_from,)
    allowed = tuple(role for role in Role if rule(action, role, snapshot, now).allowed)
    if allowed:
        return allowed
    if action is Action.PARTNER_DOWN:
        return (survivor(snapshot, now),)
    return (looking_at,)


def survivor(snapshot: PairSnapshot, now: Moment) -> Role:
    """The server that would have to go on alone: the only one that serves, the only one that answers, else the primary."""
    standings = {role: stand(snapshot[role], now) for role in Role}
    for roles in ([role for role in Role if standings[role].serving], [role for role in Role if standings[role].live]):
        if len(roles) == 1:
            return roles[0]
    return Role.PRIMARY


def rulings(snapshot: PairSnapshot, now: Moment, *, looking_at: Role, sync_from: Role) -> dict[Action, Ruling]:
    """For the key bar: each action's ruling for the server that would act."""
    found = {}
    for action in Action:
        acting = candidates(action, snapshot, now, looking_at=looking_at, sync_from=sync_from)[0]
        found[action] = rule(action, acting, snapshot, now)
    return found
