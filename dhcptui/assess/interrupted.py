"""An action that stopped half-way: who left it, where it stopped, and whether something is still to be done. Pure.

Told by three witnesses: the audit log of this machine, the expired lock that the run has left on the servers, and the
record of a sync-restart beside the directory it copies to. The last two are there for a console on any machine.
"""

from __future__ import annotations

from dhcptui.assess.visibility import ServerAssessment, Visibility, assess, process_running
from dhcptui.model.audit import Interrupted
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Lock, PairSnapshot, ServerView
from dhcptui.model.states import FailoverState
from dhcptui.model.sync_record import SyncRecord

_S = FailoverState
SYNC, RESCUE, PARTNER_DOWN, SHUTDOWN = "sync-restart", "rescue", "partner-down", "shutdown"
LATER_SECONDS = 5.0
"""Two clocks are compared, and a log's stamps are whole seconds."""
ROLLBACK = "rollback"
"""The variant of sync-restart that undoes an interrupted run instead of resuming it."""
LEFT_TO_ROLL_BACK = "there is an interrupted run to roll back"
"""What a rollback asks of the files on the copy target."""


def interrupted_run(snapshot: PairSnapshot, now: Moment) -> Interrupted | None:
    """The newest action on this pair that stopped half-way and left something to do.

    None where there is none, and while somebody may be at work, this console or another one: it may be the one that
    goes on, or the very run, and then nobody says that it has stopped.
    """
    return None if _we_act(snapshot, now) or _they_act(snapshot, now) else _newest(snapshot, now)


def _newest(snapshot: PairSnapshot, now: Moment) -> Interrupted | None:
    found = [run for run in (snapshot.left, *_from_locks(snapshot, now), _from_record(snapshot, now)) if run]
    left = [run for run in found if not settled(run, snapshot, now)]
    return max(left, key=lambda run: run.at, default=None)


def _we_act(snapshot: PairSnapshot, now: Moment) -> bool:
    return any(
        view.lock_files and view.lock_files.value.own and _held(view, view.lock_files.value.own, now)
        for view in snapshot.servers
    )


def _they_act(snapshot: PairSnapshot, now: Moment) -> bool:
    return any(_ours(lock, snapshot) and not holder_gone(lock, snapshot) for _, lock in _that_count(snapshot, now))


def left_on(role: Role, snapshot: PairSnapshot, now: Moment) -> Interrupted | None:
    """The run whose expired lock lies on this server."""
    return next((_from_lock(*each, snapshot, now) for each in lock_left(snapshot, now) if each[0].role is role), None)


def lock_left(snapshot: PairSnapshot, now: Moment) -> tuple[tuple[ServerView, Lock], ...]:
    """Expired locks of this relationship: each was left by a run that has stopped."""
    locks = ((view, lock) for view in snapshot.servers for lock in (_lock(view), *_aside(view)))
    return tuple((view, lock) for view, lock in locks if lock and _ours(lock, snapshot) and not _held(view, lock, now))


def lock_held(snapshot: PairSnapshot, now: Moment) -> tuple[ServerView, Lock] | None:
    """Somebody else's lock that still counts, and the server it lies on; not one whose holder is known to be gone."""
    return next((each for each in _that_count(snapshot, now) if not holder_gone(each[1], snapshot)), None)


def lock_of_gone(snapshot: PairSnapshot, now: Moment) -> tuple[ServerView, Lock] | None:
    """A lock that still keeps everybody out, though its holder is known to be gone."""
    return next((each for each in _that_count(snapshot, now) if holder_gone(each[1], snapshot)), None)


def _that_count(snapshot: PairSnapshot, now: Moment) -> list[tuple[ServerView, Lock]]:
    locks = ((view, view.lock_files.value.lock) for view in snapshot.servers if view.lock_files)
    return [(view, lock) for view, lock in locks if lock and _held(view, lock, now)]


def holder_gone(lock: Lock, snapshot: PairSnapshot) -> bool:
    """Whether the audit log of this machine tells that the run which holds the lock has stopped, or needs no attention."""
    stopped = snapshot.dismissed | ({snapshot.left.run} if snapshot.left else frozenset())
    return bool(lock.run) and lock.run in stopped


EXITING_SECONDS = 25.0
"""So long after a shutdown's last sign its dhcpd may still be exiting: that takes 10 to 17 s from when it was told."""


def exiting(snapshot: PairSnapshot, now: Moment) -> Interrupted | None:
    """The shutdown that stopped in its last step, while its dhcpd, which was told to exit, is still there and silent."""
    run = _newest(snapshot, now)
    if run is None or run.action != SHUTDOWN or run.role is None or not run.steps or run.step < run.steps - 1:
        return None
    me = assess(snapshot[run.role], now)
    waits = me.visibility is Visibility.SILENT and process_running(me.view, now) is not False
    return run if waits and now.wall - run.at <= EXITING_SECONDS else None


def settled_locks(snapshot: PairSnapshot, now: Moment) -> tuple[tuple[ServerView, Lock], ...]:
    """Those of `lock_left` whose run needs no more attention."""
    return tuple(
        (view, lock)
        for view, lock in lock_left(snapshot, now)
        if settled(_from_lock(view, lock, snapshot, now), snapshot, now)
    )


