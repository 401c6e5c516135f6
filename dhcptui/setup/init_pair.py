"""`dhcptui init`: from two servers as they were found to a pair of the configuration."""

from __future__ import annotations

import asyncio
import math
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dhcptui.conf.failover import Key, Peer, keys, omapi_key, omapi_port, peers
from dhcptui.conf.pools import failover_pools
from dhcptui.conf.reader import ConfParseError, Node
from dhcptui.config.command_names import NO_PAIR_NAMES
from dhcptui.config.loading import Config
from dhcptui.config.settings import ALGORITHMS
from dhcptui.config.toml import toml, toml_key
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.words import joined
from dhcptui.servers.ssh.connect import parse_jump
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.servers.ssh.target import SshTarget
from dhcptui.setup.discover import Discovered, Told, discover
from dhcptui.setup.logged_in import Tell
from dhcptui.watch.survey import explain

DEFAULT_OMAPI_PORT = 7911
SLOW_LOGIN_SECONDS = 10.0
"""A login that took longer gets a `login_timeout` of its own; the usual one is 20 s."""

K = TypeVar("K")


class InitError(Exception):
    """No configuration can be made of this; the text says why, and what to do. `lines`: one a reason."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Draft:
    """Pairs ready to be written. `secrets`: file name beside config.toml -> base64 text, kept out of every repr."""

    names: tuple[str, ...]
    """The pairs' names."""
    text: str
    secrets: dict[str, str]
    report: tuple[str, ...]
    """What was found and what was guessed, for a person."""

    def __repr__(self) -> str:
        return f"Draft({joined(self.names)!r})"


def target(place: str, user: str | None, identity: Path | None, known_hosts: Path | None) -> SshTarget:
    """One server as it was given: `[user@]host[:port]`; `localhost` alone is this machine, without SSH. Raises InitError."""
    try:
        parsed = parse_jump(place)
    except RemoteError as error:
        raise InitError(f"{clean(place)!r} is no [user@]host[:port]") from error
    if parsed.local:  # how to log in is meant for the other one
        return parsed
    key, known = (path.expanduser().absolute() if path else None for path in (identity, known_hosts))
    return SshTarget(parsed.host, parsed.port, parsed.user or user, key, known)


def targets(
    hosts: Sequence[str], user: str | None, identity: Path | None, known_hosts: Path | None
) -> tuple[SshTarget, SshTarget]:
    """Both servers as they were given. Raises InitError, also where they are one machine."""
    one, two = (target(host, user, identity, known_hosts) for host in hosts)
    if (one.host, one.port) == (two.host, two.port) or (one.local and two.local):
        raise InitError(f"{clean(str(one))} and {clean(str(two))} are one machine: name both servers of the pair")
    return one, two


async def look(
    targets: tuple[SshTarget, SshTarget],
    peer: str | None = None,
    tell: Tell = lambda text: None,
    wait: float | None = None,
) -> tuple[Discovered, Discovered]:
    """Both servers at once; where several dhcpd run, the one that declares `peer`. Raises InitError that tells of each that failed.

    `tell` gets what is to be said before anything else is looked at, a line a server; `wait` is `discover`'s.
    """

    async def at(target: SshTarget) -> Discovered:
        return await discover(target, peer, lambda text: tell(clean(f"{target}: {text}", 600)), wait)

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


def draft(
    found: tuple[Discovered, Discovered],
    pair: str | None,
    peer: str | None,
    directory: Path,
    there: Config | None = None,
) -> Draft:
    """Tables and secrets of every relationship the two servers share, or of `peer` alone. Raises InitError.

    `directory` is where config.toml lies, `there` what stands in it: a machine that is there is named, not written again,
    and of several relationships only those that are new are written.
    """
    relations = _common_peers(found, peer)
    if len(relations) > 1:
        return _several(found, relations, pair, directory, there or Config(directory))
    relation = relations[0]
    servers = _by_role(found, relation)
    name = _pair_name(pair or (f"{relation}-pair" if relation in NO_PAIR_NAMES else relation))
    labels = _labels(servers)
    lines, notes = _pair(name, relation, servers)
    keys = {role: key for role, server in servers.items() if (key := _used_key(server))}
    files = _secret_files(
        {role: key.secret for role, key in keys.items()}, name, {role: f"{name}-{role.value}" for role in servers}
    )
    named = {role: _machine_there(server, there) for role, server in servers.items()}
    for role, machine in named.items():
        if machine:
            lines.append(f"{role.value} = {toml(machine)}")
    for role, server in servers.items():
        place = directory / files[role] if role in files else None
        notes += ["", f"{labels[role]} ({role.value}, {clean(str(server.target))})"]
        if machine := named[role]:
            notes.append(f"  it is [servers.{toml_key(machine)}] of the configuration")
            continue
        lines += ["", f"[pairs.{toml_key(name)}.{role.value}]", f"name = {toml(labels[role])}"]
        lines += _server(server, keys.get(role), place)
        notes += _server_notes(server, keys.get(role), place)
    secrets = {files[role]: keys[role].secret for role in files if not named[role]}
    return Draft((name,), "\n".join(lines) + "\n", secrets, tuple(notes))


