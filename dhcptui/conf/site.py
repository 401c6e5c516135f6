"""Where a server listens for its failover partner, which other partners it has, and whose hand its file is of."""

from __future__ import annotations

import re

from dhcptui.conf.failover import DEFAULT_PORT, Peer, peers
from dhcptui.conf.pools import failover_pools
from dhcptui.conf.reader import Node
from dhcptui.model.failover import FailoverPlace
from dhcptui.model.peers import OtherPeer
from dhcptui.model.sanitize import clean


def failover_place(configuration: Node, peer: str) -> FailoverPlace | None:
    """The addresses and ports of the relationship `peer`; None where there is no such declaration.

    An address that is missing is empty; it may be a host name. 647 is dhcpd's default for both ports.
    """
    return next((_place(configuration, each) for each in peers(configuration) if each.name == peer), None)


def other_peers(configuration: Node, peer: str) -> tuple[OtherPeer, ...]:
    """The relationships besides `peer` that one dhcpd serves, in the order of the file."""
    return tuple(
        OtherPeer(clean(each.name, 255), _place(configuration, each))
        for each in peers(configuration)
        if each.name != peer
    )


def is_of_a_firewall(configuration: Node) -> bool:
    """Whether it is as the web interfaces of pfSense and OPNsense write it: their two options, a peer for each interface."""
    options = {tuple(word.lower() for word in node.words[1:4]) for node in configuration.named("option")}
    return {("ldap-server", "code", "95"), ("arch", "code", "93")} <= options and any(
        re.fullmatch(r"dhcp_(lan|wan|opt\d+)", each.name) for each in peers(configuration)
    )


def _place(configuration: Node, peer: Peer) -> FailoverPlace:
    networks = (pool.network for pool in failover_pools(configuration, peer.name) if pool.network)
    return FailoverPlace(
        clean(peer.text("address"), 255),
        peer.port or DEFAULT_PORT,
        clean(peer.text("peer address"), 255),
        peer.peer_port or DEFAULT_PORT,
        tuple(dict.fromkeys(networks)),
    )
