"""I-26: both servers started without their leases. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from dhcptui.model.incident_scene import Evidence, Found, Scene, Side
from dhcptui.model.incident_traces import LONG_SECONDS, starts_of
from dhcptui.model.incidents import Weight
from dhcptui.model.states import REBUILDING, FailoverState

_S = FailoverState
_KEEPS_NO_TRACE = frozenset({state.word for state in REBUILDING} | {_S.SHUTDOWN.word})
"""What a clean stop leaves behind: starting from recover is right then."""


def both_forgot(seen: Scene) -> Iterator[Found]:
    """Both began in recover although they had leases, and neither had become normal before the other one started."""
    lost = [_forgot(side) for side in (seen.a, seen.b)]
    if lost[0] is None or lost[1] is None:
        return
    ages = [side.time - (each.at or 0.0) for side, each in zip((seen.a, seen.b), lost, strict=True) if each]
    for side, (start, other) in zip((seen.a, seen.b), (ages, ages[::-1]), strict=True):
        # The one that was normal before the other one started has given its leases to it.
        if any(
            other < side.time - remark.last_at < start for remark, move in side.moves() if move.to_state == "normal"
        ):
            return
    yield Found("I-26", Weight.WARNING, (lost[0], lost[1]))


def _forgot(side: Side) -> Evidence | None:
    """What speaks for it that this server's last start was without the leases it had."""
    starts = starts_of(side)
    if not starts or starts[-1][1].from_state != _S.RECOVER.word or starts[-1][0].last_at < side.time - LONG_SECONDS:
        return None
    remark, _, before = starts[-1]
    saved = (before.from_state if before.to_state == _S.STARTUP.word else before.to_state) if before else ""
    if saved and saved not in _KEEPS_NO_TRACE:
        return Evidence(side.name, f"stopped in {saved} and started from recover", remark.last_at)
    gone = side.view.forgot
    if gone is not None and side.time - gone.age(side.now) >= remark.last_at:
        return Evidence(
            side.name, f"{gone.value} addresses were in use before its start, none after it", remark.last_at
        )
    earlier, used = side.view.given_before, sum(pool.used for pool in side.pools)
    if before is None and side.pools and earlier and 2 * used < earlier:
        return Evidence(side.name, f"its log tells of {earlier} leases from before its first start", remark.last_at)
    return None
