"""Why a dhcpd that does not run could not be started, as the log of its server tells it: the first complaint. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dhcptui.model.complaint import FAREWELL
from dhcptui.model.lexicon import LineKind
from dhcptui.model.remarks import Remark
from dhcptui.model.snapshot import ServerView

ONE_START_SECONDS = 30.0
"""Lines no further apart are of one attempt: what dhcpd says, what its init script and systemd make of it."""
LONG_SECONDS = 3600.0
_ENDS = frozenset({LineKind.FATAL, LineKind.ERROR})


def why_not(view: ServerView, time: float, peer: str, ids: Collection[str]) -> tuple[Remark, ...]:
    """The complaints of the last attempt that are of these incidents, the first one first; none where it ran since.

    `time`: now, by the server's clock.
    """
    ran = max((each.last_at for each in view.remarks if _ran(each, peer)), default=0.0)
    found = [
        each
        for each in sorted(view.remarks, key=lambda each: each.last_at)
        if each.line.incident in ids
        and each.line.kind in _ENDS
        and max(ran, time - LONG_SECONDS) <= each.last_at
        and not each.line.text.startswith(FAREWELL)
    ]
    return _last_attempt(found)


def _ran(remark: Remark, peer: str) -> bool:
    move = remark.line.transition
    return move is not None and move.who == "me" and move.peer == peer


def _last_attempt(found: Sequence[Remark]) -> tuple[Remark, ...]:
    return tuple(each for each in found if each.last_at >= found[-1].last_at - ONE_START_SECONDS)


def in_the_way(remarks: Sequence[Remark]) -> str:
    """What the first complaint wants, in a few words; empty where it says nothing of it."""
    meaning = remarks[0].line.meaning if remarks else ""
    return meaning.rpartition("does not start: ")[2]
