"""How dhcpd is set up on a server, found out over SSH: nothing is changed there. Each answer says how it was found."""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass, field, replace

from dhcptui.conf.failover import peers
from dhcptui.conf.reader import ConfParseError, Node
from dhcptui.model.sanitize import clean, is_number
from dhcptui.model.words import joined
from dhcptui.servers.ssh import discover_commands
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.servers.ssh.ours import DhcpdProcess
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.target import SshTarget
from dhcptui.watch.survey import argument, lines, read_configuration, running

DEFAULTS_FILE = "/etc/default/isc-dhcp-server"
CONF_PLACES = ("/etc/dhcp/dhcpd.conf", "/usr/local/etc/dhcpd.conf", "/etc/dhcpd.conf")
LEASES_PLACES = (
    "/var/lib/dhcp/dhcpd.leases",
    "/var/lib/dhcpd/dhcpd.leases",
    "/var/db/dhcpd/dhcpd.leases",
    "/var/db/dhcpd.leases",
)
RESTART_SCRIPTS = ("restart-dhcpd", "restart-dhcpd.sh", "dhcpd-restart")
RC_SCRIPTS = {
    "/usr/local/etc/rc.d/isc-dhcpd": "service isc-dhcpd restart",
    "/etc/init.d/isc-dhcp-server": "service isc-dhcp-server restart",
    "/etc/init.d/dhcpd": "service dhcpd restart",
}
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


async def discover(target: SshTarget, peer: str | None = None) -> Discovered:
    """Look at one server; where several dhcpd run, at the one that declares `peer`. Raises RemoteError, ConfParseError."""
    async with await SshSession.connect(target) as session:
        notes = []
        if note := await _become_root(session):
            notes.append(note)
        process, told = await _which(session, await running(session), peer)
        notes += told
        conf = await _conf(session, process)
        configuration = await read_configuration(session, conf.value)
        unit = await _unit(session, process)
        return Discovered(
            session.target,
            await _name(session),
            conf,
            await _leases(session, process, configuration),
            await _log(session, unit),
            await _restart_as_root(session, unit, conf.value),
            configuration,
            tuple(notes),
        )


