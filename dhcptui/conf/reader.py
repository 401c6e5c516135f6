"""dhcpd.conf -> nodes. The grammar is the file format's own: words, then `;` or a block in braces.

dhcpd.conf(5) has many statements and one shape, so the grammar knows the shape and the readers know the statements.
What ends a word follows common/conflex.c of 4.4.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dhcptui.conf.odd_characters import BYTE_ORDER_MARK, Odd, odd
from dhcptui.model.sanitize import clean

if TYPE_CHECKING:
    from lark import Lark

# A record is the one pair of braces inside a statement: `option x code 1 = array of { ip-address, integer 8 };`
_GRAMMAR = r"""
start: (statement | block)*
statement: _head? SEMICOLON
block: _head? OPEN (statement | block)* CLOSE
_head: _word | _head _word | _head record
record: OPEN _head CLOSE
_word: WORD | STRING | SIGN
WORD: /[^\s;{}"#(),=~!]+/
SIGN: /[~!]?=|~~|[(),~!]/
STRING: /"(?:[^"\\]|\\.)*"/s
SEMICOLON: ";"
OPEN: "{"
CLOSE: "}"
COMMENT: /#[^\n]*/
SPACE: /\s+/
%ignore SPACE
%ignore COMMENT
"""
MAX_DEPTH = 64
"""Blocks within blocks; a real file has five or so."""
MAX_CHARACTERS = 16 * 1024 * 1024
"""Of one file; more is not read."""
HEAD_CHARACTERS = 2000

# The closing quote may be missing: a string without an end is looked at once, not from each quote in it.
_BRACES = re.compile(r'"(?:[^"\\]|\\.)*"?|#[^\n]*|[{}]', re.DOTALL)
_HEAD = re.compile(r"(?:[ \t\r]*(?:#[^\n]*)?\n){1,30}")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([0-3][0-7]{2})|(.))", re.DOTALL)
_CONTROL = {"t": "\t", "r": "\r", "n": "\n", "b": "\b"}


class ConfParseError(Exception):
    """The text is no dhcpd.conf. Names file and line, and what was expected."""

    def __init__(self, file: str, line: int, what: str) -> None:
        self.file, self.line, self.what = clean(file), line, clean(what, 200)
        super().__init__(f"{self.file} line {line}: {clean(what, 200)}" if line else f"{self.file}: {clean(what, 200)}")


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a file is none of dhcpd's: a brace or a quotation mark is missing, or one too many; and what was expected."""

    file: str
    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Break:
    """Where a statement goes on in a further line: the number of its first word there, that line, and the one before."""

    index: int
    line: int
    before: int


@dataclass(frozen=True, slots=True)
class Node:
    """One statement (`children` is None) or block. Strings are unquoted, their escapes resolved; `line` counts from 1.

    Keywords are as they stand in the file; dhcpd does not care for their case, and neither does `named`.
    """

    words: tuple[str, ...]
    children: tuple[Node, ...] | None
    file: str
    line: int
    odd: tuple[Odd, ...] = ()
    """Of a whole file, and of the block that includes one: the lines with characters that dhcpd cannot read."""
    breaks: tuple[Break, ...] = ()
    """Where it goes on in a further line; a missing `;` hides there."""
    quoted: bool = False
    """Whether its last word stands in quotation marks."""
    heads: tuple[tuple[str, str], ...] = ()
    """Of a whole file, and of the block that includes one: each file, and the comment it begins with."""
    unended: tuple[Node, ...] = ()
    """Of the same, where it was read leniently: the last statement of a block, where its `;` is missing."""
    faults: tuple[Fault, ...] = ()
    """Of the same, where it was read with guesses: what was missing. What stands behind the first of them is guessed."""

    def named(self, *keywords: str) -> Iterator[Node]:
        """Direct children that begin with these keywords (lower case)."""
        for child in self.children or ():
            if child.starts(*keywords):
                yield child

    def starts(self, *keywords: str) -> bool:
        """Whether it begins with these keywords (lower case)."""
        words = self.words
        # The first word decides nearly always, and this is asked of every statement by many readers.
        if not words or words[0].lower() != keywords[0]:
            return False
        return tuple(word.lower() for word in words[: len(keywords)]) == keywords

    def blocks(self) -> Iterator[Node]:
        """Direct children that are blocks."""
        return (child for child in self.children or () if child.children is not None)

    def walk(self) -> Iterator[Node]:
        """Itself and everything below, in the order of the file."""
        yield self
        for child in self.children or ():
            yield from child.walk()

    @property
    def where(self) -> str:
        """File and line, for people."""
        return f"{clean(self.file)}:{self.line}"


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark  # noqa: PLC0415 - 30 ms that only a session with OMAPI pools needs

    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)


