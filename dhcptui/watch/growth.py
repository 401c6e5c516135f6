"""Progress that no OMAPI value shows: a lease file that grows, a dhcpd that works and does not answer yet."""

from __future__ import annotations

from dhcptui.assess.stuck import grown
from dhcptui.model.moments import Seen
from dhcptui.model.states import REBUILDING
from dhcptui.servers.ssh import holder_commands
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.servers.ssh.work import size_of, worked
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
    answer = await shell.ask(holder_commands.file_size(record.settings.leases).line)
    size = size_of(answer.lines)
    if size is not None:
        before = record.view.growth
        record.update(growth=Seen(grown(before.value if before else None, size, asked), asked))


async def watch_work(shell: RemoteShell, record: ServerRecord) -> None:
    """Look at a dhcpd that runs and has not opened its OMAPI port; nothing is asked of any other. Raises as the shell does.

    What was seen last is kept until OMAPI answers: it tells since when an answer may be expected.
    """
    view = record.view
    seen = view.process.value if view.process else None
    if seen is None or not seen.pids or seen.stopped or view.omapi.ok:
        if view.work is not None:
            record.update(work=None)
        return
    if seen.omapi_held:
        return
    asked = mono()
    answer = await shell.ask(holder_commands.work(seen.pids[0]).line)
    before = record.view.work
    work = worked(before.value if before else None, seen.pids[0], " ".join(answer.lines), asked)
    record.update(work=Seen(work, asked))
