"""What a practice dhcpd takes out of its dhcpd.conf, with dhcpd's own defaults."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

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
class KeyConf:
    """A key declaration; the secret is base64."""

    name: str
    algorithm: str
    secret: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """A whole dhcpd.conf."""

    peers: tuple[PeerConf, ...]
    pools: tuple[PoolConf, ...]
    keys: dict[str, KeyConf] = field(default_factory=dict)
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
    single = {
        child.words[0]: child.words[-1] for child in root.children or () if child.children is None and child.words
    }
    number = {name: int(value) for name, value in single.items() if value.isdigit()}
    return Configuration(
        peers=tuple(_peer(block) for block in root.named("failover", "peer") if block.children is not None),
        pools=tuple(_pools(root, "", None)),
        keys={key.name: key for key in map(_key, root.named("key"))},
        omapi_port=number.get("omapi-port"),
        omapi_key=single.get("omapi-key"),
        default_lease_time=number.get("default-lease-time", 43200),
        max_lease_time=number.get("max-lease-time", 86400),
    )


def _peer(block: Node) -> PeerConf:
    said: dict[str, str] = {}
    for child in block.children or ():
        *name, value = child.words
        said[" ".join(name) or value] = value
    port = int(said.get("port", 647))
    secondary = "secondary" in said
    hba = None
    if "split" in said:
        hba = split_to_hba(int(said["split"]))
    elif "hba" in said:
        hba = bytes(int(each, 16) for each in said["hba"].split(":"))
    return PeerConf(
        name=block.words[2],
        role=Role.SECONDARY if secondary else Role.PRIMARY,
        address=said.get("address", ""),
        port=port,
        peer_address=said["peer address"],
        peer_port=int(said.get("peer port", 647)),
        mclt=int(said.get("mclt", 0)),
        hba=hba,
        max_response_delay=int(said.get("max-response-delay", 20)),
        max_unacked_updates=int(said.get("max-unacked-updates", 100)),
        load_balance_max_seconds=int(said.get("load balance max seconds", 0)),
        auto_partner_down=int(said.get("auto-partner-down", 0)),
    )


def split_to_hba(split: int) -> bytes:
    """`split N;`: the first N of 256 hash buckets are the primary's, lowest bit first (server/confpars.c)."""
    return bytes(((1 << max(0, min(8, split - 8 * index))) - 1) for index in range(32))


def _pools(node: Node, network: str, peer: str | None) -> Iterator[PoolConf]:
    own = next((child.words[2] for child in node.named("failover", "peer") if child.children is None), peer)
    addresses = tuple(
        str(ipaddress.IPv4Address(each))
        for statement in node.named("range")
        for first, last in [_range(statement.words)]
        for each in range(first, last + 1)
    )
    if addresses:
        yield PoolConf(network, own, addresses)
    for child in node.children or ():
        if child.children is None or child.words[:2] == ("failover", "peer"):
            continue
        if child.words[0] == "subnet" and not network:
            yield from _pools(child, str(ipaddress.IPv4Network(f"{child.words[1]}/{child.words[3]}")), own)
        else:
            yield from _pools(child, child.words[1] if child.words[0] == "shared-network" else network, own)


def _range(words: tuple[str, ...]) -> tuple[int, int]:
    ends = [int(ipaddress.IPv4Address(word)) for word in words[1:] if word != "dynamic-bootp"]
    return min(ends), max(ends)


def _key(block: Node) -> KeyConf:
    said = {child.words[0]: child.words[-1] for child in block.children or ()}
    return KeyConf(block.words[1], said["algorithm"].lower(), said["secret"])