@lru_cache(maxsize=4)  # both servers include the same file where they share one, and a node never changes
def parse(text: str, file: str) -> Node:
    """A whole file as one block without words. Raises ConfParseError."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken  # noqa: PLC0415

    if len(text) > MAX_CHARACTERS:
        raise ConfParseError(file, 0, f"longer than {MAX_CHARACTERS} characters")
    strange = odd(text, file)
    text = text.removeprefix(BYTE_ORDER_MARK)
    unclosed = _unclosed(text, file)
    try:
        tree = _parser().parse(text)
    except UnexpectedCharacters as error:
        what = "a string that is never closed" if error.char == '"' else f"unexpected {error.char!r}"
        raise ConfParseError(file, error.line, what + _blamed(strange, error.line)) from error
    except UnexpectedToken as error:
        raise _told(error, file, text, unclosed) from error
    return Node((), tuple(_nodes(tree.children, file)), file, 1, strange, heads=_heads(text, file))


def parse_leniently(text: str, file: str) -> Node:
    """The same, with the `;` that is missing in front of a `}` or at the end of the file; `unended` has where. Raises ConfParseError."""
    try:
        return parse(text, file)
    except ConfParseError:
        ended, unended = _with_ends(text, file)
        if not unended:
            raise
        return replace(parse(ended, file), unended=unended)


def _with_ends(text: str, file: str) -> tuple[str, tuple[Node, ...]]:
    """The text with each missing `;` in its line, and the statements it was missing after."""
    records: list[bool] = []
    statement: list[Any] = []
    ends: list[tuple[int, Node]] = []

    def end() -> None:
        words = tuple(str(token) for token in statement)
        ends.append((statement[-1].end_pos, Node(words, None, file, statement[-1].end_line)))
        statement.clear()

    for token in _tokens(text):
        if token.type == "OPEN":
            records.append(bool(statement) and str(statement[-1]) in {"=", "of"})
        elif token.type == "CLOSE" and records and not records[-1] and statement:
            end()
        is_record = token.type == "CLOSE" and bool(records) and records.pop()
        if token.type in {"WORD", "STRING", "SIGN"} or is_record or (token.type == "OPEN" and records[-1]):
            statement.append(token)
        else:
            statement.clear()
    if statement and not records:
        end()
    for position, _ in reversed(ends):
        text = f"{text[:position]};{text[position:]}"
    return text, tuple(node for _, node in ends)


def _heads(text: str, file: str) -> tuple[tuple[str, str], ...]:
    """The comment that a file begins with: programs that write one say so there."""
    match = _HEAD.match(text)
    head = match[0].strip() if match else ""
    return ((file, head[:HEAD_CHARACTERS]),) if head else ()


def _blamed(strange: tuple[Odd, ...], line: int) -> str:
    """What else is wrong on the line where a string began: a closing quotation mark of another kind does not end it."""
    found = next((each for each in strange if each.line == line), None)
    return f"; {found.named} stands on this line" if found else ""


def _unclosed(text: str, file: str) -> int:
    """The line of the innermost block that is never closed, or 0. Raises ConfParseError where blocks nest too deep."""
    opened: list[int] = []
    for match in _BRACES.finditer(text):
        if match[0] == "{":
            opened.append(match.start())
            if len(opened) > MAX_DEPTH:
                raise ConfParseError(file, _line(text, match.start()), f"blocks nest more than {MAX_DEPTH} deep")
        elif match[0] == "}" and opened:
            opened.pop()
    return _line(text, opened[-1]) if opened else 0


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _told(error: Any, file: str, text: str, unclosed: int) -> ConfParseError:
    """What was expected where the parser stopped; or before, where a missing `;` made a block look like a record."""
    if line := _unfinished(text, error.line):
        return ConfParseError(file, line, "`;` expected before `}`")
    if error.token.type == "$END" and unclosed:
        return ConfParseError(file, unclosed, "this block is never closed: `}` expected before the end of the file")
    if error.token.type == "$END":
        return ConfParseError(file, _line(text, len(text.rstrip())), "`;` or `{` expected before the end of the file")
    if error.token.type == "CLOSE":
        return ConfParseError(file, error.line, "a `}` without a `{`")
    return ConfParseError(file, error.line, f"`;` or `{{` expected before {str(error.token)[:40]!r}")


def _unfinished(text: str, until: int) -> int:
    """The line of the first `}` that follows a word, and is not the end of a record; 0 where there is none."""
    records: list[bool] = []
    before, kind = "", ""
    for token in _tokens(text):
        if token.type == "OPEN":
            records.append(before in {"=", "of"})
        elif token.type == "CLOSE" and not (records.pop() if records else False) and kind in {"WORD", "STRING", "SIGN"}:
            return int(token.line or 0)
        if until > 0 and (token.line or 0) > until:
            return 0
        before, kind = str(token), token.type
    return 0


def _tokens(text: str) -> Iterator[Any]:
    """As far as the text has tokens."""
    from lark.exceptions import UnexpectedCharacters  # noqa: PLC0415

    with suppress(UnexpectedCharacters):
        yield from _parser().lex(text)


def _nodes(trees: list[Any], file: str) -> Iterator[Node]:
    """Nodes of what the parser found; statements without words say nothing and are dropped."""
    for tree in trees:
        if tree.data == "block":
            yield _block(tree.children, file)
        elif len(tree.children) > 1:
            parts = tree.children[:-1]
            quoted = getattr(parts[-1], "type", "") == "STRING"
            yield Node(tuple(_words(parts, file)), None, file, parts[0].line, breaks=_breaks(parts), quoted=quoted)


def _block(parts: list[Any], file: str) -> Node:
    opened = next(index for index, part in enumerate(parts) if getattr(part, "type", "") == "OPEN")
    words = tuple(_words(parts[:opened], file))
    inside = tuple(_nodes(parts[opened + 1 : -1], file))
    return Node(words, inside, file, parts[0].line, breaks=_breaks(parts[:opened]))


def _breaks(parts: list[Any]) -> tuple[Break, ...]:
    """None where there is a record: no statement that has one is ever followed by another on its lines."""
    if not parts or getattr(parts[-1], "line", parts[0].line) == parts[0].line:
        return ()
    if any(getattr(part, "type", None) is None for part in parts):
        return ()
    return tuple(
        Break(index, part.line, parts[index - 1].end_line)
        for index, part in enumerate(parts)
        if index and part.type == "WORD" and part.line > parts[index - 1].end_line
    )


def _words(parts: list[Any], file: str) -> Iterator[str]:
    before = ""
    for part in parts:
        kind = getattr(part, "type", None)
        if kind == "STRING":
            before = _unescaped(part[1:-1])
            yield before
        elif kind is not None:
            before = str(part)
            yield before
        elif before in {"=", "of"}:
            yield "{"
            yield from _words(part.children[1:-1], file)
            before = "}"
            yield before
        else:
            raise ConfParseError(file, part.children[-1].line, "`;` expected before `}`")


def _unescaped(text: str) -> str:
    """A string's escapes resolved, as read_string() in conflex.c does."""
    if "\\" not in text:
        return str(text)

    def one(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        return chr(int(match[2], 8)) if match[2] else _CONTROL.get(match[3], match[3])

    return _ESCAPE.sub(one, text)
