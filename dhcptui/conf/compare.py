"""What two configurations say differently to their clients; what must differ, or has a rule of its own, is left out.

Compared is what holds for a client, not the text: for every subnet and every range that both have, what stands there or in a
block around it, wherever each of the two wrote it down. What names reservations and classes is compared as it stands.
"""

from __future__ import annotations

import ipaddress
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dhcptui.conf.failover import Peer, Range
from dhcptui.conf.networks import network_of
from dhcptui.conf.overlay import Stretch
from dhcptui.conf.reader import Node
from dhcptui.conf.spelling import is_ldap
from dhcptui.conf.statements import EXECUTABLE

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
OWN_OPTIONS = frozenset({"dhcp-server-identifier"})
_SERVERS = re.compile(r".*-servers?(-name|-address)?$|^next-server$")
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
NAMED = ("reservation", "class")
_ITSELF, _PARTNER = "<itself>", "<partner>"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it is compared. `kind`: lease time, option, servers, reservation, class, permit, server-id-check, other."""

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

    @property
    def kind(self) -> str:
        """Other servers named by each are `servers`; named by one only, they are an option like any other."""
        kind = self.statement.kind
        return "option" if kind == "servers" and not (self.one and self.two) else kind


@dataclass(frozen=True)
class Compared:
    """One server, as far as comparing needs it."""

    configuration: Node
    ranges: Sequence[Range]
    peers: Sequence[Peer]
    third: frozenset[str] = field(default_factory=frozenset)
    """Its relationships with other servers than the partner: what is there for them is nothing to compare."""
    is_whole: bool = True
    """False: some of it stands where nobody has looked."""

    @cached_property
    def chains(self) -> dict[int, tuple[Node, ...]]:
        """By the id of a range or a subnet, the blocks around it, from the file to itself."""
        return dict(chains_of(self.configuration))

    @cached_property
    def subnets(self) -> dict[ipaddress.IPv4Network, Node]:
        """Every subnet; the first one of a network."""
        found: dict[ipaddress.IPv4Network, Node] = {}
        for chain in self.chains.values():
            for node in chain:
                if node.starts("subnet") and (network := network_of(node)):
                    found.setdefault(network, node)
        return found

    @cached_property
    def peers_within(self) -> dict[int, set[str | None]]:
        """By the id of a block, the relationships of the ranges in it."""
        found: dict[int, set[str | None]] = defaultdict(set)
        for each in self.ranges:
            for node in self.chains.get(id(each.node), ()):
                found[id(node)].add(each.peer)
        return found

    @cached_property
    def names(self) -> dict[str, str]:
        """Addresses that mean the server itself, and those that mean a partner."""
        found = {each.text("peer address"): _PARTNER for each in self.peers}
        found |= {each.text("address"): _ITSELF for each in self.peers}
        own = (node.words[1] for node in self.configuration.named("server-identifier") if len(node.words) == 2)
        return found | dict.fromkeys(own, _ITSELF)

    @cached_property
    def reserved(self) -> list[ipaddress.IPv4Address]:
        """Every literal address of a reservation, in order."""
        hosts = (node for node in self.configuration.walk() if node.starts("host") and node.children is not None)
        fixed = (each for host in hosts for each in host.named("fixed-address"))
        return sorted(address for node in fixed for address in _addresses(node))

    def is_foreign(self, block: Node, other: Compared) -> bool:
        """Whether a block is there for third servers only, or may be; or for nobody but itself, as the server's own network is."""
        within = self.peers_within.get(id(block), set())
        if within and within <= self.third:
            return True
        networks = [network for node in block.walk() if node.starts("subnet") and (network := network_of(node))]
        if not networks or any(network in other.subnets for network in networks):
            return False
        if within:
            return within <= {*self.third, None}
        return bool(self.third) or not any(map(self._reserves, networks))

    def _reserves(self, network: ipaddress.IPv4Network) -> bool:
        at = bisect_left(self.reserved, network.network_address)
        return at < len(self.reserved) and self.reserved[at] in network


def chains_of(block: Node, around: tuple[Node, ...] = ()) -> Iterator[tuple[int, tuple[Node, ...]]]:
    """By the id of each range and subnet, the blocks around it, from the outermost."""
    chain = (*around, block)
    for child in block.children or ():
        if child.children is None:
            if child.starts("range"):
                yield id(child), chain
        elif child.words and child.words[0].lower() in SCOPES:
            if child.starts("subnet"):
                yield id(child), (*chain, child)
            yield from chains_of(child, chain)


