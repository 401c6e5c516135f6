"""How dhcpd is set up on a server, found out on its host: nothing is changed there. Each answer says how it was found."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from dhcptui.conf.failover import peers
from dhcptui.conf.reader import ConfParseError, Node
from dhcptui.config.platforms import DEFAULT, PLATFORMS, Platform, RestartWay
from dhcptui.model.sanitize import clean, is_number
from dhcptui.model.words import joined
from dhcptui.servers.host import Host
from dhcptui.servers.ssh import discover_commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.servers.ssh.ours import DhcpdProcess
from dhcptui.servers.ssh.sudo import refusal
from dhcptui.servers.ssh.target import SshTarget
from dhcptui.setup.find_platform import find_platform
from dhcptui.setup.logged_in import Tell, logged_in
from dhcptui.watch.conf_place import ConfPlace
from dhcptui.watch.survey import argument, lines, opened, place_of, read_configuration, running

RESTART_SCRIPTS = ("restart-dhcpd", "restart-dhcpd.sh", "dhcpd-restart")
"""What people call a script of their own that restarts dhcpd."""
_CONF_SETTINGS = "DHCPDv4_CONF|DHCPD_CONF|dhcpd_conf"
_CHROOT_SETTINGS = "dhcpd_chroot_enable|dhcpd_rootdir"
_UNIT = re.compile(r"([A-Za-z0-9@._-]*dhcp[A-Za-z0-9@._-]*)\.service")


@dataclass(frozen=True, slots=True)
class Told:
    """One answer. `guessed`: nothing on the server says so, it is only likely."""

    value: str
    how: str
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Discovered:
    """One server as it was found."""

    target: SshTarget
    name: Told
    conf: Told
    leases: Told
    log: Told
    restart: Told
    configuration: Node = field(repr=False)
    notes: tuple[str, ...] = ()
    """What a person should know; not part of the configuration."""
    platform: Told | None = None
    """A name of the table of platforms; None: it is none of them, as far as is known."""
    login_seconds: float = 0.0
    """How long its login took, of all tries."""


async def discover(
    target: SshTarget, peer: str | None = None, tell: Tell = lambda text: None, wait: float | None = None
) -> Discovered:
    """Look at one server; where several dhcpd run, at the one that declares `peer`. Raises RemoteError, ConfParseError.

    `tell` gets what somebody should know before anything else is looked at: that sudo does not work, that login is slow.
    `wait`: seconds that all after the login may take, and the login itself where it is longer than its usual time.
    """
    if wait is not None:
        target = replace(target, login_seconds=max(wait, target.login_seconds))
    async with logged_in(target, wait, tell) as way:
        session = way.session
        notes = []
        if note := await become_root(session):
            notes.append(note)
            if not session.target.sudo:
                tell(note)
        platform = find_platform(await lines(session, discover_commands.platform_facts()))
        process, choice = await _which(session, await running(session), peer)
        notes += choice
        look = _Look(session, platform.row if platform else None, process)
        place = await place_of(session, process, platform.row.name if platform else None) if process else None
        conf = await _conf(look, place)
        root = place.root if place else ""
        configuration = await read_configuration(session, conf.value, chroot=root)
        if place and place.note:
            notes.append(place.note)
        unit = await _unit(session, process)
        restart = await _restart_as_root(look, unit, conf.value)
        return Discovered(
            session.target,
            await _name(session),
            conf,
            await _leases(look, configuration),
            await _log(look, unit),
            restart,
            configuration,
            (*notes, *await _of_the_platform(look)),
            Told(platform.row.name, platform.how) if platform else None,
            way.login_seconds,
        )


@dataclass(frozen=True, slots=True)
class _Look:
    """What the look at one server knows by now: its platform, and its dhcpd where one runs."""

    session: Host
    row: Platform | None
    process: DhcpdProcess | None

    @property
    def rows(self) -> tuple[Platform, ...]:
        """The rows that may be meant: its own, else all."""
        return (self.row,) if self.row else tuple(PLATFORMS.values())

    async def lines(self, command: Command) -> list[str]:
        """A command's lines, sanitised; none where it fails. Raises RemoteError when the session does."""
        return await lines(self.session, command)


