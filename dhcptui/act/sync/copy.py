"""sync-restart: the copy. Staged beside the target, swapped in by rename, tested by the target's own dhcpd.

A tar stream over SSH and not SFTP, on purpose: see `sync_tree`.
"""

from __future__ import annotations

import getpass
import re
import secrets
import socket
from dataclasses import dataclass, field, replace

from dhcptui.act.actions.base import Context, StepFailed
from dhcptui.act.locks import why
from dhcptui.act.sync.compare import (
    COPIED,
    Place,
    Trees,
    parse_tree,
    read_command,
    unreadable,
)
from dhcptui.act.sync.tree import MAX_BYTES, Tree, TreeError, change, digest, pack, result
from dhcptui.assess.comparison import Comparison
from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.logs.complaints import complaint, complaints
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.sync_record import ROLLING_BACK, SyncRecord
from dhcptui.servers.ssh import commands, sync_commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandFailed, OutputTooLarge, RemoteError

KEEP_BACKUPS = 5
COPY_SECONDS = 120.0
UNWRITTEN = "Nothing was written."
"""Said of steps before the first one that writes."""
_FULL = re.compile(r"no space left|wrote only \d+ of|quota exceeded|disk full", re.IGNORECASE)
"""How cp and tar say it; GNU tar keeps the errno to itself when the last block is written in part."""


@dataclass(slots=True)
class SyncRun:
    """One run of sync-restart: what its steps hand on to each other."""

    pair: PairSettings
    comparison: Comparison | None
    trees: Trees = field(default_factory=lambda: Trees({}, None))
    record: SyncRecord = field(default_factory=lambda: SyncRecord(secrets.token_hex(4), "", _by()))
    trouble: str = ""
    """Why the record could not be written; it is no reason to stop."""

    def __post_init__(self) -> None:
        earlier = self.comparison.record if self.comparison else None
        if self.comparison and earlier in {self.comparison.resumable, self.comparison.revertible} and earlier:
            self.record = earlier

    @property
    def source(self) -> ServerSettings:
        """Where the files come from."""
        return self.pair[self.pair.sync_from]

    @property
    def target(self) -> ServerSettings:
        """Where they go."""
        return self.pair[self.pair.sync_from.other]

    @property
    def place(self) -> Place:
        """The directories on the target."""
        return Place.of(self.target)

    def test_command(self, server: ServerSettings) -> Command:
        """`dhcpd -t` with the server's own configuration, where its dhcpd reads it."""
        roots = dict(self.comparison.roots) if self.comparison else {}
        return commands.dhcpd_test(server.dhcpd_conf, roots.get(server.name, ""))

    async def on_target(self, context: Context, command: Command, input_: bytes | None = None) -> bytes:
        """Run a command on the target."""
        role = self.target.role
        return (await context.command(role, command, input_=input_ or b"", timeout=COPY_SECONDS)).stdout

    async def note(self, context: Context, milestone: str) -> None:
        """Write how far we are, for whoever finds this run interrupted."""
        if milestone not in self.record.done:
            self.record = replace(self.record, done=(*self.record.done, milestone))
        self.record = replace(self.record, run=context.record.run)  # the lock and the audit log tell of it by this name
        line = (self.record.to_json() + "\n").encode()
        try:
            await self.on_target(context, sync_commands.write_own(self.place.record), line)
        except RemoteError as error:
            self.trouble = f"; how far this is could not be noted: {why(error)}"


def _by() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (OSError, KeyError):
        return socket.gethostname()


async def _has_leases(context: Context, server: ServerSettings) -> None:
    """dhcpd does not start without its lease file: asked before any file is touched. Raises StepFailed."""
    done = await context.command(server.role, commands.is_file(server.leases), check=False)
    if done.exit_status == 1:
        raise StepFailed(
            f"{server.name} has no lease file {server.leases}: dhcpd would not start again",
            "Nothing was changed. Put its lease file back first, or correct leases in the configuration.",
        )


async def read_source(run: SyncRun, context: Context) -> str:
    """Read the source once more."""
    await _has_leases(context, run.source)
    await _has_leases(context, run.target)
    source = await _read(context, run.source, context.planned_command())
    if source is None:
        raise StepFailed(f"{run.source.shared_dir} does not exist on {run.source.name}", UNWRITTEN)
    run.trees = Trees(source, None)
    return f"{len(run.trees.source)} names"


async def read_target(run: SyncRun, context: Context) -> str:
    """Read the target once more; both must be as they were when the diff was confirmed."""
    confirmed = run.comparison
    assert confirmed is not None  # noqa: S101 - without one the plan was refused
    target = await _read(context, run.target, context.planned_command())
    run.trees = replace(run.trees, target=target)
    now = digest(run.trees.source), digest(target) if target is not None else ""
    if now != (confirmed.source_digest, confirmed.target_digest):
        where = run.source.name if now[0] != confirmed.source_digest else run.target.name
        raise StepFailed(f"the directories changed since you confirmed, on {where}", UNWRITTEN + " Read the new diff.")
    if confirmed.resumable is None:
        run.record = replace(run.record, digest=confirmed.source_digest)
    return f"as confirmed: {confirmed.words}"


