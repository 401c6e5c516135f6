"""Two operators: the lock a run holds on both servers, and the lock-out marker of a partner-down.

A lock is advice between consoles, not a fence: dhcpd knows nothing of it. A server that cannot be reached, or cannot
be written to, is acted on without; that is told and written down.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from dhcptui.act.audit import LOCK, AuditContext, AuditError, AuditRun, Operator
from dhcptui.act.interrupted_runs import settle
from dhcptui.act.plan import Plan
from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.interrupted import SYNC, left_on, lock_left, settled, settled_locks, sync_record
from dhcptui.config.loading import ServerSettings
from dhcptui.model.audit import Answer, Interrupted
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Lock, PairSnapshot, ServerView
from dhcptui.model.sync_record import SyncRecord
from dhcptui.servers.ssh import commands, lock_files
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandFailed, RemoteError
from dhcptui.servers.ssh.sync_commands import record_of
from dhcptui.watch.clocks import moment, mono
from dhcptui.watch.pair import PairEngine
from dhcptui.watch.server import ServerWatcher

RELEASE_SECONDS = 3.0
HOLD_SECONDS = 2.0
"""So long a server is asked whether the lock is still ours; one that is away by then is acted on without."""
TIDY_SECONDS = 2.0
AGAIN_SECONDS = 6.0
"""How long the marks are waited for after one was taken away."""


class LockLost(Exception):
    """Somebody broke our lock, or took it over after it had expired: no further step may start."""

    next = "Ask who took it. Look at both servers before anything else."


def directory(server: ServerSettings) -> str:
    """Where the marks of a server lie: beside its lease file."""
    return posixpath.dirname(server.leases)


def held_by(lock: Lock) -> str:
    """A lock in words."""
    return f"{lock.owner} on {lock.host} runs {lock.action}" + (f" ({lock.step})" if lock.step else "")


def why(error: Exception) -> str:
    """Why a mark could not be written, without its script."""
    return (error.stderr if isinstance(error, CommandFailed) else "") or str(error)


@dataclass(slots=True)
class Locks:
    """The locks of one run. `take` before the first step, `hold` before each, `release` at the end."""

    engine: PairEngine
    claim: lock_files.LockRequest
    record: AuditRun
    held: set[Role] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)
    """Servers without a lock, and why."""
    _step: str = ""
    _lost: str = ""
    _over: bool = False
    _alive_until: float = 0.0
    _kick: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, engine: PairEngine, plan: Plan, who: Operator, record: AuditRun) -> Locks:
        """For one run of a plan."""
        lock = lock_files.Told(
            peer=engine.settings.peer,
            run=record.run,
            acting=plan.acting.value,
            variant=plan.variant,
            steps=len(plan.steps),
        )
        claim = lock_files.LockRequest(lock_files.new_token(), who.user, who.host, plan.pair, plan.action.value, lock)
        return cls(engine, claim, record)

    def alive(self, seconds: float) -> None:
        """The run moves on, or may take so long without a sign. One that stands still gives its locks up after that."""
        self._alive_until = max(self._alive_until, mono() + seconds + lock_files.LOCK_SECONDS)

    async def take(self, step: str) -> str:
        """Lock every server that can be reached; returns why not, when somebody else acts. Raises AuditError."""
        self._step = step
        self.alive(0)
        for role in Role:  # in this order everywhere: two consoles at once cannot hold one each
            watcher = self.engine.watchers[role]
            if not watcher.view.ssh.ok:
                continue
            watcher.own_tokens.add(self.claim.token)
            holder = await self._take(role)
            if holder is not None:
                return f"{held_by(holder)} on {watcher.settings.name}"
        if self.held:
            self._task = asyncio.create_task(self._keep(), name="renew locks")
        return ""

    async def _take(self, role: Role) -> Lock | None:
        watcher = self.engine.watchers[role]
        server = watcher.settings
        if left := left_on(role, self.engine.snapshot, moment()):
            self.engine.left_behind(left)  # our lock takes the place of the only thing that tells of it
        self.record.intent(server.name, f"take the lock {directory(server)}/{commands.LOCK}", LOCK)
        try:
            holder = await lock_files.take_lock(watcher.quick, directory(server), self.claim, self._step)
        except RemoteError as error:
            self.missing.append(f"no lock on {server.name}: {why(error)}")
            self.record.outcome(server.name, self.missing[-1], False, LOCK)
            return None
        if holder is None:
            self.held.add(role)
        self.record.outcome(server.name, held_by(holder) if holder else "taken", holder is None, LOCK)
        return holder

    async def hold(self, step: str, done: int) -> None:
        """Say which step comes next, and how many are done. Raises LockLost."""
        self._step = step
        self.claim = replace(self.claim, told=replace(self.claim.told, done=done))
        self.alive(0)
        if not self._lost:  # asked of the servers themselves: since the last look somebody may have broken it
            with suppress(TimeoutError):
                async with asyncio.timeout(HOLD_SECONDS):
                    await self._renew(lock_files.LOCK_SECONDS)
        if self._lost:
            raise LockLost(self._lost)

    async def release(self, leave: str = "") -> None:
        """Give the locks back; with `leave` they stay, expired, to tell every other console what happened here."""
        self._over = True
        self._kick.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(RELEASE_SECONDS):
                if self._task is not None:
                    await self._task
                await asyncio.gather(*(self._release(role, leave) for role in self.held))

    async def _release(self, role: Role, leave: str) -> None:
        watcher = self.engine.watchers[role]
        place = directory(watcher.settings)
        with suppress(RemoteError):  # it expires by itself
            if leave:
                await lock_files.renew_lock(watcher.quick, place, self.claim, leave, 0)
            else:
                await lock_files.release_lock(watcher.quick, place, self.claim.token)

    async def _keep(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(lock_files.LOCK_SECONDS / 4):
                    await self._kick.wait()
            if self._over:
                return
            self._kick.clear()
            if mono() > self._alive_until:
                await self._give_up()
                return
            await self._renew(lock_files.LOCK_SECONDS)

    async def _give_up(self) -> None:
        """The run stands still: nobody else is to be kept out by it any longer, and it may begin no further step."""
        sentence = f"nothing has moved for {lock_files.LOCK_SECONDS} s in step {self._step}: the locks are given up"
        self._lost = "This run stood still, and its locks were given up"
        for role in self.held:
            self.record.outcome(self.engine.watchers[role].settings.name, sentence, False, LOCK)
        await asyncio.gather(*(self._release(role, f"stood still in step {self._step}") for role in self.held))

    async def _renew(self, seconds: int) -> None:
        await asyncio.gather(*(self._renew_one(role, seconds) for role in self.held))

    async def _renew_one(self, role: Role, seconds: int) -> None:
        watcher = self.engine.watchers[role]
        try:
            other = await lock_files.renew_lock(
                watcher.quick, directory(watcher.settings), self.claim, self._step, seconds
            )
        except RemoteError:
            return
        if other is not None:
            by = f"now {held_by(other)}" if other.token else "somebody broke it"
            self._lost = f"The lock on {watcher.settings.name} is no longer ours: {by}"


async def break_lock(engine: PairEngine, role: Role, typed: str, desk: AuditContext) -> Answer:
    """Remove somebody's lock from one server; returns what happened. An expired one needs no confirmation."""
    watcher = engine.watchers[role]
    name, seen = watcher.settings.name, watcher.view.lock_files
    lock = seen.value.lock if seen else None
    if engine.settings.read_only:
        return Answer(False, f"Refused: pair {engine.settings.name} is read-only.")
    if lock is None:
        return Answer(False, f"There is no lock on {name}.")
    needed = f"{lock.owner}@{lock.host}"
    if lock.expires > watcher.view.server_time(moment()) and typed != needed:
        return Answer(False, f"Refused: the confirmation must be exactly {needed!r}.")
    record = AuditRun(desk.log, engine.settings.name, "break-lock", 0, name, desk.told)
    try:
        record.intent(name, f"{desk.who.text} breaks the lock: {held_by(lock)}", LOCK)
        gone = await lock_files.release_lock(watcher.quick, directory(watcher.settings), lock.token, lock.since)
    except (AuditError, RemoteError) as error:
        record.outcome(name, why(error), False, LOCK)
        begin = "Refused" if isinstance(error, AuditError) else "The lock is still there"
        return Answer(False, f"{begin}: {why(error)}")
    record.outcome(name, "broken" if gone else "it was not there any more", True, LOCK)
    await _read_again(engine, role)
    return Answer(True, f"The lock of {lock.owner} on {lock.host} is gone from {name}.")


