"""What is made of a look around on a server: its platform, and which process is its dhcpd."""

from __future__ import annotations

import pytest

from dhcptui.config.platforms import PLATFORMS
from dhcptui.servers.ssh.ours import DhcpdProcess
from dhcptui.setup.find_platform import find_platform
from dhcptui.watch.survey import argument, choose


@pytest.mark.parametrize(
    ("lines", "platform", "how"),
    [
        (["uname Linux", "id debian"], "debian", "ID=debian"),
        (["uname Linux", "id ubuntu", "like debian"], "debian", "ID=ubuntu"),
        (["uname Linux", "id linuxmint", 'like "ubuntu debian"'], "debian", "ID_LIKE=ubuntu debian"),
        (["uname Linux", 'id "rocky"', 'like "rhel centos fedora"'], "rhel", "ID=rocky"),
        (["uname Linux", 'id "eurolinux"', 'like "rhel fedora centos"'], "rhel", "ID_LIKE=rhel"),
        (["uname Linux", "id alpine", "apk there"], "alpine", "ID=alpine"),
        (["uname Linux", "apk there"], "alpine", "it has apk"),
        (["uname FreeBSD"], "freebsd", "uname -s"),
        (["uname FreeBSD", "platform pfSense"], "pfsense", "/etc/platform"),
        (["uname FreeBSD", "opnsense there"], "opnsense", "/usr/local/opnsense"),
    ],
)
def test_platforms_are_recognised(lines: list[str], platform: str, how: str) -> None:
    """By what each says of itself; a firewall is not taken for the FreeBSD that it is made of."""
    found = find_platform(lines)
    assert found
    assert found.row is PLATFORMS[platform]
    assert how in found.how


@pytest.mark.parametrize("lines", [[], ["uname SunOS"], ["uname Linux", "id arch"], ["uname OpenBSD"]])
def test_other_platforms_are_none(lines: list[str]) -> None:
    """Nothing is guessed of them."""
    assert find_platform(lines) is None


@pytest.mark.parametrize(
    ("args", "option", "value"),
    [
        ("dhcpd -4 -q -cf /etc/dhcp/dhcpd.conf eth0", "-cf", "/etc/dhcp/dhcpd.conf"),
        ("dhcpd -lf /x -cf relative", "-cf", ""),
        ("dhcpd -cf", "-cf", ""),
        ("dhcpd", "-lf", ""),
    ],
)
def test_arguments_of_a_process(args: str, option: str, value: str) -> None:
    """An absolute path behind the option, or nothing."""
    assert argument(DhcpdProcess(1, "S", args, 5), option) == value


def test_the_right_process() -> None:
    """The one that reads the file; else the only one; else none."""
    one, two = DhcpdProcess(1, "S", "dhcpd -cf /a", 5), DhcpdProcess(2, "S", "dhcpd -cf /b", 5)
    assert choose((one, two), "/b") is two
    assert choose((one,), "/c") is one
    assert choose((one, two), "/c") is None
    copied = DhcpdProcess(3, "S", "dhcpd -chroot /jail -cf /c", 5)
    assert choose((one, copied), "/c") is copied
    assert choose((one, copied), "/jail/c") is copied


def test_places_are_absolute() -> None:
    """What is looked for lies on the server, from its root."""
    for row in PLATFORMS.values():
        places = (
            row.dhcpd_conf,
            row.leases,
            row.built_in_leases,
            *row.log_files,
            *(way.program for way in row.restart_ways),
        )
        assert all(path.startswith("/") for path in places)
        assert not row.options_file or row.options_file.startswith("/")
