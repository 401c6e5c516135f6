"""What every command needs: the configuration, as the options change it, and the pairs that they mean."""

from __future__ import annotations

import argparse
from dataclasses import replace

from dhcptui.config.loading import Config, ConfigError, load
from dhcptui.config.settings import PairSettings, ServerSettings
from dhcptui.config.table import nearest
from dhcptui.model.action import Action
from dhcptui.model.role import Role


def settings_of(args: argparse.Namespace) -> Config:
    """The configuration that the options name; read-only where they say so. Raises ConfigError."""
    config = load(args.config)
    if args.read_only:
        return replace(config, pairs={name: replace(pair, read_only=True) for name, pair in config.pairs.items()})
    return config


def pairs_of(args: argparse.Namespace) -> tuple[PairSettings, ...]:
    """The pairs that PAIR, --group or --machine mean; every one where none of them is given. Raises ConfigError."""
    config = settings_of(args)
    if sum((args.pair is not None, args.all, args.group is not None, args.machine is not None)) > 1:
        raise ConfigError("PAIR, --all, --group and --machine exclude each other")
    if args.pair is not None or not config.pairs:
        return (config.pair(args.pair),)
    pairs = tuple(config.pairs.values())
    if args.group is not None:
        return _those(config, "group", args.group, {pair.name: {pair.group} - {""} for pair in pairs})
    if args.machine is not None:
        found = _those(config, "machine", args.machine, {pair.name: set(machines(pair)) for pair in pairs})
        _check_one_machine(config, args.machine, found)
        return found
    return pairs


def machines(pair: PairSettings) -> dict[str, Role]:
    """Every word for a server of the pair: its name in [servers], its label, its host."""
    return {word: role for role in Role for word in _words(pair[role])}


def _words(server: ServerSettings) -> set[str]:
    return {server.machine, server.name, server.host} - {""}


def _check_one_machine(config: Config, word: str, pairs: tuple[PairSettings, ...]) -> None:
    """Refuse a word for several machines: what is done to one must not be done to another of the same name."""
    places: dict[str, str] = {}
    for pair in pairs:
        for server in (pair[role] for role in Role if word in _words(pair[role])):
            places.setdefault(f"{server.host}:{server.port}" if server.port else server.host, pair.name)
    if len(places) > 1:
        which = ", ".join(f"{place} in {pair}" for place, pair in places.items())
        raise ConfigError(
            f"{config.path}: {word!r} is not one machine: {which}; name a PAIR, or give each machine a name of its own"
        )


def acting_server(args: argparse.Namespace, pair: PairSettings, action: Action) -> str | None:
    """The server that acts, as --server or --machine has it: --machine is the one that is declared down, else the one that acts.

    Raises ConfigError where both are given and do not mean the same.
    """
    if not args.machine:
        return str(args.server) if args.server else None
    role = machines(pair)[args.machine]
    acting = pair[role.other if action is Action.PARTNER_DOWN else role].name
    if args.server not in (None, acting):
        raise ConfigError(
            f"pair {pair.name}: with --machine {args.machine!r} {acting} acts: leave out --server {args.server!r}"
        )
    return acting


def one_object(args: argparse.Namespace, pairs: tuple[PairSettings, ...]) -> bool:
    """Whether JSON is one pair's object; a list where the question may have had several answers."""
    return len(pairs) == 1 and not (args.all or args.group or args.machine)


def _those(config: Config, what: str, wanted: str, words: dict[str, set[str]]) -> tuple[PairSettings, ...]:
    found = tuple(config.pairs[name] for name, own in words.items() if wanted in own)
    if not found:
        there = sorted(set().union(*words.values()))
        raise ConfigError(f"{config.path}: no pair has the {what} {wanted!r}{nearest(wanted, there) if there else ''}")
    return found
