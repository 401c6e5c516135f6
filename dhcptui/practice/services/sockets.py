"""The TCP sockets of a practice server, as `ss -tan` shows them."""

from __future__ import annotations

from collections.abc import Iterator

from dhcptui.model.role import Role
from dhcptui.practice.dhcpd.server import Dhcpd
from dhcptui.practice.world import Place

HEADER = "State    Recv-Q Send-Q Local Address:Port Peer Address:Port"
_EPHEMERAL = 50000
"""The port a connecting side has; one number will do, since there is at most one such connection each way."""
_SSH = 22


def table(place: Place, role: Role, omapi_port: int) -> str:
    """Every socket of that server's dhcpd and sshd which somebody may ask for."""
    return "\n".join((HEADER, *_rows(place, role, omapi_port))) + "\n"


def _rows(place: Place, role: Role, omapi_port: int) -> Iterator[str]:
    here, there = place.machines[role], place.machines[role.other]
    own, partner = _dhcpd(place, role), _dhcpd(place, role.other)
    yield _row("LISTEN", f"0.0.0.0:{_SSH}", "0.0.0.0:*")
    if own is not None:
        yield _row("LISTEN", f"0.0.0.0:{omapi_port}", "0.0.0.0:*")
        for port in sorted({each.conf.port for each in own.failovers.values()}):
            yield _row("LISTEN", f"{here.address}:{port}", "0.0.0.0:*")
    for wire in place.wires:
        side = 0 if wire.hosts[0] == role.value else 1
        if wire.holds(side):
            ends = f"{here.address}:{_EPHEMERAL}", f"{there.address}:{wire.port}"
            if side == 1:
                ends = f"{here.address}:{wire.port}", f"{there.address}:{_EPHEMERAL}"
            yield _row("ESTAB", *ends)
    if own is not None and own.dialling is not None:
        yield _row("SYN-SENT", f"{here.address}:{_EPHEMERAL + 1}", f"{there.address}:{own.dialling}")
    # The other side's SYN has come in, and our answer does not get back.
    theirs = None if partner is None or own is None else partner.dialling
    if theirs is not None and place.network.passes(role.other.value, role.value, theirs):
        yield _row("SYN-RECV", f"{here.address}:{theirs}", f"{there.address}:{_EPHEMERAL + 1}")


def _dhcpd(place: Place, role: Role) -> Dhcpd | None:
    process = place.machines[role].dhcpd
    return process if isinstance(process, Dhcpd) else None


def _row(state: str, local: str, remote: str) -> str:
    return f"{state:8} 0      0      {local} {remote}"
