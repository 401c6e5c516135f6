"""All failover relationships that two configurations share: which to compare, and whether their names are crossed."""

from __future__ import annotations

from collections.abc import Iterator

from dhcptui.conf.failover import Peer, is_address
from dhcptui.conf.lint.findings import Pair, Problem
from dhcptui.model.role import Role


def shared(pair: Pair) -> tuple[str, ...]:
    """The names to compare: those that both declare, and ours; one with a third server is nobody's business here."""
    theirs = {each.name for each in pair.secondary.peers}
    names = [each.name for each in pair.primary.peers if each.name in theirs]
    return tuple(dict.fromkeys([*([pair.peer] if pair.peer else []), *names]))


def others(pair: Pair) -> Iterator[Pair]:
    """The same two servers, as seen by each of their other relationships."""
    for name in shared(pair):
        if name != pair.peer:
            yield Pair(name, pair.primary, pair.secondary, pair.drift)


def crossed(pair: Pair) -> list[tuple[Peer, Peer]]:
    """Declarations that fit each other by their addresses and not by their names, although both names are on both servers."""
    here, there = ({each.name for each in pair[role].peers} for role in Role)
    return [
        (one, two)
        for one in pair.primary.peers
        for two in pair.secondary.peers
        if one.name != two.name and one.name in there and two.name in here and _fit(one, two)
    ]


def is_crossed(pair: Pair) -> bool:
    """Whether ours is one of them."""
    return any(pair.peer in {one.name, two.name} for one, two in crossed(pair))


def _fit(one: Peer, two: Peer) -> bool:
    ends = (one.text("address"), one.text("peer address"))
    return all(map(is_address, ends)) and ends == (two.text("peer address"), two.text("address"))


def names_crossed(pair: Pair) -> Iterator[Problem]:
    """Relationships have the same name on both servers: crossed names are refused, each with the other's name."""
    for one, two in crossed(pair):
        said = (
            f"failover peer {two.name!r} has the addresses that {one.name!r} has on {pair.primary.name}:"
            " the names of the two are crossed"
        )
        fix = f"Call it {one.name!r} here, as all that are crossed; change nothing on {pair.primary.name}, that would cross them again."
        yield Problem(Role.SECONDARY, two.node, said, fix)