def _each(values: Iterable[str]) -> tuple[str, ...]:
    """Those that are not empty, each once."""
    return tuple(dict.fromkeys(value for value in values if value))


async def _of_the_platform(look: _Look) -> list[str]:
    """What a person should know of this platform."""
    row = look.row
    if row is None:
        return ["its platform is none that is known here: see the table of docs/configuration.md"]
    if row.written_by:
        return [
            f"dhcpd.conf is written by {row.written_by}: sync + restart is refused. The platform's way: {row.own_way}"
        ]
    if row.enabled_by:
        for line in await look.lines(discover_commands.run_enabled(row.enabled_by.split())):
            if match := re.fullmatch(r"""\s*(\w+)=["']?(?i:no|off|false|0|)["']?""", line):
                return [
                    f"{match[1]} is not YES in rc.conf: `{row.restart}` does nothing then, and ends with 0;"
                    f" run `sysrc {match[1]}=YES` there"
                ]
    return []


async def _which(
    session: Host, found: tuple[DhcpdProcess, ...], peer: str | None
) -> tuple[DhcpdProcess | None, list[str]]:
    """The dhcpd to look at, and what to say of the choice. Raises RemoteError where somebody has to choose."""
    if not found:
        return None, ["dhcpd does not run there, or is not seen: nobody listens on port 67; its files were looked for"]
    if len(found) == 1:
        return found[0], []
    declared = {process.pid: await _peers(session, process) for process in found}
    shown = "; ".join(f"{process}: {_list(declared[process.pid])}" for process in found)
    fit = [each for each in found if (peer in declared[each.pid] if peer else declared[each.pid])]
    if len(fit) != 1:
        names = sorted({name for each in fit for name in declared[each.pid]})
        advice = f"Name one with --peer {' or '.join(names)}." if names and not peer else "See their dhcpd.conf."
        raise RemoteError(f"{len(found)} dhcpd run on {session.target}: {shown}", advice)
    return fit[0], [f"{len(found)} dhcpd run there, the one with pid {fit[0].pid} was looked at ({shown})"]


def _list(names: tuple[str, ...]) -> str:
    return f"failover peer {joined(names)}" if names else "no failover peer"


async def _peers(session: Host, process: DhcpdProcess) -> tuple[str, ...]:
    """The failover peers that a dhcpd's configuration declares; none where it cannot be read."""
    if not (place := await place_of(session, process)):
        return ()
    try:
        configuration = await read_configuration(session, place.read, chroot=place.root)
    except ConfParseError:
        return ()
    return tuple(clean(each.name, 255) for each in peers(configuration))


async def become_root(session: Host) -> str:
    """Go on through sudo where the account is not root and sudo works; what to say of it, empty for root."""
    who = await lines(session, discover_commands.user_id())
    if session.target.sudo or who[:1] == ["0"]:
        return ""
    done = await session.run(discover_commands.sudo_works())
    if done.exit_status == 0:
        session.target = replace(session.target, sudo=True)
        return "this account is not root: sudo = true"
    reason = refusal(done.stderr)
    allowed = await _allowed(session)
    if allowed:
        return f"this account is not root, and {reason}; without one it may run, by sudo -n -l: {joined(allowed)}"
    return f"this account is not root, and {reason}: what only root may read is not found, and acting may fail"


async def _allowed(session: Host) -> list[str]:
    """The commands that the account may run as root without a password, as `sudo -n -l` names them."""
    found: list[str] = []
    for line in await lines(session, discover_commands.sudo_list()):
        _, mark, words = line.partition("NOPASSWD:")
        if mark:
            found += [each.strip().removesuffix('""').strip() for each in words.split(",")]
    return [each for each in found if each.startswith("/")]


