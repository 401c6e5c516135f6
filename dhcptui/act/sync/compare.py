"""sync-restart: what a person must have read before confirming: both directories, compared, and what lies half-done."""

from __future__ import annotations

import asyncio
import posixpath
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dhcptui.act.locks import why
from dhcptui.act.sync.diff import diff
from dhcptui.act.sync.tree import (
    LIMIT_WORDS,
    MAX_BYTES,
    Difference,
    Kind,
    Tree,
    TreeError,
    blocked,
    differ,
    digest,
    read_tree,
    unkept,
)
from dhcptui.assess.comparison import Comparison
from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.config.platforms import PLATFORMS
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import Link
from dhcptui.model.sync_record import SyncRecord
from dhcptui.servers.host import Completed
from dhcptui.servers.ssh import commands, discover_commands, sync_commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandFailed, OutputTooLarge, RemoteError, SessionRefused
from dhcptui.watch.clocks import moment

if TYPE_CHECKING:
    from dhcptui.watch.pair import PairEngine

READ_SECONDS = 60.0
PROCESS_SECONDS = 5.0
CONNECT_SECONDS = 15.0
COPIED = "copied"
NEEDS_SESSIONS = "it takes three at a time (MaxSessions in its sshd_config; 10 is sshd's own default)"


@dataclass(frozen=True, slots=True)
class Place:
    """A server's shared directory, and our names beside it: in the same parent, where AppArmor lets dhcpd read."""

    directory: str

    @classmethod
    def of(cls, server: ServerSettings) -> Place:
        """Where that server has it."""
        return cls(posixpath.normpath(server.shared_dir))

    @property
    def staging(self) -> str:
        """The new directory before the swap."""
        return self._beside("new")

    @property
    def rejected(self) -> str:
        """The new directory after it was swapped back."""
        return self._beside("rejected")

    @property
    def backups(self) -> str:
        """What the name of every backup begins with; a dash and the stamp follow."""
        return self._beside("backup")

    @property
    def record(self) -> str:
        """How far a run has come, for whoever finds it interrupted."""
        return sync_commands.record_of(self.directory)

    def backup(self, stamp: str) -> str:
        """One backup; an empty stamp: there was nothing to back up."""
        return f"{self.backups}-{stamp}" if stamp else ""

    def _beside(self, what: str) -> str:
        return sync_commands.beside(self.directory, what)


@dataclass(frozen=True, slots=True)
class Trees:
    """Both directories as read; the target's is None where there is none."""

    source: Tree
    target: Tree | None
    record: SyncRecord | None = None
    backup_there: bool = False
    blind: tuple[str, ...] = ()
    """Servers whose tar tells no access control lists."""


MISSING = Completed(b"", b"", sync_commands.MISSING)
"""Where there is no such directory."""


async def parse_tree(server: ServerSettings, archive: bytes) -> Tree:
    """A tree of what `read_tree` gave. Raises TreeError that names the server."""
    try:
        return await asyncio.to_thread(read_tree, archive)
    except TreeError as error:
        raise TreeError(f"{server.shared_dir} on {server.name}: {error}") from error


def unreadable(server: ServerSettings, error: RemoteError) -> TreeError:
    """A directory that could not be read, without the script that tried; a limit is said as one."""
    if isinstance(error, CommandFailed):  # what our script remarks of tar is not why it failed
        stderr = error.stderr.replace(sync_commands.BLIND.decode(), "").strip("\n ")
        error = CommandFailed(error.line, error.exit_status, stderr)
    reason = f"it is too large: {LIMIT_WORDS}" if isinstance(error, OutputTooLarge) else why(error)
    if isinstance(error, SessionRefused) and not server.local:
        reason = f"sshd on {server.name} opens no further session for this console ({reason}): {NEEDS_SESSIONS}"
    return TreeError(f"{server.shared_dir} on {server.name}: {reason}")


def read_command(server: ServerSettings) -> Command:
    """What reads a server's shared directory."""
    return sync_commands.read_tree(Place.of(server).directory)


async def read_both(engine: PairEngine) -> Trees:
    """Read both directories, and what an interrupted run left. Raises RemoteError, TreeError."""
    pair = engine.settings
    source, target = pair[pair.sync_from], pair[pair.sync_from.other]
    place = Place.of(target)

    async def run(server: ServerSettings, command: Command) -> Completed:
        session = engine.watchers[server.role].session
        try:
            return await session.run(command, timeout=READ_SECONDS, check=True, max_bytes=MAX_BYTES)
        except (CommandFailed, OutputTooLarge, SessionRefused) as error:
            if isinstance(error, CommandFailed) and error.exit_status == sync_commands.MISSING:
                return MISSING
            raise unreadable(server, error) from error

    async def tree(server: ServerSettings) -> Tree | None:
        done = await run(server, read_command(server))
        if done is MISSING:
            return None
        if sync_commands.BLIND in done.stderr:
            blind.append(server.name)
        return await parse_tree(server, done.stdout)

    async def of_target() -> tuple[Tree | None, bytes, bytes]:
        # One after the other: each is a session of its own, and sshd may allow few.
        here = await tree(target)
        raw = await run(target, sync_commands.read_if_there(place.record))
        return here, raw.stdout, (await run(target, commands.list_glob(f"{place.backups}-*"))).stdout

    blind: list[str] = []
    there, (here, raw, listed) = await asyncio.gather(tree(source), of_target())
    if there is None:
        raise TreeError(f"{source.shared_dir} does not exist on {source.name}")
    record = SyncRecord.from_json(raw) if raw else None
    backups = listed.decode("utf-8", "surrogateescape").split("\0")
    there_still = bool(record and record.stamp and place.backup(record.stamp) in backups)
    return Trees(there, here, record, there_still, tuple(sorted(blind)))


