"""A failover relationship as one server declares it in its dhcpd.conf, and as its dhcpd tells of it."""

from __future__ import annotations

from dataclasses import dataclass

from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState

CONTROL_SHUTDOWN = 2
"""The only state of the control object that dhcpd acts on (server/dhcpd.c:1770)."""


@dataclass(frozen=True, slots=True)
class FailoverStatus:
    """The failover-state object as one server gives it.

    Attributes that dhcpd never fills (addresses, skew, last-packet-sent, last-timestamp-received) have no place here.
    `partner_state` is the last thing heard of the partner, not the truth: after a crash it keeps reading normal.
    """

    name: str
    role: Role
    local_state: FailoverState
    partner_state: FailoverState
    local_stos: int
    """Start time of `local_state`: epoch seconds, this server's clock. Startup and recover-wait keep the old value."""
    partner_stos: int
    """When this server heard of `partner_state`: epoch seconds, this server's clock."""
    mclt_seconds: int
    unacked_updates: int
    """Binding updates sent to the partner and not yet acknowledged."""
    max_unacked_updates: int
    max_response_delay_seconds: int
    load_balance_max_seconds: int
    local_port: int
    partner_port: int


@dataclass(frozen=True, slots=True)
class FailoverPlace:
    """Where a server listens for its partner and where it looks for it, as its dhcpd.conf says."""

    address: str
    port: int
    peer_address: str
    peer_port: int
    networks: tuple[str, ...] = ()
    """What it serves: the subnets and shared networks of its pools."""


@dataclass(frozen=True, slots=True)
class ConfWriter:
    """Who writes a server's dhcpd.conf: people, or a program that overwrites what people change in it."""

    by: str = ""
    """The program, in words; empty: people do."""
    own_way: str = ""
    """How the configuration is changed there and brought to the partner, in words."""
    known_by: str = ""
    """What says so, in words."""