def sync_record(snapshot: PairSnapshot, now: Moment) -> SyncRecord | None:
    """What an interrupted sync-restart has left beside its directory; None while somebody may still be at it."""
    others = ((view, view.lock_files.value.lock) for view in snapshot.servers if view.lock_files)
    if any(lock and _held(view, lock, now) for view, lock in others):
        return None
    records = (view.lock_files.value.sync for view in snapshot.servers if view.lock_files)
    return next((record for record in records if record), None)


def stopped_in_restart(snapshot: PairSnapshot, now: Moment) -> Role | None:
    """The server that an interrupted sync-restart was restarting, as long as the pair has not healed."""
    record = sync_record(snapshot, now)
    if record is None or _both_normal(snapshot, now):
        return None
    return next((view.role for view in snapshot.servers if view.name == record.restarting), None)


def stopped_by_rescue(snapshot: PairSnapshot, now: Moment) -> Role | None:
    """The server that an interrupted rescue has stopped and not started again."""
    run = _newest(snapshot, now)
    if run is None or run.action != RESCUE or run.role is None:
        return None
    return run.role if assess(snapshot[run.role], now).visibility is Visibility.DOWN else None


def unmarked(snapshot: PairSnapshot, now: Moment) -> Role | None:
    """The survivor that an interrupted run has put into partner-down without the marker for other consoles."""
    run = _newest(snapshot, now)
    if run is None or run.action != PARTNER_DOWN or run.role is None:
        return None
    return run.role if assess(snapshot[run.role], now).state is _S.PARTNER_DOWN else None


def _marked(view: ServerView) -> bool:
    return view.lock_files is not None and view.lock_files.value.lockout is not None


def settled(run: Interrupted, snapshot: PairSnapshot, now: Moment) -> bool:
    """Whether nothing is left to do about it: somebody said so, the pair is whole again, or it is as it was to be."""
    if run.run in snapshot.dismissed:
        return True
    if run.action == SYNC:
        seen = [view.lock_files.value for view in snapshot.servers if view.lock_files]
        return (
            len(seen) == len(snapshot.servers) and not any(each.sync for each in seen) and _both_normal(snapshot, now)
        )
    if _both_normal(snapshot, now) or _normal_since(run, snapshot, now):
        return True
    if run.role is None:
        return False
    return _as_wanted(run.action, assess(snapshot[run.role], now), assess(snapshot[run.role.other], now))


def _normal_since(run: Interrupted, snapshot: PairSnapshot, now: Moment) -> bool:
    """Whether a server's log tells that it went to normal after the run had stopped: what came later is no work of it."""
    return any(
        notable.line.transition is not None
        and notable.line.transition.who == "me"
        and notable.line.transition.peer == snapshot.peer
        and notable.line.transition.to_state is _S.NORMAL
        and _by_console(view, notable.last_at, now) > run.at + LATER_SECONDS
        for view in snapshot.servers
        for notable in view.notable_lines
    )


def _as_wanted(action: str, me: ServerAssessment, other: ServerAssessment) -> bool:
    """Whether both servers stand as the action would have left them."""
    match action:
        case "shutdown":
            return me.visibility is Visibility.DOWN and other.state is _S.PARTNER_DOWN
        case "hand-over":
            return me.state is _S.SHUTDOWN and other.state is _S.PARTNER_DOWN
        case "partner-down":
            return me.state is _S.PARTNER_DOWN and (_marked(me.view) or other.live)
        case "start":
            return me.live and me.state is not _S.STARTUP
        case "rescue":
            return me.serving is True
        case _:
            return False


def _both_normal(snapshot: PairSnapshot, now: Moment) -> bool:
    return all(assess(view, now).state is _S.NORMAL for view in snapshot.servers)


def _ours(lock: Lock, snapshot: PairSnapshot) -> bool:
    return lock.peer == snapshot.peer if lock.peer else lock.pair == snapshot.pair


def _lock(view: ServerView) -> Lock | None:
    lock_files = view.lock_files.value if view.lock_files else None
    return (lock_files.lock or lock_files.own) if lock_files else None


def _aside(view: ServerView) -> tuple[Lock, ...]:
    return view.lock_files.value.left if view.lock_files else ()


def _held(view: ServerView, lock: Lock, now: Moment) -> bool:
    return lock.expires > view.server_time(now)


def _by_console(view: ServerView, at: float, now: Moment) -> float:
    """A time of the server's clock by the console's."""
    return at - (view.server_time(now) - now.wall)


def _from_locks(snapshot: PairSnapshot, now: Moment) -> list[Interrupted]:
    return [_from_lock(view, lock, snapshot, now) for view, lock in lock_left(snapshot, now)]


def _from_lock(view: ServerView, lock: Lock, snapshot: PairSnapshot, now: Moment) -> Interrupted:
    role = next((role for role in Role if role.value == lock.acting), None)
    return Interrupted(
        run=lock.run,
        pair=snapshot.pair,
        action=lock.action,
        acting=snapshot[role].name if role else "",
        step=lock.done,
        steps=lock.steps,
        at=_by_console(view, lock.changed or lock.since, now),
        by=f"{lock.owner}@{lock.host}",
        last=lock.step,
        role=role,
    )


def _from_record(snapshot: PairSnapshot, now: Moment) -> Interrupted | None:
    record = sync_record(snapshot, now)
    holder = next((view for view in snapshot.servers if view.lock_files and view.lock_files.value.sync), None)
    if record is None or holder is None:
        return None
    at = _by_console(holder, record.at, now) if record.at else 0.0
    return Interrupted(record.run, snapshot.pair, SYNC, "", 0, 0, at, record.by, record.words)