async def compare(engine: PairEngine) -> Comparison:
    """Read and compare both shared directories; a failure is part of the answer."""
    pair = engine.settings
    source, target = pair[pair.sync_from], pair[pair.sync_from.other]
    # Asked for before the servers were reached: not yet is no answer.
    await engine.until(
        lambda snapshot, _now: not any(view.ssh.link is Link.CONNECTING for view in snapshot.servers), CONNECT_SECONDS
    )
    read_at = moment().mono
    try:
        trees = await read_both(engine)
        # Long files take long to compare, and this loop polls the servers.
        comparison = await asyncio.to_thread(of_trees, trees, pair, read_at)
        return replace(comparison, roots=await _roots(engine), left_outside=await _left_outside(engine))
    except (RemoteError, TreeError) as error:
        return Comparison(source.name, target.name, read_at, error=clean(str(error), 500))


async def _roots(engine: PairEngine) -> tuple[tuple[str, str], ...]:
    """Each server whose dhcpd reads its dhcpd.conf in a chroot, with that directory, once the processes were looked at."""
    await engine.until(
        lambda snapshot, _now: all(view.process is not None for view in snapshot.servers), PROCESS_SECONDS
    )
    seen = ((view.name, view.process) for view in engine.snapshot.servers)
    return tuple((name, process.value.conf_root) for name, process in seen if process and process.value.conf_root)


async def _left_outside(engine: PairEngine) -> tuple[str, ...]:
    """Servers whose start script copies dhcpd.conf into a chroot, and not the directory of its includes. Raises RemoteError."""
    wrong = []
    for view in engine.snapshot.servers:
        server, process = engine.settings[view.role], view.process
        row = PLATFORMS[server.platform] if server.platform else None
        if not (row and row.copies_files and process and process.value.chroot) or process.value.conf_root:
            continue
        directory = posixpath.normpath(server.shared_dir)
        if server.dhcpd_conf.startswith(f"{directory}/"):
            continue  # dhcpd.conf itself is in it: whether it includes more is not known here
        command = discover_commands.shell_setting(row.options_file, row.includes_setting)
        session = engine.watchers[view.role].session
        done = await session.run(command, timeout=READ_SECONDS, check=True)
        values = re.findall(r"""=["']?(/[^"'\s]*)""", done.stdout.decode("utf-8", "replace"))
        copied = posixpath.normpath(values[-1]) if values else ""
        if not copied or not f"{directory}/".startswith(f"{copied}/"):
            wrong.append(
                f"{row.includes_setting} in {row.options_file} of {view.name} is {clean(copied, 100) or 'not set'}: its start script"
                f" would leave {directory} outside of {process.value.chroot}, and dhcpd would start with what lies in there now"
            )
    return tuple(wrong)


def of_trees(trees: Trees, pair: PairSettings, read_at: float) -> Comparison:
    """The comparison of two trees. Raises TreeError."""
    source, target = pair[pair.sync_from], pair[pair.sync_from.other]
    before: Tree = trees.target or {}
    error = ""
    try:
        difference = differ(trees.source, before)
    except TreeError as refused:
        error, difference = f"{source.shared_dir} on {source.name}: {refused}: it is not copied", NO_DIFFERENCE
    if not error and not pair.mirror and (name := blocked(trees.source, before)):
        error = f"{name} is a directory on {target.name} only: remove it there, or set mirror = true"
    if not error and (odd := unkept(trees.source, before, difference)):
        where = source.name if odd is trees.source.get(odd.name) else target.name
        error = f"{odd.shown} has {clean('; '.join(odd.extras), 100)} on {where}, which a copy does not keep: {ADVICE}"
    if trees.target is None and trees.backup_there:
        error = f"{target.shared_dir} is missing on {target.name}: its host stopped in the middle of a swap; roll back"

    def shown(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(clean(name, 60) for name in names)

    return Comparison(
        source.name,
        target.name,
        read_at,
        sum(each.kind is Kind.FILE for each in trees.source.values()),
        shown(difference.new),
        shown(difference.changed),
        shown(difference.modes),
        shown(difference.only_on_target),
        diff(trees.source, before, difference, (source.name, target.name), pair.mirror),
        digest(trees.source),
        digest(before) if trees.target is not None else "",
        trees.target is not None,
        trees.record,
        trees.backup_there,
        pair.mirror,
        trees.blind,
        error,
    )


ADVICE = "remove it (setfacl -b, setfattr -x), or make both alike by hand"
NO_DIFFERENCE = Difference((), (), (), ())
