"""config.toml -> frozen settings. An error names file, table, key and the nearest valid key."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dhcptui.config.command_names import COMMAND_NAMES, NO_PAIR_NAMES
from dhcptui.config.console import ConsoleSettings, check_theme, read_keys
from dhcptui.config.ownership import distrust
from dhcptui.config.platforms import DEFAULT, PLATFORMS
from dhcptui.config.settings import (
    ALGORITHMS,
    SHARED_DIRECTORY,
    ConfigError,
    LintSettings,
    OmapiKey,
    PairSettings,
    ServerSettings,
)
from dhcptui.config.table import Table, nearest
from dhcptui.config.toml import toml_key
from dhcptui.model.lint_rules import RULE_IDS
from dhcptui.model.role import Role

__all__ = [
    "Config",
    "ConfigError",
    "OmapiKey",
    "PairSettings",
    "ServerSettings",
    "default_path",
    "load",
]


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file."""

    path: Path
    pairs: dict[str, PairSettings] = field(default_factory=dict)
    servers: dict[str, ServerSettings] = field(default_factory=dict)
    """The machines of [servers], as they are where no pair says otherwise; their role means nothing."""
    console: ConsoleSettings = field(default_factory=ConsoleSettings)

    def pair(self, name: str | None) -> PairSettings:
        """The pair of that name, or the only one. Raises ConfigError."""
        if not self.pairs:
            raise ConfigError(f"{self.path}: no pair is configured. Add a table [pairs.NAME]; the README shows one.")
        if name is None:
            if len(self.pairs) == 1:
                return next(iter(self.pairs.values()))
            raise ConfigError(f"{self.path} has several pairs: name one of {', '.join(self.pairs)}")
        if name not in self.pairs:
            raise ConfigError(f"{self.path}: no pair is called {name!r}{nearest(name, self.pairs)}")
        return self.pairs[name]


def default_path() -> Path:
    """Where the configuration is looked for: DHCPTUI_CONFIG, else below XDG_CONFIG_HOME."""
    if named := os.environ.get("DHCPTUI_CONFIG"):
        return Path(named).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "dhcptui" / "config.toml"


def load(path: Path | None = None) -> Config:
    """Read and check the configuration. Raises ConfigError."""
    path = (path or default_path()).expanduser()
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(
            f"there is no configuration at {path}. `dhcptui init HOST HOST` writes one, and the README shows one;"
            " name another with --config, or try `dhcptui demo`."
        ) from error
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    if reason := distrust(path):  # it names commands that run as root
        raise ConfigError(f"{path} is not used: {reason}")
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; arrays within arrays without end
        raise ConfigError(f"{path}: not valid TOML: {type(error).__name__}") from error
    top = Table(path, "", data)
    pairs, machines = top.table("pairs", required=False), top.table("servers", required=False)
    console = _console(top)
    top.done()
    servers = {}
    for name in machines.names():  # also those that no pair names
        if not name or not name.isprintable():
            raise ConfigError(f"{path}: the name of a server must be printable text: {name!a}")
        servers[name] = _server(Role.PRIMARY, machines.table(name), SHARED_DIRECTORY, machine=name)
    found: dict[str, PairSettings] = {}
    relationships: dict[tuple[str, frozenset[tuple[str, int | None, int]]], str] = {}
    for name in pairs.names():
        if not name or not name.isprintable():
            raise ConfigError(f"{path}: the name of a pair must be printable text: {name!a}")
        if name in NO_PAIR_NAMES:
            what = "is a command" if name in COMMAND_NAMES else "is kept for a command"
            raise ConfigError(f"{path}: a pair may not be called {name!r}: that {what}. Rename [pairs.{name}].")
        table = pairs.table(name)
        pair = found[name] = _pair(name, table, machines)
        if (other := relationships.setdefault(_relationship(pair), name)) != name:
            raise table.error("peer", f"{pair.peer!r} between these two servers is pair {other!r} already")
    return Config(path, found, servers, console)


def _relationship(pair: PairSettings) -> tuple[str, frozenset[tuple[str, int | None, int]]]:
    """What no two pairs have in common: the peer, and where both dhcpd are."""
    return pair.peer, frozenset((pair[role].host, pair[role].port, pair[role].omapi_port) for role in Role)


def _console(top: Table) -> ConsoleSettings:
    looks, keys = top.table("console", required=False), top.table("keys", required=False)
    theme = looks.text("theme", "")
    settings = ConsoleSettings(
        theme=check_theme(theme, f"{top.file}: [console] theme") if theme else None,
        ascii=looks.flag("ascii", False),
        keys=read_keys(keys.data, keys.error),
    )
    looks.done()
    return settings


