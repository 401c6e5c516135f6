"""Which platform a server is, by what its own files say. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dhcptui.config.platforms import PLATFORMS, Platform

_FAMILIES = (
    ("alpine", ("alpine",)),
    ("debian", ("debian", "ubuntu")),
    ("rhel", ("rhel", "fedora", "centos", "rocky", "almalinux", "ol", "amzn")),
)
"""Platform -> words of ID and ID_LIKE in os-release, as its kin write them."""


@dataclass(frozen=True, slots=True)
class FoundPlatform:
    """A row of the table, and what says that it is this one."""

    row: Platform
    how: str


def find_platform(lines: Sequence[str]) -> FoundPlatform | None:
    """By the lines of `discover_commands.platform_facts`; None where nothing tells, or it is one that the table has not."""
    facts: dict[str, str] = {}
    for line in lines:
        word, _, value = line.partition(" ")
        facts.setdefault(word, value.strip().strip("\"'").lower())
    if "pfsense" in facts.get("platform", ""):
        return FoundPlatform(PLATFORMS["pfsense"], "/etc/platform names it")
    if "opnsense" in facts:
        return FoundPlatform(PLATFORMS["opnsense"], "/usr/local/opnsense is there")
    if facts.get("uname") == "freebsd":
        return FoundPlatform(PLATFORMS["freebsd"], "uname -s names it")
    for key, what in (("id", "ID"), ("like", "ID_LIKE")):
        words = facts.get(key, "").split()
        for name, family in _FAMILIES:
            if any(word in family for word in words):
                return FoundPlatform(PLATFORMS[name], f"{what}={' '.join(words)} in /etc/os-release")
    if "apk" in facts:
        return FoundPlatform(PLATFORMS["alpine"], "it has apk")
    return None
