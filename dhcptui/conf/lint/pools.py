"""Lint rules on pools: both servers must give the same addresses to the same relationship."""

from __future__ import annotations

from collections.abc import Iterator

from dhcptui.conf.failover import references
from dhcptui.conf.lint.findings import Pair, Problem
from dhcptui.conf.networks import Misplaced, bad_ranges_of, misplaced_of
from dhcptui.conf.reader import Node
from dhcptui.model.role import Role


def unknown_peer(pair: Pair) -> Iterator[Problem]:
    """A pool names a peer that is declared in the same configuration, before it, and in quotation marks."""
    for role in Role:
        configuration = pair[role].configuration
        order = {id(node): number for number, node in enumerate(configuration.walk())}
        declared: dict[str, int] = {}
        for peer in pair[role].peers:
            declared.setdefault(peer.name, order[id(peer.node)])
        for node in references(configuration):
            name = node.words[2]
            if name not in declared and not pair[role].is_whole:
                continue  # it may be declared where nobody has looked
            if name not in declared:
                known = ", ".join(repr(each) for each in declared) or "none"
                sentence = f"the pool names failover peer {name!r}, which is not declared (declared: {known})"
                yield Problem(role, node, sentence, f'Declare it, or write `failover peer "{pair.peer}";`.')
            elif order[id(node)] < declared[name]:
                sentence = f"failover peer {name!r} is declared further down: dhcpd reads from the top"
                yield Problem(role, node, sentence, "Move the declaration, or the include, up.")
        yield from _without_quotes(role, configuration)


def _without_quotes(role: Role, configuration: Node) -> Iterator[Problem]:
    """In a pool only: in a shared network, and in the declaration, dhcpd takes a bare word."""
    for pool in (node for node in configuration.walk() if node.starts("pool")):
        for node in pool.named("failover", "peer"):
            if node.children is None and len(node.words) == 3 and not node.quoted:
                sentence = (
                    f"the name of failover peer {node.words[2]!r} stands without quotation marks; dhcpd does not start"
                )
                yield Problem(role, node, sentence, f'Write `failover peer "{node.words[2]}";`.')


def peer_without_pool(pair: Pair) -> Iterator[Problem]:
    """At least one pool names the relationship itself; what a pool inherits from its shared network does not count."""
    for role, subject, peer in pair.each():
        if not subject.is_whole:
            continue  # its pools may stand where nobody has looked
        own = {
            node.words[2]
            for scope in subject.configuration.walk()
            if scope.starts("pool")
            for node in scope.named("failover", "peer")
            if len(node.words) == 3
        }
        if peer.name not in own:
            sentence = f"no pool names failover peer {peer.name!r}; dhcpd refuses to start"
            yield Problem(role, peer.node, sentence, f'Write `failover peer "{peer.name}";` in each of its pools.')


def ranges_differ(pair: Pair) -> Iterator[Problem]:
    """A relationship has the same addresses on both servers: updates on others are rejected as "unknown IP address"."""
    between = _declared_on_both(pair)
    for each in pair.stretches:
        for role in Role:
            here, there = each[role], each[role.other]
            if here and here.peer in between and not there and pair[role.other].is_whole:
                sentence = (
                    f"{each.words} is in a pool of {here.peer!r} here, but in no range on {pair[role.other].name}"
                )
                yield Problem(role, here.node, sentence, "Use the same ranges on both servers.")


def mapping_differs(pair: Pair) -> Iterator[Problem]:
    """An address belongs to the same relationship on both servers."""
    between = _declared_on_both(pair)
    for each in pair.stretches:
        one, two = each.primary, each.secondary
        if one and two and one.peer != two.peer and (names := between & {one.peer, two.peer}):
            right = pair.peer if pair.peer in names else one.peer if one.peer in names else two.peer
            role = Role.SECONDARY if one.peer == right else Role.PRIMARY
            here = two if role is Role.SECONDARY else one
            what = f"failover peer {here.peer!r}" if here.peer else "no failover peer"
            sentence = f"the pool of {each.words} has {what} here and {right!r} on {pair[role.other].name}"
            yield Problem(role, here.node, sentence, f'Write `failover peer "{right}";` in this pool.')


