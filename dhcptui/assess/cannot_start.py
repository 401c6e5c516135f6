"""Why a dhcpd that does not run could not be started, as the log of its server tells it: the first complaint. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dhcptui.logs.lexicon import REMEDIES
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.log_line import LineKind, LogLine, Mover, NotableLine
from dhcptui.model.messages import NEVER_THE_REASON
from dhcptui.model.moments import Moment
from dhcptui.model.snapshot import ServerView

ONE_START_SECONDS = 30.0
"""Lines no further apart are of one attempt: what dhcpd says, what its init script and systemd make of it."""
LONG_SECONDS = 3600.0
SLACK_SECONDS = 2.0
"""An answer and a line of the log are told apart by this much, for want of better clocks."""
_LIVES = frozenset({LineKind.CLIENT, LineKind.LINK, LineKind.STATE})
BLAMES = frozenset({LineKind.FATAL, LineKind.ERROR})
"""Kinds of lines that can say why a dhcpd has ended."""
WHY_IT_ENDS = frozenset(
    {
        IncidentId.CONFIGURATIONS_MISFIT,
        IncidentId.LEASE_FILE_UNWRITABLE,
        IncidentId.NAME_AS_ADDRESS,
        IncidentId.DIED,
        IncidentId.CANNOT_START,
    }
)
"""Incidents whose lines say why dhcpd does not start, or ended, whoever logs them: it, an init script, systemd, the kernel."""


def why_not(view: ServerView, now: Moment, peer: str, ids: Collection[IncidentId]) -> tuple[NotableLine, ...]:
    """The complaints of the last attempt that are of these incidents, the first one first; none where it ran since."""
    begin = max(last_sign(view, now, peer), view.server_time(now) - LONG_SECONDS)
    found = [
        each
        for each in sorted(view.notable_lines, key=lambda each: each.last_at)
        if each.line.incident in ids
        and each.line.kind in BLAMES
        and begin <= each.last_at
        and each.line.message not in NEVER_THE_REASON
    ]
    return _last_attempt(found)


def last_sign(view: ServerView, now: Moment, peer: str) -> float:
    """Until when its dhcpd is known to have run, by its own clock; what complained before was a test beside it.

    By its log, and by its last answer over OMAPI; 0 where neither tells.
    """
    moved = max((each.last_at for each in view.notable_lines if _ran(each, peer)), default=0.0)
    answered = view.server_time(now) - view.status.age(now) - SLACK_SECONDS if view.status else 0.0
    return max(moved, view.lived or 0.0, answered)


def sign_of_life(line: LogLine) -> bool:
    """Whether only a dhcpd that runs writes this: of clients, of the link, of its states. A test of a file does not."""
    return not line.teller and line.stamp is not None and line.kind in _LIVES


def _ran(notable: NotableLine, peer: str) -> bool:
    move = notable.line.transition
    return move is not None and move.who is Mover.ME and move.peer == peer


def _last_attempt(found: Sequence[NotableLine]) -> tuple[NotableLine, ...]:
    return tuple(each for each in found if each.last_at >= found[-1].last_at - ONE_START_SECONDS)


def in_the_way(notable_lines: Sequence[NotableLine]) -> str:
    """What the first complaint wants, in a few words; empty where it says nothing of it."""
    if not notable_lines:
        return ""
    line = notable_lines[0].line
    return (REMEDIES.get(line.message) if line.message else None) or line.meaning