async def _read(context: Context, server: ServerSettings, command: Command) -> Tree | None:
    try:
        done = await context.command(server.role, command, max_bytes=MAX_BYTES)
        return await parse_tree(server, done.stdout)
    except (CommandFailed, OutputTooLarge) as error:
        if isinstance(error, CommandFailed) and error.exit_status == sync_commands.MISSING:
            return None
        raise StepFailed(str(unreadable(server, error)), UNWRITTEN) from error
    except TreeError as error:
        raise StepFailed(str(error), UNWRITTEN) from error


async def _test(context: Context, server: ServerSettings, next_: str, command: Command) -> str:
    """`dhcpd -t` with the server's own configuration."""
    done = await context.command(server.role, command, check=False)
    if done.exit_status != 0:
        output = done.stderr.decode("utf-8", "replace")
        lines = [clean(line, 200) for line in complaints(output)[:4]] or [complaint(output)]
        raise StepFailed(f"dhcpd -t on {server.name}: {' / '.join(lines)}", next_)
    return f"dhcpd -t passes on {server.name}"


async def test_source(run: SyncRun, context: Context) -> str:
    """The new configuration, where it comes from."""
    next_ = f"No server was restarted. Mend the file on {run.source.name} and try again."
    return await _test(context, run.source, next_, context.planned_command())


async def test_target(run: SyncRun, context: Context) -> str:
    """The target with what it has already. An interrupted run's copy that does not pass is put back."""
    if run.record.stamp and COPIED not in run.record.done:
        return await _accept(context, run, context.planned_command())
    next_ = f"No server was restarted. Mend the configuration of {run.target.name}."
    passed = await _test(context, run.target, next_, context.planned_command())
    await run.note(context, COPIED)
    return passed + run.trouble


async def stage(run: SyncRun, context: Context) -> str:
    """A copy of the target beside it, where nobody else can reach it; it must be what was confirmed."""
    try:
        await run.on_target(context, context.planned_command())
        if run.trees.target is not None:
            _check(await _staged(context, run), run.trees.target)
    except (RemoteError, TreeError) as error:
        raise await _unstaged(context, run, error) from error
    return f"{_count(len(run.trees.target or {}))} copied"


async def _staged(context: Context, run: SyncRun) -> Tree:
    """What is staged, read back."""
    command = sync_commands.read_tree(sync_commands.staged(run.place.staging))
    return await parse_tree(run.target, await run.on_target(context, command))


async def unpack(run: SyncRun, context: Context) -> str:
    """Unpack what differs into an empty directory, move it into the staged copy, and read that back."""
    source, target = run.trees.source, run.trees.target or {}
    try:
        made = change(source, target, run.pair.mirror)
        words = sync_commands.merge_words(made.removed, made.moved, ((each.name, each.mode) for each in made.entered))
        await run.on_target(context, context.planned_command(), pack(made.packed))
        await run.on_target(context, sync_commands.merge(run.place.staging), words)
        staged = await _staged(context, run)
        kept = _check(staged, result(source, target, run.pair.mirror))
    except (RemoteError, TreeError) as error:
        raise await _unstaged(context, run, error) from error
    return f"{_count(len(made.moved) + len(made.entered))} unpacked, {len(staged)} read back" + kept


def _count(names: int) -> str:
    return "1 name" if names == 1 else f"{names} names"


def _check(staged: Tree, wanted: Tree) -> str:
    """Raises TreeError unless every name and content is as it must be; says where owner or mode could not be kept."""
    if wrong := sorted(set(staged) ^ set(wanted)) or sorted(
        name for name in wanted if staged[name].content != wanted[name].content
    ):
        raise TreeError(f"{clean(wrong[0], 200)} in the copy is not as it was read ({len(wrong)} in all)")
    if other := sorted(name for name in wanted if staged[name].extras != wanted[name].extras):
        raise TreeError(f"{clean(other[0], 200)} did not keep its access control list or its extended attributes")
    owned = sum(not staged[name].owned_as(wanted[name]) for name in wanted)
    return f"; owner or mode of {owned} could not be kept" if owned else ""


async def _unstaged(context: Context, run: SyncRun, error: Exception) -> StepFailed:
    """The failure of a step before the swap. What was staged is removed, and what is in place is looked at."""
    try:
        await run.on_target(context, sync_commands.unstage(run.place.staging))
        left = ""
    except RemoteError:
        left = f" {run.place.staging} may be left on {run.target.name}; the next run removes it."
    as_it_was = await _looked_at(context, run)
    reason = why(error)
    if _FULL.search(reason):
        return StepFailed(
            f"no room for the copy on {run.target.name}: {reason}", as_it_was + left + " Make room there."
        )
    return StepFailed(f"copy to {run.target.name}: {reason}", as_it_was + left)


