"""What two configurations say differently, statement by statement; what must differ, or has a rule of its own, is left out.

Compared is the parse, not the text: comments, white space, order, and where an include ends do not count.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from dhcptui.conf.reader import Node

SCOPES = ("subnet", "shared-network", "pool", "group")
"""Blocks that are entered; any other one is compared as a whole."""
LEASE_TIMES = ("default-lease-time", "max-lease-time", "min-lease-time")
PERMITS = ("allow", "deny", "ignore", "authoritative", "not")
OWN = frozenset({
    "failover", "range", "omapi-port", "omapi-key", "key", "include", "server-identifier", "server-name",
    "local-address", "local-port", "log-facility", "lease-file-name", "pid-file-name", "ddns-local-address4",
    "ddns-local-address6", "server-duid",
})  # fmt: skip
"""Statements that name the server itself, or that another rule compares."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it is compared. `kind`: lease time, option, reservation, class, permit, server-id-check, other."""

    kind: str
    scope: str
    """The blocks around it; empty: global."""
    key: str
    """What it sets; two statements with the same scope and key can be set against each other."""
    value: str
    node: Node


@dataclass(frozen=True, slots=True)
class Difference:
    """A statement that the two do not have in common; one side is None where it stands on one server only."""

    one: Statement | None
    two: Statement | None

    @property
    def statement(self) -> Statement:
        """The side that there is."""
        found = self.one or self.two
        assert found is not None  # noqa: S101 - one side is always there
        return found


def differences(one: Node, two: Node) -> list[Difference]:
    """What differs, in the order of the first configuration, then what only the second has."""
    left, right = list(_statements(one, "")), list(_statements(two, ""))
    left, right = _without(left, right), _without(right, left)
    waiting: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    for each in right:
        waiting[each.scope, each.key].append(each)
    found, met = [], set()
    for each in left:
        same = waiting[each.scope, each.key]
        other = same.pop(0) if same else None
        met.add(id(other))
        found.append(Difference(each, other))
    return found + [Difference(None, each) for each in right if id(each) not in met]


def _without(those: list[Statement], these: list[Statement]) -> list[Statement]:
    """What `these` do not have as well; a statement that stands there twice counts twice."""
    there = Counter((each.scope, each.key, each.value) for each in these)
    left = []
    for each in those:
        full = (each.scope, each.key, each.value)
        if there[full]:
            there[full] -= 1
        else:
            left.append(each)
    return left


def _statements(node: Node, scope: str) -> Iterator[Statement]:
    for child in node.children or ():
        first = child.words[0].lower() if child.words else ""
        if first in OWN or child.starts("no", "failover"):
            continue
        if child.children is not None and first in SCOPES:
            yield from _statements(child, f"{scope} > {_label(child)}".removeprefix(" > "))
        else:
            yield _statement(child, scope)


def _label(node: Node) -> str:
    """A pool has no name: its ranges are one."""
    if node.starts("pool"):
        return " ".join(["pool", *sorted(" ".join(each.words[1:]) for each in node.named("range"))])
    return _text(node.words)


def _statement(node: Node, scope: str) -> Statement:
    first = node.words[0].lower() if node.words else ""
    text = _text(node.words)
    if node.children is not None:
        kind = {"host": "reservation", "class": "class", "subclass": "class"}.get(first, "other")
        return Statement(kind, scope, text, _whole(node), node)
    if first in LEASE_TIMES:
        return Statement("lease time", scope, first, text, node)
    if first == "option" and len(node.words) > 1:
        return Statement("option", scope, f"option {node.words[1].lower()}", text, node)
    if first == "subclass":
        return Statement("class", scope, text, text, node)
    if first in PERMITS:
        return Statement("permit", scope, text, text, node)
    if first == "server-id-check":
        return Statement(first, scope, first, text, node)
    return Statement("other", scope, first, text, node)


def _text(words: tuple[str, ...]) -> str:
    if words[:1] and words[0].lower() == "hardware":
        return " ".join(words).lower()
    return " ".join((words[0].lower(), *words[1:])) if words else ""


def _whole(node: Node) -> str:
    """A block in one line; the order of its statements counts where it can matter: not in a host."""
    inside = [_text(each.words) + ";" if each.children is None else _whole(each) for each in node.children or ()]
    if node.starts("host"):
        inside.sort()
    return f"{_text(node.words)} {{ {' '.join(inside)} }}"