async def _restart_as_root(look: _Look, unit: Told | None, conf: str) -> Told:
    """The restart command; for an account that may do only that as root, as sudo names it."""
    session, restart = look.session, await _restart(look, unit, conf)
    if session.target.sudo or (await lines(session, discover_commands.user_id()))[:1] == ["0"]:
        return restart
    words = restart.value.split()
    for each in await _allowed(session):
        program, *rest = each.split()
        if posixpath.basename(program) == posixpath.basename(words[0]) and rest == words[1:]:
            return Told(f"sudo -n {each}", "sudo -n -l")
    return restart


async def _name(session: Host) -> Told:
    name = next(iter(await lines(session, discover_commands.host_name())), "").partition(".")[0]
    return Told(name, "uname -n") if name else Told(session.target.host, "as it was given", True)


async def _conf(look: _Look, place: ConfPlace | None) -> Told:
    if look.process and place:
        return Told(place.edited, f"-cf of the running dhcpd (pid {look.process.pid})")
    files = _each(row.options_file for row in look.rows)
    for file in files:
        for line in await look.lines(discover_commands.shell_setting(file, _CONF_SETTINGS)):
            if match := re.fullmatch(r"""\s*(\w+)=["']?(/[^"'\s]+)["']?\s*""", line):
                return Told(match[2], f"{match[1]} in {file}")
    paths = _each(row.dhcpd_conf for row in look.rows)
    paths = _each((*paths, "/etc/dhcpd.conf"))
    there = await look.lines(discover_commands.first_existing(paths))
    if there:
        others = f", as {joined(there[1:])} is" if len(there) > 1 else ""
        return Told(there[0], f"it is there{others}; no running dhcpd names its file", True)
    raise RemoteError(
        f"no dhcpd.conf was found on {look.session.target}",
        f"Looked for a running dhcpd, in {joined(files)}, and at {joined(paths)}.",
    )


async def _leases(look: _Look, configuration: Node) -> Told:
    """What the running dhcpd has open, else what its words or its configuration name, else the newest where one may lie."""
    process = look.process
    if process:
        how, path = await opened(look.session, process)
        if how == "open":
            return Told(path, f"the running dhcpd (pid {process.pid}) has it open")
        if path := argument(process, "-lf"):
            return Told(path, f"-lf of the running dhcpd{_inside(process)}")
    for node in configuration.named("lease-file-name"):
        if len(node.words) == 2 and node.words[1].startswith("/"):
            path = process.outside(node.words[1]) if process else node.words[1]
            return Told(path, f"lease-file-name at {node.where}{_inside(process) if process else ''}")
    if process and process.root:
        paths = _each(process.outside(row.built_in_leases) for row in look.rows)
        return await _newest(look, paths, f"dhcpd in {process.root} names none, so it is what it was built with")
    root = await _chroot_to_come(look)
    paths = _each(path for row in look.rows for path in (row.leases, row.chrooted_leases))
    if root and look.row:
        return await _newest(look, (posixpath.normpath(root + look.row.leases),), f"rc.conf wants a chroot in {root}")
    return await _newest(look, paths, "dhcpd names none" if process else "no dhcpd runs that names one")


def _inside(process: DhcpdProcess) -> str:
    return f", in its chroot {process.root}" if process.root else ""


async def _chroot_to_come(look: _Look) -> str:
    """The chroot that a start would make, by rc.conf; empty: none."""
    if look.row is None or not look.row.copies_files:
        return ""
    found = {}
    for line in await look.lines(discover_commands.shell_setting(look.row.options_file, _CHROOT_SETTINGS)):
        if match := re.fullmatch(r"""\s*(\w+)=["']?([^"'\s]*)["']?\s*""", line):
            found[match[1]] = match[2]
    enabled = found.get("dhcpd_chroot_enable", "").lower() in {"yes", "true", "on", "1"}
    return found.get("dhcpd_rootdir", look.row.chroot).rstrip("/") if enabled else ""