def _pair(name: str, table: Table, machines: Table) -> PairSettings:
    shared_dir = table.text("shared_dir", SHARED_DIRECTORY)
    servers = {role: _side(role, table, machines, shared_dir) for role in Role}
    order = tuple(
        Role(word) for word in table.words("restart_order", ("secondary", "primary"), [r.value for r in Role])
    )
    if sorted(role.value for role in order) != ["primary", "secondary"]:
        raise table.error("restart_order", 'must name both servers once, as in ["secondary", "primary"]')
    pair = PairSettings(
        name=name,
        peer=table.text("peer", name) or name,
        primary=servers[Role.PRIMARY],
        secondary=servers[Role.SECONDARY],
        sync_from=Role(table.choice("sync_from", "primary", [role.value for role in Role])),
        restart_order=order,
        read_only=table.flag("read_only", False),
        group=table.text("group", ""),
        production=table.flag("production", False),
        probe_address=table.addresses("probe_address"),
        mirror=table.flag("mirror", False),
        lint=_lint(table.table("lint", required=False)),
    )
    table.done()
    if (pair.primary.host, pair.primary.port) == (pair.secondary.host, pair.secondary.port):
        what = (
            f"server {pair.primary.machine!r}"
            if pair.primary.machine == pair.secondary.machine != ""
            else repr(pair.primary.host)
        )
        raise table.error("secondary.host", f"both tables name {what}: that is one server, not a pair")
    if pair.primary.name == pair.secondary.name:
        raise table.error("primary.name", f"both servers are called {pair.primary.name!r}; give each a name of its own")
    if pair.primary.local and pair.secondary.local:
        raise table.error(
            "secondary.host", f"both tables name this machine ({pair.primary.host}, {pair.secondary.host})"
        )
    for server in (pair.primary, pair.secondary):
        _check_shared_dir(table, server)
    return pair


def _lint(table: Table) -> LintSettings:
    silence = table.table("silence", required=False)
    for rule in silence.names():
        if rule not in RULE_IDS:
            raise silence.error(
                rule, f"there is no such rule of lint{nearest(rule, RULE_IDS, shown=False)}; docs/lint.md has them all"
            )
    reasons = tuple((rule, silence.text(rule).strip()) for rule in silence.names())
    for rule, reason in reasons:
        if not reason:
            raise silence.error(rule, "a reason is missing: say why it does not matter here")
    table.done()
    return LintSettings(reasons)


def _check_shared_dir(table: Table, server: ServerSettings) -> None:
    """What differs between the servers must not lie in what is copied from one to the other."""
    shared = PurePosixPath(server.shared_dir)
    if shared == PurePosixPath("/") or ".." in shared.parts:
        raise table.error("shared_dir", f"{server.shared_dir!r} cannot be a shared directory")
    for key in ("dhcpd_conf", "leases"):
        if shared in PurePosixPath(getattr(server, key)).parents:
            raise table.error(
                f"{server.role.value}.{key}", f"lies in shared_dir ({server.shared_dir}): each server needs its own"
            )


def _side(role: Role, pair: Table, machines: Table, shared_dir: str) -> ServerSettings:
    """One server of a pair: a table of its own, or the name of one in [servers]."""
    machine = pair.name_or_table(role.value)
    if isinstance(machine, Table):
        return _server(role, machine, shared_dir)
    if machine not in machines.names():
        where = (
            nearest(machine, machines.names()) if machines.names() else f"; add a table [servers.{toml_key(machine)}]"
        )
        raise pair.error(role.value, f"there is no server {machine!r}{where}")
    return _server(role, machines.table(machine), shared_dir, machine=machine)


def _server(role: Role, table: Table, shared_dir: str, *, machine: str = "") -> ServerSettings:
    """`machine`: the name of the table in [servers] that this is; it is the server's label, too, where none is given."""
    host = table.text("host")
    platform = table.choice("platform", "", list(PLATFORMS)) or None
    place = PLATFORMS[platform] if platform else DEFAULT
    log = table.text("log", place.log)
    if not re.match(r"^(file:/.|journal:.)", log):
        raise table.error("log", 'must be "file:/absolute/path" or "journal:UNIT"')
    server = ServerSettings(
        role=role,
        name=table.text("name", machine or host),
        host=host,
        port=table.number("port", None, 1, 65535),
        user=table.text("user", "") or None,
        identity=table.path("identity"),
        known_hosts=table.path("known_hosts"),
        login_timeout=table.number("login_timeout", 20, 1, 600) or 20,
        sudo=table.flag("sudo", False),
        omapi_port=table.number("omapi_port", 7911, 1, 65535) or 7911,
        omapi_transport=table.choice("omapi_transport", "ssh", ["ssh", "direct"]),
        omapi_key=_omapi_key(table),
        platform=platform,
        dhcpd_conf=table.absolute("dhcpd_conf", place.dhcpd_conf),
        leases=table.absolute("leases", place.leases),
        log=log,
        restart=table.command("restart", place.restart),
        shared_dir=table.absolute("shared_dir", shared_dir),
        machine=machine,
    )
    table.done()
    return server


def _omapi_key(table: Table) -> OmapiKey | None:
    key = table.table("omapi_key", required=False)
    if not key.names():
        return None
    found = OmapiKey(
        name=key.text("name"),
        algorithm=key.choice("algorithm", "hmac-md5", list(ALGORITHMS)),
        secret_file=key.path("secret_file") or Path(key.text("secret_file")),
    )
    key.done()
    return found
