"""sync-restart: copy the shared directory, test on both servers, restart one after the other.

Nothing is restarted before `dhcpd -t` passed on both. The copy is staged beside its target and swapped in by rename;
the old directory stays as a backup. Files that exist only on the target are kept.
"""

from __future__ import annotations

import io
import posixpath
import shlex
import tarfile
import time
from dataclasses import dataclass

from dhcptui.config import PairSettings, ServerSettings
from dhcptui.engine.actions.base import ActionScript, Context, Step, StepFailed
from dhcptui.engine.pair import moment
from dhcptui.model.guards import Action
from dhcptui.model.plan import PlannedStep
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import Role
from dhcptui.remote import commands
from dhcptui.remote.commands import Command
from dhcptui.remote.errors import CommandFailed, RemoteError

BOTH_NORMAL_SECONDS = 120.0
"""dhcpd tries its partner again after 5 s, or after 90 s when the first attempt was refused at once."""
KEEP_BACKUPS = 5


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the shared directory of a server lives, and the names we use beside it."""

    directory: str

    @property
    def staging(self) -> str:
        return self._beside("new")

    @property
    def rejected(self) -> str:
        return self._beside("rejected")

    def backup(self, stamp: str) -> str:
        return self._beside("backup") + f"-{stamp}"

    @property
    def backups(self) -> str:
        return self._beside("backup") + "-*"

    def _beside(self, what: str) -> str:
        parent, name = posixpath.split(self.directory.rstrip("/"))
        return posixpath.join(parent, f"{commands.OWN_PREFIX}{what}-{name}")


def script(pair: PairSettings, acting: Role) -> ActionScript:
    """`acting` plays no part: source and order come from the configuration."""
    del acting
    source, target = pair[pair.sync_from], pair[pair.sync_from.other]
    first, second = (pair[role] for role in pair.restart_order)
    return ActionScript(
        Action.SYNC_RESTART,
        f"Copy {source.shared_dir} from {source.name} to {target.name}, test, restart {first.name}, then {second.name}.",
        pair.name,
        (
            Step(
                PlannedStep(
                    "compare the shared directories",
                    source.name,
                    _line(source, commands.pack_tree(source.shared_dir)),
                    "both read",
                ),
                _compare,
            ),
            Step(_test_step(source), lambda context: _test(context, source)),
            Step(
                PlannedStep(
                    f"copy to {target.name}, keeping a backup",
                    target.name,
                    _line(target, commands.unpack_tree(_Place(target.shared_dir).staging))
                    + f", swap with {target.shared_dir}",
                    f"{_line(target, commands.dhcpd_test(target.dhcpd_conf))} passes, else swapped back",
                ),
                _copy,
            ),
            *(
                Step(
                    PlannedStep(
                        f"restart {server.name}",
                        server.name,
                        _line(server, _restart_command(server)),
                        "a new dhcpd process, both servers read normal",
                    ),
                    lambda context, server=server: _restart(context, server),  # type: ignore[misc]
                )
                for server in (first, second)
            ),
        ),
        "Both servers run the new configuration and read normal.",
        "Nothing to do.",
    )


def _restart_command(server: ServerSettings) -> Command:
    return commands.restart(shlex.join(server.restart))


def _line(server: ServerSettings, command: Command) -> str:
    """A command exactly as it will run on that server."""
    return command.as_root(server.sudo).line


def _test_step(server: ServerSettings) -> PlannedStep:
    line = _line(server, commands.dhcpd_test(server.dhcpd_conf))
    return PlannedStep(f"test the configuration of {server.name}", server.name, line, "exit status 0")


def _contents(archive: bytes) -> dict[str, object]:
    """Name -> what counts as its content, for every file of a tar stream."""
    found: dict[str, object] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        for member in tar:
            if member.isreg():
                data = tar.extractfile(member)
                found[member.name] = (data.read() if data else b"", member.mode)
            elif not member.isdir():
                found[member.name] = (member.type, member.linkname)
    return found


async def _compare(context: Context) -> str:
    source_role = context.pair.sync_from
    source, target = context.pair[source_role], context.pair[source_role.other]
    archive = (await context.command(source_role, commands.pack_tree(source.shared_dir))).stdout
    try:
        old = (await context.command(source_role.other, commands.pack_tree(target.shared_dir))).stdout
        before = _contents(old)
        context.target_exists = True
    except CommandFailed:
        before = {}
        context.target_exists = False
    try:
        after = _contents(archive)
    except tarfile.TarError as error:
        raise StepFailed(
            f"cannot read the archive of {source.shared_dir}: {clean(str(error))}", "Nothing was changed."
        ) from error
    changed = sorted(name for name, content in after.items() if before.get(name) != content)
    kept = sorted(set(before) - set(after))
    context.archive, context.changed = archive, changed
    if not changed:
        return f"nothing to copy: {target.name} has the same {len(after)} files"
    listed = ", ".join(clean(name.removeprefix("./"), 60) for name in changed[:5])
    more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
    only = f"; {len(kept)} only on {target.name}, kept" if kept else ""
    return f"{len(changed)} of {len(after)} files differ: {listed}{more}{only}"


async def _test(context: Context, server: ServerSettings) -> str:
    done = await context.command(server.role, commands.dhcpd_test(server.dhcpd_conf), check=False)
    if done.exit_status != 0:
        raise StepFailed(
            f"dhcpd -t on {server.name}: {_complaint(done.stderr)}",
            f"No server was restarted. Mend the file on {context.pair[context.pair.sync_from].name} and try again.",
        )
    return f"dhcpd -t passes on {server.name}"


def _complaint(stderr: bytes) -> str:
    """The lines of `dhcpd -t` that name a file and line, with their text; all of it where none does."""
    lines = [clean(line, 200) for line in stderr.splitlines() if line.strip()]
    named = [line for line in lines if " line " in line]
    return " / ".join((named or lines[-3:])[:4])


async def _copy(context: Context) -> str:
    role = context.pair.sync_from.other
    target = context.pair[role]
    if not context.changed:
        return await _test(context, target) + "; nothing was copied"
    place = _Place(target.shared_dir)
    archive = context.archive
    backup = place.backup(time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))

    async def run(command: Command, input_: bytes | None = None) -> None:
        await context.command(role, command, input_=input_)

    await run(commands.remove_tree(place.staging))
    existed = context.target_exists
    await run(commands.copy(target.shared_dir, place.staging) if existed else commands.make_dir(place.staging))
    await run(commands.unpack_tree(place.staging), archive)
    if existed:
        await run(commands.rename(target.shared_dir, backup))
    await run(commands.rename(place.staging, target.shared_dir))
    try:
        passed = await _test(context, target)
    except StepFailed as failure:
        await run(commands.remove_tree(place.rejected))
        await run(commands.rename(target.shared_dir, place.rejected))
        if existed:
            await run(commands.rename(backup, target.shared_dir))
        raise StepFailed(
            f"{failure}; the old directory is back",
            f"No server was restarted. What was refused lies in {place.rejected} on {target.name}.",
        ) from failure
    await _prune(context, role, place)
    return f"{passed}; the old directory is {backup}" if existed else passed


async def _prune(context: Context, role: Role, place: _Place) -> None:
    """Keep the last few backups. The stamps sort by time; a failure to tidy up is no failure."""
    try:
        listed = (await context.command(role, commands.list_glob(place.backups))).stdout.split(b"\0")
        for old in sorted(path.decode("utf-8", "surrogateescape") for path in listed if path)[:-KEEP_BACKUPS]:
            await context.command(role, commands.remove_tree(old))
    except RemoteError:
        return


async def _restart(context: Context, server: ServerSettings) -> str:
    role = server.role
    other = context.pair[role.other]
    await context.fresh()
    if not context.standing(role.other).serving:
        raise StepFailed(
            f"{other.name} does not serve now", f"{server.name} was not restarted, so that somebody serves."
        )
    seen = context.snapshot[role].process
    before = seen.value.pids if seen else ()
    started = moment().mono
    try:
        await context.command(role, _restart_command(server))
    except RemoteError as error:
        raise StepFailed(
            f"restart of {server.name}: {error}",
            f"{other.name} was not touched and serves. Look at the log of {server.name}.",
        ) from error
    returned = moment().mono
    if not await context.until_both_normal(BOTH_NORMAL_SECONDS, since=returned):
        words = " and ".join(
            f"{each.view.name} reads {each.state.word if each.state else each.standing.value}"
            for each in (context.standing(Role.PRIMARY), context.standing(Role.SECONDARY))
        )
        raise StepFailed(
            f"not both normal after {BOTH_NORMAL_SECONDS:.0f} s: {words}", f"{other.name} was not restarted after it."
        )
    await context.fresh()
    seen = context.snapshot[role].process
    after = seen.value.pids if seen else ()
    if not after or after == before:
        raise StepFailed(
            f"{server.name} still runs the old dhcpd process", "Check the restart command in the configuration."
        )
    return f"new dhcpd on {server.name} (pid {after[0]}), both normal {moment().mono - started:.1f} s after the restart began"
