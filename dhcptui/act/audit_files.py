"""The audit log's files: the one that is written to, and older ones beside it, `audit.jsonl.1` the newest of them.

A full file is renamed and never written anew, so a line that another console is just writing lands in the renamed one and
is read all the same. Whoever renames holds a lock on the file, and looks again whether it still is the one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

MOST_BYTES = 4 * 1024 * 1024
"""Of one file: some thousand actions."""
KEPT = 5
"""Older files."""


def older(path: Path, number: int) -> Path:
    """An older file; 1 is the newest of them."""
    return path.with_name(f"{path.name}.{number}")


def rotate(path: Path, most_bytes: int = MOST_BYTES, kept: int = KEPT) -> bool:
    """Rename a full file; says whether it did. One that cannot be renamed, or that is a link, goes on growing."""
    with suppress(OSError):
        if path.stat().st_size < most_bytes or path.is_symlink():
            return False
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Another console may have renamed it since, and the one of that name now is young.
            if not os.path.samestat(os.fstat(file), path.stat()):
                return False
            for number in range(kept - 1, 0, -1):
                with suppress(FileNotFoundError):
                    older(path, number).replace(older(path, number + 1))
            path.replace(older(path, 1))
            sync_directory(path.parent)
        finally:
            os.close(file)
        return True
    return False


def sync_directory(directory: Path) -> None:
    """The name of a new file is on disk only when its directory is. Raises OSError."""
    file = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def lines(path: Path, last_bytes: int | None = None, kept: int = KEPT) -> Iterator[bytes]:
    """Every line, oldest first; with `last_bytes` only those in so many bytes from the end, whole ones. Raises OSError."""
    with ExitStack() as stack:
        files = _open_all(path, kept, stack)
        left = last_bytes
        begin: dict[BinaryIO, int] = {}
        for file in files:  # the newest first
            size = os.fstat(file.fileno()).st_size
            begin[file] = 0 if left is None else max(0, size - left)
            left = None if left is None else max(0, left - size)
        for file in reversed(files):
            if begin[file]:
                file.seek(begin[file])
                file.readline()
            yield from file


def _open_all(path: Path, kept: int, stack: ExitStack) -> list[BinaryIO]:
    """All files, the newest first: one that is renamed meanwhile is met again, not missed."""
    files: list[BinaryIO] = []
    seen: set[tuple[int, int]] = set()
    for number in range(kept + 1):
        try:
            file = stack.enter_context((older(path, number) if number else path).open("rb"))
        except FileNotFoundError:
            continue
        status = os.fstat(file.fileno())
        if (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            files.append(file)
    return files
