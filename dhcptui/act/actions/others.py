"""Steps and the other relationships of a dhcpd: looked at before it goes, and waited for when it is back."""

from __future__ import annotations

from collections.abc import Sequence

from dhcptui.act.actions.base import Context, StepFailed
from dhcptui.assess.assessment import Assessment, assess_pair
from dhcptui.assess.evidence import Finding
from dhcptui.assess.peers import PeerAssessment, judge, who_serves
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.model.words import joined
from dhcptui.watch.clocks import moment

BACK_SECONDS = 150.0
"""dhcpd spends 15 s in startup, and tries a partner that refused it again after 90 s."""


def case_now(context: Context, acting: Role) -> Assessment:
    """Both servers as they stand now, seen from `acting`."""
    return context.assessment().seen_from(acting)


def unsworn(context: Context, findings: Sequence[Finding]) -> list[str]:
    """What is observed and nobody has answered for."""
    return [each.observed for each in findings if not each.holds and each.sentence not in context.sworn]


class OthersBack:
    """The other relationships of one dhcpd: as they were before it went, and the wait until they are so again."""

    def __init__(self, context: Context, role: Role) -> None:
        assessments = judge(context.assessment(), role)
        self._context, self._role, self._since = context, role, moment().mono
        self._normal = frozenset(each.name for each in assessments if each.state is FailoverState.NORMAL)
        down = context.visibility(role).gone
        # Of one that is down already, those that its partner serves: it takes part in them again.
        self._served = frozenset(each.name for each in assessments if each.serving or (down and each.elsewhere))

    async def wait(self) -> str:
        """Until those that were normal are normal on both ends, and those that were served here are served here.

        Returns what was seen, for the step's report; raises StepFailed.
        """
        if not self._served:
            return ""
        began = moment().mono
        if not await self._context.until_settled(self._back, BACK_SECONDS):
            left = [
                who_serves(each) for each in judge(self._context.assessment(), self._role) if not self._as_was(each)
            ]
            raise StepFailed(
                f"not as before within {moment().mono - began:.0f} s: {'; '.join(left)}",
                "Look at these relationships before anything else is restarted.",
            )
        rest = sorted(self._served - self._normal)
        parts = [f"{joined(sorted(self._normal))} normal"] if self._normal else []
        return ", ".join([*parts, *([f"{joined(rest)} served as before"] if rest else [])])

    def _back(self, snapshot: PairSnapshot, now: Moment) -> bool:
        view = snapshot[self._role]
        read = all(each.status and each.status.at > self._since for each in view.other_peers or ())
        found = judge(assess_pair(snapshot, now), self._role)
        names = {each.name for each in found}
        return read and self._served <= names and all(self._as_was(each) for each in found)

    def _as_was(self, each: PeerAssessment) -> bool:
        if each.name in self._normal:
            return each.state is FailoverState.NORMAL and each.elsewhere is True
        return each.name not in self._served or each.serving is True
