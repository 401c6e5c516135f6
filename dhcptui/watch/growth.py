"""Progress that no OMAPI value shows: a lease file that grows, a dhcpd that works and does not answer yet."""

from __future__ import annotations

from dhcptui.assess.stuck import grown
from dhcptui.model.moments import Seen
from dhcptui.model.states import REBUILDING
from dhcptui.servers.ssh import holder_commands
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.servers.ssh.work import size_of, worked
from dhcptui.watch.clocks import mono
from dhcptui.watch.record import MachineRecord, ServerRecord


async def watch_growth(shell: RemoteShell, machine: MachineRecord) -> None:
    """Read the size of the lease file; nothing is asked where no relationship rebuilds. Raises as the shell does."""
    for member in machine.members:
        if member.view.growth is not None and not _rebuilds(member):
            member.update(growth=None)
    if not any(_rebuilds(member) for member in machine.members):
        return
    asked = mono()
    answer = await shell.ask(holder_commands.file_size(machine.settings.leases).line)
    size = size_of(answer.lines)
    if size is None:
        return
    for member in machine.members:
        if _rebuilds(member):
            before = member.view.growth
            member.update(growth=Seen(grown(before.value if before else None, size, asked), asked))


def _rebuilds(record: ServerRecord) -> bool:
    status = record.view.status
    return status is not None and status.value.local_state in REBUILDING


async def watch_work(shell: RemoteShell, machine: MachineRecord) -> None:
    """Look at a dhcpd that runs and has not opened its OMAPI port; nothing is asked of any other. Raises as the shell does.

    What was seen last is kept until OMAPI answers: it tells since when an answer may be expected.
    """
    asked, ticks = mono(), dict[int, str]()
    for member in machine.members:
        view = member.view
        seen = view.process.value if view.process else None
        if seen is None or not seen.pids or seen.stopped or view.omapi.ok:
            if view.work is not None:
                member.update(work=None)
        elif not seen.omapi_held:
            pid = seen.pids[0]
            if pid not in ticks:
                ticks[pid] = " ".join((await shell.ask(holder_commands.work(pid).line)).lines)
            member.update(work=Seen(worked(view.work.value if view.work else None, pid, ticks[pid], asked), asked))