def _declared_on_both(pair: Pair) -> set[str | None]:
    """The relationships between these two servers."""
    names = [{each.name for each in pair[role].peers} for role in Role]
    return {each for each in pair.shared if each in names[0] and each in names[1]}


def given_out_twice(pair: Pair) -> Iterator[Problem]:
    """No range stands on both servers without failover: both would give the same address to different clients."""
    for each in pair.stretches:
        if each.primary and each.secondary and each.primary.peer is None and each.secondary.peer is None:
            sentence = f"both servers give out {each.words} without failover: two clients can get one address"
            where = "" if each.secondary.pool else " It stands outside a pool: put it into one."
            fix = f'Write `failover peer "{pair.peer}";` in its pool on both servers, or remove it from one.{where}'
            yield Problem(Role.SECONDARY, each.secondary.node, sentence, fix)


def alone_beside(pair: Pair) -> Iterator[Problem]:
    """Beside a pool with failover there is no pool without: while that server is down nobody gives its addresses out."""
    twice = {id(each.primary.node) for each in pair.stretches if each.primary and each.secondary}
    twice |= {id(each.secondary.node) for each in pair.stretches if each.primary and each.secondary}
    for role in Role:
        every = pair[role].ranges
        with_failover = {each.network for each in every if each.peer}
        for each in every:
            if each.peer is None and each.network in with_failover and id(each.node) not in twice:
                sentence = f"{each.words} has no failover, other addresses of {each.network or 'this network'} have"
                fix = f'Write `failover peer "{pair.peer}";` in its pool, unless it is meant so.'
                yield Problem(role, each.node, sentence, fix)


def dynamic_bootp(pair: Pair) -> Iterator[Problem]:
    """A pool with failover has no `range dynamic-bootp`: a BOOTP lease never ends, and dhcpd refuses it."""
    for role in Role:
        for each in pair[role].ranges:
            if each.peer and len(each.node.words) > 1 and each.node.words[1].lower() == "dynamic-bootp":
                sentence = "range dynamic-bootp in a pool with failover; dhcpd refuses it"
                yield Problem(
                    role, each.node, sentence, "Remove `dynamic-bootp`, or give those addresses a pool of their own."
                )


def deny_bootp(pair: Pair) -> Iterator[Problem]:
    """`deny dynamic bootp clients` is needless in a pool with failover since dhcpd 3.1.0."""
    for role in Role:
        pools = {id(each.pool): each.pool for each in pair[role].ranges if each.peer and each.pool}
        writer = pair[role].writer(pair[role].configuration.file)
        if writer and writer.is_firewall:
            continue  # its web interface always writes it
        for pool in pools.values():
            for node in pool.named("deny", "dynamic", "bootp"):
                sentence = "deny dynamic bootp clients is needless since dhcpd 3.1.0; it does no harm"
                yield Problem(role, node, sentence, "It may be removed.")


def misplaced(pair: Pair) -> Iterator[Problem]:
    """A relationship is declared at the outer level or in a shared network, and named in pools; a pool lies in a network."""
    for role in Role:
        for each in misplaced_of(pair[role].configuration):
            sentence = f"{each.what} stands {each.inside}: {_TAKEN[each.kind]}, and does not start"
            yield Problem(role, each.node, sentence, _MOVE[each.kind])


_TAKEN = {
    Misplaced.DECLARATION: "dhcpd takes a declaration at the outer level or in a shared network only",
    Misplaced.REFERENCE: "dhcpd takes the name of a peer in a pool or a shared network only",
    Misplaced.POOL: "dhcpd takes a pool in a subnet or a shared network only",
}
_MOVE = {
    Misplaced.DECLARATION: "Move the whole declaration out of it, in front of it.",
    Misplaced.REFERENCE: "Write it in each of its pools.",
    Misplaced.POOL: "Move the pool into its subnet.",
}


def bad_ranges(pair: Pair) -> Iterator[Problem]:
    """A range lies in its subnet, shares no address with another range, and each pool has one: dhcpd refuses any other."""
    for role in Role:
        for each in bad_ranges_of(pair[role].configuration):
            yield Problem(role, each.node, f"{each.what}; dhcpd refuses it, and does not start", each.fix)
