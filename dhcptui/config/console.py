"""The tables [console] and [keys]: how the screen looks, and which keys do what."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dhcptui.config.settings import ConfigError, about
from dhcptui.model.commands import BY_NAME, NAMED_KEYS, SAME_ON_THE_WIRE, THEMES, read_key, shown, twice

__all__ = ["THEMES", "ConsoleSettings", "check_theme", "read_keys"]


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """How the console looks and what its keys are; the same for every pair."""

    theme: str | None = field(
        default=None,
        metadata=about(f"The colours: {', '.join(THEMES)}.", '"dhcptui-contrast"', default="what fits the terminal"),
    )
    ascii: bool = field(
        default=False,
        metadata=about(
            "Draw nothing beyond ASCII.", "true", "boolean", default="`false`; `true` where the locale is not UTF-8"
        ),
    )
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Command name -> its keys, for the commands that were given others (the table [keys])."""


def check_theme(name: str, where: str) -> str:
    """The name, if there is such a theme. Raises ConfigError that names those there are."""
    if name not in THEMES:
        raise ConfigError(f"{where}: there is no theme {name!r}; choose one of {', '.join(THEMES)}")
    return name


def read_keys(table: Mapping[str, object], fail: Callable[[str, str], ConfigError]) -> dict[str, tuple[str, ...]]:
    """The table [keys]: command name -> keys. `fail(key, what)` makes the error that names file and table."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in _flat(table):
        if name not in BY_NAME:
            raise fail(name, f"unknown command{_nearest(name, BY_NAME)}")
        given = value if isinstance(value, list) else [value]
        words = [word for word in given if isinstance(word, str)]
        if not words or words != given:
            raise fail(name, 'must be a key such as "f5", or a list of keys')
        found[name] = tuple(dict.fromkeys(_key(name, word, fail) for word in words))
    if clash := twice(found):
        key, name, other = clash
        raise fail(name, f"{shown(key)!r} already belongs to {other!r}; give that one another key")
    return found


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterable[tuple[str, object]]:
    """`act.start = "u"` without quotes is a table in a table to TOML: both spellings mean the same."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _key(name: str, word: str, fail: Callable[[str, str], ConfigError]) -> str:
    key = read_key(word)
    if key is not None:
        return key
    if (same := SAME_ON_THE_WIRE.get(word.lower())) is not None:
        raise fail(name, f"{word!r} reaches a program as {same!r}: choose another key")
    near = difflib.get_close_matches(word.lower(), NAMED_KEYS, 1, 0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise fail(name, f"unknown key {word!r}{hint} (a character, ctrl+LETTER, f1 to f12, enter, tab, space, ...)")


def _nearest(word: str, valid: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(valid), 1, 0.5)
    return f"; did you mean {close[0]!r}?" if close else f" (there is: {', '.join(valid)})"
