"""Both servers' configuration and what else lint wants to know: over SSH, or from two files."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from dhcptui.act.sync.compare import MISSING, READ_SECONDS, Trees, of_trees, parse_tree, read_command, unreadable
from dhcptui.act.sync.tree import MAX_BYTES, Tree, TreeError
from dhcptui.conf.files import Read, load
from dhcptui.conf.lint.findings import Expected, Pair, Subject
from dhcptui.conf.lint.rules import common_peer
from dhcptui.conf.reader import ConfParseError, Node
from dhcptui.config.loading import PairSettings, ServerSettings
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.servers.host import Host
from dhcptui.servers.ssh.errors import CommandFailed, RemoteError
from dhcptui.servers.ssh.target import SshTarget
from dhcptui.setup.logged_in import logged_in
from dhcptui.watch.survey import explain, survey

SharedTree = Tree | TreeError | None
"""A shared directory: None where there is none, and why where it could not be read."""


class LintError(Exception):
    """A server or a file could not be read; the text says which, why, and what to do."""


async def over_ssh(pair: PairSettings, wait: float | None = None) -> Pair:
    """Look at both servers at once; nothing is written there. Raises LintError, ConfigError.

    `wait`: seconds each may take after its login; None: each command has its own limit.
    """
    one, two = await asyncio.gather(_server(pair.primary, wait), _server(pair.secondary, wait))
    if isinstance(one, LintError) or isinstance(two, LintError):
        raise LintError("\n".join(line for each in (one, two) for line in _unread(each)))
    drift, *unread = await asyncio.to_thread(_drift, pair, one[1], two[1])
    return Pair(pair.peer, one[0], two[0], drift, tuple(note for note in (one[2], two[2], *unread) if note))


def _unread(server: tuple[Subject, SharedTree, str] | LintError) -> list[str]:
    """What could not be read of a server: itself, or files that it includes."""
    return [str(server)] if isinstance(server, LintError) else [missing(server[0], node) for node in server[0].absent]


def missing(subject: Subject, include: Node) -> str:
    """An include of a file that does not exist, in a sentence."""
    return f"{subject.name}: {include.where}: {clean(include.words[1])} does not exist"


async def _server(server: ServerSettings, wait: float | None) -> tuple[Subject, SharedTree, str] | LintError:
    """One server: what lint looks at, its shared directory, and a note. Errors are results, so that both are told."""
    try:
        async with logged_in(SshTarget.of(server), wait) as way:
            found = await survey(way.session, server.dhcpd_conf, platform=server.platform)
            tree = await _tree(way.session, server)
    except (RemoteError, ConfParseError) as error:
        return LintError(f"{server.name}: {explain(error)}")
    key = server.omapi_key
    expected = Expected(
        server.omapi_port,
        key.name if key else "",
        key.algorithm if key else "",
        key.read_secret().decode("ascii") if key else "",
        server.dhcpd_conf,
        server.leases,
    )
    return (
        Subject(
            server.name,
            found.configuration,
            found.version,
            found.test,
            found.modes,
            found.changed,
            found.started,
            found.place.edited if found.place else "",
            found.leases,
            expected,
            platform=server.platform or "",
            chroot=found.chroot,
        ),
        tree,
        f"{server.name}: {found.place.note}" if found.place and found.place.note else "",
    )


async def _tree(session: Host, server: ServerSettings) -> SharedTree:
    """The shared directory; None where there is none, the reason where it could not be read."""
    try:
        done = await session.run(read_command(server), timeout=READ_SECONDS, max_bytes=MAX_BYTES)
        if done.exit_status == MISSING.exit_status:
            return None
        if done.exit_status:
            raise CommandFailed(read_command(server).line, done.exit_status, done.stderr)
        return await parse_tree(server, done.stdout)
    except TreeError as error:
        return error
    except RemoteError as error:
        if session.closed:
            raise
        return unreadable(server, error)


def _drift(pair: PairSettings, primary: SharedTree, secondary: SharedTree) -> tuple[str, ...]:
    """How the shared directories differ, as sync + restart would say it (empty: they do not); and what could not be read."""
    unread = [str(tree) for tree in (primary, secondary) if isinstance(tree, TreeError)]
    if unread:
        return "", *(f"the shared directories were not compared: {why}" for why in unread)
    return (_differing(pair, {Role.PRIMARY: _tree_of(primary), Role.SECONDARY: _tree_of(secondary)}),)


def _tree_of(tree: SharedTree) -> Tree | None:
    return None if isinstance(tree, TreeError) else tree


def _differing(pair: PairSettings, trees: dict[Role, Tree | None]) -> str:
    if not any(tree is not None for tree in trees.values()):
        return ""
    source = trees[pair.sync_from]
    if source is None:
        return f"{pair[pair.sync_from].shared_dir} is missing on {pair[pair.sync_from].name}"
    compared = of_trees(Trees(source, trees[pair.sync_from.other]), pair, time.monotonic())
    if compared.error:
        return compared.error
    same = compared.nothing_to_copy and not compared.only_on_target
    return "" if same else compared.words


async def from_files(primary: Path, secondary: Path, peer: str = "") -> Pair:
    """Read two files of this machine. Raises LintError.

    An include is looked for beside the file that is linted, and one directory up, before its own path: a copy of
    /etc/dhcp lies anywhere, and the scaffold keeps what both share in one place.
    """
    found = []
    for path in (primary, secondary):
        try:
            found.append(await load(_reader(path), str(path.absolute()), lenient=True))
        except (OSError, UnicodeError) as error:
            raise LintError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
        except ConfParseError as error:
            raise LintError(str(error)) from error
    names = [str(path) for path in (primary, secondary)]
    pair = Pair(peer, Subject(names[0], found[0]), Subject(names[1], found[1]))
    return pair if peer else Pair(common_peer(pair), pair.primary, pair.secondary)


def _reader(first: Path) -> Read:
    """Reads `first` where it lies, and every other file beside it if there is one."""
    home = first.absolute()

    def look(path: Path) -> str:
        # The longest tail first: dhcp/shared/master.conf, shared/master.conf, master.conf.
        tails = [] if path == home else [Path(*path.parts[index:]) for index in range(1, len(path.parts))]
        places = [base / tail for tail in tails for base in (home.parent, home.parent.parent)]
        return next((each for each in places if each.is_file()), path).read_text("utf-8", "replace")

    async def read(path: str) -> str:
        return await asyncio.to_thread(look, Path(path))

    return read
