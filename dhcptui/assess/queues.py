"""The queue of binding updates that the partner has not acknowledged yet: what is traffic, and what stands still."""

from __future__ import annotations

from dhcptui.assess.visibility import ServerAssessment
from dhcptui.model.failover import FailoverStatus
from dhcptui.model.snapshot import ServerView

STANDS_AFTER_SECONDS = 10.0
"""A queue that keeps its length for so long is not worked off."""


def queue_moved(view: ServerView, status: FailoverStatus, at: float) -> float | None:
    """When the queue last moved, now that `status` was read at `at`. An empty one has nothing to move."""
    before = view.status.value.unacked_updates if view.status else None
    return view.queue_moved if status.unacked_updates and status.unacked_updates == before else at


def stands_still(server: ServerAssessment) -> bool:
    """Whether updates wait for an acknowledgement and none has come for long."""
    waiting = server.status.unacked_updates if server.status else 0
    moved = server.view.queue_moved
    return bool(waiting) and moved is not None and server.now.mono - moved > STANDS_AFTER_SECONDS


def queue_words(server: ServerAssessment) -> str:
    """How many wait, of how many that may: "3 of 10". Of a server that does not answer the last number says nothing."""
    status = server.status
    if not server.live or status is None:
        return "not known, it does not answer"
    return f"{status.unacked_updates} of {status.max_unacked_updates}"
