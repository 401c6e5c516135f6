"""config.toml -> frozen settings. An error names file, table, key and the nearest valid key."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import shlex
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any

from dhcptui.config.console import ConsoleSettings, check_theme, read_keys
from dhcptui.config.ownership import distrust
from dhcptui.config.platforms import DEFAULT, PLATFORMS
from dhcptui.config.settings import ALGORITHMS, ConfigError, LintSettings, OmapiKey, PairSettings, ServerSettings
from dhcptui.config.toml import toml, toml_key
from dhcptui.model.lint_rules import RULE_IDS
from dhcptui.model.role import Role

__all__ = [
    "COMMANDS",
    "Config",
    "ConfigError",
    "OmapiKey",
    "PairSettings",
    "ServerSettings",
    "default_path",
    "load",
    "show",
]

COMMANDS = (
    "console",
    "demo",
    "status",
    "plan",
    "do",
    "config",
    "audit",
    "report",
    "lease",
    "lint",
    "init",
    "scaffold",
    "lab",
    "help",
)
"""Names that a pair may not have: they are, or may become, commands."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file."""

    path: Path
    pairs: dict[str, PairSettings] = field(default_factory=dict)
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
            raise ConfigError(f"{self.path}: no pair is called {name!r}{_nearest(name, self.pairs)}")
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
            f"there is no configuration at {path}. Write one (the README shows how), name one with --config,"
            " or try `dhcptui demo`."
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
    top = _Table(path, "", data)
    pairs = top.table("pairs", required=False)
    console = _console(top)
    top.done()
    found = {}
    for name in pairs.names():
        if not name or not name.isprintable():
            raise ConfigError(f"{path}: the name of a pair must be printable text: {name!a}")
        if name in COMMANDS:
            raise ConfigError(f"{path}: a pair may not be called {name!r}: that is a command. Rename [pairs.{name}].")
        found[name] = _pair(name, pairs.table(name))
    return Config(path, found, console)


def _console(top: _Table) -> ConsoleSettings:
    looks, keys = top.table("console", required=False), top.table("keys", required=False)
    theme = looks.text("theme", "")
    settings = ConsoleSettings(
        theme=check_theme(theme, f"{top.file}: [console] theme") if theme else None,
        ascii=looks.flag("ascii", False),
        keys=read_keys(keys.data, keys.error),
    )
    looks.done()
    return settings


def _pair(name: str, table: _Table) -> PairSettings:
    shared_dir = table.text("shared_dir", "/etc/dhcp/shared")
    servers = {role: _server(role, table.table(role.value), shared_dir) for role in Role}
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
        probe_address=table.addresses("probe_address"),
        mirror=table.flag("mirror", False),
        lint=_lint(table.table("lint", required=False)),
    )
    table.done()
    if pair.primary.name == pair.secondary.name:
        raise table.error("primary.name", f"both servers are called {pair.primary.name!r}; give each a name of its own")
    if (pair.primary.host, pair.primary.port) == (pair.secondary.host, pair.secondary.port):
        raise table.error("secondary.host", f"both tables name {pair.primary.host!r}: that is one server, not a pair")
    for server in (pair.primary, pair.secondary):
        _check_shared_dir(table, server)
    return pair


def _lint(table: _Table) -> LintSettings:
    silence = table.table("silence", required=False)
    for rule in silence.names():
        if rule not in RULE_IDS:
            raise silence.error(
                rule, f"there is no such rule of lint{_nearest(rule, RULE_IDS, shown=False)}; docs/lint.md has them all"
            )
    reasons = tuple((rule, silence.text(rule).strip()) for rule in silence.names())
    for rule, reason in reasons:
        if not reason:
            raise silence.error(rule, "a reason is missing: say why it does not matter here")
    table.done()
    return LintSettings(reasons)


def _check_shared_dir(table: _Table, server: ServerSettings) -> None:
    """What differs between the servers must not lie in what is copied from one to the other."""
    shared = PurePosixPath(server.shared_dir)
    if shared == PurePosixPath("/") or ".." in shared.parts:
        raise table.error("shared_dir", f"{server.shared_dir!r} cannot be a shared directory")
    for key in ("dhcpd_conf", "leases"):
        if shared in PurePosixPath(getattr(server, key)).parents:
            raise table.error(
                f"{server.role.value}.{key}", f"lies in shared_dir ({server.shared_dir}): each server needs its own"
            )


def _server(role: Role, table: _Table, shared_dir: str) -> ServerSettings:
    host = table.text("host")
    platform = table.choice("platform", "", list(PLATFORMS)) or None
    place = PLATFORMS[platform] if platform else DEFAULT
    log = table.text("log", place.log)
    if not re.match(r"^(file:/.|journal:.)", log):
        raise table.error("log", 'must be "file:/absolute/path" or "journal:UNIT"')
    server = ServerSettings(
        role=role,
        name=table.text("name", host),
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
    )
    table.done()
    return server


def _omapi_key(table: _Table) -> OmapiKey | None:
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


def _nearest(word: str, valid: Any, *, shown: bool = True) -> str:
    close = difflib.get_close_matches(word, list(valid), 1, 0.5)
    there = f" (there is: {', '.join(valid)})" if shown else ""
    return f"; did you mean {close[0]!r}?" if close else there


