"""Since when something is so: never before the last time anybody saw something else. Pure.

dhcpd's own answer (`local-stos`) is no witness of that: it survives a restart, and a server that was killed yesterday reads
"normal" since last week. So it counts no further back than its process, than the last move or start that a log tells of,
and than the last time this console saw the server gone, silent, or in another state.
"""

from __future__ import annotations

from dhcptui.assess.assessment import Assessment
from dhcptui.assess.history.service import Sighting
from dhcptui.assess.visibility import ServerAssessment, Visibility, assess
from dhcptui.model.changes import Changes
from dhcptui.model.moments import Moment
from dhcptui.model.snapshot import ServerView
from dhcptui.model.states import FailoverState

AHEAD_SECONDS = 1.5
"""A time that lies further ahead than this was taken by a clock that was set back."""
SILENT_SECONDS = 5.0
"""Without an answer for so long, while the same server answered over SSH."""
_UNSTAMPED = frozenset({FailoverState.STARTUP, FailoverState.RECOVER_WAIT})


def sighting(view: ServerView, now: Moment) -> Sighting | None:
    """What the console sees of a server, as of the moment it was read; None: it sees nothing."""
    each = assess(view, now)
    if each.live and view.status is not None:
        at = now.wall - view.status.age(now)
        return Sighting(view.role, at, at, each.serving)
    if view.process is None or not view.ssh.ok:
        return None
    at = now.wall - view.process.age(now)
    if each.gone or each.serving is False:
        return Sighting(view.role, at, at, False, gone=True)
    # It did answer once, so it could: a console without a way to OMAPI sees nothing.
    if each.visibility is Visibility.SILENT and view.status and view.process.at - view.status.at > SILENT_SECONDS:
        return Sighting(view.role, at, at, None)
    return None


def changed(old: ServerView, new: ServerView, now: Moment, noted: float | None) -> Changes:
    """What is known of changes once `new` stands in the place of `old`. `told`: the last one a log tells of."""
    was = old.changes
    unlike = was.unlike
    seen = sighting(new, now)
    if seen is not None and (seen.gone or seen.serves is None):
        unlike = seen.end
    elif old.status and new.status and old.status.value.local_state is not new.status.value.local_state:
        unlike = now.wall - old.status.age(now)
    process = new.process
    if process is None or process.value.age_seconds is None or not process.value.pids:
        return Changes(None if process and not process.value.pids else was.born, unlike, noted, was.process)
    key = (process.value.pids, process.value.born)
    born = was.born if key == was.process else now.wall - process.age(now) - process.value.age_seconds
    return Changes(born, unlike, noted, key)


def state_since(each: ServerAssessment) -> float | None:
    """Since when a server has been in the state it reads now, by its own clock; None where that is not known."""
    status = each.status
    if not each.live or status is None:
        return None
    offset = each.time - each.now.wall
    times = [known + offset for known in _known(each.view.changes)]
    if each.state not in _UNSTAMPED:  # dhcpd leaves them the time of the state before
        times.append(float(status.local_stos))
    at = max(times, default=None)
    return None if at is None or at > each.time + AHEAD_SECONDS else at


def pair_since(pair: Assessment) -> float | None:
    """Since when a pair has been as it is, by the console's clock; None where that is not known."""
    times: list[float] = []
    for each in pair.servers:
        offset = each.time - pair.now.wall
        if not each.live:
            times += _last_seen(each, offset)
            continue
        if each.state in _UNSTAMPED:
            times += _known(each.view.changes)
            continue
        since = state_since(each)
        if since is None or each.status is None:
            return None
        times.append(since - offset)
        if each.state is FailoverState.NORMAL:  # in other states it is written anew with each message
            times.append(each.status.partner_stos - offset)
    at = max(times, default=None)
    stamped = any(each.live and each.state not in _UNSTAMPED for each in pair.servers)
    return float(round(at)) if at is not None and stamped and at <= pair.now.wall + AHEAD_SECONDS else None


def _known(changes: Changes) -> list[float]:
    return [at for at in (changes.born, changes.unlike, changes.told) if at is not None]


def _last_seen(each: ServerAssessment, offset: float) -> list[float]:
    """When a server that tells no state was last seen, or said to be, other than it is now."""
    times = [each.now.wall - each.view.status.age(each.now)] if each.view.status else []
    recorded = each.view.recorded
    if recorded is not None and recorded.value.written is not None:
        times.append(recorded.value.written - offset)
    return [*times, *([each.view.changes.told] if each.view.changes.told is not None else [])]
