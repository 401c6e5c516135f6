"""Whether a lease file grows, asked while a server fetches its leases: progress that no OMAPI value shows."""

from __future__ import annotations

import shlex

from dhcptui.assess.stuck import grown
from dhcptui.model.moments import Seen
from dhcptui.model.sanitize import is_number
from dhcptui.model.states import REBUILDING
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.watch.clocks import mono
from dhcptui.watch.record import ServerRecord


async def watch_growth(shell: RemoteShell, record: ServerRecord) -> None:
    """Read the size of the lease file; nothing is asked of a server that is not rebuilding. Raises as the shell does."""
    view = record.view
    if view.status is None or view.status.value.local_state not in REBUILDING:
        if view.growth is not None:
            record.update(growth=None)
        return
    asked = mono()
    answer = await shell.ask(f"LC_ALL=C ls -lnL {shlex.quote(record.settings.leases)}")
    size = _size(answer.lines)
    if size is not None:
        before = record.view.growth
        record.update(growth=Seen(grown(before.value if before else None, size, asked), asked))


def _size(lines: list[str] | tuple[str, ...]) -> int | None:
    """The fifth word of `ls -ln`, the same on every system; None for anything else."""
    words = lines[0].split() if len(lines) == 1 else []
    return int(words[4]) if len(words) > 8 and words[0].startswith("-") and is_number(words[4]) else None