class _Table:
    """One TOML table being read: hands out typed values and remembers which keys were asked for."""

    def __init__(self, file: Path, name: str, data: dict[str, Any]) -> None:
        self.file, self.name, self.data = file, name, data
        self.asked: list[str] = []

    def error(self, key: str, what: str) -> ConfigError:
        where = f"[{self.name}] {key}" if self.name else key
        return ConfigError(f"{self.file}: {where}: {what}")

    def names(self) -> list[str]:
        return list(self.data)

    def done(self) -> None:
        """Refuse keys nobody asked for."""
        for key in self.data:
            if key not in self.asked:
                raise self.error(key, f"unknown key{_nearest(key, self.asked)}")

    def _get(self, key: str, kind: type, wanted: str) -> Any:
        self.asked.append(key)
        value = self.data.get(key)
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise self.error(key, f"must be {wanted}")
        return value

    def table(self, key: str, *, required: bool = True) -> _Table:
        value = self._get(key, dict, "a table")
        if value is None and required:
            raise self.error(key, f"missing; add a table [{self.name}.{key}]")
        return _Table(self.file, f"{self.name}.{key}" if self.name else key, value or {})

    def text(self, key: str, default: str | None = None) -> str:
        value = self._get(key, str, "a string in quotes")
        if value is None:
            if default is None:
                raise self.error(key, "missing; it is required")
            return default
        if not value.isprintable() or (not value and default is None):
            raise self.error(key, "must be printable text" if value else "must not be empty")
        return str(value)

    def absolute(self, key: str, default: str) -> str:
        value = self.text(key, default)
        if not value.startswith("/"):
            raise self.error(key, "must be an absolute path on the server")
        return value

    def choice(self, key: str, default: str, valid: list[str]) -> str:
        """One of a few words; `default` where it is not given, which need not be one of them."""
        value = self.text(key, default)
        if value not in valid and key in self.data:
            close = difflib.get_close_matches(value.lower(), valid, 1, 0.5)
            meant = f"; did you mean {close[0]!r}?" if close else ""
            raise self.error(key, f"{value!r} is not one of {', '.join(valid)}{meant}")
        return value

    def number(self, key: str, default: int | None, low: int, high: int) -> int | None:
        value = self._get(key, int, "a whole number")
        if value is not None and not low <= value <= high:
            raise self.error(key, f"must be between {low} and {high}")
        return default if value is None else int(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self._get(key, bool, "true or false")
        return default if value is None else bool(value)

    def path(self, key: str) -> Path | None:
        value = self.text(key, "")
        try:
            return Path(value).expanduser() if value else None
        except RuntimeError as error:
            raise self.error(key, f"{value!r}: {error}") from error

    def words(self, key: str, default: tuple[str, ...], valid: list[str]) -> tuple[str, ...]:
        value = self._get(key, list, "a list of strings")
        words = default if value is None else tuple(str(word) for word in value)
        for word in words:
            if word not in valid:
                raise self.error(key, f"{word!r} is not one of {', '.join(valid)}")
        return words

    def addresses(self, key: str) -> tuple[str, ...]:
        value = self._get(key, list, "a list of IPv4 addresses") or []
        for address in value:
            try:
                ipaddress.IPv4Address(str(address))
            except ValueError as error:
                raise self.error(key, f"{address!r} is not an IPv4 address") from error
        return tuple(str(address) for address in value)

    def command(self, key: str, default: str) -> tuple[str, ...]:
        try:
            words = tuple(shlex.split(self.text(key, default)))
        except ValueError as error:
            raise self.error(key, f"cannot be split into words: {error}") from error
        if not words or not words[0]:
            raise self.error(key, "must not be empty")
        return words


def show(config: Config) -> str:
    """The configuration as it is understood, defaults included, as TOML. Secrets are never read for it."""
    lines = [f"# {config.path}", *_shown_console(config.console)]
    for pair in config.pairs.values():
        lines += ["", f"[pairs.{toml_key(pair.name)}]"]
        lines += _shown(pair, skip={"name", "primary", "secondary", "lint"})
        lines += _shown_lint(pair)
        for server in (pair.primary, pair.secondary):
            lines += [
                "",
                f"[pairs.{toml_key(pair.name)}.{server.role.value}]",
                *_shown(server, skip={"role", "omapi_key"}),
            ]
            if key := server.omapi_key:
                names = ("name", "algorithm", "secret_file")
                lines.append(f"omapi_key = {toml({name: getattr(key, name) for name in names})}")
    return "\n".join(lines) + "\n"


def _shown_lint(pair: PairSettings) -> list[str]:
    table = ["", f"[pairs.{toml_key(pair.name)}.lint]", f"silence = {toml(pair.lint.reasons)}"]
    return table if pair.lint.silence else []


def _shown_console(console: ConsoleSettings) -> list[str]:
    lines = ["", "[console]"]
    lines += [f"theme = {toml(console.theme)}"] if console.theme else []
    lines += [f"ascii = {toml(console.ascii)}"]
    lines += ["", "[keys]"] if console.keys else []
    return lines + [f"{toml_key(name)} = {toml(keys)}" for name, keys in console.keys.items()]


def _shown(settings: PairSettings | ServerSettings, skip: set[str]) -> list[str]:
    named = ((each.name, getattr(settings, each.name)) for each in fields(settings) if each.name not in skip)
    return [
        f"{name} = {toml(shlex.join(value) if name == 'restart' else value)}"
        for name, value in named
        if value is not None
    ]
