"""Actions: one file each, holding its plan."""

from __future__ import annotations

from dataclasses import replace

from dhcptui.act.actions import (
    hand_over,
    partner_down,
    rescue,
    shutdown,
    start,
    sync_restart,
    take_back,
)
from dhcptui.act.actions.base import ActionScript
from dhcptui.act.plan import Plan
from dhcptui.assess import delayed_start as delayed
from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.comparison import Comparison
from dhcptui.assess.guards import judge
from dhcptui.assess.interrupted import ROLLBACK, stopped_in_restart
from dhcptui.assess.peer_guards import without_those_that_stay
from dhcptui.assess.return_path import ReturnPath
from dhcptui.config.loading import PairSettings
from dhcptui.model.action import Action
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot

_VARIANTS = {
    Action.TAKE_BACK: take_back.variant,
    Action.SHUTDOWN: shutdown.variant,
    Action.PARTNER_DOWN: partner_down.variant,
}
"""What is left to do, by the state of both servers."""


def make_script(
    action: Action, acting: Role, pair: PairSettings, comparison: Comparison | None = None, variant: str = ""
) -> ActionScript:
    """The steps of an action. Variants: "rollback" of sync-restart, those of start (assess/delayed_start.py), and what is left to do."""
    match action:
        case Action.SYNC_RESTART:
            return sync_restart.script(pair, acting, comparison, variant)
        case Action.PARTNER_DOWN:
            return partner_down.script(pair, acting, variant)
        case Action.SHUTDOWN:
            return shutdown.script(pair, acting, variant)
        case Action.HAND_OVER:
            return hand_over.script(pair, acting)
        case Action.TAKE_BACK:
            return take_back.script(pair, acting, ReturnPath(variant))
        case Action.START:
            return _start(acting, pair, variant)
        case Action.RESCUE:
            return rescue.script(pair, acting)


def _start(acting: Role, pair: PairSettings, variant: str) -> ActionScript:
    if (seconds := delayed.seconds_of(variant)) is not None:
        return start.later(pair, acting, seconds)
    if variant == delayed.CANCEL:
        return start.cancel(pair, acting)
    return start.script(pair, acting, scheduled=variant == delayed.AT_ONCE)


def _confirm_text(script: ActionScript, pair: PairSettings) -> str:
    """What has to be typed; in production the pair's name stands before it."""
    if pair.production and script.confirm_text != pair.name:
        return f"{pair.name} {script.confirm_text}"
    return script.confirm_text


def make_plan(
    action: Action,
    acting: Role,
    pair: PairSettings,
    snapshot: PairSnapshot,
    now: Moment,
    *,
    comparison: Comparison | None = None,
    variant: str = "",
) -> Plan:
    """The plan of an action on a snapshot: what would be done, and whether the guards allow it at `now`. No I/O.

    `comparison` is what `prepare` has read for a sync-restart; without it the plan is refused.
    """
    if left_to_do := _VARIANTS.get(action):
        variant = left_to_do(acting, snapshot, now)
    elif action is Action.START:
        variant = delayed.variant_of(variant, snapshot, acting)
    script = make_script(action, acting, pair, comparison, variant)
    case = assess_pair(snapshot, now).seen_from(acting)
    ruling = judge(action, case)
    if action is Action.START:
        ruling = delayed.judged(ruling, snapshot, now, variant)
    syncing = action is Action.SYNC_RESTART
    if syncing:
        role = stopped_in_restart(case)
        touched = sync_restart.restarted(pair, comparison, variant)
        kept = without_those_that_stay(case, ruling.findings, touched)
        stopped = pair[role].name if role else ""
        ruling = sync_restart.judged(
            replace(ruling, findings=kept), pair, comparison, now, variant=variant, stopped=stopped
        )
        ruling = replace(ruling, warnings=(*ruling.warnings, *sync_restart.chroot_notes(pair, snapshot)))
    unknown = syncing and comparison is None and variant != ROLLBACK  # a rollback says so itself
    return Plan(
        action=action,
        pair=pair.name,
        acting=acting,
        acting_name=pair[acting].name,
        partner_name=pair[acting.other].name,
        headline=sync_restart.BEFORE_COMPARED if unknown else script.headline,
        steps=tuple(step.planned for step in script.steps),
        ruling=ruling,
        confirm_text=_confirm_text(script, pair),
        attachment=comparison.attachment if syncing and comparison else (),
        variant=variant,
    )
