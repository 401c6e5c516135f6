"""Which pools belong to a failover relationship, and one address of each to ask dhcpd about."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from dhcptui.dhcpdconf.parse import Node
from dhcptui.dhcpdconf.relation import ranges
from dhcptui.model.sanitize import clean


@dataclass(frozen=True, slots=True)
class FailoverPool:
    """A pool of a relationship: the network it lies in, as dhcpd names it in its log, and one address inside."""

    network: str
    probe_address: str


def failover_pools(configuration: Node, peer: str) -> tuple[FailoverPool, ...]:
    """The pools of `peer` that have a range, in the order of the file."""
    networks = _networks(configuration)
    found: dict[int, FailoverPool] = {}
    for each in ranges(configuration):
        if each.peer == peer and each.pool is not None and id(each.pool) not in found:
            address = str(ipaddress.IPv4Address(each.first))
            found[id(each.pool)] = FailoverPool(networks.get(id(each.pool)) or address, address)
    return tuple(found.values())


def _networks(configuration: Node, network: str = "") -> dict[int, str]:
    """The innermost subnet (or shared network) of every pool."""
    found = {}
    for child in configuration.blocks():
        if child.starts("pool"):
            found[id(child)] = network
        else:
            found |= _networks(child, _network(child) or network)
    return found


def _network(node: Node) -> str:
    words = node.words
    if len(words) >= 4 and node.starts("subnet"):
        try:
            return str(ipaddress.IPv4Network(f"{words[1]}/{words[3]}", strict=False))
        except ValueError:
            return ""
    return clean(words[1], 40) if len(words) >= 2 and node.starts("shared-network") else ""
