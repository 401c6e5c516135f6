"""A log that all programs share: which lines are dhcpd's own, and which explain what becomes of it. Pure."""

from __future__ import annotations

import re

from dhcptui.model.log_line import LineKind, LogLine

_EXPLAINS = re.compile(
    r"dhcpd|isc[- ]dhcp|dhcp[- ]server"
    r"|link is (?:up|down)|link (?:up|down)\b|link state changed|lost carrier|gained carrier"
    r"|out of memory|oom-kill|no space left|i/o error|(?:filesystem|file system).*(?:read-only|full)"
    r"|time (?:has been changed|stepped|reset)|clock (?:wrong|was stepped|jumped|changed|unsynchronized)"
    r"|rate-limiting|suppressed \d+ messages|messages? lost|logfile turned over"
    r"|linux version|kernel boot|system boot|-- boot |shutting down|rebooted by|power(?:ing)?[- ](?:off|down)",
    re.IGNORECASE,
)
"""Of dhcpd's start and end, and of what lies beneath it: network, memory, disks, clock, the log itself, the machine."""


def of_dhcpd(line: LogLine) -> bool:
    """Whether a line is dhcpd's own, or explains one."""
    return line.kind is not LineKind.OTHER or _EXPLAINS.search(line.text) is not None


def tag(line: LogLine) -> str:
    """`dhcp1 dhcpd[123]`, as far as it stood before the text of a line; "" where nothing did."""
    if not (line.host or line.pid or line.teller):
        return ""
    program = line.teller or ("" if line.kind in {LineKind.OTHER, LineKind.UNREAD} else "dhcpd")
    name = f"{program}[{line.pid}]" if line.pid else program
    return f"{line.host} {name}".strip()