async def _newest(look: _Look, paths: tuple[str, ...], reason: str) -> Told:
    """The file among these that was written last, as a guess with its reason."""
    facts = (await look.lines(discover_commands.file_facts(paths)))[1:]
    changed = {
        path: int(words[0])
        for path, fact in zip(paths, facts, strict=False)
        if (words := fact.split()) and is_number(words[0])
    }
    if not changed:
        return Told(paths[0], f"{reason}, and there is none yet: the usual place", True)
    newest = max(changed, key=lambda path: changed[path])
    rest = [path for path in changed if path != newest]
    of = f", and was written later than {joined(rest)}" if rest else ""
    return Told(newest, f"{reason}; it is there{of}", True)


async def _unit(session: Host, process: DhcpdProcess | None) -> Told | None:
    """The systemd unit of dhcpd."""
    if process:
        group = " ".join(await lines(session, discover_commands.process_group(process.pid)))
        if match := _UNIT.search(group):
            return Told(match[1], f"the running dhcpd (pid {process.pid}) belongs to it")
    units = [
        each
        for each in await lines(session, discover_commands.systemd_units())
        if "6" not in each and not each.endswith("@")
    ]
    return Told(units[0], "systemd has a unit of that name", True) if units else None


async def _log(look: _Look, unit: Told | None) -> Told:
    """A file of dhcpd's own, else the journal, else the file where everything goes."""
    files, unreadable = await _log_files(look)
    for path, number in files:
        if "dhcp" in posixpath.relpath(path, "/var/log"):
            return Told(f"file:{path}", f"{number} of its last lines are dhcpd's")
    if unit and await look.lines(discover_commands.journal_of(unit.value)):
        return Told(f"journal:{unit.value}", "the journal has lines of that unit")
    if files:
        path, number = files[0]
        return Told(f"file:{path}", f"{number} of its last lines are dhcpd's")
    why = f"this account may not read {joined(unreadable)}" if unreadable else "no log with lines of dhcpd was found"
    if unreadable and any(path == look.row.log_path for path in unreadable if look.row):
        return Told(f"file:{look.row.log_path}" if look.row else "", f"the usual place; {why}", True)
    if unit:
        return Told(f"journal:{unit.value}", why, True)
    return Told((look.row or DEFAULT).log, f"{why}; the usual place", True)


async def _log_files(look: _Look) -> tuple[list[tuple[str, int]], list[str]]:
    """Log files with lines of dhcpd and how many, those of its own first; and those that may not be read."""
    places = _each(place for row in look.rows for place in row.log_files)
    files: dict[str, int] = {}
    unreadable = []
    for line in await look.lines(discover_commands.logs_of_dhcpd(places)):
        count, _, path = line.partition(" ")
        if path.startswith("/") and is_number(count):
            files.setdefault(path, int(count))
        elif path.startswith("/") and count == "?":
            unreadable.append(path)
    return list(files.items()), list(dict.fromkeys(unreadable))


async def _restart(look: _Look, unit: Told | None, conf: str) -> Told:
    if unit and not unit.guessed:
        return Told(f"systemctl restart {unit.value}", unit.how)
    own = await _own_restart(look)
    if own and look.row and look.row.written_by:
        return own
    home = posixpath.dirname(conf)
    places = [
        posixpath.join(each, name) for each in (home, "/usr/local/sbin", "/usr/local/bin") for name in RESTART_SCRIPTS
    ]
    scripts = await look.lines(discover_commands.programs(places))
    if scripts:
        return Told(shlex.quote(scripts[0]), "a program of that name is there", True)
    if unit:
        return Told(f"systemctl restart {unit.value}", unit.how, True)
    if own:
        return own
    row = look.row or DEFAULT
    missing = joined(_each(way.program for each in look.rows for way in each.restart_ways))
    return Told(row.restart, f"the usual command of {row.title}; none of {missing} was found", True)


async def _own_restart(look: _Look) -> Told | None:
    """The platform's own command, where the program behind it is there; a guess where the platform is not known."""
    ways: dict[str, RestartWay] = {}
    for way in (way for row in look.rows for way in row.restart_ways):
        ways.setdefault(way.program, way)
    for program in await look.lines(discover_commands.programs(list(ways))):
        return Told(ways[program].command, f"{program} is there", look.row is None)
    return None
