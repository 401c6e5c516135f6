"""How much room there is on the file system of a server's lease file."""

from __future__ import annotations

import posixpath

from dhcptui.model.sanitize import is_number
from dhcptui.model.snapshot import LeaseSpace
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.shell import RemoteShell


def space_command(leases: str) -> Command:
    """Free kilobytes there, as POSIX has `df -P -k` say it, then the size of the file, or that there is none.

    That is said only where its directory can be looked into; else nothing is.
    """
    return commands.script(
        'df -P -k -- "$1" 2>&1 || echo "df failed with exit status $?"; ls -Lln -- "$2" 2>/dev/null\n'
        'if [ -d "$1" ] && [ -x "$1" ] && [ ! -e "$2" ] && [ ! -L "$2" ]; then echo missing; fi',
        posixpath.dirname(leases),
        leases,
    )


async def read_space(shell: RemoteShell, leases: str) -> LeaseSpace | str:
    """The room, or why it cannot be told. Raises what `RemoteShell.ask` raises."""
    lines = (await shell.ask(space_command(leases).line)).lines
    return parse_space(lines) or next((line for line in lines if line.startswith("df")), "df there says nothing of it")


def parse_space(lines: list[str]) -> LeaseSpace | None:
    """`Filesystem 1024-blocks Used Available Capacity Mounted on`, one line of it, and one of `ls -ln`."""
    free = None
    size = 0
    for line in lines:
        words = line.split()
        if len(words) >= 6 and words[4].endswith("%") and is_number(words[3].removeprefix("-")):
            free = max(0, int(words[3])) * 1024
        elif len(words) >= 6 and words[0][:1] in {"-", "l"} and is_number(words[4]):
            size = int(words[4])
    return LeaseSpace(free, size, ["missing"] in [line.split() for line in lines]) if free is not None else None
