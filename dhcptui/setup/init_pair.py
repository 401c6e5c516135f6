"""`dhcptui init`: from two servers as they were found to a pair of the configuration."""

from __future__ import annotations

import asyncio
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from dhcptui.conf.failover import Key, Peer, keys, omapi_key, omapi_port, peers
from dhcptui.conf.pools import failover_pools
from dhcptui.conf.reader import ConfParseError
from dhcptui.config.loading import COMMANDS
from dhcptui.config.settings import ALGORITHMS
from dhcptui.config.toml import toml, toml_key
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.servers.ssh.connect import parse_jump
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.servers.ssh.target import SshTarget
from dhcptui.setup.discover import Discovered, Tell, Told, discover
from dhcptui.watch.survey import explain

DEFAULT_OMAPI_PORT = 7911


class InitError(Exception):
    """No configuration can be made of this; the text says why, and what to do. `lines`: one a reason."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Draft:
    """A pair ready to be written. `secrets`: file name beside config.toml -> base64 text, kept out of every repr."""

    name: str
    text: str
    secrets: dict[str, str]
    report: tuple[str, ...]
    """What was found and what was guessed, for a person."""

    def __repr__(self) -> str:
        return f"Draft({self.name!r})"


def target(place: str, user: str | None, identity: Path | None, known_hosts: Path | None) -> SshTarget:
    """One server as it was given: `[user@]host[:port]`. Raises InitError."""
    try:
        parsed = parse_jump(place)
    except RemoteError as error:
        raise InitError(f"{clean(place)!r} is no [user@]host[:port]") from error
    key, known = (path.expanduser().absolute() if path else None for path in (identity, known_hosts))
    return SshTarget(parsed.host, parsed.port, parsed.user or user, key, known)


async def look(
    targets: tuple[SshTarget, SshTarget], peer: str | None = None, tell: Tell = lambda text: None
) -> tuple[Discovered, Discovered]:
    """Both servers at once; where several dhcpd run, the one that declares `peer`. Raises InitError that tells of each that failed.

    `tell` gets what is to be said before anything else is looked at, a line a server.
    """

    async def at(target: SshTarget) -> Discovered:
        return await discover(target, peer, lambda text: tell(clean(f"{target}: {text}", 600)))

    results = await asyncio.gather(*(at(target) for target in targets), return_exceptions=True)
    failed = []
    for target, result in zip(targets, results, strict=True):
        if isinstance(result, RemoteError | ConfParseError):
            failed.append(f"{clean(str(target))}: {explain(result)}")
        elif isinstance(result, BaseException):
            raise result
    if failed:
        raise InitError(*failed)
    one, two = results
    assert isinstance(one, Discovered)  # noqa: S101 - no failure is left
    assert isinstance(two, Discovered)  # noqa: S101
    return one, two


def draft(found: tuple[Discovered, Discovered], pair: str | None, peer: str | None, directory: Path) -> Draft:
    """The pair's tables and secrets; `directory` is where config.toml lies. Raises InitError."""
    relation = _common_peer(found, peer)
    servers = _by_role(found, relation)
    name = pair or (f"{relation}-pair" if relation in COMMANDS else relation)
    if name in COMMANDS or not name.isprintable():
        raise InitError(f"a pair may not be called {clean(name)!r}: name another one with --name")
    labels = _labels(servers)
    notes: list[str] = [f"failover peer: {clean(relation)}"]
    table = [f"[pairs.{toml_key(name)}]", f"peer = {toml(relation)}"]
    shared = _shared_dir(servers)
    table.append(_line("shared_dir", shared))
    notes.append(_told("shared_dir", shared))
    pools = failover_pools(servers[Role.PRIMARY].configuration, relation)
    if pools:
        table.append(f"probe_address = {toml([pool.probe_address for pool in pools])}")
        notes.append(f"  probe_address: {', '.join(f'{each.probe_address} ({each.network})' for each in pools)}")
    else:
        notes.append("  probe_address: no pool of this peer was found; pool counters will be missing")
    secrets, key_files = _secrets(servers, name)
    for role, server in servers.items():
        key, port = _used_key(server), omapi_port(server.configuration)
        place = directory / key_files[role] if key else None
        table += ["", f"[pairs.{toml_key(name)}.{role.value}]", *_server(server, labels[role], key, place)]
        notes += ["", f"{labels[role]} ({role.value}, {clean(str(server.target))})"]
        notes += [_told("platform", server.platform)] if server.platform else []
        notes += [_told(what, getattr(server, what)) for what in ("conf", "leases", "log", "restart")]
        if port:
            notes.append(f"  omapi_port: {port[0]} ({port[1].where})")
        else:
            notes.append("  omapi_port: NONE: add `omapi-port 7911;` to its dhcpd.conf, or its state cannot be read")
        if key:
            notes.append(
                f"  omapi_key: {clean(key.name)}, {clean(key.algorithm)} ({key.node.where}); secret in {place}"
            )
        elif named := omapi_key(server.configuration):
            notes.append(
                f"  omapi_key: {clean(named[0])} is not usable here: not defined, or not of {', '.join(ALGORITHMS)}"
            )
        else:
            notes.append("  omapi_key: none; whoever reaches the port commands dhcpd")
        notes += [f"  note: {clean(note)}" for note in server.notes]
    return Draft(name, "\n".join(table) + "\n", secrets, tuple(notes))


