"""Which pools belong to a failover relationship, and one address of each to ask dhcpd about."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from dhcptui.dhcpdconf.parse import Node
from dhcptui.model.sanitize import clean


@dataclass(frozen=True, slots=True)
class FailoverPool:
    """A pool of a relationship: the network it lies in, as dhcpd names it in its log, and one address inside."""

    network: str
    probe_address: str


def failover_pools(configuration: Node, peer: str) -> tuple[FailoverPool, ...]:
    """The pools of `peer` that have a range, in the order of the file."""
    found: list[FailoverPool] = []
    _walk(configuration, peer, "", None, found)
    return tuple(found)


def _walk(node: Node, peer: str, network: str, inherited: str | None, found: list[FailoverPool]) -> None:
    own = next(
        (c.words[2] for c in node.named("failover", "peer") if c.children is None and len(c.words) == 3), inherited
    )
    if own == peer and (address := _first_address(node)):
        found.append(FailoverPool(network or address, address))
    for child in node.children or ():
        if child.children is None or child.words[:2] == ("failover", "peer"):
            continue
        _walk(child, peer, _network(child) or network, own, found)


def _network(node: Node) -> str:
    words = node.words
    if len(words) >= 4 and words[0] == "subnet" and words[2] == "netmask":
        try:
            return str(ipaddress.IPv4Network(f"{words[1]}/{words[3]}", strict=False))
        except ValueError:
            return ""
    return clean(words[1], 40) if len(words) >= 2 and words[0] == "shared-network" else ""


def _first_address(node: Node) -> str | None:
    for statement in node.named("range"):
        for word in statement.words[1:]:
            try:
                return str(ipaddress.IPv4Address(word))
            except ValueError:
                continue
    return None


def peer_address(configuration: Node, peer: str) -> tuple[str, int] | None:
    """Where a server looks for its partner: (`peer address`, `peer port`) of its failover declaration.

    647 on both sides is the default. None where there is no such declaration, or no literal address in it.
    """
    for block in configuration.named("failover", "peer", peer):
        address, port = None, 647
        for statement in block.children or ():
            match statement.words:
                case ("peer", "address", value):
                    address = value
                case ("peer", "port", value) if value.isdigit():
                    port = int(value)
                case _:
                    continue
        if address:
            return address, port
    return None
