"""A file in which a brace or a quotation mark is missing, read as far as that can be guessed; where it was missing is told.

dhcpd refuses such a file. What is guessed here serves one purpose: that lint tells what else is wrong in it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dhcptui.conf.reader import ConfParseError, Fault, Node, parse_leniently

MOST_FAULTS = 10
"""In one file; with more nothing of it can be guessed."""

_STRING = re.compile(r'"(?:[^"\\]|\\.)*("?)|#[^\n]*|[{}]', re.DOTALL)
_BLOCK = r"(?:subnet|shared-network|pool|group|host|class|subclass|zone|key|failover[ \t]+peer|if|elsif|else|on)\b"
_HEADLESS = re.compile(rf'^[ \t]*{_BLOCK}(?:[^;{{}}"#\n]|"[^"\n]*")*(?=[ \t]*(?:#[^\n]*)?\n(?!\s*\{{))', re.MULTILINE)
"""The head of a block whose `{` stands neither on its line nor on the next one."""
_TOP = re.compile(rf"[ \t]*{_BLOCK}")


@dataclass(frozen=True, slots=True)
class _Mend:
    """One guess: what to write where, and what is said of it."""

    at: int
    until: int
    written: str
    line: int
    what: str


def parse_mended(text: str, file: str) -> Node:
    """The file with what is missing in it guessed; `faults` has where. Raises ConfParseError where no guess helps."""
    faults: list[Fault] = []
    while True:
        try:
            node = parse_leniently(text, file)
        except ConfParseError as error:
            mend = _mend(text, error) if len(faults) < MOST_FAULTS else None
            if mend is None:
                raise
            text = text[: mend.at] + mend.written + text[mend.until :]
            faults.append(Fault(file, mend.line, mend.what))
        else:
            return replace(node, faults=tuple(sorted(faults, key=lambda fault: fault.line)))


def _mend(text: str, error: ConfParseError) -> _Mend | None:
    if not error.line:  # it is too long
        return None
    return _quotation(text) or _brace(text) or _line_left_out(text, error)


def _quotation(text: str) -> _Mend | None:
    """A string that goes on in the next line, and whose first line ends as a statement does, or that has no end at all."""
    for match in _STRING.finditer(text):
        first, newline, _ = match[0].partition("\n")
        if match[0][0] != '"' or (match[1] and not (newline and first.rstrip()[-1:] in {";", "{", "}"})):
            continue
        words = first.rstrip()
        at = match.start() + len(words.removesuffix(";") if len(words) > 1 else words)
        return _Mend(at, at, '"', _line(text, at), 'a quotation mark is never closed: `"` expected on this line')
    return None


def _brace(text: str) -> _Mend | None:
    opened: list[int] = []
    for match in _STRING.finditer(text):
        if match[0] == "{":
            opened.append(match.start())
        elif match[0] == "}" and opened:
            start = opened.pop()
            # A `}` that stands further out than its block's head belongs to another block.
            if _own_line(text, match.start()) and _indent(text, match.start()) < _indent(text, start):
                return _close(text, start)
        elif match[0] == "}":
            return _open(text, match.start())
    return _close(text, opened[-1]) if opened else None


def _open(text: str, stray: int) -> _Mend:
    """The `{` that a `}` lacks: after the last head of a block that has none; else that `}` is one too many."""
    heads = list(_HEADLESS.finditer(text, 0, stray))
    if heads:
        at = heads[-1].end()
        return _Mend(at, at, " {", _line(text, at), "`{` expected at the end of this line")
    return _Mend(stray, stray + 1, " ", _line(text, stray), "a `}` without a `{`")


def _close(text: str, start: int) -> _Mend:
    """The `}` of a block: before the next line that stands no further in than its head, or at the end."""
    line = _line(text, start)
    at = next(_ends(text, start), len(text))
    return _Mend(at, at, "}", line, "this block is never closed: `}` expected")


def _ends(text: str, start: int) -> Iterator[int]:
    """Where the lines begin that can be no part of the block that begins at `start`."""
    indent, trusted = _indent(text, start), None
    at = text.find("\n", start) + 1
    while at:
        words = text[at : text.find("\n", at) if "\n" in text[at:] else len(text)]
        if words.strip() and not words.lstrip().startswith("#"):
            further = len(words) - len(words.lstrip()) > indent
            trusted = further if trusted is None else trusted
            if not further and (trusted or _TOP.match(words)):
                yield at
        at = text.find("\n", at) + 1


def _line_left_out(text: str, error: ConfParseError) -> _Mend | None:
    """Any other fault: its line is left out."""
    begin = 0
    for _ in range(error.line - 1):
        begin = text.find("\n", begin) + 1
    end = text.find("\n", begin)
    end = len(text) if end < 0 else end
    return _Mend(begin, end, "", error.line, error.what) if text[begin:end].strip() else None


def _own_line(text: str, position: int) -> bool:
    return not text[text.rfind("\n", 0, position) + 1 : position].strip()


def _indent(text: str, position: int) -> int:
    """How far in the line of this position begins."""
    begin = text.rfind("\n", 0, position) + 1
    end = text.find("\n", begin)
    words = text[begin : end if end >= 0 else len(text)]
    return len(words) - len(words.lstrip())


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
