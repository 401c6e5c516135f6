"""Where the failover link is, read out of dhcpd.conf."""

from __future__ import annotations

import pytest

from dhcptui.conf.reader import parse
from dhcptui.conf.site import failover_place
from dhcptui.model.failover import FailoverPlace

CONF = """
failover peer "foo" {{ primary; address 10.0.0.10; {ports} peer address {peer}; mclt 60; split 128; }}
failover peer "bar" {{ secondary; address 10.0.0.10; port 1; peer address 10.0.0.30; peer port 2; }}
"""


@pytest.mark.parametrize(
    ("ports", "peer", "expected"),
    [
        ("port 519; peer port 520;", "10.0.0.20", FailoverPlace("10.0.0.10", 519, "10.0.0.20", 520)),
        ("", "10.0.0.20", FailoverPlace("10.0.0.10", 647, "10.0.0.20", 647)),
        ("peer port 847;", "dhcp2.example.org", FailoverPlace("10.0.0.10", 647, "dhcp2.example.org", 847)),
    ],
)
def test_place(ports: str, peer: str, expected: FailoverPlace) -> None:
    """Ports may differ, be left out, and an address may be a name; the other relationship is another one."""
    configuration = parse(CONF.format(ports=ports, peer=peer), "dhcpd.conf")
    assert failover_place(configuration, "foo") == expected
    assert failover_place(configuration, "bar") == FailoverPlace("10.0.0.10", 1, "10.0.0.30", 2)
    assert failover_place(configuration, "baz") is None
