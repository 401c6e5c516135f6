"""Characters that dhcpd.conf must not have: what a word processor or a web page puts in the place of ASCII's.

dhcpd reads ASCII. Outside of strings and comments anything else ends the statement it stands in; within a string it is
sent as it is, and compared byte for byte.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

BYTE_ORDER_MARK = "\ufeff"
HYPHENS = "\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
QUOTES = "\u00ab\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\uff02"
NO_UTF8 = "\ufffd"
WORD_CHARACTERS = 40
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_MEANT = {**dict.fromkeys(map(ord, HYPHENS), "-"), **dict.fromkeys(map(ord, QUOTES + NO_UTF8), None)}
# White space that dhcpd takes as such: tab, newline, vertical tab, form feed, carriage return, blank.
_FIND = re.compile(r'"(?:[^"\\]|\\.)*"?|#[^\n]*|[^\t-\r -~]', re.DOTALL)
_IN_STRING = re.compile(r"[^\t-\r -~]")
_AROUND = re.compile(r"[^\s\x00-\x1f]*")


@dataclass(frozen=True, slots=True)
class Odd:
    """The odd characters of one line: outside of strings and comments, or (`quoted`) those in a string nobody can see or tell."""

    characters: str
    file: str
    line: int
    quoted: bool
    word: str
    """What the first of them stands in."""

    @property
    def named(self) -> str:
        """`U+2010 (hyphen)`, as many as there are."""
        return ", ".join(map(_named, self.characters))


def odd(text: str, file: str) -> tuple[Odd, ...]:
    """Every line with odd characters, in the order of the file; a line with both kinds stands twice."""
    if text.isascii() and not re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text):
        return ()
    found: dict[tuple[int, bool], list[int]] = {}
    line, at = 1, 0
    for position, quoted in _positions(text):
        line, at = line + text.count("\n", at, position), position
        found.setdefault((line, quoted), []).append(position)
    return tuple(
        Odd("".join(dict.fromkeys(text[each] for each in there)), file, line, quoted, _word(text, there[0]))
        for (line, quoted), there in found.items()
    )


def _positions(text: str) -> Iterator[tuple[int, bool]]:
    for match in _FIND.finditer(text):
        if match[0][0] == '"':
            inside = (each.start() for each in _IN_STRING.finditer(text, match.start(), match.end()))
            yield from ((position, True) for position in inside if is_deceptive(text[position]))
        elif match[0][0] != "#":
            yield match.start(), False


def is_deceptive(character: str) -> bool:
    """Whether it looks like nothing, or like another one: what a string is hardly meant to hold."""
    return character in HYPHENS or character == NO_UTF8 or unicodedata.category(character) in _INVISIBLE


def meant(word: str) -> str:
    """The word as its writer meant it: ASCII's hyphen, no quotes of the wrong kind, nothing that cannot be seen."""
    if word.isascii() and word.isprintable():
        return word
    return "".join(
        each for each in word.translate(_MEANT) if unicodedata.category(each) not in _INVISIBLE or each == " "
    )


def advice(characters: str) -> str:
    """What to write instead."""
    first = characters[0]
    if first == BYTE_ORDER_MARK:
        return "Save the file as UTF-8 without a byte order mark."
    if first in HYPHENS:
        return "Write ASCII's `-`."
    if first in QUOTES:
        return "Write ASCII's quotation mark."
    if unicodedata.category(first) in _INVISIBLE:
        return "Delete it, or write a blank."
    return "Write it in ASCII."


def _word(text: str, position: int) -> str:
    begin = max(text.rfind(each, 0, position) for each in ("\n", " ", "\t")) + 1
    match = _AROUND.match(text, begin)
    return match[0][:WORD_CHARACTERS] if match else ""


def _named(character: str) -> str:
    if character == NO_UTF8:
        return "a byte that is no UTF-8"
    name = unicodedata.name(character, "control character").lower()
    name = "byte order mark" if character == BYTE_ORDER_MARK else name
    return f"U+{ord(character):04X} ({name})"
