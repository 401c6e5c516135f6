"""A configuration with its includes in place: `include` is text that dhcpd reads as if it stood there."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from dhcptui.conf.mending import parse_mended
from dhcptui.conf.reader import MAX_CHARACTERS, ConfParseError, Node, parse

Read = Callable[[str], Awaitable[str]]
"""Gives a file's text by its path. Raises FileNotFoundError; anything else passes through `load`."""

MAX_FILES = 200
START_DIRECTORY = "/"
"""Where dhcpd looks for a relative include: in the directory it was started in; systemd and init scripts start it here."""


async def load(read: Read, path: str, *, chroot: str = "", lenient: bool = False) -> Node:
    """A configuration with its includes in place. Raises ConfParseError.

    `path` is seen from outside of `chroot`. Where it lies inside, what it includes is looked for inside first; a file outside
    is copied into the chroot when dhcpd starts, and what lies beside it is what people edit. `lenient`: an include of a file
    that does not exist is left standing, as the statement it is, a `;` that is missing before a `}` is added, and a brace or
    quotation mark that is missing is guessed.
    """
    starts = [START_DIRECTORY, chroot] if chroot else [START_DIRECTORY]
    if path.startswith(f"{chroot}/"):
        starts.reverse()
    return await _Loader(read, starts, lenient).file(path, ())


def absent(configuration: Node) -> tuple[Node, ...]:
    """The includes of files that do not exist, in a configuration that was read leniently."""
    return tuple(node for node in configuration.walk() if _include(node))


class _DoesNotExist(ConfParseError):
    """There is no such file."""


class _Loader:
    """One configuration being read: counts files and characters."""

    def __init__(self, read: Read, starts: Sequence[str], lenient: bool) -> None:
        self._read, self._starts, self._lenient = read, starts, lenient
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
            raise _DoesNotExist(file, line, f"{path} does not exist" if by else "does not exist") from error
        self._characters += len(text)
        if self._characters > MAX_CHARACTERS:
            raise ConfParseError(file, line, f"the configuration is longer than {MAX_CHARACTERS} characters")
        # In a thread: ten thousand hosts take a second.
        node = await asyncio.to_thread(parse_mended if self._lenient else parse, text, path)
        return await self._expanded(node, (*including, path))

    async def _expanded(self, node: Node, including: tuple[str, ...]) -> Node:
        if not any(map(_include, node.walk())):
            return node
        found: list[Node] = []
        strange, heads, unended = list(node.odd), list(node.heads), list(node.unended)
        faults = list(node.faults)
        for child in node.children or ():
            if _include(child):
                included = await self._included(child, including)
                found += included.children or ()
                strange += included.odd
                heads += included.heads
                unended += included.unended
                faults += included.faults
            elif child.children is not None:
                found.append(await self._expanded(child, including))
            else:
                found.append(child)
        return replace(
            node,
            children=tuple(found),
            odd=tuple(strange),
            heads=tuple(heads),
            unended=tuple(unended),
            faults=tuple(faults),
        )

    async def _included(self, node: Node, including: tuple[str, ...]) -> Node:
        """The first that there is: a dhcpd reads its files inside of its chroot, or before it enters it, by how it was built."""
        error: _DoesNotExist | None = None
        for start in self._starts:
            path = posixpath.normpath(posixpath.join(start, node.words[1].lstrip("/")))
            try:
                return await self.file(path, including, node)
            except _DoesNotExist as missing:
                if (missing.file, missing.line) != (node.file, node.line):
                    raise
                error = error or missing
        if error and not self._lenient:
            raise error
        return Node((), (node,), node.file, node.line)


def _include(node: Node) -> bool:
    return node.children is None and len(node.words) == 2 and node.starts("include")
