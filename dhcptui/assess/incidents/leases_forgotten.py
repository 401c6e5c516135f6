"""I-26: both servers started without their leases. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from dhcptui.assess.assessment import Assessment, Evidence, PairMember
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.incidents.found import Found
from dhcptui.assess.incidents.signs_in_logs import LONG_SECONDS, saved_state
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.moments import Seen
from dhcptui.model.pool_counters import Emptied
from dhcptui.model.states import REBUILDING, FailoverState

_S, _I = FailoverState, IncidentId
_KEEPS_NO_TRACE = REBUILDING | {_S.SHUTDOWN}
"""What a clean stop leaves behind: starting from recover is right then."""

STAMP_SECONDS = 1.5
"""A log tells its times to the second, and an offset of a clock was measured a moment earlier or later."""
FIRST_LOOK_SECONDS = 60.0
"""Counters that are read for the first time later than this after a start may miss leases that ran out meanwhile."""


def both_forgot(pair: Assessment) -> Iterator[Found]:
    """Both began in recover although they had leases, and neither had become normal before the other one started."""
    lost = [_forgot(side) for side in pair.servers]
    if lost[0] is None or lost[1] is None:
        return
    ages = [side.time - (each.at or 0.0) for side, each in zip(pair.servers, lost, strict=True) if each]
    for side, (start, other) in zip(pair.servers, (ages, ages[::-1]), strict=True):
        # The one that was normal before the other one started has given its leases to it.
        if any(
            other < side.time - notable.last_at < start for notable, move in side.moves() if move.to_state is _S.NORMAL
        ):
            return
    yield Found(_I.BOTH_DATABASES_LOST, Weight.WARNING, (lost[0], lost[1]))


def _forgot(side: PairMember) -> Evidence | None:
    """What speaks for it that this server's last start was without the leases it had."""
    starts = side.starts
    if not starts or starts[-1][1].from_state is not _S.RECOVER or starts[-1][0].last_at < side.time - LONG_SECONDS:
        return None
    notable, _, before = starts[-1]
    saved = saved_state(before) if before else None
    if saved is not None and saved not in _KEEPS_NO_TRACE:
        return Evidence(side.name, f"stopped in {saved.word} and started from recover", notable.last_at)
    gone = side.view.forgot
    if gone is not None and _at_start(gone, side.now.mono - (side.time - notable.last_at)):
        return Evidence(
            side.name, f"{gone.value.used} addresses were in use before its start, none after it", notable.last_at
        )
    earlier, kept = side.view.given_before, side.view.kept_at_start
    if before is None and kept is not None and 2 * kept < earlier:
        text = f"its log tells of {earlier} leases from before its first start, and of {kept} in its lease file then"
        return Evidence(side.name, text, notable.last_at)
    return None


def _at_start(gone: Seen[Emptied], start: float) -> bool:
    """Whether the counters fell over this start (mono seconds): leases that were given out after it have run out."""
    return gone.value.last <= start + STAMP_SECONDS and start - STAMP_SECONDS <= gone.at <= start + FIRST_LOOK_SECONDS