async def _read_again(engine: PairEngine, role: Role) -> None:
    """Wait until the marks were read after this: whoever broke a lock must not be refused over it."""
    start = moment().mono
    engine.watchers[role].refresh()

    def seen(snapshot: PairSnapshot, now: Moment) -> bool:
        del now
        found = snapshot[role].lock_files
        return found is not None and found.at > start

    await engine.until(seen, AGAIN_SECONDS)


async def clear_left(engine: PairEngine, run: Interrupted, desk: AuditContext) -> None:
    """Take away what an interrupted run has left as a notice: its expired locks, its record; what fails can still be read."""
    for view, lock in lock_left(engine.snapshot, moment()):
        if lock.run == run.run if lock.run and run.run else lock.action == run.action:
            await _clear_lock(engine, view, lock, desk)
    if run.action == SYNC and sync_record(engine.snapshot, moment()) is not None:
        await _clear_records(engine, lambda record: True, desk)


async def _clear_lock(engine: PairEngine, view: ServerView, lock: Lock, desk: AuditContext) -> None:
    """Take the expired lock of a dismissed run away, from its place or from where it was put aside."""
    if view.lock_files and lock is view.lock_files.value.lock:
        await break_lock(engine, view.role, "", desk)
        return
    watcher = engine.watchers[view.role]
    command = commands.release_lock(directory(watcher.settings), lock.token)
    await _away(watcher, command, f"dismissed: remove the notice of {held_by(lock)}", desk, engine.settings.name)