def differences(one: Compared, two: Compared, stretches: Iterable[Stretch]) -> list[Difference]:
    """What differs, in the order of the first configuration, then what only the second has."""
    places = list(_places(one, two, stretches))
    found = list(_in_effect(one, two, places))
    done = [{id(node) for place in places for node in place[side]} for side in (0, 1)]
    left = list(_statements(one.configuration, "", lambda each: one.is_foreign(each, two), done[0]))
    right = list(_statements(two.configuration, "", lambda each: two.is_foreign(each, one), done[1]))
    found += _as_they_stand(one, two, left, right)
    wanted = [each for each in found if _is_known(each, one, two, places)]
    return sorted(wanted, key=lambda each: (each.one is None, each.statement.node.file, each.statement.node.line))


_Place = tuple[tuple[Node, ...], tuple[Node, ...]]


def _places(one: Compared, two: Compared, stretches: Iterable[Stretch]) -> Iterator[_Place]:
    """Where a client can stand on both: the blocks around it on each. The outermost level where they have nothing in common."""
    found = False
    for network, node in one.subnets.items():
        if network in two.subnets:
            found = True
            yield one.chains[id(node)], two.chains[id(two.subnets[network])]
    for each in stretches:
        chains = (_chain(one, each.primary), _chain(two, each.secondary))
        if chains[0] and chains[1]:
            found = True
            yield chains[0], chains[1]
    if not found:
        yield (one.configuration,), (two.configuration,)


def _chain(server: Compared, each: Range | None) -> tuple[Node, ...]:
    """The blocks around a range; none where dhcpd would not take it."""
    return server.chains.get(id(each.node), ()) if each else ()


def _in_effect(one: Compared, two: Compared, places: Sequence[_Place]) -> Iterator[Difference]:
    shown: set[tuple[int, int]] = set()
    seen: set[tuple[int, int]] = set()
    readers = _Reader(), _Reader()
    for place in places:
        ends = (id(place[0][-1]), id(place[1][-1]))
        if ends in seen:
            continue
        seen.add(ends)
        left, right = (reader.effective(chain) for reader, chain in zip(readers, place, strict=True))
        for key in dict.fromkeys([*left, *right]):
            a, b = left.get(key), right.get(key)
            which = (id(a.node) if a else 0, id(b.node) if b else 0)
            if which not in shown and not (a and b and _same(a, b, one, two)):
                shown.add(which)
                yield Difference(a, b)


class _Reader:
    """One configuration's statements by block, each block read once."""

    def __init__(self) -> None:
        self._blocks: dict[int, dict[tuple[str, str], Statement]] = {}

    def effective(self, chain: Sequence[Node]) -> dict[tuple[str, str], Statement]:
        """What holds in the innermost block of a chain: the inner statement of a key counts."""
        found: dict[tuple[str, str], Statement] = {}
        scope = ""
        for node in chain:
            scope = f"{scope} > {_label(node)}".removeprefix(" > ") if node.words else scope
            if id(node) not in self._blocks:
                self._blocks[id(node)] = _of_block(node, scope)
            found |= self._blocks[id(node)]
        return found


def _of_block(block: Node, scope: str) -> dict[tuple[str, str], Statement]:
    statements = (_statement(child, scope) for child in block.children or () if _is_compared(child))
    return {(each.kind, each.key): each for each in statements if each.kind not in NAMED}


def _is_compared(node: Node) -> bool:
    first = node.words[0].lower() if node.words else ""
    if (
        first in OWN
        or node.starts("no", "failover")
        or is_ldap(node)
        or (node.children is not None and first in SCOPES)
    ):
        return False
    return first != "option" or len(node.words) < 2 or node.words[1].lower() not in OWN_OPTIONS


def _same(a: Statement, b: Statement, one: Compared, two: Compared) -> bool:
    if a.value == b.value:
        return True
    if _sorted(a, a.value) == _sorted(b, b.value):
        return True
    return _sorted(a, _named(a, one)) == _sorted(b, _named(b, two))


def _sorted(each: Statement, value: str) -> str:
    """Servers of one kind in any order: each client asks all of them."""
    if each.kind != "servers":
        return value
    return " ".join(sorted(value.replace(",", " ").split()))


