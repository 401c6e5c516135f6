"""A configuration with its includes in place: `include` is text that dhcpd reads as if it stood there."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Awaitable, Callable
from dataclasses import replace

from dhcptui.conf.reader import MAX_CHARACTERS, ConfParseError, Node, parse

Read = Callable[[str], Awaitable[str]]
"""Gives a file's text by its path. Raises FileNotFoundError; anything else passes through `load`."""

MAX_FILES = 200
START_DIRECTORY = "/"
"""Where dhcpd looks for a relative include: in the directory it was started in; systemd and init scripts start it here."""


async def load(read: Read, path: str) -> Node:
    """A configuration with its includes in place. Raises ConfParseError."""
    return await _Loader(read).file(path, ())


class _Loader:
    """One configuration being read: counts files and characters."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._files = self._characters = 0

    async def file(self, path: str, including: tuple[str, ...], by: Node | None = None) -> Node:
        file, line = (by.file, by.line) if by else (path, 0)
        if path in including:
            raise ConfParseError(file, line, f"{path} includes itself")
        self._files += 1
        if self._files > MAX_FILES:
            raise ConfParseError(file, line, f"more than {MAX_FILES} files are included")
        try:
            text = await self._read(path)
        except FileNotFoundError as error:
            raise ConfParseError(file, line, f"{path} does not exist" if by else "does not exist") from error
        self._characters += len(text)
        if self._characters > MAX_CHARACTERS:
            raise ConfParseError(file, line, f"the configuration is longer than {MAX_CHARACTERS} characters")
        # In a thread: ten thousand hosts take a second.
        node = await asyncio.to_thread(parse, text, path)
        return await self._expanded(node, (*including, path))

    async def _expanded(self, node: Node, including: tuple[str, ...]) -> Node:
        if not any(map(_include, node.walk())):
            return node
        found: list[Node] = []
        strange = list(node.odd)
        for child in node.children or ():
            if _include(child):
                path = posixpath.normpath(posixpath.join(START_DIRECTORY, child.words[1]))
                included = await self.file(path, including, child)
                found += included.children or ()
                strange += included.odd
            elif child.children is not None:
                found.append(await self._expanded(child, including))
            else:
                found.append(child)
        return replace(node, children=tuple(found), odd=tuple(strange))


def _include(node: Node) -> bool:
    return node.children is None and len(node.words) == 2 and node.starts("include")