async def _clear_records(engine: PairEngine, wanted: Callable[[SyncRecord], bool], desk: AuditContext) -> None:
    """Take the records of dismissed sync-restarts away, where they were read."""
    for role, watcher in engine.watchers.items():
        path, seen = record_of(watcher.settings.shared_dir), engine.snapshot[role].lock_files
        if seen and seen.value.sync and wanted(seen.value.sync):
            line = f"dismissed: remove {path}"
            await _away(watcher, commands.remove_tree(path), line, desk, engine.settings.name)


async def clear_settled(engine: PairEngine, desk: AuditContext) -> None:
    """Take away the expired lock of a run after which nothing is left to do; the audit log keeps what it said.

    An earlier run of this machine that is settled is closed there too, or it would come back with the next trouble.
    """
    if (left := engine.snapshot.left) and settled(left, assess_pair(engine.snapshot, moment())) and _at_rest(engine):
        with suppress(AuditError):
            settle(desk.log, left)
            engine.left_behind(None)
    for view, lock in settled_locks(engine.snapshot, moment()):
        watcher = engine.watchers[view.role]
        place = directory(watcher.settings)
        line = f"{lock.action} of {lock.owner}@{lock.host} had stopped ({lock.step}), nothing is left to do: remove its lock"
        command = commands.release_lock(place, lock.token)
        await _away(watcher, command, line, desk, engine.settings.name)
    if _at_rest(engine) and sync_record(engine.snapshot, moment()) is not None:  # one that was not read when dismissed
        await _clear_records(engine, lambda record: record.run in engine.snapshot.dismissed, desk)


def _at_rest(engine: PairEngine) -> bool:
    """Whether no action of this console is under way: what it goes on from must stay known."""
    return not any(view.lock_files and view.lock_files.value.own for view in engine.snapshot.servers)


async def _away(watcher: ServerWatcher, command: Command, line: str, desk: AuditContext, pair: str) -> None:
    """Remove one thing of ours, written down before and after; what fails is tried again later, or told by the file itself."""
    name = watcher.settings.name
    record = AuditRun(desk.log, pair, "clear up", 0, name, desk.told)
    with suppress(RemoteError, AuditError):
        record.intent(name, line, LOCK)
        await lock_files.run(watcher.quick, command)
        record.outcome(name, "removed", True)
        watcher.refresh()


def healed(snapshot: PairSnapshot) -> bool:
    """Both read normal, fresh: whatever was declared down has come back and is synchronised."""
    return assess_pair(snapshot, moment()).both_normal


async def clear_lockouts(engine: PairEngine, desk: AuditContext) -> None:
    """Take away the markers of a partner-down that is over; what fails is tried again later."""
    for role, watcher in engine.watchers.items():
        lockout = engine.snapshot[role].lock_files
        if lockout is None or lockout.value.lockout is None or not healed(engine.snapshot):
            continue
        name, place = watcher.settings.name, directory(watcher.settings)
        record = AuditRun(desk.log, engine.settings.name, "clear lock-out", 0, name, desk.told)
        with suppress(RemoteError, AuditError):
            command = commands.clear_lockout(place, int(lockout.value.lockout.since), engine.settings.peer)
            record.intent(
                name, f"both servers are normal: remove {place}/{commands.lockout_name(engine.settings.peer)}"
            )
            await lock_files.run(watcher.quick, command)
            record.outcome(name, "removed", True)
            watcher.refresh()


async def tidy(engine: PairEngine, desk: AuditContext) -> None:
    """Clear the markers as soon as the pair has healed, until somebody leaves: what this console left is for the next one."""
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        if desk.departure.reason:
            return
        await clear_lockouts(engine, desk)
        await clear_settled(engine, desk)
