"""The last words of an action: they come from a verdict made after its last step, and never contradict the headline."""

from __future__ import annotations

from collections.abc import Callable

from dhcptui.act.plan import Plan
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.verdict import Verdict
from dhcptui.assess.visibility import ServerAssessment
from dhcptui.model.action import Action
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.sentence import Sentence
from dhcptui.model.states import FailoverState

_S, _A, _I = FailoverState, Action, IncidentId
VERIFIED = "Every step was verified."


def _both_normal(me: ServerAssessment, partner: ServerAssessment) -> bool:
    return all(each.state is _S.NORMAL and each.serving for each in (me, partner))


_LEAVES: dict[Action, Callable[[ServerAssessment, ServerAssessment], bool]] = {
    _A.HAND_OVER: lambda me, partner: me.state is _S.SHUTDOWN and partner.serving is True,
    _A.SHUTDOWN: lambda me, partner: not me.live and partner.serving is True,
    _A.PARTNER_DOWN: lambda me, partner: me.state is _S.PARTNER_DOWN and me.serving is True and not partner.live,
    _A.RESCUE: lambda me, partner: me.serving is True and not partner.live,
    _A.TAKE_BACK: _both_normal,
    _A.SYNC_RESTART: _both_normal,
}
"""As what each action leaves the pair, acting server and partner: only then are its own last words true."""


def closing(plan: Plan, result: str, next_: Sentence, verdict: Verdict) -> tuple[str, Sentence]:
    """Result and next step of an action of which every step was verified.

    Its own words where the pair is as the action leaves it and nothing else is wrong; else what is so now, and what helps.
    """
    action, acting = plan.action, plan.acting
    leaves = _LEAVES.get(action)
    if leaves is not None and leaves(verdict[acting], verdict[acting.other]) and not troubled(verdict):
        return result, next_
    # What was started or rolled back is so whatever has become of the pair; who serves may be otherwise.
    outcome = result if action is _A.START or plan.variant else VERIFIED
    return f"{outcome} Now: {verdict.headline}.".strip(), verdict.advised


def troubled(verdict: Verdict) -> bool:
    """Whether something is wrong that no action leaves behind: clients without addresses, a full disk, a contradiction."""
    heavy = any(each.weight is Weight.CRITICAL or each.id is _I.LEASE_FILE_UNWRITABLE for each in verdict.incidents)
    return heavy or bool(verdict.contradictions)
