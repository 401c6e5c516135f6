"""Lint rules on names within one configuration: what is named is defined above, and no host twice."""

from __future__ import annotations

from collections.abc import Iterator

from dhcptui.conf.lint.findings import Pair, Problem
from dhcptui.conf.reader import Node
from dhcptui.model.role import Role

SHOWN = 10
"""Of one server; the rest is counted."""


def names(pair: Pair) -> Iterator[Problem]:
    """A class or key that is named is defined above, and no two hosts have one name: dhcpd refuses anything else."""
    for role in Role:
        problems = list(_wrong(role, pair[role].configuration, is_whole=pair[role].is_whole))
        yield from problems[:SHOWN]
        if more := problems[SHOWN:]:
            sentence = f"{len(more)} more names of this kind begin here; dhcpd does not start"
            yield Problem(role, more[0].node, sentence, "Ask `dhcpd -t` on the server.")


def _wrong(role: Role, configuration: Node, *, is_whole: bool) -> Iterator[Problem]:
    classes, keys = (
        {node.words[1] for node in configuration.walk() if _defines(node, kind)} for kind in ("class", "key")
    )
    hosts: dict[str, Node] = {}
    met: set[tuple[str, str]] = set()
    for node in configuration.walk():
        if _defines(node, "host") and not next(node.named("deleted"), None):
            first = hosts.setdefault(node.words[1], node)
            if first is not node:
                sentence = f"host {node.words[1]!r} stands at {first.where} as well; dhcpd does not start"
                yield Problem(role, node, sentence, "Give it another name, or remove one of them.")
        for kind in ("class", "key"):
            if _defines(node, kind):
                met.add((kind, node.words[1]))
        if (used := _used(node)) and used not in met:
            is_below = used[1] in (classes if used[0] == "class" else keys)
            if is_below or is_whole:
                yield _not_above(role, node, *used, is_below=is_below)


def _not_above(role: Role, node: Node, kind: str, name: str, *, is_below: bool) -> Problem:
    if is_below:
        sentence = f"{kind} {name!r} is defined further down: dhcpd reads from the top, and does not start"
        return Problem(role, node, sentence, "Move its definition up.")
    return Problem(
        role, node, f"{kind} {name!r} is not defined; dhcpd does not start", "Define it above, or take this out."
    )


def _defines(node: Node, kind: str) -> bool:
    return node.children is not None and len(node.words) == 2 and node.starts(kind)


def _used(node: Node) -> tuple[str, str] | None:
    """`allow members of "NAME"`, `subclass "NAME" ...`, `key NAME` of a zone."""
    words = node.words
    if len(words) >= 3 and node.starts("subclass"):
        return "class", words[1]
    if (
        node.children is None
        and len(words) == 4
        and words[1].lower() == "members"
        and words[0].lower() in {"allow", "deny"}
    ):
        return "class", words[3]
    if node.children is None and len(words) == 2 and node.starts("key"):
        return "key", words[1]
    return None
