"""The configuration as it is understood, as TOML."""

from __future__ import annotations

import shlex
from dataclasses import fields, replace

from dhcptui.config.console import ConsoleSettings
from dhcptui.config.loading import Config
from dhcptui.config.settings import PairSettings, ServerSettings
from dhcptui.config.toml import toml, toml_key


def show(config: Config) -> str:
    """The configuration as it is understood, defaults included, as TOML. Secrets are never read for it."""
    lines = [f"# {config.path}", *_shown_console(config.console)]
    machines = _machines(config)
    for name, (server, shared_dirs) in machines.items():
        # Two directories for one machine can only come from its pairs.
        shared = replace(server, shared_dir=next(iter(shared_dirs), server.shared_dir))
        skip = {"shared_dir"} if len(shared_dirs) > 1 else set()
        lines += ["", f"[servers.{toml_key(name)}]", *_shown_server(shared, skip)]
    for pair in config.pairs.values():
        lines += ["", f"[pairs.{toml_key(pair.name)}]"]
        named = [server for server in (pair.primary, pair.secondary) if server.machine]
        own = {server.shared_dir for server in named if len(machines[server.machine][1]) > 1}
        lines += [f"shared_dir = {toml(path)}" for path in own]
        lines += [f"{server.role.value} = {toml(server.machine)}" for server in named]
        lines += _shown(pair, {"name", "primary", "secondary", "lint", "" if pair.group else "group"})
        lines += _shown_lint(pair)
        for server in (pair.primary, pair.secondary):
            if not server.machine:
                lines += ["", f"[pairs.{toml_key(pair.name)}.{server.role.value}]", *_shown_server(server)]
    return "\n".join(lines) + "\n"


def _machines(config: Config) -> dict[str, tuple[ServerSettings, set[str]]]:
    """Each machine of [servers], with the shared directories that its pairs have on it."""
    found: dict[str, tuple[ServerSettings, set[str]]] = {
        name: (server, set()) for name, server in config.servers.items()
    }
    for pair in config.pairs.values():
        for server in (pair.primary, pair.secondary):
            if server.machine:
                found[server.machine][1].add(server.shared_dir)
    return found


def _shown_server(server: ServerSettings, skip: set[str] | None = None) -> list[str]:
    """`skip`: keys that are told elsewhere."""
    lines = _shown(server, skip={"role", "omapi_key", "machine", *(skip or ())})
    if key := server.omapi_key:
        names = ("name", "algorithm", "secret_file")
        lines.append(f"omapi_key = {toml({name: getattr(key, name) for name in names})}")
    return lines


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
