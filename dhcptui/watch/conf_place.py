"""Which dhcpd.conf people edit, which one dhcpd reads, and which one `dhcpd -t` tests, where dhcpd runs in a chroot. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dhcptui.config.platforms import DEFAULT, PLATFORMS, Platform
from dhcptui.servers.ssh.ours import DhcpdProcess


@dataclass(frozen=True, slots=True)
class ConfPlace:
    """The places of one dhcpd's configuration, as seen from outside a chroot."""

    edited: str
    """What people edit, and what belongs into config.toml as dhcpd_conf."""
    read: str
    """What dhcpd reads when it starts."""
    root: str = ""
    """Where the names of includes in it are meant: its chroot; empty: where everybody means them."""
    note: str = ""
    """What a person should know of it; empty: dhcpd reads the file that people edit, as they see it."""


def candidates(process: DhcpdProcess) -> tuple[str, ...]:
    """The paths of which `conf_place` wants to know whether they exist."""
    path, inside = process.argument("-cf"), process.file("-cf")
    scripts = (row.start_script for row in PLATFORMS.values() if row.start_script)
    return tuple(dict.fromkeys((path, inside, *scripts))) if inside and process.root else ()


def conf_place(process: DhcpdProcess, there: Collection[str], platform: str | None = None) -> ConfPlace | None:
    """By the words of a process and what exists of `candidates`; None where its words name no file.

    A dhcpd reads its configuration inside the chroot or before it enters it: that was decided when it was built.
    """
    path, inside, root = process.argument("-cf"), process.file("-cf"), process.root
    if not inside:
        return None
    if not root or (path in there and inside not in there):
        note = f"dhcpd reads {path} before it locks itself into {root}: its lease file lies inside" if root else ""
        return ConfPlace(path, path, note=note)
    if path not in there:
        note = f"dhcpd runs in the chroot {root}: it, and dhcpd -t with `-chroot {root}`, read {inside}"
        return ConfPlace(inside, inside, root, note)
    row = _row(platform, there)
    if row.copies_files:
        note = (
            f"dhcpd runs in the chroot {root} and reads {inside}, which its start script copies from {path} at each start:"
            f" dhcpd -t tests {path}, and a change of it counts once dhcpd was restarted"
        )
        return ConfPlace(path, inside, note=note)
    if row is DEFAULT:
        note = f"dhcpd reads {path} before it locks itself into {root}: {inside} is there too, and counts for nothing"
        return ConfPlace(path, path, note=note)
    note = f"dhcpd runs in the chroot {root} and reads {inside}: {path} is there too, and counts for nothing"
    return ConfPlace(inside, inside, root, note)


def _row(platform: str | None, there: Collection[str]) -> Platform:
    if platform is not None:
        return PLATFORMS[platform]
    return next((row for row in PLATFORMS.values() if row.start_script in there), DEFAULT)