async def _which(
    session: SshSession, found: tuple[DhcpdProcess, ...], peer: str | None
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


async def _peers(session: SshSession, process: DhcpdProcess) -> tuple[str, ...]:
    """The failover peers that a dhcpd's configuration declares; none where it cannot be read."""
    if not (path := argument(process, "-cf")):
        return ()
    try:
        configuration = await read_configuration(session, path)
    except ConfParseError:
        return ()
    return tuple(clean(each.name, 255) for each in peers(configuration))


async def _become_root(session: SshSession) -> str:
    """Go on through sudo where the account is not root and sudo works."""
    who = await lines(session, discover_commands.user_id())
    if session.target.sudo or who[:1] == ["0"]:
        return ""
    done = await session.run(discover_commands.sudo_works())
    if done.exit_status:
        if await _allowed(session):
            return "this account is not root; sudo -n -l names what it may run as root: the restart goes through that"
        return "this account is not root, and sudo -n does not work for it: acting may fail"
    session.target = replace(session.target, sudo=True)
    return "this account is not root: sudo = true"


async def _allowed(session: SshSession) -> list[str]:
    """The commands that the account may run as root without a password, as `sudo -n -l` names them."""
    found: list[str] = []
    for line in await lines(session, discover_commands.sudo_list()):
        _, mark, words = line.partition("NOPASSWD:")
        if mark:
            found += [each.strip().removesuffix('""').strip() for each in words.split(",")]
    return [each for each in found if each.startswith("/")]


async def _restart_as_root(session: SshSession, unit: Told | None, conf: str) -> Told:
    """The restart command; for an account that may do only that as root, as sudo names it."""
    restart = await _restart(session, unit, conf)
    if session.target.sudo or (await lines(session, discover_commands.user_id()))[:1] == ["0"]:
        return restart
    words = restart.value.split()
    for each in await _allowed(session):
        program, *rest = each.split()
        if posixpath.basename(program) == posixpath.basename(words[0]) and rest == words[1:]:
            return Told(f"sudo -n {each}", "sudo -n -l")
    return restart


async def _name(session: SshSession) -> Told:
    name = next(iter(await lines(session, discover_commands.host_name())), "").partition(".")[0]
    return Told(name, "uname -n") if name else Told(session.target.host, "as it was given", True)


async def _conf(session: SshSession, process: DhcpdProcess | None) -> Told:
    if process and (path := argument(process, "-cf")):
        return Told(path, f"-cf of the running dhcpd (pid {process.pid})")
    for line in await lines(session, discover_commands.read_existing(DEFAULTS_FILE)):
        if match := re.fullmatch(r"""\s*DHCPDv?4?_CONF=["']?(/[^"'\s]+)["']?\s*""", line):
            return Told(match[1], f"DHCPDv4_CONF in {DEFAULTS_FILE}")
    there = await lines(session, discover_commands.first_existing(CONF_PLACES))
    if there:
        return Told(there[0], "it is there, and nothing says otherwise", True)
    raise RemoteError(
        f"no dhcpd.conf was found on {session.target}",
        f"Looked for a running dhcpd, in {DEFAULTS_FILE}, and at {', '.join(CONF_PLACES)}.",
    )


async def _leases(session: SshSession, process: DhcpdProcess | None, configuration: Node) -> Told:
    if path := argument(process, "-lf"):
        return Told(path, "-lf of the running dhcpd")
    for node in configuration.named("lease-file-name"):
        if len(node.words) == 2 and node.words[1].startswith("/"):
            return Told(node.words[1], f"lease-file-name at {node.where}")
    there = await lines(session, discover_commands.first_existing(LEASES_PLACES))
    return Told(there[0] if there else LEASES_PLACES[0], "it is there" if there else "the usual place", True)


async def _unit(session: SshSession, process: DhcpdProcess | None) -> Told | None:
    """The systemd unit of dhcpd."""
    if process:
        said = " ".join(await lines(session, discover_commands.process_group(process.pid)))
        if match := _UNIT.search(said):
            return Told(match[1], f"the running dhcpd (pid {process.pid}) belongs to it")
    units = [
        each
        for each in await lines(session, discover_commands.systemd_units())
        if "6" not in each and not each.endswith("@")
    ]
    return Told(units[0], "systemd has a unit of that name", True) if units else None


async def _log(session: SshSession, unit: Told | None) -> Told:
    """A file of dhcpd's own, else the journal, else the file where everything goes."""
    files = []
    for line in await lines(session, discover_commands.logs_of_dhcpd()):
        count, _, path = line.partition(" ")
        if path.startswith("/") and is_number(count):
            files.append((path, int(count)))
    for path, number in files:
        if "dhcp" in posixpath.basename(path):
            return Told(f"file:{path}", f"{number} of its last lines are dhcpd's")
    if unit and await lines(session, discover_commands.journal_of(unit.value)):
        return Told(f"journal:{unit.value}", "the journal has lines of that unit")
    if files:
        path, number = files[0]
        return Told(f"file:{path}", f"{number} of its last lines are dhcpd's")
    if unit:
        return Told(f"journal:{unit.value}", "no log with lines of dhcpd was found", True)
    return Told("file:/var/log/dhcpd.log", "no log with lines of dhcpd was found; the usual place", True)


async def _restart(session: SshSession, unit: Told | None, conf: str) -> Told:
    if unit and not unit.guessed:
        return Told(f"systemctl restart {unit.value}", unit.how)
    home = posixpath.dirname(conf)
    places = [
        posixpath.join(each, name) for each in (home, "/usr/local/sbin", "/usr/local/bin") for name in RESTART_SCRIPTS
    ]
    scripts = await lines(session, discover_commands.programs(places))
    if scripts:
        return Told(shlex.quote(scripts[0]), "a program of that name is there", True)
    if unit:
        return Told(f"systemctl restart {unit.value}", unit.how, True)
    there = await lines(session, discover_commands.programs(list(RC_SCRIPTS)))
    if there:
        return Told(RC_SCRIPTS[there[0]], f"{there[0]} is there", True)
    return Told("systemctl restart isc-dhcp-server", "the usual command; nothing was found", True)
