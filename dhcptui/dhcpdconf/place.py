"""Where a server listens for its failover partner, where it looks for it, and which other partners it has."""

from __future__ import annotations

from dhcptui.dhcpdconf.parse import Node
from dhcptui.dhcpdconf.relation import DEFAULT_PORT, peers
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import FailoverPlace


def failover_place(configuration: Node, peer: str) -> FailoverPlace | None:
    """The addresses and ports of the relationship `peer`; None where there is no such declaration.

    An address that is missing is empty; it may be a host name. 647 is dhcpd's default for both ports.
    """
    for each in peers(configuration):
        if each.name == peer:
            return FailoverPlace(
                clean(each.text("address"), 255),
                each.port or DEFAULT_PORT,
                clean(each.text("peer address"), 255),
                each.peer_port or DEFAULT_PORT,
            )
    return None


def other_peers(configuration: Node, peer: str) -> tuple[str, ...]:
    """The relationships besides `peer` that one dhcpd serves, in the order of the file."""
    return tuple(clean(each.name, 255) for each in peers(configuration) if each.name != peer)
