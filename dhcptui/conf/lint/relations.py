"""All failover relationships that two configurations share: which to compare, and whether their names are crossed."""

from __future__ import annotations

from collections.abc import Iterator

from dhcptui.conf.failover import Peer, is_address
from dhcptui.conf.lint.findings import Pair, Problem
from dhcptui.model.role import Role


def others(pair: Pair) -> Iterator[Pair]:
    """The same two servers, as seen by each of their other relationships with each other."""
    for name in pair.shared:
        if name != pair.peer:
            yield Pair(name, pair.primary, pair.secondary, pair.drift)


def with_third_servers(pair: Pair) -> Iterator[Pair]:
    """The same two servers, as seen by each relationship that one of them has with a third one; only what it says alone counts."""
    between = set(pair.shared)
    for name in dict.fromkeys(each.name for role in Role for each in pair[role].peers if each.name not in between):
        yield Pair(name, pair.primary, pair.secondary, pair.drift)


def same_partner_twice(pair: Pair) -> Iterator[Problem]:
    """The relationships of a server have partners at different addresses: dhcpd tells who calls by the address alone."""
    for role in Role:
        first: dict[str, Peer] = {}
        for each in pair[role].peers:
            address = each.text("peer address")
            before = first.setdefault(address, each)
            if address and before.name != each.name:
                sentence = (
                    f"failover peer {each.name!r} has the partner at {address}, as {before.name!r} has"
                    f" ({before.node.where}): dhcpd tells them apart by this address alone, and the two never both connect"
                )
                fix = "Give each relationship a pair of addresses of its own, or use one for all pools."
                yield Problem(role, each.at("peer address"), sentence, fix)


def crossed(pair: Pair) -> list[tuple[Peer, Peer]]:
    """Declarations that fit each other by their addresses and not by their names, although both names are on both servers."""
    here, there = ({each.name: each for each in pair[role].peers} for role in Role)
    return [
        (one, two)
        for one in pair.primary.peers
        for two in pair.secondary.peers
        if one.name != two.name and one.name in there and two.name in here and _fit(one, two)
        if not _fit(one, there[one.name])
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
        sentence = (
            f"failover peer {two.name!r} has the addresses that {one.name!r} has on {pair.primary.name}:"
            " the names of the two are crossed"
        )
        fix = f"Call it {one.name!r} here, as all that are crossed; change nothing on {pair.primary.name}, that would cross them again."
        yield Problem(Role.SECONDARY, two.node, sentence, fix)
