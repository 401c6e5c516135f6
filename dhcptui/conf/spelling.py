"""One configuration, read as its writer meant it: what is misspelt, what dhcpd does not know, and what each stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from operator import is_

from dhcptui.conf import odd_characters as odd
from dhcptui.conf import statements as known
from dhcptui.conf.files import absent
from dhcptui.conf.reader import Break, Node

SUGGESTED = 50
"""As many unknown statements of a file are compared with what dhcpd knows; a file with more is of another kind."""
CLOSE, CLOSE_SHORT, SHORT = 0.82, 0.75, 6
"""How alike two words must be, and words of at most six characters: `mlct` is `mclt`."""
MORE_WORDS = 3
_BLOCKS = {"key": known.KEY, "zone": known.ZONE, "failover": known.PEER}
_NEVER_ENDED = frozenset(
    {"class", "define", "else", "elsif", "group", "host", "if", "key", "on", "pool", "pool6", "shared-network", "subnet",
     "subnet6", "switch", "zone"}
)  # fmt: skip
"""What has a block after it: no `;` is missing there."""
_ALONE = frozenset({"authoritative", "not authoritative", "primary", "secondary", "no failover peer", "break"})
"""Statements without a value."""
_GOES_ON = frozenset(
    {"and", "code", "config-option", "encapsulate", "exists", "if", "members", "not", "of", "on", "option", "or", "send",
     "space", "with"}
)  # fmt: skip
"""After one of these words an expression is not complete."""
_OPERATOR = re.compile(r"[~!=(,{]+")
_MADE_UP = re.compile(r"unknown-\d+")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A statement that dhcpd does not know. `written` and `meant` are its words in front; `meant` "": nothing is like it."""

    node: Node
    written: str
    meant: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A statement without its `;`. `node`: its words, at the line where the `;` belongs; `hidden`: what it swallows."""

    node: Node
    hidden: Node


@dataclass(frozen=True, slots=True)
class Spelling:
    """The configuration as it was meant, and the statements that were written otherwise, in the order of the file."""

    meant: Node
    unknown: tuple[Unknown, ...]
    unfinished: tuple[Unfinished, ...] = ()


def spelling(configuration: Node) -> Spelling:
    """Read a configuration as it was meant."""
    reader = _Reader(configuration)
    meant = reader.block(configuration, known.ANYWHERE)
    return Spelling(meant, tuple(reader.unknown), tuple(reader.unfinished))


class _Reader:
    """One configuration being read: the options it defines, and what was unknown in it so far."""

    def __init__(self, configuration: Node) -> None:
        self.unknown: list[Unknown] = []
        self.unfinished: list[Unfinished] = []
        # Definitions may stand in a directory, or in a file that is not there.
        elsewhere = any(map(is_ldap, configuration.children or ())) or absent(configuration)
        self._options = None if elsewhere else _options(configuration)

    def block(self, node: Node, place: frozenset[str]) -> Node:
        """Itself with everything below as it was meant; the same object where nothing differs."""
        children = [part for child in node.children or () for part in self._parts(child, place)]
        read = [self._statement(child, place) for child in children]
        same = len(read) == len(node.children or ()) and all(map(is_, read, node.children or ()))
        return node if same else replace(node, children=tuple(read))

    def _parts(self, node: Node, place: frozenset[str]) -> Iterator[Node]:
        """Itself, or the statements that it is where a `;` is missing between them."""
        while split := _missing(node, place):
            index, before, line = split
            one = Node(node.words[:index], None, node.file, node.line, quoted=True)  # not known: no fault of it
            later = tuple(replace(each, index=each.index - index) for each in node.breaks if each.index > index)
            node = replace(node, words=node.words[index:], line=line, breaks=later)
            self.unfinished.append(Unfinished(replace(one, line=before), node))
            yield one
        yield node

    def _statement(self, node: Node, place: frozenset[str]) -> Node:
        words = tuple(odd.meant(word) for word in node.words if odd.meant(word) or not word)
        read = node if words == node.words else replace(node, words=words, quoted=True)  # quotes of another kind
        if not words or is_ldap(read):
            return read
        count = _known(words, place)
        if not count:
            read = self._as_meant(node, read, place)
            if not _known(read.words, place):
                return read  # what stands in such a block is anybody's guess
        elif words[0].lower() == "option" and place is known.ANYWHERE:
            read = self._option(node, read)
        if read.children is None:
            return read
        return self.block(read, _BLOCKS.get(read.words[0].lower(), place))

    def _as_meant(self, node: Node, read: Node, place: frozenset[str]) -> Node:
        words = read.words
        if place is known.ANYWHERE and words[0].lower() in (self._options or ()):
            return self._told(node, read, 1, f"option {words[0].lower()}")
        count, best = self._closest(words, place)
        return self._told(node, read, count, best)

    def _option(self, node: Node, read: Node) -> Node:
        words = read.words
        name = words[1].lower() if len(words) > 1 else ""
        if self._options is None or not name or "." in name or _defines(read) or _MADE_UP.fullmatch(name):
            return read
        if name in self._options:
            return read
        if name in known.PARAMETERS:
            return self._told(node, read, 2, name)
        count, best = self._closest(words[1:], self._options)
        return self._told(node, read, count + 1, f"option {best}" if best else "")

    def _told(self, node: Node, read: Node, count: int, best: str) -> Node:
        """Note what was written, and give the statement as it was meant."""
        count = count if best else min(2 if read.starts("option") else 1, len(read.words))
        self.unknown.append(Unknown(node, " ".join(read.words[:count]), best))
        return replace(read, words=(*best.split(), *read.words[count:])) if best else read

    def _closest(self, words: tuple[str, ...], candidates: Iterable[str]) -> tuple[int, str]:
        """How many of the words stand for which candidate; (1, "") where none is alike."""
        found, ratio = (1, ""), 0.0
        if len(self.unknown) >= SUGGESTED:
            return found
        begins = [(count, _plain(words[:count])) for count in range(1, min(len(words), 4 + MORE_WORDS) + 1)]
        for candidate in sorted(candidates):
            for count, written in begins:
                alike = _alike(written, _plain(candidate.split()), ratio)
                if alike > ratio:
                    found, ratio = (count, candidate), alike
        return found


def _alike(written: str, candidate: str, floor: float) -> float:
    """0 to 1; 0 also where it is no better than `floor`, or not close enough."""
    close = max(floor, CLOSE_SHORT if len(candidate) <= SHORT else CLOSE)
    match = SequenceMatcher(None, written, candidate, autojunk=False)
    if match.real_quick_ratio() < close or match.quick_ratio() < close:
        return 0.0
    ratio = match.ratio()
    return ratio if ratio >= close else 0.0


def _plain(words: Iterable[str]) -> str:
    return " ".join(words).lower().replace("-", " ").replace("_", " ")


def _known(words: tuple[str, ...], place: frozenset[str]) -> int:
    """How many of the words are a statement of that place; 0: dhcpd does not know it."""
    lower = [each.lower() for each in words[:4]]
    lower[0] = lower[0].partition(":")[0] if lower[0].startswith(("default:", "case:")) else lower[0]
    return next((count for count in range(1, len(lower) + 1) if " ".join(lower[:count]) in place), 0)


def _missing(node: Node, place: frozenset[str]) -> tuple[int, int, int] | None:
    """Where in a statement another one begins: the number of its first word, the line before, its line."""
    words = node.words
    count = _known(words, place) if node.breaks or len(words) > 2 else 0
    head = " ".join(words[:count]).lower()
    if not count or (place is known.ANYWHERE and head in _NEVER_ENDED):
        return None
    first = count if head in _ALONE else count + 1
    if head == "option":
        first += 1
    at = next((each for each in node.breaks if each.index >= first and _begins(words, each, place)), None)
    if at:
        return at.index, at.before, at.line
    # What has one value, or none, is complete without a new line, too.
    simple = (
        place is known.PEER or head in _ALONE or (head in known.PARAMETERS and len(words) > first and _is_plain(words))
    )
    if simple and len(words) > first and not node.breaks and _known(words[first:], place):
        return first, node.line, node.line
    return None


def _begins(words: tuple[str, ...], at: Break, place: frozenset[str]) -> bool:
    before = words[at.index - 1]
    complete = before.lower() not in _GOES_ON and not before.endswith(":") and not _OPERATOR.fullmatch(before)
    return complete and bool(_known(words[at.index :], place))


def _is_plain(words: tuple[str, ...]) -> bool:
    return not any(map(_OPERATOR.fullmatch, words))


def is_ldap(node: Node) -> bool:
    """Whether it is a statement of a dhcpd that reads the rest of its configuration from a directory."""
    return node.children is None and bool(node.words) and node.words[0].lower().startswith("ldap-")


def _options(configuration: Node) -> frozenset[str]:
    """The options that may be set without a space: dhcpd's own and those defined here."""
    return known.OPTIONS | {each.words[1].lower() for each in _definitions(configuration)}


def _definitions(configuration: Node) -> Iterator[Node]:
    return (each for each in configuration.walk() if each.children is None and _defines(each))


def _defines(node: Node) -> bool:
    """`option NAME code N = ...`, `option space NAME`."""
    words = node.words
    if len(words) < 3 or words[0].lower() != "option":
        return False
    return words[1].lower() == "space" or words[2].lower() == "code"
