"""What a practice dhcpd takes out of its dhcpd.conf, with dhcpd's own defaults."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from dhcptui.conf import failover
from dhcptui.conf.failover import Key, Peer
from dhcptui.conf.reader import Node, parse
from dhcptui.model.role import Role


@dataclass(frozen=True, slots=True)
class PeerConf:
    """One failover declaration. Times in seconds."""

    name: str
    role: Role
    address: str
    port: int
    peer_address: str
    peer_port: int
    mclt: int
    hba: bytes | None
    """32 bytes on a primary; a secondary learns it from its partner."""
    max_response_delay: int = 20
    max_unacked_updates: int = 100
    load_balance_max_seconds: int = 0
    auto_partner_down: int = 0


@dataclass(frozen=True, slots=True)
class PoolConf:
    """One pool: the network as dhcpd names it in its log, the addresses, the relationship that covers them."""

    network: str
    peer: str | None
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Configuration:
    """A whole dhcpd.conf."""

    peers: tuple[PeerConf, ...]
    pools: tuple[PoolConf, ...]
    keys: dict[str, Key] = field(default_factory=dict)
    omapi_port: int | None = None
    omapi_key: str | None = None
    default_lease_time: int = 43200
    max_lease_time: int = 86400


def with_includes(path: Path) -> Node:
    """The file with its includes in place. Raises OSError and ConfParseError."""
    return Node((), tuple(_expand(parse(path.read_text(), str(path)))), str(path), 1)


def _expand(node: Node) -> Iterator[Node]:
    for child in node.children or ():
        if child.children is None and child.words[:1] == ("include",):
            yield from with_includes(Path(child.words[1])).children or ()
        elif child.children is not None:
            yield Node(child.words, tuple(_expand(child)), child.file, child.line)
        else:
            yield child


def read(path: Path) -> Configuration:
    """A configuration that `conf.check` finds nothing wrong with. Raises OSError and ConfParseError."""
    root = with_includes(path)
    port, key = failover.omapi_port(root), failover.omapi_key(root)
    return Configuration(
        peers=tuple(map(_peer, failover.peers(root))),
        pools=tuple(_pools(root)),
        keys=failover.keys(root),
        omapi_port=port[0] if port else None,
        omapi_key=key[0] if key else None,
        default_lease_time=_seconds(root, "default-lease-time", 43200),
        max_lease_time=_seconds(root, "max-lease-time", 86400),
    )


def _seconds(root: Node, name: str, default: int) -> int:
    return next((int(each.words[1]) for each in reversed([*root.named(name)])), default)


def _peer(peer: Peer) -> PeerConf:
    def number(name: str, default: int = 0) -> int:
        return int(peer.text(name) or default)

    hba = None
    if "split" in peer.statements:
        hba = split_to_hba(number("split"))
    elif "hba" in peer.statements:
        hba = bytes(int(each, 16) for each in peer.text("hba").split(":"))
    return PeerConf(
        name=peer.name,
        role=Role(peer.role or "primary"),
        address=peer.text("address"),
        port=number("port", failover.DEFAULT_PORT),
        peer_address=peer.text("peer address"),
        peer_port=number("peer port", failover.DEFAULT_PORT),
        mclt=number("mclt"),
        hba=hba,
        max_response_delay=number("max-response-delay", 20),
        max_unacked_updates=number("max-unacked-updates", 100),
        load_balance_max_seconds=number("load balance max seconds"),
        auto_partner_down=number("auto-partner-down"),
    )


def split_to_hba(split: int) -> bytes:
    """`split N;`: the first N of 256 hash buckets are the primary's, lowest bit first (server/confpars.c)."""
    return bytes(((1 << max(0, min(8, split - 8 * index))) - 1) for index in range(32))


def _pools(root: Node) -> Iterator[PoolConf]:
    for _, group in groupby(failover.ranges(root), key=lambda each: each.pool or each.network):
        ranges = list(group)
        addresses = (str(ipaddress.IPv4Address(each)) for one in ranges for each in range(one.first, one.last + 1))
        yield PoolConf(_named(ranges[0].network), ranges[0].peer, tuple(addresses))


def _named(network: str) -> str:
    """A network as dhcpd names it in its log."""
    kind, _, name = network.partition(" ")
    if kind.lower() != "subnet":
        return name
    address, _, mask = name.split()
    return str(ipaddress.IPv4Network(f"{address}/{mask}"))
