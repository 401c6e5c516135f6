"""An action that stopped half-way: who left it, where it stopped, and whether something is still to be done. Pure.

Told by three witnesses: the audit log of this machine, the expired lock that the run has left on the servers, and the
record of a sync-restart beside the directory it copies to. The last two are there for a console on any machine.
"""

from __future__ import annotations

from dhcptui.assess.assessment import Assessment, PairMember, assess_pair
from dhcptui.assess.visibility import Visibility
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


def interrupted_run(pair: Assessment) -> Interrupted | None:
    """The newest action on this pair that stopped half-way and left something to do.

    None where there is none, and while somebody may be at work, this console or another one: it may be the one that
    goes on, or the very run, and then nobody says that it has stopped.
    """
    return None if _we_act(pair) or _they_act(pair) else _newest(pair)


def _newest(pair: Assessment) -> Interrupted | None:
    snapshot, now = pair.snapshot, pair.now
    found = [run for run in (snapshot.left, *_from_locks(snapshot, now), _from_record(snapshot, now)) if run]
    left = [run for run in found if not settled(run, pair)]
    return max(left, key=lambda run: run.at, default=None)


def _we_act(pair: Assessment) -> bool:
    owns = ((each.view, each.view.lock_files.value.own) for each in pair.servers if each.view.lock_files)
    return any(own and _held(view, own, pair.now) for view, own in owns)


def _they_act(pair: Assessment) -> bool:
    locks = (lock for _, lock in _that_count(pair.snapshot, pair.now))
    return any(_ours(lock, pair.snapshot) and not holder_gone(lock, pair.snapshot) for lock in locks)


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


def exiting(pair: Assessment) -> Interrupted | None:
    """The shutdown that stopped in its last step, while its dhcpd, which was told to exit, is still there and silent."""
    run = _newest(pair)
    if run is None or run.action != SHUTDOWN or run.role is None or not run.steps or run.step < run.steps - 1:
        return None
    me = pair[run.role]
    waits = me.visibility is Visibility.SILENT and me.running is not False
    return run if waits and pair.now.wall - run.at <= EXITING_SECONDS else None


def settled_locks(snapshot: PairSnapshot, now: Moment) -> tuple[tuple[ServerView, Lock], ...]:
    """Those of `lock_left` whose run needs no more attention."""
    pair, left = assess_pair(snapshot, now), lock_left(snapshot, now)
    return tuple((view, lock) for view, lock in left if settled(_from_lock(view, lock, snapshot, now), pair))


def sync_record(snapshot: PairSnapshot, now: Moment) -> SyncRecord | None:
    """What an interrupted sync-restart has left beside its directory; None while somebody may still be at it."""
    others = ((view, view.lock_files.value.lock) for view in snapshot.servers if view.lock_files)
    if any(lock and _held(view, lock, now) for view, lock in others):
        return None
    records = (view.lock_files.value.sync for view in snapshot.servers if view.lock_files)
    return next((record for record in records if record), None)


def stopped_in_restart(pair: Assessment) -> Role | None:
    """The server that an interrupted sync-restart was restarting, as long as the pair has not healed."""
    record = sync_record(pair.snapshot, pair.now)
    if record is None or pair.both_normal:
        return None
    return next((each.role for each in pair.servers if each.name == record.restarting), None)


def stopped_by_rescue(pair: Assessment) -> Role | None:
    """The server that an interrupted rescue has stopped and not started again."""
    run = _newest(pair)
    if run is None or run.action != RESCUE or run.role is None:
        return None
    return run.role if pair[run.role].gone else None


def unmarked(pair: Assessment) -> Role | None:
    """The survivor that an interrupted run has put into partner-down without the marker for other consoles."""
    run = _newest(pair)
    if run is None or run.action != PARTNER_DOWN or run.role is None:
        return None
    return run.role if pair[run.role].state is _S.PARTNER_DOWN else None


def _marked(view: ServerView) -> bool:
    return view.lock_files is not None and view.lock_files.value.lockout is not None


def settled(run: Interrupted, pair: Assessment) -> bool:
    """Whether nothing is left to do about it: somebody said so, the pair is whole again, or it is as it was to be."""
    if run.run in pair.snapshot.dismissed:
        return True
    if run.action == SYNC:
        looks = [each.view.lock_files for each in pair.servers]
        return pair.both_normal and all(look and not look.value.sync for look in looks)
    if pair.both_normal or _normal_since(run, pair):
        return True
    return run.role is not None and _as_wanted(run.action, pair[run.role], pair[run.role.other])


def _normal_since(run: Interrupted, pair: Assessment) -> bool:
    """Whether a server's log tells that it went to normal after the run had stopped: what came later is no work of it."""
    return any(
        move.to_state is _S.NORMAL and _by_console(each.view, notable.last_at, pair.now) > run.at + LATER_SECONDS
        for each in pair.servers
        for notable, move in each.moves()
    )


def _as_wanted(action: str, me: PairMember, other: PairMember) -> bool:
    """Whether both servers stand as the action would have left them."""
    match action:
        case "shutdown":
            return me.gone and other.state is _S.PARTNER_DOWN
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