def _several(
    found: tuple[Discovered, Discovered], relations: list[str], pair: str | None, directory: Path, there: Config
) -> Draft:
    """Each machine once, and a pair for each relationship that is not there yet."""
    notes = [f"failover peers: {joined(clean(relation) for relation in relations)}"]
    machines = _machines(found, there)
    lines: list[str] = []
    new = [index for index, server in enumerate(found) if not _machine_there(server, there)]
    keys = {index: key for index in new if (key := _used_key(found[index]))}
    stems = {index: machines[index] for index in new}
    files = _secret_files({index: key.secret for index, key in keys.items()}, "-".join(machines), stems)
    for index, server in enumerate(found):
        place = directory / files[index] if index in files else None
        notes += ["", f"{machines[index]} ({clean(str(server.target))})"]
        if index not in new:
            notes.append(f"  it is [servers.{toml_key(machines[index])}] of the configuration")
            continue
        lines += ["", f"[servers.{toml_key(machines[index])}]", *_server(server, keys.get(index), place)]
        notes += _server_notes(server, keys.get(index), place)
    names: list[str] = []
    not_written: list[str] = []
    for relation in relations:
        if known := _pair_there(found, relation, there):
            not_written.append(
                f"failover peer {clean(relation)}: pair {clean(known)} of the configuration is left as it is"
            )
            continue
        try:
            servers = _by_role(found, relation)
        except InitError as error:
            not_written.append(f"failover peer {clean(relation)}: left out: {error}")
            continue
        name = _free_name(f"{pair}-{relation}" if pair else relation, machines, {*there.pairs, *names})
        names.append(name)
        tables, pair_notes = _pair(name, relation, servers)
        sides = [f"{role.value} = {toml(machines[found.index(server)])}" for role, server in servers.items()]
        lines += ["", *tables, *sides]
        notes += ["", *pair_notes, *(f"  {side}" for side in sides)]
    if not names:
        raise InitError(*not_written, "nothing new was found")
    notes += ["", *not_written] if not_written else []
    secrets = {files[index]: keys[index].secret for index in files}
    return Draft(tuple(names), "\n".join(lines).strip() + "\n", secrets, tuple(notes))


def _pair(name: str, relation: str, servers: dict[Role, Discovered]) -> tuple[list[str], list[str]]:
    """The table of a pair without its servers, and what is told of it."""
    notes = [f"failover peer: {clean(relation)}"]
    lines = [f"[pairs.{toml_key(name)}]", f"peer = {toml(relation)}"]
    shared = _shared_dir(servers)
    lines.append(_line("shared_dir", shared))
    notes.append(_told("shared_dir", shared))
    pools = failover_pools(servers[Role.PRIMARY].configuration, relation)
    if pools:
        lines.append(f"probe_address = {toml([pool.probe_address for pool in pools])}")
        notes.append(f"  probe_address: {', '.join(f'{each.probe_address} ({each.network})' for each in pools)}")
    else:
        notes.append("  probe_address: no pool of this peer was found; pool counters will be missing")
    return lines, notes


def _pair_name(name: str) -> str:
    """The name, where a pair may have it. Raises InitError."""
    if name in NO_PAIR_NAMES or not name.isprintable():
        raise InitError(f"a pair may not be called {clean(name)!r}: name another one with --name")
    return name


def _free_name(relation: str, machines: tuple[str, str], taken: set[str]) -> str:
    """A name that no pair has: the relationship's, else with its machines behind it. Raises InitError."""
    tries = (relation, "-".join((relation, *machines)))
    name = next((each for each in tries if each not in {*taken, *NO_PAIR_NAMES}), None)
    if name is None:
        raise InitError(
            f"pairs {joined(clean(each) for each in tries)} are there, and are others: name this one with --peer and --name"
        )
    return _pair_name(name)


def _pair_there(found: tuple[Discovered, Discovered], relation: str, there: Config) -> str:
    """The pair of the configuration that is this relationship of these two servers; empty where there is none."""
    both = {(server.target.host, server.target.port) for server in found}
    for name, pair in there.pairs.items():
        if pair.peer == relation and {(pair[role].host, pair[role].port) for role in Role} == both:
            return name
    return ""


def _machine_there(server: Discovered, there: Config | None) -> str:
    """The machine of [servers] that this server is; empty where there is none."""
    place = server.target.host, server.target.port
    machines = there.servers.items() if there else ()
    return next((name for name, machine in machines if (machine.host, machine.port) == place), "")


def _machines(found: tuple[Discovered, Discovered], there: Config) -> tuple[str, str]:
    """The names of both in [servers]: those they have there, else their own, else their hosts where these are taken."""
    names = [_machine_there(server, there) for server in found]
    own = [server.name.value for server in found]
    for index, server in enumerate(found):
        taken = {*there.servers, *names[:index], *(own if own.count(own[index]) > 1 else ())}
        names[index] = names[index] or (own[index] if own[index] not in taken else server.target.host)
    return names[0], names[1]


