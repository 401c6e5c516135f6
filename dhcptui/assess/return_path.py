"""How a server in shutdown or paused comes to serve again: what has to be written, by both servers' states. Pure.

Each way was seen on a real pair. Recover (6) alone ends paused too, but only after a full MCLT: dhcpd leaves that wait out
for a server that comes from shutdown and whose partner serves for both, or for two servers that recover together.
"""

from __future__ import annotations

from enum import Enum

from dhcptui.model.states import REBUILDING, FailoverState

_S = FailoverState
OUT_OF_SERVICE = frozenset({_S.SHUTDOWN, _S.PAUSED})
"""States that a server does not leave by itself, and in which it answers nobody."""


class ReturnPath(Enum):
    """What is written, and where. The value is the variant of the plan."""

    TAKE_BACK = ""
    """6: its partner serves for both."""
    BY_SHUTDOWN = "by shutdown"
    """8, which lets the partner serve for both, then 6."""
    TOGETHER = "together"
    """6 on both: neither serves, and neither would wait for the other one."""
    JOIN = "join"
    """6: its partner is on its way back and waits for it."""


def return_path(me: FailoverState | None, partner: FailoverState | None) -> ReturnPath | None:
    """The way for two servers that answer and hear each other; None where there is none."""
    if me not in OUT_OF_SERVICE or partner is None:
        return None
    if partner in OUT_OF_SERVICE:
        return ReturnPath.TOGETHER
    if partner in REBUILDING:
        return ReturnPath.JOIN
    if me is _S.SHUTDOWN:
        return ReturnPath.TAKE_BACK if partner is _S.PARTNER_DOWN else None
    return ReturnPath.BY_SHUTDOWN if partner in {_S.COMMUNICATIONS_INTERRUPTED, _S.PARTNER_DOWN} else None
