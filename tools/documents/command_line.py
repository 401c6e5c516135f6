"""The command line as the man page and the completions see it: read from the parser, nothing written twice."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dhcptui.cli.arguments import ACTIONS, CONFIG_WORDS, build_parser
from dhcptui.config.console import THEMES
from dhcptui.practice.scenarios import SCENARIOS

WORDS = {
    "action": ACTIONS,
    "what": CONFIG_WORDS,
    "theme": THEMES,
    "drill": ("list", *(each.name for each in SCENARIOS)),
}
"""Argument -> the words it may be, for the completions."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An option or a positional argument."""

    dest: str
    flags: tuple[str, ...]
    """Empty for a positional argument."""
    values: tuple[str, ...]
    """What stands for its values in the help, one each; empty for a switch."""
    help: str
    required: bool
    words: tuple[str, ...]
    """What its value may be; empty where that cannot be listed."""
    is_path: bool

    @property
    def long(self) -> str:
        """The option's longest name."""
        return max(self.flags, key=len)

    @property
    def value(self) -> str:
        """Its values as the help shows them; empty for a switch."""
        return " ".join(self.values)


@dataclass(frozen=True, slots=True)
class Command:
    """One command; the name of the program itself is ""."""

    name: str
    summary: str
    description: str
    exits: str
    arguments: tuple[Argument, ...]

    @property
    def options(self) -> tuple[Argument, ...]:
        """Its options."""
        return tuple(each for each in self.arguments if each.flags)

    @property
    def positionals(self) -> tuple[Argument, ...]:
        """Its positional arguments, in order."""
        return tuple(each for each in self.arguments if not each.flags)


def _arguments(parser: argparse.ArgumentParser) -> Iterator[Argument]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        shown = action.metavar or action.dest.rpartition("_")[2].upper()
        count = action.nargs if isinstance(action.nargs, int) else 1
        values = shown if isinstance(shown, tuple) else (shown,) * count
        required = action.required if action.option_strings else action.nargs != "?"
        words = WORDS.get(action.dest, tuple(action.choices or ()))
        yield Argument(
            action.dest,
            tuple(action.option_strings),
            values,
            action.help or "",
            required,
            tuple(words),
            action.type is Path,
        )


def program() -> tuple[Command, list[Command]]:
    """The program with its own options, and its commands in order."""
    parser = build_parser()
    (subs,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    summaries = {each.dest: each.help or "" for each in subs._choices_actions}
    commands = [
        Command(
            name,
            summaries[name],
            sub.description or "",
            (sub.epilog or "").removeprefix("exit: "),
            tuple(_arguments(sub)),
        )
        for name, sub in subs.choices.items()
    ]
    return Command("", "", parser.description or "", "", tuple(_arguments(parser))), commands
