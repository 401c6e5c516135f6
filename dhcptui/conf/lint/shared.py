"""Lint rules on what both servers must answer alike, and on lease times against MCLT."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dhcptui.conf.compare import Difference, chains_of
from dhcptui.conf.lint.findings import Pair, Problem, Subject
from dhcptui.conf.reader import Node
from dhcptui.model.role import Role
from dhcptui.model.sanitize import is_number

SHOWN = 10
"""Differences of one kind that are listed; the rest is counted."""
VALUE_CHARACTERS = 80


SAME = "Make it the same on both servers; sync + restart copies a shared file."


def _of_kind(pair: Pair, *kinds: str, fix: str = SAME) -> Iterator[Problem]:
    problems = [_problem(pair, each, fix) for each in pair.differences if each.kind in kinds]
    yield from problems[:SHOWN]
    if more := problems[SHOWN:]:
        sentence = f"{len(more)} more differences of this kind begin here"
        fix = "Keep what both share in one file that is copied (sync + restart)."
        yield Problem(more[0].role, more[0].node, sentence, fix)


def _problem(pair: Pair, each: Difference, fix: str) -> Problem:
    scope = f" in {each.statement.scope}" if each.statement.scope else ""
    if each.one and each.two:
        sentence = (
            f"{_short(each.two.value)!r}{scope} on {pair.secondary.name}, "
            f"{_short(each.one.value)!r} on {pair.primary.name} ({each.one.node.where})"
        )
        return Problem(Role.SECONDARY, each.two.node, sentence, fix)
    role = Role.PRIMARY if each.one else Role.SECONDARY
    sentence = f"{_short(each.statement.value)!r}{scope} stands on {pair[role].name} only"
    return Problem(role, each.statement.node, sentence, fix)


def _short(text: str) -> str:
    return text if len(text) <= VALUE_CHARACTERS else text[: VALUE_CHARACTERS - 1] + "…"


def lease_times_differ(pair: Pair) -> Iterator[Problem]:
    """Lease times are the same on both servers: a client must not be told another one by each."""
    yield from _of_kind(pair, "lease time")


def options_differ(pair: Pair) -> Iterator[Problem]:
    """Options are the same on both servers: what a client gets must not depend on who answers."""
    yield from _of_kind(pair, "option")


def servers_differ(pair: Pair) -> Iterator[Problem]:
    """Other servers that each names to its clients (DNS, NTP, boot) are known about; their order, and each itself, is no matter."""
    yield from _of_kind(pair, "servers", fix="Nothing must be done, if each is meant to name its own.")


def reservations_differ(pair: Pair) -> Iterator[Problem]:
    """Reservations (`host`) are the same on both servers: failover does not carry them over."""
    yield from _of_kind(pair, "reservation")


def permits_differ(pair: Pair) -> Iterator[Problem]:
    """Who is served (`allow`, `deny`, `ignore`, `authoritative`, classes) is the same on both servers."""
    yield from _of_kind(pair, "permit", "class")


def server_id_check_differs(pair: Pair) -> Iterator[Problem]:
    """`server-id-check` is the same on both servers."""
    yield from _of_kind(pair, "server-id-check")


def others_differ(pair: Pair) -> Iterator[Problem]:
    """Other statements are the same on both servers, unless they name the server itself."""
    yield from _of_kind(pair, "other")


def _mclt(pair: Pair, peer: str) -> int | None:
    """A relationship's, from its primary; None where that is a third server, or says nothing."""
    declared = (each for role in Role for each in pair[role].peers if each.name == peer and each.role != "secondary")
    return next((each.number("mclt") for each in declared), None)


def _lease_times(subject: Subject, name: str) -> Iterator[tuple[Node, set[str]]]:
    """Each statement that holds for a range with failover, and for which relationships it does."""
    chains = dict(chains_of(subject.configuration))
    nodes: dict[int, tuple[Node, set[str]]] = {}
    for each in subject.ranges:
        if each.peer and (node := _innermost(chains.get(id(each.node), ()), name)):
            nodes.setdefault(id(node), (node, set()))[1].add(each.peer)
    yield from nodes.values()


def _innermost(chain: Sequence[Node], name: str) -> Node | None:
    for block in reversed(chain):
        found = [node for node in block.named(name) if len(node.words) == 2 and is_number(node.words[1])]
        if found:
            return found[-1]
    return None


def _shorter_than_mclt(pair: Pair, name: str, what: str, fix: str) -> Iterator[Problem]:
    for role in Role:
        for node, names in _lease_times(pair[role], name):
            mclt = max((_mclt(pair, each) or 0 for each in names), default=0)
            seconds = int(node.words[1])
            if seconds < mclt:
                yield Problem(role, node, f"{name} {seconds} is shorter than mclt {mclt}: {what}", fix)


def max_lease_below_mclt(pair: Pair) -> Iterator[Problem]:
    """`max-lease-time` is not shorter than mclt: the waits after a failure would outlast every lease for nothing."""
    what = "after a failure a server waits mclt, though every lease ended before that"
    yield from _shorter_than_mclt(pair, "max-lease-time", what, "Lower mclt on the primary, or allow longer leases.")


def default_lease_below_mclt(pair: Pair) -> Iterator[Problem]:
    """`default-lease-time` shorter than mclt is known about."""
    what = "most leases end before a wait of mclt does; a shorter mclt would bring a server back sooner"
    yield from _shorter_than_mclt(pair, "default-lease-time", what, "Nothing must be done; consider a shorter mclt.")
