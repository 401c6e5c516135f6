"""Where a dhcpd in a chroot has its dhcpd.conf: inside, outside, or outside with a copy inside."""

from __future__ import annotations

import pytest

from dhcptui.servers.ssh.ours import DhcpdProcess
from dhcptui.watch.conf_place import ConfPlace, candidates, conf_place

SCRIPT = "/usr/local/etc/rc.d/isc-dhcpd"
PORT = "/usr/local/sbin/dhcpd -q -chroot /var/db/dhcpd -cf /usr/local/etc/dhcpd.conf -lf /var/db/dhcpd/dhcpd.leases em0"
COPY = "/var/db/dhcpd/usr/local/etc/dhcpd.conf"
FIREWALL = (
    "/usr/local/sbin/dhcpd -user dhcpd -group _dhcp -chroot /var/dhcpd -cf /etc/dhcpd.conf -pf /var/run/dhcpd.pid igb1"
)
WALLED = "/var/dhcpd/etc/dhcpd.conf"
DEBIAN = "dhcpd -4 -q -chroot /srv/jail -cf /etc/dhcp/dhcpd.conf eth0"


def place(args: str, there: set[str], platform: str | None = None) -> ConfPlace:
    """Of a process with these words."""
    process = DhcpdProcess(7, "S", args)
    assert there <= set(candidates(process))
    found = conf_place(process, there, platform)
    assert found
    return found


@pytest.mark.parametrize("platform", [None, "freebsd"])
def test_the_port_copies(platform: str | None) -> None:
    """People edit the original, dhcpd reads the copy, `dhcpd -t` tests the original: all three are said."""
    found = place(PORT, {"/usr/local/etc/dhcpd.conf", COPY, SCRIPT}, platform)
    assert (found.edited, found.read, found.root) == ("/usr/local/etc/dhcpd.conf", COPY, "")
    assert f"reads {COPY}" in found.note
    assert "dhcpd -t tests /usr/local/etc/dhcpd.conf" in found.note


@pytest.mark.parametrize("platform", [None, "pfsense", "opnsense"])
def test_a_firewall_reads_inside(platform: str | None) -> None:
    """There is no file of that name outside; includes are meant inside too."""
    found = place(FIREWALL, {WALLED}, platform)
    assert (found.edited, found.read, found.root) == (WALLED, WALLED, "/var/dhcpd")
    assert WALLED in found.note


@pytest.mark.parametrize("platform", ["pfsense", "opnsense"])
def test_a_firewall_with_a_dead_file_outside(platform: str) -> None:
    """It was somebody's once; dhcpd never reads it."""
    found = place(FIREWALL, {WALLED, "/etc/dhcpd.conf"}, platform)
    assert (found.edited, found.root) == (WALLED, "/var/dhcpd")
    assert "/etc/dhcpd.conf is there too" in found.note


def test_debian_reads_before_it_enters() -> None:
    """Seen on the real one: Debian's dhcpd reads its configuration outside, and has its lease file inside."""
    inside = "/srv/jail/etc/dhcp/dhcpd.conf"
    for there in ({"/etc/dhcp/dhcpd.conf"}, {"/etc/dhcp/dhcpd.conf", inside}):
        found = place(DEBIAN, there)
        assert (found.edited, found.read, found.root) == ("/etc/dhcp/dhcpd.conf", "/etc/dhcp/dhcpd.conf", "")
        assert "before it locks itself into /srv/jail" in found.note


def test_without_a_chroot() -> None:
    """Nothing needs to be looked for, and nothing is to be said."""
    process = DhcpdProcess(7, "S", "dhcpd -cf /etc/dhcp/dhcpd.conf eth0")
    assert candidates(process) == ()
    assert conf_place(process, ()) == ConfPlace("/etc/dhcp/dhcpd.conf", "/etc/dhcp/dhcpd.conf")
    assert conf_place(DhcpdProcess(7, "S", "dhcpd eth0"), ()) is None