def _common_peer(found: tuple[Discovered, Discovered], wanted: str | None) -> str:
    names = [[each.name for each in peers(server.configuration)] for server in found]
    shown = [
        f"{clean(server.target.host)} has {', '.join(repr(clean(name)) for name in own) or 'none'}"
        for server, own in zip(found, names, strict=True)
    ]
    both = [name for name in names[0] if name in names[1]]
    if wanted is not None:
        if wanted not in both:
            raise InitError(f"failover peer {wanted!r} is not declared on both servers: {'; '.join(shown)}")
        return wanted
    if not both:
        raise InitError(f"no failover peer of the same name is declared on both servers: {'; '.join(shown)}")
    if len(set(both)) > 1:
        raise InitError(f"the two servers share several failover peers: name one with --peer {' or '.join(both)}")
    return both[0]


def _declared(server: Discovered, relation: str) -> Peer:
    return next(each for each in reversed(peers(server.configuration)) if each.name == relation)


def _by_role(found: tuple[Discovered, Discovered], relation: str) -> dict[Role, Discovered]:
    """Which of them is the primary: its file says so, whatever the order on the command line."""
    one, two = (_declared(server, relation).role or "primary" for server in found)
    if one == two:
        where = " and ".join(_declared(server, relation).node.where for server in found)
        raise InitError(f"both servers are {one} of failover peer {relation!r} ({where}): correct that first")
    first, second = found if one == "primary" else (found[1], found[0])
    return {Role.PRIMARY: first, Role.SECONDARY: second}


def _labels(servers: dict[Role, Discovered]) -> dict[Role, str]:
    """Their own names, where these differ."""
    names = {role: server.name.value for role, server in servers.items()}
    return names if len(set(names.values())) > 1 else {role: server.target.host for role, server in servers.items()}


def _shared_dir(servers: dict[Role, Discovered]) -> Told:
    """The directory, other than dhcpd.conf's own, that both servers include files from."""
    both: set[str] | None = None
    for server in servers.values():
        files = {node.file for node in server.configuration.walk()}
        home = posixpath.dirname(server.conf.value)
        own = {posixpath.dirname(file) for file in files} - {home, *_parents(home)}
        both = own if both is None else both & own
    if both:
        return Told(min(both), "both servers include files from it")
    return Told("/etc/dhcp/shared", "the usual place; no directory that both include files from was found", True)


def _parents(path: str) -> list[str]:
    found = []
    while path not in {"/", ""}:
        path = posixpath.dirname(path)
        found.append(path)
    return found


def _used_key(server: Discovered) -> Key | None:
    named = omapi_key(server.configuration)
    key = keys(server.configuration).get(named[0]) if named else None
    return key if key and key.algorithm in ALGORITHMS else None


def _secrets(servers: dict[Role, Discovered], pair: str) -> tuple[dict[str, str], dict[Role, str]]:
    """Secret by file name, and the file of each server: one file where both have the same secret."""
    found = {role: key.secret for role, server in servers.items() if (key := _used_key(server))}
    stem = re.sub(r"[^A-Za-z0-9_-]", "-", pair)
    one = len(set(found.values())) == 1
    files = {role: f"{stem}.omapi.key" if one else f"{stem}-{role.value}.omapi.key" for role in found}
    return {files[role]: secret for role, secret in found.items()}, files


def _server(server: Discovered, label: str, key: Key | None, secret_file: Path | None) -> list[str]:
    target = server.target
    table = [f"name = {toml(label)}", f"host = {toml(target.host)}"]
    if target.port:
        table.append(f"port = {target.port}")
    table += [
        f"{name} = {toml(value)}"
        for name, value in (("user", target.user), ("identity", target.identity), ("known_hosts", target.known_hosts))
        if value
    ]
    if target.sudo:
        table.append("sudo = true")
    port = omapi_port(server.configuration)
    table.append(f"omapi_port = {port[0] if port else DEFAULT_OMAPI_PORT}")
    if key:
        inside = {"name": key.name, "algorithm": key.algorithm, "secret_file": secret_file}
        table.append(f"omapi_key = {toml(inside)}")
    table += [_line("platform", server.platform)] if server.platform else []
    table.append(_line("dhcpd_conf", server.conf))
    return [*table, *(_line(name, getattr(server, name)) for name in ("leases", "log", "restart"))]


def _line(name: str, told: Told) -> str:
    return f"{name} = {toml(told.value)}" + (f"  # guessed: {clean(told.how, 120)}" if told.guessed else "")


def _told(what: str, told: Told) -> str:
    sign = "guessed: " if told.guessed else ""
    name = "dhcpd_conf" if what == "conf" else what
    return f"  {name}: {clean(told.value)} ({sign}{clean(told.how)})"