async def _looked_at(context: Context, run: SyncRun) -> str:
    """What has become of the target's directory by a failure, as read now."""
    name, directory = run.target.name, run.place.directory
    try:
        now = await _read(context, run.target, read_command(run.target))
    except (RemoteError, StepFailed) as error:
        return f"What {directory} on {name} is like now could not be looked at: {why(error)}"
    before = run.trees.target
    if (now is None) != (before is None) or (now is not None and before is not None and digest(now) != digest(before)):
        return f"{directory} on {name} is NOT as it was: look at it, and at {run.place.backups}-* beside it."
    return f"{directory} on {name} was looked at and is as it was."


async def swap(run: SyncRun, context: Context) -> str:
    """Put the staged directory in place; back again if the target's dhcpd refuses it."""
    run.record = replace(run.record, run=context.record.run)
    rest = (run.record.without_stamp() + "\n").encode()
    try:
        stamp = (await run.on_target(context, context.planned_command(), rest)).decode("ascii", "replace").strip()
    except RemoteError as error:
        raise await _unstaged(context, run, error) from error
    run.record = replace(run.record, stamp=stamp)
    return await _accept(context, run)


async def _accept(context: Context, run: SyncRun, command: Command | None = None) -> str:
    """Test what has just been put in place."""
    place, target = run.place, run.target
    try:
        passed = await _test(context, target, "", command or run.test_command(target))
    except StepFailed as failure:
        await put_back(context, run)
        await forget(context, run)
        raise StepFailed(
            f"{failure}; the old directory is back",
            f"No server was restarted. What was refused lies in {place.rejected} on {target.name}.",
        ) from failure
    await run.note(context, COPIED)
    backup = place.backup(run.record.stamp)
    return passed + (f"; the old directory is {backup}" if backup else "") + run.trouble


def back_command(run: SyncRun) -> Command:
    """What puts the backup of this run back."""
    again = ROLLING_BACK in run.record.done
    return sync_commands.swap_back(run.place.directory, run.place.rejected, run.place.backup(run.record.stamp), again)


async def put_back(context: Context, run: SyncRun, command: Command | None = None) -> None:
    """Swap the backup back in, which whoever finds this run interrupted is told before. Raises StepFailed."""
    command = command or back_command(run)
    await run.note(context, ROLLING_BACK)
    try:
        await run.on_target(context, command)
    except RemoteError as error:
        raise StepFailed(
            f"the old directory could not be put back on {run.target.name}: {why(error)}",
            f"Put {run.place.backup(run.record.stamp)} back by hand before dhcpd on {run.target.name} restarts.",
        ) from error
    run.record = replace(run.record, stamp="")


async def roll_back(run: SyncRun, context: Context) -> str:
    """The interrupted run's backup in the place of what it had copied, tested."""
    await put_back(context, run, context.planned_command())
    next_ = f"Its old directory is back; {run.target.name} was not restarted."
    passed = await _test(context, run.target, next_, run.test_command(run.target))
    return f"the old directory is back; {passed}"


def tidy_command(run: SyncRun) -> Command:
    """What ends a run on the target."""
    return sync_commands.tidy(run.place.record, run.place.backups, KEEP_BACKUPS)


async def tidy(run: SyncRun, context: Context) -> str:
    """Forget the run, keep the newest backups."""
    try:
        await run.on_target(context, context.planned_command())
    except RemoteError as error:
        raise StepFailed(
            f"everything is done, but {run.place.record} could not be removed: {why(error)}",
            f"Remove it on {run.target.name}, or the next console takes this run for interrupted.",
        ) from error
    return f"the newest {KEEP_BACKUPS} backups are kept"


async def forget(context: Context, run: SyncRun) -> None:
    """As `tidy`, after a failure that left nothing to resume; what it cannot do is no further failure."""
    try:
        await run.on_target(context, tidy_command(run))
    except RemoteError:
        return


def runs_newer(run: SyncRun) -> str:
    """What the source's dhcpd runs where that run had restarted it: a way back of the target does not change it."""
    source = run.source
    if not was_restarted(run, source.role):
        return ""
    runs = "still runs" if f"restarted {source.name}" in run.record.done else "may run"
    return f"{source.name} {runs} the newer configuration until its next restart"


def after_way_back(run: SyncRun) -> str:
    """What to do about the source once the target has its old directory again."""
    source = run.source
    if newer := runs_newer(run):
        return f"The two differ: {newer}. Mend or revert its files and restart it, or sync-restart again."
    return f"{source.name} keeps the new files: mend or revert them there before its next restart."


def was_restarted(run: SyncRun, role: Role) -> bool:
    """Whether the interrupted run had restarted a server, or may have."""
    name = run.pair[role].name
    return bool({f"restarting {name}", f"restarted {name}"} & set(run.record.done))