def _named(each: Statement, server: Compared) -> str:
    """The value, with the server's own address called so, and its partner's."""
    return _ADDRESS.sub(lambda match: server.names.get(match[0], match[0]), each.value)


def _as_they_stand(one: Compared, two: Compared, left: list[Statement], right: list[Statement]) -> Iterator[Difference]:
    """What no client's place holds, or has a name: by its scope and key."""
    literal = (lambda each: each.value, lambda each: each.value)
    meant = (lambda each: _sorted(each, _named(each, one)), lambda each: _sorted(each, _named(each, two)))
    for first, second in (literal, meant):
        left, right = _without(left, right, first, second), _without(right, left, second, first)
    waiting: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    for each in right:
        waiting[each.scope, each.key].append(each)
    met = set()
    for each in left:
        same = waiting[each.scope, each.key]
        other = same.pop(0) if same else None
        met.add(id(other))
        yield Difference(each, other)
    yield from (Difference(None, each) for each in right if id(each) not in met)


_Value = Callable[[Statement], str]


def _without(those: list[Statement], these: list[Statement], value: _Value, others: _Value) -> list[Statement]:
    """What `these` do not have as well; a statement that stands there twice counts twice."""
    there = Counter((each.scope, each.key, others(each)) for each in these)
    left = []
    for each in those:
        full = (each.scope, each.key, value(each))
        if there[full]:
            there[full] -= 1
        else:
            left.append(each)
    return left


def _statements(node: Node, scope: str, is_foreign: Callable[[Node], bool], done: set[int]) -> Iterator[Statement]:
    """Every statement but those of the blocks that are `done`, and of foreign ones."""
    for child in node.children or ():
        first = child.words[0].lower() if child.words else ""
        if child.children is not None and first in SCOPES:
            if not is_foreign(child):
                yield from _statements(child, f"{scope} > {_label(child)}".removeprefix(" > "), is_foreign, done)
        elif _is_compared(child):
            statement = _statement(child, scope)
            if statement.kind in NAMED or id(node) not in done:
                yield statement


def _is_known(each: Difference, one: Compared, two: Compared, places: Sequence[_Place]) -> bool:
    """Whether what stands on one server only is missing on the other one, as far as was seen."""
    if each.one and each.two:
        return True
    statement, side = each.statement, 0 if each.one else 1
    here, there = (one, two) if each.one else (two, one)
    if not there.is_whole or _is_definition(statement.node):
        return False
    if not here.third or statement.kind not in NAMED:
        return True
    if statement.kind == "class":
        return _is_used(statement.node, [place[side] for place in places])
    addresses = [address for node in statement.node.named("fixed-address") for address in _addresses(node)]
    return any(address in network for address in addresses for network in there.subnets)


def _is_used(node: Node, chains: Iterable[tuple[Node, ...]]) -> bool:
    """Whether an `allow` or `deny` that holds for both servers' clients names this class."""
    name = node.words[1] if len(node.words) > 1 else ""
    blocks = {id(block): block for chain in chains for block in chain}
    permits = (child for block in blocks.values() for child in block.children or () if child.children is None)
    return any(child.words[0].lower() in PERMITS and child.words[-1] == name for child in permits if child.words)


def _is_definition(node: Node) -> bool:
    """`option NAME code N = TYPE`, `option space NAME`: nothing for a client as long as nobody sets it."""
    words = [word.lower() for word in node.words[:3]]
    return len(words) == 3 and words[0] == "option" and (words[1] == "space" or words[2] == "code")


def _addresses(node: Node) -> Iterator[ipaddress.IPv4Address]:
    for word in node.words[1:]:
        if _ADDRESS.fullmatch(word):
            try:
                yield ipaddress.IPv4Address(word)
            except ValueError:
                continue


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
        return _of_option(node, scope, text)
    if first == "subclass":
        return Statement("class", scope, text, text, node)
    if first in PERMITS:
        return Statement("permit", scope, text, text, node)
    if first == "server-id-check":
        return Statement(first, scope, first, text, node)
    if first == "next-server":
        return Statement("servers", scope, first, text, node)
    return Statement("other", scope, text if first in EXECUTABLE else first, text, node)


def _of_option(node: Node, scope: str, text: str) -> Statement:
    name = node.words[1].lower()
    if _is_definition(node):
        return Statement("option", scope, f"option {name} {node.words[2].lower()}", text, node)
    return Statement("servers" if _SERVERS.match(name) else "option", scope, f"option {name}", text, node)


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
