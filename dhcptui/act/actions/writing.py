"""A state write and what belongs to it: what must still be read right before it, and the look for it afterwards."""

from __future__ import annotations

from collections.abc import Callable

from dhcptui.assess.guards import PARTNER_DOWN_FROM, TAKE_BACK_FROM
from dhcptui.model.failover import FailoverStatus
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.servers.omapi.objects import SettableState

READ_BACK_SECONDS = 10.0
"""How long a write without an answer is looked for: the connection must be made anew first."""
_SHUTDOWN_FROM = {
    state: "" if state in {FailoverState.NORMAL, FailoverState.PAUSED} else "it is neither normal nor paused any more"
    for state in FailoverState
}
_WRITABLE = {
    SettableState.PARTNER_DOWN: PARTNER_DOWN_FROM,
    SettableState.RECOVER: TAKE_BACK_FROM,
    SettableState.SHUTDOWN: _SHUTDOWN_FROM,
}
"""What is written -> the state that is read right before it -> why not: the guards' own tables, on the newest value."""


def reason_against(state: SettableState, name: str) -> Callable[[FailoverStatus], str]:
    """Why `state` may not be written to a server that was read just now; empty where it may."""

    def reason(status: FailoverStatus) -> str:
        found = _WRITABLE.get(state, {}).get(status.local_state, "")
        return f"{name} reads {status.local_state.word} now: {found}" if found else ""

    return reason


def reads(snapshot: PairSnapshot, role: Role, state: SettableState) -> bool:
    """Whether the newest status of a server is the state that was written."""
    status = snapshot[role].status
    return status is not None and status.value.local_state is state.value
