"""Incidents that are over: when they were, and how they ended. What helps against them is no advice for now. Pure."""

from __future__ import annotations

from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.incidents.signs import Probable
from dhcptui.model.log_line import Mover
from dhcptui.model.snapshot import PairSnapshot, ServerView
from dhcptui.model.states import FailoverState
from dhcptui.model.words import clock


def is_past(each: Probable) -> bool:
    """Whether it rests on lines of the log alone, and nothing of it shows in the present."""
    return each.weight is Weight.NOTE and all(item.at is not None for item in each.evidence)


def past_words(each: Probable, snapshot: PairSnapshot) -> str:
    """When it was, and how it ended as far as the log of the server concerned tells."""
    times = [item.at for item in each.evidence if item.at is not None]
    if not times:
        return "over"
    first, last = min(times), max(times)
    when = f"at {clock(first)}" if clock(first) == clock(last) else f"from {clock(first)} to {clock(last)}"
    for view in snapshot.servers:
        if any(item.server == view.name for item in each.evidence) and (
            ended := _normal_after(view, snapshot.peer, last)
        ):
            return f"{when}; over since {view.name} was normal, {clock(ended)}"
    return f"{when}; how it ended is not in the log"


def _normal_after(view: ServerView, peer: str, at: float) -> float | None:
    """When the server moved to normal after that."""
    for notable in view.notable_lines:
        move = notable.line.transition
        if (
            move
            and move.who is Mover.ME
            and move.peer == peer
            and move.to_state is FailoverState.NORMAL
            and notable.last_at >= at
        ):
            return notable.last_at
    return None
