"""`dhcptui init`: put pairs into config.toml beside the others, and its secrets into files of their own."""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

from dhcptui.config.loading import Config, ConfigError, load
from dhcptui.model.words import joined
from dhcptui.setup.init_pair import Draft, InitError
from dhcptui.setup.scaffold_files import write_file

Ask = Callable[[str], bool]


def write(draft: Draft, path: Path, ask: Ask) -> list[str]:
    """Write secrets and configuration, 0600; returns what to tell.

    `ask` is called before anything is overwritten. Raises InitError: refused, or it cannot be written; then the
    configuration is as it was.
    """
    before = existing(path)
    text = path.read_text("utf-8") if before else ""
    for name in (name for name in draft.names if before and name in before.pairs):
        assert before is not None  # noqa: S101 - asked above
        if before.pairs[name].read_only:
            raise InitError(f"pair {name!r} in {path} is read_only: take that out first, or choose another --name")
        if not ask(f"{path} already has a pair {name!r}. Replace it?"):
            raise InitError(f"{path} was left as it is. Choose another name with --name, or confirm with --yes.")
        text = _without(text, name)
    text = f"{text.rstrip()}\n\n{draft.text}" if text.strip() else draft.text
    lines = []
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check(text, path, before, draft.names)
        secrets = {path.parent / name: secret for name, secret in draft.secrets.items()}
        for place, secret in secrets.items():
            there = place.read_text("utf-8", "replace").strip() if place.exists() else secret
            if there != secret and not ask(f"{place} holds another secret. Replace it?"):
                raise InitError(f"{place} was left as it is, and so was {path}")
        for place, secret in secrets.items():
            write_file(place, secret + "\n", 0o600)
            lines.append(f"wrote {place} (0600)")
        write_file(path, text, 0o600)
    except OSError as error:
        raise InitError(f"cannot write {error.filename or path}: {error.strerror}") from error
    return [*lines, f"wrote {path} (0600), pair{'s' * (len(draft.names) > 1)} {joined(draft.names)}"]


def existing(path: Path) -> Config | None:
    """What is there; None where there is no file. Raises InitError where it cannot be used: it is not touched then."""
    if not path.exists():
        return None
    try:
        return load(path)
    except ConfigError as error:
        raise InitError(f"{error}. Correct that first, or name another file with --config.") from error


def _check(text: str, path: Path, before: Config | None, names: tuple[str, ...]) -> None:
    """The new text must be valid and leave the other pairs as they are. Raises InitError."""
    handle, trial = tempfile.mkstemp(prefix=".dhcptui-", suffix=".toml", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        after = load(Path(trial))
    except ConfigError as error:
        raise InitError(f"what would be written is not valid: {str(error).replace(trial, str(path))}") from error
    finally:
        Path(trial).unlink()
    others = {key: pair for key, pair in before.pairs.items() if key not in names} if before else {}
    rest = {key: pair for key, pair in after.pairs.items() if key not in names}
    if rest != others or not set(names) <= set(after.pairs):
        raise InitError(f"{path} cannot be changed without touching other pairs: add this by hand, or use --config")


def _without(text: str, name: str) -> str:
    """The file without the tables of one pair; everything else stays byte for byte."""
    kept, skipping = [], False
    for line in text.splitlines(keepends=True):
        if re.match(r"\s*\[", line):
            skipping = _heads(line, name)
        if not skipping:
            kept.append(line)
    return "".join(kept)


def _heads(line: str, name: str) -> bool:
    """Whether a line is the header of a table of this pair."""
    try:
        table = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    pairs = table.get("pairs")
    return isinstance(pairs, dict) and name in pairs
