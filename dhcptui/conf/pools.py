"""Which pools belong to a failover relationship, and one address of each to ask dhcpd about."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dhcptui.conf.failover import ranges
from dhcptui.conf.reader import Node
from dhcptui.model.sanitize import clean


@dataclass(frozen=True, slots=True)
class FailoverPool:
    """A pool of a relationship: the network it lies in, as dhcpd names it in its log, and one address inside."""

    network: str
    """Empty where that is not known."""
    probe_address: str
    ranges: tuple[str, ...] = ()
    """Its ranges, as "first-last", or one address."""
    shared: str = ""
    """The shared network around its subnet, where there is one."""


def failover_pools(configuration: Node, peer: str) -> tuple[FailoverPool, ...]:
    """The pools of `peer` that have a range, in the order of the file."""
    places = _places(configuration)
    found: dict[int, FailoverPool] = {}
    for each in ranges(configuration):
        if each.peer != peer or each.pool is None:
            continue
        first, last = str(ipaddress.IPv4Address(each.first)), str(ipaddress.IPv4Address(each.last))
        text = first if first == last else f"{first}-{last}"
        network, shared = places.get(id(each.pool), ("", ""))
        pool = found.get(id(each.pool), FailoverPool(network, first, (), shared))
        found[id(each.pool)] = replace(pool, ranges=(*pool.ranges, text))
    return tuple(found.values())


def named_probes(addresses: Iterable[str], configuration: Node | None, peer: str) -> tuple[FailoverPool, ...]:
    """The pools that the user gave an address of; where dhcpd.conf tells which pool that is, with its network."""
    pools = failover_pools(configuration, peer) if configuration else ()
    return tuple(
        replace(next((pool for pool in pools if _has(pool, address)), FailoverPool("", "")), probe_address=address)
        for address in addresses
    )


def _has(pool: FailoverPool, address: str) -> bool:
    try:
        number = ipaddress.IPv4Address(address)
    except ValueError:
        return False
    ends = ([ipaddress.IPv4Address(end) for end in text.split("-")] for text in pool.ranges)
    return any(each[0] <= number <= each[-1] for each in ends)


def merged(pools: Sequence[FailoverPool]) -> tuple[str, tuple[str, ...]]:
    """What several `pool {}` are called that dhcpd made one of, and which networks or ranges it stands for."""
    networks = tuple(dict.fromkeys(pool.network for pool in pools if pool.network))
    if len(networks) > 1:
        return next((pool.shared for pool in pools if pool.shared), networks[0]), networks
    return (networks[0] if networks else ""), tuple(dict.fromkeys(text for pool in pools for text in pool.ranges))


def _places(configuration: Node, network: str = "", shared: str = "") -> dict[int, tuple[str, str]]:
    """The innermost subnet (or shared network) of every pool, and its shared network."""
    found = {}
    for child in configuration.blocks():
        if child.starts("pool"):
            found[id(child)] = network, shared
        else:
            name = _network(child)
            found |= _places(child, name or network, name if child.starts("shared-network") else shared)
    return found


def _network(node: Node) -> str:
    words = node.words
    if len(words) >= 4 and node.starts("subnet"):
        try:
            return str(ipaddress.IPv4Network(f"{words[1]}/{words[3]}", strict=False))
        except ValueError:
            return ""
    return clean(words[1], 40) if len(words) >= 2 and node.starts("shared-network") else ""
