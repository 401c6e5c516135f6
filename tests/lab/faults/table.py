"""The whole matrix."""

from __future__ import annotations

from tests.lab.faults import dhcpd, log, machine, network, omapi, ssh

GROUPS = (
    dhcpd.GROUP,
    network.LINK,
    network.LOST,
    network.DIRECT,
    network.FAILOVER,
    ssh.GROUP,
    omapi.SPOILED,
    omapi.KEYS,
    log.GROUP,
    machine.CLOCK,
    machine.DISK,
    machine.USER,
    machine.WRONG,
)
