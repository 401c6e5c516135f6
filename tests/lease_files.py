"""Lease files of any size, as dhcpd rewrites them: the failover records in front, then one entry a lease."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

HEAD = """# The format of this file is documented in the dhcpd.leases(5) manual page.
# This lease file was written by isc-dhcp-4.4.3-P1

# authoring-byte-order entry is generated, DO NOT DELETE
authoring-byte-order little-endian;

failover peer "foo" state {
  my state partner-down at 4 2026/11/26 10:00:00;
  partner state communications-interrupted at 4 2026/11/26 09:59:00;
  mclt 1800;
}
"""
_AT = "4 2026/11/26 %02d:%02d:%02d"
_LEASE = f"""lease %s {{
  starts {_AT};
  ends {_AT};
  tstp {_AT};
  tsfp {_AT};
  atsfp {_AT};
  cltt {_AT};
  binding state active;
  next binding state expired;
  hardware ethernet 02:00:5e:%02x:%02x:%02x;
  uid "\\001\\002\\000^%02x%02x%02x";
  set vendor-class-identifier = "MSFT 5.0; Windows Autopilot ready";
  client-hostname "laptop-%07d";
}}
"""


def address(number: int) -> str:
    """The address of one lease."""
    return f"10.{100 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def lease(number: int) -> str:
    """The entry of one lease, 440 bytes; its host name is `laptop-0000007`."""
    time = (number // 3600 % 24, number // 60 % 60, number % 60)
    mac = (number >> 16, number >> 8 & 255, number & 255)
    return _LEASE % (address(number), *time * 6, *mac, *mac, number)


def leases(count: int) -> Iterator[str]:
    """The entries of so many leases."""
    return map(lease, range(count))


def write(path: Path, count: int) -> int:
    """A whole file with so many leases; returns its bytes. A million are 440 MB."""
    with path.open("w") as file:
        file.write(HEAD)
        file.writelines(leases(count))
    return path.stat().st_size
