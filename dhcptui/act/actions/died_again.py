"""A dhcpd that has come up, and ends again while something more is awaited of it: seen at once, with what it said."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dhcptui.act.actions.base import Context
from dhcptui.assess.cannot_start import BLAMES, WHY_IT_ENDS
from dhcptui.logs.complaints import LETTERS
from dhcptui.model.log_line import LineKind, LogLine
from dhcptui.model.messages import NEVER_THE_REASON
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.watch.clocks import moment

GONE_SECONDS = 3.0
"""A dhcpd that cannot start dies at once; a supervisor that tries again does so within this time."""


def complaint(lines: Sequence[LogLine]) -> str:
    """The first thing that a dhcpd which gave up complained of; empty where none of the lines tells of an end."""
    ended = [line for line in lines if line.kind is LineKind.FATAL]
    if not ended:
        return ""
    reasons = [line for line in lines if line.text.strip() and line.message not in NEVER_THE_REASON]
    its = [line for line in reasons if line.pid == ended[-1].pid]
    blamed = [line for line in reasons if line.kind in BLAMES and (line.incident in WHY_IT_ENDS or line in its)]
    first = blamed[0] if blamed else its[-1] if its else ended[-1]
    return clean(first.text, LETTERS).strip()


class GoneAgain:
    """Whether the dhcpd that runs on a server now has ended since; only what was read after this moment counts."""

    def __init__(self, context: Context, role: Role) -> None:
        now = moment()
        self.dead = False
        self._context, self._role, self._since = context, role, now.mono
        self._begin = context.snapshot[role].server_time(now)
        self._gone_since: float | None = None

    async def until(self, holds: Callable[[PairSnapshot, Moment], bool], timeout: float) -> bool:
        """As `until_settled`, as long as it lives; False when it did not come, or `dead`."""
        came = await self._context.until_settled(
            lambda snapshot, now: holds(snapshot, now) or self._seen(snapshot), timeout
        )
        return came and not self.dead

    def _seen(self, snapshot: PairSnapshot) -> bool:
        """No process for some seconds."""
        view = snapshot[self._role]
        if view.process is None or view.process.at <= self._since or not view.ssh.ok:
            return False
        if view.process.value.running:
            self._gone_since = None
            return False
        if self._gone_since is None:
            self._gone_since = view.process.at
        self.dead = view.process.at - self._gone_since >= GONE_SECONDS
        return self.dead

    @property
    def why(self) -> str:
        """In words, with what its log says of it."""
        view = self._context.snapshot[self._role]
        reason = complaint([notable.line for notable in view.notable_lines if notable.last_at >= self._begin])
        return f"dhcpd on {view.name} came up and ended again" + (f": {reason}" if reason else "")
