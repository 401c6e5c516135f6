"""A TOML table being read: typed values, and errors that name file, table and key."""

from __future__ import annotations

import difflib
import ipaddress
import shlex
from pathlib import Path
from typing import Any

from dhcptui.config.settings import ConfigError


def nearest(word: str, valid: Any, *, shown: bool = True) -> str:
    """What to say after a wrong word: the nearest valid one, or all there are."""
    close = difflib.get_close_matches(word, list(valid), 1, 0.5)
    there = f" (there is: {', '.join(valid)})" if shown else ""
    return f"; did you mean {close[0]!r}?" if close else there


class Table:
    """One TOML table being read: hands out typed values and remembers which keys were asked for."""

    def __init__(self, file: Path, name: str, data: dict[str, Any]) -> None:
        self.file, self.name, self.data = file, name, data
        self.asked: list[str] = []

    def error(self, key: str, what: str) -> ConfigError:
        """The error of a key: it names file, table and key."""
        where = f"[{self.name}] {key}" if self.name else key
        return ConfigError(f"{self.file}: {where}: {what}")

    def names(self) -> list[str]:
        """The keys that stand in the table."""
        return list(self.data)

    def done(self) -> None:
        """Refuse keys nobody asked for."""
        for key in self.data:
            if key not in self.asked:
                raise self.error(key, f"unknown key{nearest(key, self.asked)}")

    def missing(self, key: str, what: str) -> ConfigError:
        """The error of a key that is not there: rather of the unknown one that stands there for it."""
        unknown = [other for other in self.data if other not in self.asked]
        for written in difflib.get_close_matches(key, unknown, 1, 0.6):
            return self.error(written, f"unknown key; did you mean {key!r}?")
        return self.error(key, f"missing; {what}")

    def _get(self, key: str, kind: type, wanted: str) -> Any:
        self.asked.append(key)
        value = self.data.get(key)
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise self.error(key, f"must be {wanted}")
        return value

    def table(self, key: str, *, required: bool = True) -> Table:
        """The table of that key; an empty one where it is not there and need not be."""
        value = self._get(key, dict, "a table")
        if value is None and required:
            raise self.missing(key, f"add a table [{self.name}.{key}]")
        return Table(self.file, f"{self.name}.{key}" if self.name else key, value or {})

    def name_or_table(self, key: str) -> Table | str:
        """The table of that key, or the name that stands in its place."""
        if isinstance(self.data.get(key), str):
            return self.text(key)
        if key not in self.data:
            raise self.missing(key, f"name a table [servers.NAME], or add a table [{self.name}.{key}]")
        if not isinstance(self.data[key], dict):
            raise self.error(key, "must be a table, or the name of a table [servers.NAME]")
        return self.table(key)

    def text(self, key: str, default: str | None = None) -> str:
        """Printable text. Raises ConfigError, also where it is missing and there is no default."""
        value = self._get(key, str, "a string in quotes")
        if value is None:
            if default is None:
                raise self.missing(key, "it is required")
            return default
        if not value.isprintable() or (not value and default is None):
            raise self.error(key, "must be printable text" if value else "must not be empty")
        return str(value)

    def absolute(self, key: str, default: str) -> str:
        """An absolute path on a server."""
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
        """A whole number from `low` to `high`."""
        value = self._get(key, int, "a whole number")
        if value is not None and not low <= value <= high:
            raise self.error(key, f"must be between {low} and {high}")
        return default if value is None else int(value)

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._get(key, bool, "true or false")
        return default if value is None else bool(value)

    def path(self, key: str) -> Path | None:
        """A path on this machine, `~` expanded; None where it is not given."""
        value = self.text(key, "")
        try:
            return Path(value).expanduser() if value else None
        except RuntimeError as error:
            raise self.error(key, f"{value!r}: {error}") from error

    def words(self, key: str, default: tuple[str, ...], valid: list[str]) -> tuple[str, ...]:
        """A list of a few words."""
        value = self._get(key, list, "a list of strings")
        words = default if value is None else tuple(str(word) for word in value)
        for word in words:
            if word not in valid:
                raise self.error(key, f"{word!r} is not one of {', '.join(valid)}")
        return words

    def addresses(self, key: str) -> tuple[str, ...]:
        """A list of IPv4 addresses."""
        value = self._get(key, list, "a list of IPv4 addresses") or []
        for address in value:
            try:
                ipaddress.IPv4Address(str(address))
            except ValueError as error:
                raise self.error(key, f"{address!r} is not an IPv4 address") from error
        return tuple(str(address) for address in value)

    def command(self, key: str, default: str) -> tuple[str, ...]:
        """A command, split into words as a shell would."""
        try:
            words = tuple(shlex.split(self.text(key, default)))
        except ValueError as error:
            raise self.error(key, f"cannot be split into words: {error}") from error
        if not words or not words[0]:
            raise self.error(key, "must not be empty")
        return words
