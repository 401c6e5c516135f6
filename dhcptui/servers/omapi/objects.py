"""The objects dhcpd serves, typed: failover-state, lease, pool. Integers are four bytes, big-endian.

What dhcpd never fills is left out on purpose: partner-address and local-address are bytes of a C pointer
(failover.c:3398), skew, last-packet-sent and last-timestamp-received are never assigned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from dhcptui.model.failover import FailoverStatus
from dhcptui.model.leases import LeaseView, identifier
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.states import FailoverState, from_wire
from dhcptui.servers.omapi.errors import OmapiProtocolError

Attributes = Mapping[bytes, bytes]


class SettableState(Enum):
    """The only local-states this project can write. dhcpd would take any number; every other one does harm."""

    PARTNER_DOWN = FailoverState.PARTNER_DOWN
    RECOVER = FailoverState.RECOVER
    SHUTDOWN = FailoverState.SHUTDOWN


def _number(attributes: Attributes, name: bytes) -> int:
    value = attributes.get(name)
    if value is None or len(value) != 4:
        got = "is missing" if value is None else f"has {len(value)} bytes"
        raise OmapiProtocolError(f"attribute {name.decode()} {got}; expected a 4-byte integer")
    return int.from_bytes(value, "big")


def _optional(attributes: Attributes, name: bytes) -> int | None:
    return _number(attributes, name) if name in attributes else None


def failover_status(attributes: Attributes, *, version_3_0: bool = False) -> FailoverStatus:
    """The failover-state object (failover.c:3372-3591). Raises OmapiProtocolError where it is incomplete."""
    return FailoverStatus(
        name=clean(attributes.get(b"name", b""), 255),
        role=Role.SECONDARY if _number(attributes, b"hierarchy") else Role.PRIMARY,
        local_state=from_wire(_number(attributes, b"local-state"), version_3_0=version_3_0),
        partner_state=from_wire(_number(attributes, b"partner-state"), version_3_0=version_3_0),
        local_stos=_number(attributes, b"local-stos"),
        partner_stos=_number(attributes, b"partner-stos"),
        mclt_seconds=_number(attributes, b"mclt"),
        unacked_updates=_number(attributes, b"cur-unacked-updates"),
        max_unacked_updates=_number(attributes, b"max-outstanding-updates"),
        max_response_delay_seconds=_number(attributes, b"max-response-delay"),
        load_balance_max_seconds=_number(attributes, b"load-balance-max-secs"),
        local_port=_number(attributes, b"local-port"),
        partner_port=_number(attributes, b"partner-port"),
    )


_BINDING_STATES = ("", "free", "active", "expired", "released", "abandoned", "reset", "backup")
_FLAGS = {1: "static", 2: "bootp", 4: "reserved"}
"""dhcpd.h; the higher bits are of no lasting meaning."""
HARDWARE_BYTES = 20
"""Of a hardware address, at most (HARDWARE_ADDR_LEN in dhcpd.h, without the type)."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One lease as one server holds it, and the handle of its pool (good on this connection only)."""

    view: LeaseView
    pool_handle: int | None


def lease(attributes: Attributes) -> Lease:
    """A lease object (server/omapi.c). What comes from a client is sanitised here; a time of 0 is none."""
    state = _number(attributes, b"state")
    flags = int.from_bytes(attributes.get(b"flags", b""), "big")
    view = LeaseView(
        address=_address(attributes),
        binding_state=_BINDING_STATES[state] if 0 < state < len(_BINDING_STATES) else f"unknown ({state})",
        hardware_address=attributes.get(b"hardware-address", b"")[:HARDWARE_BYTES].hex(":"),
        hardware_type=_optional(attributes, b"hardware-type"),
        client_identifier=identifier(attributes.get(b"dhcp-client-identifier", b"")),
        client_hostname=clean(attributes.get(b"client-hostname", b""), 255),
        starts=_time(attributes, b"starts"),
        ends=_time(attributes, b"ends"),
        tstp=_time(attributes, b"tstp"),
        tsfp=_time(attributes, b"tsfp"),
        atsfp=_time(attributes, b"atsfp"),
        cltt=_time(attributes, b"cltt"),
        flags=tuple(word for bit, word in _FLAGS.items() if flags & bit),
    )
    return Lease(view, _optional(attributes, b"pool"))


def _address(attributes: Attributes) -> str:
    """An IPv4 address as text; empty where there is none."""
    packed = attributes.get(b"ip-address", b"")
    if packed and len(packed) != 4:
        raise OmapiProtocolError(f"attribute ip-address has {len(packed)} bytes; expected 4")
    return ".".join(map(str, packed))


def _time(attributes: Attributes, name: bytes) -> int | None:
    return _optional(attributes, name) or None


@dataclass(frozen=True, slots=True)
class Pool:
    """Counters of one pool: free may be given out by the primary, backup by the secondary."""

    lease_count: int
    free_leases: int
    backup_leases: int


def pool(attributes: Attributes) -> Pool:
    """A pool object (server/omapi.c:1719). dhcpd serves it though its man page calls pools unsupported."""
    return Pool(
        _number(attributes, b"lease-count"),
        _number(attributes, b"free-leases"),
        _number(attributes, b"backup-leases"),
    )
