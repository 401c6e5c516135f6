"""What one server's configuration says of failover: its peer declarations, and which addresses belong to which peer."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from dhcptui.conf.reader import Node
from dhcptui.model.sanitize import clean, is_number

DEFAULT_PORT = 647
STATEMENTS = (
    "primary", "secondary", "address", "port", "peer address", "peer port", "mclt", "split", "hba",
    "load balance max seconds", "max-response-delay", "max-unacked-updates", "auto-partner-down",
    "max-lease-misbalance", "max-lease-ownership", "max-balance", "min-balance",
    "peer max-response-delay", "peer max-unacked-updates",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Peer:
    """One `failover peer "NAME" { ... }`. `statements`: by name, the last one counts, as in dhcpd."""

    name: str
    node: Node
    statements: dict[str, Node]

    @property
    def role(self) -> str:
        """`primary`, `secondary`, or empty where neither stands there: dhcpd then takes it for a primary."""
        found = [node for name, node in self.statements.items() if name in {"primary", "secondary"}]
        return max(found, key=lambda node: node.line).words[0].lower() if found else ""

    def text(self, name: str) -> str:
        """A statement's value; empty where it does not stand there."""
        node = self.statements.get(name)
        return " ".join(node.words[len(name.split()) :]) if node else ""

    def number(self, name: str) -> int | None:
        """A statement's value as a number."""
        text = self.text(name)
        return int(text) if is_number(text) else None

    def at(self, name: str) -> Node:
        """Where a statement stands, or else the declaration."""
        return self.statements.get(name, self.node)

    @property
    def port(self) -> int | None:
        """Where it listens; None where what stands there is no number."""
        return self.number("port") if self.text("port") else DEFAULT_PORT

    @property
    def peer_port(self) -> int | None:
        """Where it looks for its partner."""
        return self.number("peer port") if self.text("peer port") else DEFAULT_PORT


def peers(configuration: Node) -> list[Peer]:
    """Every peer declaration, in the order of the file; dhcpd refuses the second one of a name."""
    found = []
    for node in _scopes(configuration):
        for each in node.named("failover", "peer"):
            if each.children is not None and len(each.words) == 3:
                found.append(Peer(each.words[2], each, {name: it for it in each.children if (name := _name(it))}))
    return found


def _scopes(node: Node) -> Iterator[Node]:
    """Every block in which failover can be spoken of; thousands of hosts are not looked into."""
    yield node
    for child in node.blocks():
        if child.words and child.words[0].lower() in {"shared-network", "subnet", "pool", "group"}:
            yield from _scopes(child)


def _name(node: Node) -> str:
    return next((name for name in reversed(STATEMENTS) if node.starts(*name.split())), "")


@dataclass(frozen=True, slots=True)
class Range:
    """One `range`. `peer`: the relationship of its pool; None: each server gives these addresses out for itself."""

    first: int
    last: int
    peer: str | None
    network: str
    """The outermost `shared-network` or `subnet` it lies in."""
    node: Node
    pool: Node | None
    """None where it stands in a subnet, outside any pool: such a range has no failover."""

    @property
    def words(self) -> str:
        """The addresses, for people."""
        return span(self.first, self.last)


def span(first: int, last: int) -> str:
    """`first-last`, or one address."""
    one = str(ipaddress.IPv4Address(first))
    return one if first == last else f"{one}-{ipaddress.IPv4Address(last)}"


def ranges(configuration: Node) -> list[Range]:
    """Every range with literal IPv4 addresses, in the order of the file."""
    return list(_ranges(configuration, None, None, ""))


def _ranges(node: Node, pool: Node | None, peer: str | None, network: str) -> Iterator[Range]:
    """dhcpd 4.4.3, confpars.c 1763 and 1781: a pool inherits the peer of its shared network unless it says otherwise."""
    peer = _own_peer(node, peer)
    for child in node.children or ():
        if child.children is None:
            if child.starts("range") and (ends := _ends(child)):
                yield Range(*ends, peer if pool else None, network, child, pool)
        elif not child.starts("failover"):
            inside = child if child.starts("pool") else pool
            outer = child.starts("shared-network") or child.starts("subnet")
            yield from _ranges(child, inside, peer, network or (clean(" ".join(child.words), 80) if outer else ""))


def _own_peer(node: Node, inherited: str | None) -> str | None:
    for statement in node.children or ():
        if statement.children is None and statement.starts("failover", "peer") and len(statement.words) == 3:
            inherited = statement.words[2]
        elif statement.starts("no", "failover"):
            inherited = None
    return inherited


def _ends(node: Node) -> tuple[int, int] | None:
    found = []
    for word in node.words[1:]:
        try:
            found.append(int(ipaddress.IPv4Address(word)))
        except ValueError:
            continue
    return (min(found), max(found)) if found else None


def references(configuration: Node) -> list[Node]:
    """Every `failover peer "NAME";` in a pool or a shared network."""
    return [
        node
        for scope in _scopes(configuration)
        for node in scope.named("failover", "peer")
        if node.children is None and len(node.words) == 3
    ]


def is_address(text: str) -> bool:
    """Whether it is a literal IPv4 address."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Key:
    """A `key NAME { algorithm ...; secret ...; }`. The secret is kept out of every repr."""

    name: str
    algorithm: str
    secret: str
    node: Node
    secret_node: Node

    def __repr__(self) -> str:
        return f"Key({self.name!r}, {self.algorithm!r})"


def keys(configuration: Node) -> dict[str, Key]:
    """Every key that has an algorithm and a secret, by name."""
    found = {}
    for node in configuration.named("key"):
        algorithm = next((" ".join(each.words[1:]) for each in node.named("algorithm")), "")
        secrets = list(node.named("secret"))
        if len(node.words) == 2 and node.children is not None and secrets:
            # base64 ends in `=`, which is a word of its own where it is not quoted
            secret = "".join(secrets[-1].words[1:])
            found[node.words[1]] = Key(node.words[1], algorithm.lower().split(".")[0], secret, node, secrets[-1])
    return found


def omapi_port(configuration: Node) -> tuple[int, Node] | None:
    """`omapi-port`, as number and where it stands; None: OMAPI is off."""
    found = None
    for node in configuration.named("omapi-port"):
        if len(node.words) == 2 and is_number(node.words[1]):
            found = (int(node.words[1]), node)
    return found


def omapi_key(configuration: Node) -> tuple[str, Node] | None:
    """The name in `omapi-key`, and where it stands; None: OMAPI takes everybody."""
    found = None
    for node in configuration.named("omapi-key"):
        if len(node.words) == 2:
            found = (node.words[1], node)
    return found