def _server_notes(server: Discovered, key: Key | None, place: Path | None) -> list[str]:
    """What was found of a server, line by line."""
    port = omapi_port(server.configuration)
    notes = ["  host: this machine, asked without SSH"] if server.target.local else []
    notes += [_told("platform", server.platform)] if server.platform else []
    notes += [_told(what, getattr(server, what)) for what in ("conf", "leases", "log", "restart")]
    if port:
        notes.append(f"  omapi_port: {port[0]} ({port[1].where})")
    else:
        notes.append("  omapi_port: NONE: add `omapi-port 7911;` to its dhcpd.conf, or its state cannot be read")
    if key:
        notes.append(f"  omapi_key: {clean(key.name)}, {clean(key.algorithm)} ({key.node.where}); secret in {place}")
    elif named := omapi_key(server.configuration):
        notes.append(f"  omapi_key: NONE: {_unusable(named[0], named[1], keys(server.configuration))}")
    else:
        notes.append("  omapi_key: none; whoever reaches the port commands dhcpd")
    return [*notes, *(f"  note: {clean(note)}" for note in server.notes)]


def _common_peers(found: tuple[Discovered, Discovered], wanted: str | None) -> list[str]:
    """The relationships that both declare, each once, or the one that is wanted. Raises InitError."""
    names = [[each.name for each in peers(server.configuration)] for server in found]
    shown = [
        f"{clean(server.target.host)} has {', '.join(repr(clean(name)) for name in own) or 'none'}"
        for server, own in zip(found, names, strict=True)
    ]
    both = list(dict.fromkeys(name for name in names[0] if name in names[1]))
    if wanted is not None:
        if wanted not in both:
            raise InitError(f"failover peer {wanted!r} is not declared on both servers: {'; '.join(shown)}")
        return [wanted]
    if not both:
        raise InitError(f"no failover peer of the same name is declared on both servers: {'; '.join(shown)}")
    return both


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


def _unusable(name: str, node: Node, declared: Mapping[str, Key]) -> str:
    """Why the key that omapi-key names cannot be taken: dhcpd would refuse the file for either."""
    if (key := declared.get(name)) is None:
        others = f" (there is {', '.join(map(clean, declared))})" if declared else ""
        return (
            f"omapi-key names {clean(name)} ({node.where}), and no key of that name with a secret is declared{others}"
        )
    algorithm = f"its algorithm is {clean(key.algorithm)}" if key.algorithm else "it has no algorithm"
    return f"{clean(name)} ({key.node.where}): {algorithm}; valid are {', '.join(ALGORITHMS)}"


def _used_key(server: Discovered) -> Key | None:
    named = omapi_key(server.configuration)
    key = keys(server.configuration).get(named[0]) if named else None
    return key if key and key.algorithm in ALGORITHMS else None


def _secret_files(secrets: Mapping[K, str], together: str, alone: Mapping[K, str]) -> dict[K, str]:
    """The file of each server's secret: one, named after `together`, where they are all the same; else one each, after `alone`."""
    one = len(set(secrets.values())) == 1
    stems = {server: together if one else alone[server] for server in secrets}
    return {server: f"{re.sub(r'[^A-Za-z0-9_-]', '-', stem)}.omapi.key" for server, stem in stems.items()}


def _server(server: Discovered, key: Key | None, secret_file: Path | None) -> list[str]:
    target = server.target
    table = [f"host = {toml(target.host)}"]
    if target.port:
        table.append(f"port = {target.port}")
    table += [
        f"{name} = {toml(value)}"
        for name, value in (("user", target.user), ("identity", target.identity), ("known_hosts", target.known_hosts))
        if value
    ]
    if target.sudo:
        table.append("sudo = true")
    if server.login_seconds > SLOW_LOGIN_SECONDS:
        took = f"its login took {server.login_seconds:.0f} s"
        table.append(f"login_timeout = {login_timeout(server.login_seconds)}  # {took}")
    port = omapi_port(server.configuration)
    table.append(f"omapi_port = {port[0] if port else DEFAULT_OMAPI_PORT}")
    if key:
        inside = {"name": key.name, "algorithm": key.algorithm, "secret_file": secret_file}
        table.append(f"omapi_key = {toml(inside)}")
    table += [_line("platform", server.platform)] if server.platform else []
    table.append(_line("dhcpd_conf", server.conf))
    return [*table, *(_line(name, getattr(server, name)) for name in ("leases", "log", "restart"))]


def login_timeout(seconds: float) -> int:
    """The setting for a server whose login took so long: twice that, in whole tens of seconds."""
    return min(600, max(20, math.ceil(seconds / 5) * 10))


def _line(name: str, answer: Told) -> str:
    return f"{name} = {toml(answer.value)}" + (f"  # guessed: {clean(answer.how, 120)}" if answer.guessed else "")


def _told(what: str, answer: Told) -> str:
    sign = "guessed: " if answer.guessed else ""
    name = "dhcpd_conf" if what == "conf" else what
    return f"  {name}: {clean(answer.value)} ({sign}{clean(answer.how)})"
