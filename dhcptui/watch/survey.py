"""What one server says of its dhcpd, looked at once over SSH: configuration, process, files. Nothing is changed."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

from dhcptui.conf.files import load
from dhcptui.conf.reader import Node
from dhcptui.logs.complaints import complaint
from dhcptui.model.sanitize import clean, is_number
from dhcptui.servers.host import Host
from dhcptui.servers.ssh import commands, discover_commands, rescue_commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandFailed, RemoteError, in_full
from dhcptui.servers.ssh.helper import Runs
from dhcptui.servers.ssh.holders import Holders
from dhcptui.servers.ssh.ours import DhcpdProcess, servers
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.watch.conf_place import ConfPlace, candidates, conf_place

LOOK_SECONDS = 15.0
MAX_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Survey:
    """One server's dhcpd."""

    configuration: Node
    conf: str
    version: str = ""
    test: str = ""
    """What `dhcpd -t` found wrong; empty: nothing, or it could not be run."""
    changed: dict[str, int] = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)
    process: DhcpdProcess | None = None
    started: int | None = None
    chroot: str = ""
    place: ConfPlace | None = None
    """Where the running dhcpd has its configuration, by its words."""
    leases: str = ""
    """The lease file of the running dhcpd; empty: not known."""


async def lines(session: Host, command: Command) -> list[str]:
    """A command's lines, sanitised; none where it fails. Raises RemoteError when the session does."""
    done = await session.run(command, timeout=LOOK_SECONDS, max_bytes=MAX_BYTES)
    if done.exit_status:
        return []
    return [clean(line) for line in done.stdout.decode("utf-8", "replace").splitlines()]


async def read_configuration(session: Runs, path: str, *, chroot: str = "", lenient: bool = False) -> Node:
    """The server's configuration with its includes, as `conf.files.load` says. Raises ConfParseError, RemoteError."""

    async def read(name: str) -> str:
        command = discover_commands.read_existing(name)
        done = await session.run(command, timeout=LOOK_SECONDS, max_bytes=MAX_BYTES)
        if done.exit_status == discover_commands.MISSING:
            raise FileNotFoundError(name)
        if done.exit_status:
            raise CommandFailed(f"cat {shlex.quote(name)}", done.exit_status, done.stderr)
        return done.stdout.decode("utf-8", "replace")

    return await load(read, path, chroot=chroot, lenient=lenient)


async def running(session: Host) -> tuple[DhcpdProcess, ...]:
    """Every DHCP server for IPv4 that runs there: who listens on port 67, whatever it is called. Raises RemoteError."""
    async with await RemoteShell.open(session) as shell:
        look, _ = await (await Holders.open(shell)).look(None)
    return servers(look)


def argument(process: DhcpdProcess | None, option: str) -> str:
    """The file behind an option such as `-cf` on dhcpd's command line, seen from outside a chroot; else empty."""
    return process.file(option) if process else ""


def choose(found: tuple[DhcpdProcess, ...], conf: str) -> DhcpdProcess | None:
    """The dhcpd that reads `conf`, or a copy of it in its chroot; where none names a file, the only one."""
    named = [each for each in found if conf in {argument(each, "-cf"), each.argument("-cf")}]
    if named:
        return named[0]
    return found[0] if len(found) == 1 else None


def chroot_of(process: DhcpdProcess | None) -> str:
    """The directory that a dhcpd takes for `/`, by its command line; empty: none, or not known."""
    return process.root if process else ""


async def place_of(session: Host, process: DhcpdProcess, platform: str | None = None) -> ConfPlace | None:
    """Where a dhcpd has its configuration; None where its words do not say. Raises RemoteError."""
    there = await lines(session, discover_commands.first_existing(candidates(process)))
    return conf_place(process, there, platform)


async def survey(session: Host, conf: str, chroot: str = "", platform: str | None = None) -> Survey:
    """Look at everything. `chroot` "": as the running dhcpd says. Raises ConfParseError, RemoteError."""
    process = choose(await running(session), conf)
    place = await place_of(session, process, platform) if process else None
    root = place.root if place and place.read == conf else ""
    chroot = chroot or chroot_of(process)
    configuration = await read_configuration(session, conf, chroot=chroot, lenient=True)
    files = sorted({conf, *(node.file for node in configuration.walk())})
    facts = await lines(session, discover_commands.file_facts(files))
    now = int(facts[0]) if facts and is_number(facts[0]) else None
    changed, modes = {}, {}
    for file, fact in zip(files, facts[1:], strict=False):
        if match := re.fullmatch(r"(\d+) ([0-7]+)", fact):
            changed[file], modes[file] = int(match[1]), int(match[2], 8)
    started = None
    if process and process.elapsed_seconds is not None and now is not None:
        started = now - process.elapsed_seconds
    return Survey(
        configuration,
        conf,
        await version(session),
        await tested(session, conf, root),
        changed,
        modes,
        process,
        started,
        chroot,
        place,
        await _leases(session, process) if process else "",
    )


async def opened(session: Host, process: DhcpdProcess) -> tuple[str, str]:
    """The lease file of a running dhcpd, after the word `open`, or `named`: by its words; empty where neither can be told."""
    for line in await lines(session, rescue_commands.open_leases("", [process.pid])):
        how, _, path = line.partition(" ")
        if path.startswith("/"):
            return how, path
    return "", ""


async def _leases(session: Host, process: DhcpdProcess) -> str:
    how, path = await opened(session, process)
    return path if how == "open" else argument(process, "-lf")


async def version(session: Host) -> str:
    """dhcpd's version; empty where it cannot be learned. Raises RemoteError when the session fails."""
    done = await session.run(commands.dhcpd_version(), timeout=LOOK_SECONDS)
    output = clean((done.stdout + b" " + done.stderr).replace(b"\n", b" "))
    found = re.search(r"(?:isc-dhcpd-|DHCP Server V?)(\d+\.[\w.-]+)", output)
    return found[1] if found else ""


async def tested(session: Host, conf: str, root: str) -> str:
    """What `dhcpd -t` finds wrong, in the chroot `root` where there is one; empty: nothing, or it cannot be run there."""
    done = await session.run(commands.dhcpd_test(conf, root), timeout=LOOK_SECONDS)
    return "" if done.exit_status != 1 else complaint(done.stderr.decode("utf-8", "replace"))


def explain(error: RemoteError | Exception) -> str:
    """An error with its advice, in one line."""
    if not getattr(error, "advice", ""):
        return clean(str(error), 600)
    words = in_full(error)
    return clean(words if words.endswith(("?", "!")) else f"{words}.", 600)
