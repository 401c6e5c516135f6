"""A log that all programs share: what of it is dhcpd's, or explains it."""

from __future__ import annotations

import pytest

from dhcptui.logs.lines import parse
from dhcptui.logs.mixed import of_dhcpd, tag
from dhcptui.logs.view import containing

NOW = 1_795_348_000.0
HEAD = "Nov 22 11:33:05 dhcp1 "


@pytest.mark.parametrize(
    "text",
    [
        "dhcpd[7]: Listening on LPF/eth0/02:00:00:00:00:01/10.0.0.0/24",
        "dhcpd[7]: DHCPACK on 10.0.0.7 to 00:16:3e:11:22:33 via eth0",
        "isc-dhcp-server[9]: The error was:",
        "sh[9]: Configuration file errors encountered -- exiting",
        "systemd[1]: Starting isc-dhcp-server.service - LSB: DHCP server...",
        "systemd[1]: Stopped ISC DHCP IPv4 server.",
        "kernel: [ 9345.250000] dhcpd[123]: segfault at 0 ip 0 sp 0 error 4 in dhcpd[0+1]",
        "kernel: [ 9345.250000] e1000e 0000:00:1f.6 eth0: NIC Link is Down",
        "kernel: em0: link state changed to DOWN",
        "systemd-networkd[9]: eth0: Lost carrier",
        "kernel: EXT4-fs (sda1): Remounting filesystem read-only",
        "chronyd[9]: System clock was stepped by 12.3 seconds",
        "rsyslogd: imjournal: 8000 messages lost due to rate-limiting (20000 allowed within 600 seconds)",
        "newsyslog[9]: logfile turned over",
        "kernel: Linux version 6.1.0-18-amd64",
        "sudo: anna : COMMAND=/usr/bin/systemctl restart isc-dhcp-server",
    ],
)
def test_what_explains(text: str) -> None:
    """Its start and end, what lies beneath it, the log itself, the machine."""
    assert of_dhcpd(parse(HEAD + text, NOW))


@pytest.mark.parametrize(
    "text",
    [
        "cron[7]: (root) CMD (true)",
        "sshd[9]: Accepted publickey for root from 10.0.0.9 port 22 ssh2",
        "systemd[1]: Started Daily apt download activities.",
        "named[9]: client @0x7f 10.0.0.7#53: query",
        "kernel: [ 9345.250000] usb 1-1: new device",
        "-- MARK --",
    ],
)
def test_what_does_not(text: str) -> None:
    """The daily work of others."""
    assert not of_dhcpd(parse(HEAD + text, NOW))


def test_what_is_not_understood_is_shown() -> None:
    """It may be dhcpd's."""
    assert of_dhcpd(parse("22.11. 11:33 who knows", NOW))


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (f"{HEAD}dhcpd[7]: exiting.", "dhcp1 dhcpd[7]"),
        (f"{HEAD}cron: x", "dhcp1 cron"),
        (f"{HEAD}-- MARK --", "dhcp1"),
        ("dhcpd[7]: exiting.", "dhcpd[7]"),
        ("exiting.", ""),
        ("who knows", ""),
    ],
)
def test_tags(raw: str, wanted: str) -> None:
    """Host, program and pid, as far as they are told."""
    assert tag(parse(raw, NOW)) == wanted


def test_a_text_may_stand_in_the_tag() -> None:
    """`only` finds a program, a pid and a host."""
    line = parse(f"{HEAD}dhcpd[7]: exiting.", NOW)
    assert [containing(text)(line) for text in ("DHCPD[7]", "dhcp1", "exiting", "dhcpd[8]")] == [
        True,
        True,
        True,
        False,
    ]
