"""A busy server's log, made up: what nearly all of such a log is, and a line of the failover machine now and then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

CLIENTS = (
    "DHCPDISCOVER from {mac} via eth0",
    "DHCPOFFER on {ip} to {mac} (host-{n}) via eth0",
    "DHCPREQUEST for {ip} (10.0.0.10) from {mac} (host-{n}) via eth0",
    "DHCPACK on {ip} to {mac} (host-{n}) via eth0",
)
RARE = 200
"""One line in so many is not a client's."""
NOON = 11 * 3600


def busy(count: int, per_second: int = 1000, first: int = 0) -> Iterator[bytes]:
    """Lines as syslog writes them, with their newlines; the last one says LAST-LINE."""
    for n in range(first, first + count):
        second = NOON + n // per_second
        clock = f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
        client = n // 4
        mac = f"00:16:3e:{client >> 16 & 255:02x}:{client >> 8 & 255:02x}:{client & 255:02x}"
        text = CLIENTS[n % 4].format(mac=mac, ip=f"10.0.{client >> 8 & 255}.{client & 255}", n=client)
        if n % RARE == RARE - 1:
            text = (
                "balancing pool 55d0c0ffee 10.0.0.0/16  total 65000  free 30000  backup 30000  lts 0  max-own (+/-)6000"
            )
        if n == first + count - 1:
            text = "DHCPINFORM from 10.0.9.9 via eth0: LAST-LINE"
        yield f"Nov 22 {clock} dhcp1 dhcpd[7]: {text}\n".encode()


def write(path: Path, count: int) -> int:
    """Append so many lines to a log; returns the bytes."""
    with path.open("ab") as out:
        return sum(out.write(line) for line in busy(count))
