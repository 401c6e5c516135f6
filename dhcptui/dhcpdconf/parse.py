"""dhcpd.conf -> nodes. The grammar is the file format's own: words, then `;` or a block in braces.

dhcpd.conf(5) has many statements and one shape, so the grammar knows the shape and the readers know the statements.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dhcptui.model.sanitize import clean

if TYPE_CHECKING:
    from lark import Lark

_GRAMMAR = r"""
start: item*
?item: statement | block
statement: (WORD | STRING)* ";"
block: (WORD | STRING)* "{" item* "}"
WORD: /[^\s;{}"#]+/
STRING: /"(?:[^"\\]|\\.)*"/s
COMMENT: /#[^\n]*/
%import common.WS
%ignore WS
%ignore COMMENT
"""
MAX_INCLUDES = 200


class ConfParseError(Exception):
    """The text is no dhcpd.conf. Names file and line."""


@dataclass(frozen=True, slots=True)
class Node:
    """One statement (`children` is None) or block. Strings are unquoted; `line` counts from 1 in `file`."""

    words: tuple[str, ...]
    children: tuple[Node, ...] | None
    file: str
    line: int

    def named(self, *words: str) -> Iterator[Node]:
        """Direct children that begin with these words."""
        for child in self.children or ():
            if child.words[: len(words)] == words:
                yield child


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark  # noqa: PLC0415 - 30 ms that only a session with OMAPI pools needs

    return Lark(_GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def parse(text: str, file: str) -> Node:
    """A whole file as one block without words. Raises ConfParseError."""
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415

    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        line = getattr(error, "line", 0)
        raise ConfParseError(f"{clean(file)} line {line}: not dhcpd.conf syntax") from error
    return Node((), tuple(_node(child, file) for child in tree.children), file, 1)


def _node(tree: Any, file: str) -> Node:
    words, children = [], []
    line = getattr(tree.meta, "line", 0)
    for child in tree.children:
        if hasattr(child, "data"):
            children.append(_node(child, file))
        else:
            words.append(str(child)[1:-1] if child.type == "STRING" else str(child))
    return Node(tuple(words), tuple(children) if tree.data == "block" else None, file, line)


async def load(read: Callable[[str], Awaitable[str]], path: str) -> Node:
    """A configuration with its includes in place; `read` gives a file's text. Raises ConfParseError."""
    count = 0

    async def expand(node: Node) -> Node:
        nonlocal count
        found: list[Node] = []
        for child in node.children or ():
            if child.children is None and len(child.words) == 2 and child.words[0] == "include":
                count += 1
                if count > MAX_INCLUDES:
                    raise ConfParseError(f"{clean(child.file)} line {child.line}: too many includes")
                inner = await expand(parse(await read(child.words[1]), child.words[1]))
                found += inner.children or ()
            elif child.children is not None:
                found.append(await expand(child))
            else:
                found.append(child)
        return Node(node.words, tuple(found), node.file, node.line)

    return await expand(parse(await read(path), path))
