"""Whether a server was declared down: by the marker that lies on its partner, or by its partner's last word. Pure.

A marker is bound to a server by where it lies and by the relationship in its file's name: beside the survivor's lease
file, so that it means the survivor's partner, whatever label another console has for that one.
"""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.assess.assessment import PairMember
from dhcptui.model.snapshot import Lockout, ServerView
from dhcptui.model.states import REBUILDING, FailoverState

_S = FailoverState


@dataclass(frozen=True, slots=True)
class LastWord:
    """The last state that is known of a server that does not tell it now."""

    state: FailoverState
    source: str
    """ "lease file", "log" or "OMAPI"."""
    since: float | None = None
    """By its own clock."""


def marker_on(holder: ServerView) -> Lockout | None:
    """The marker on `holder` that means its partner; one that names the holder itself means nobody can say whom."""
    marker = holder.lock_files.value.lockout if holder.lock_files else None
    return marker if marker and marker.server != holder.name else None


def strange_marker(holder: ServerView) -> str:
    """Why it cannot be told whom the marker on `holder` means; empty where it can, and where there is none."""
    marker = holder.lock_files.value.lockout if holder.lock_files else None
    if marker is None or marker.server != holder.name:
        return ""
    return f"the lock-out on {holder.name} names {holder.name} itself: another console calls the servers otherwise"


def last_word(each: PairMember) -> LastWord | None:
    """Its last state by the latest witness there is: its log, what is recorded, its last answer. None: not known.

    Whatever says partner-down counts unless a later one says otherwise.
    """
    view = each.view
    found: list[tuple[float, LastWord]] = []
    if view.recorded and view.recorded.value.state is not _S.STARTUP:
        recorded = view.recorded.value
        found.append(
            (recorded.written or recorded.since or 0.0, LastWord(recorded.state, recorded.source, recorded.since))
        )
    own = each.moves()
    if own:
        notable, move = own[-1]  # a start that came no further than startup has changed nothing of what it was
        state = move.from_state if move.to_state is _S.STARTUP else move.to_state
        found.append((notable.last_at, LastWord(state, "log", notable.last_at)))
    # An answer over OMAPI counts where nothing else was read since: a lease file is read only after the last answer.
    answered = view.status is not None and (view.recorded is None or view.recorded.at < view.status.at)
    if answered and view.status and not own:
        since = float(view.status.value.local_stos)
        return LastWord(view.status.value.local_state, "OMAPI", since)
    return max(found, key=lambda one: int(one[0]))[1] if found else None


def last_heard(each: PairMember) -> FailoverState | None:
    """The last thing its partner told it, by its log, what is recorded, or its last answer."""
    if each.live and each.status:
        return each.status.partner_state
    if word := each.hears():
        return word[-1][1].to_state
    if each.view.recorded:
        return each.view.recorded.value.partner_state
    return each.status.partner_state if each.status else None


def took_over(holder: PairMember, me: PairMember) -> LastWord | None:
    """The last word of `holder`, which does not answer, where that is that it had declared `me` down; else None."""
    word = last_word(holder)
    if word is None or word.state is not _S.PARTNER_DOWN or stepped_back(me, holder):
        return None
    return word


def stepped_back(me: PairMember, holder: PairMember) -> bool:
    """Whether `me` left by its own word, a hand-over or a return: then it starts in recover, and is silent alone."""
    back = {_S.SHUTDOWN, *REBUILDING}
    return last_heard(holder) in back or last_state(me) in back


def last_state(each: PairMember) -> FailoverState | None:
    """Its state now, or the last one that is known of it: from OMAPI, its lease file or its log."""
    if each.state is not None:
        return each.state
    word = last_word(each)
    return word.state if word else None


def read_since(view: ServerView) -> bool:
    """Whether what it wrote down was read after its last answer: it may have gone on unseen in between."""
    return view.recorded is not None and (view.status is None or view.recorded.at >= view.status.at)
