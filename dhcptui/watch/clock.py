"""Asks one server every few minutes whether something keeps its clock right, without a trace in the server's log."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from dhcptui.servers.host import Completed, Host
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.servers.ssh.timesync import SystemdWord, read_time_sync
from dhcptui.watch.clocks import mono
from dhcptui.watch.record import MachineRecord

TIME_SYNC_SECONDS = 300.0
UNSURE_SECONDS = 30.0
"""While it is not in sync: it may be on its way."""
ASK_SECONDS = 6.0
SHELL_SECONDS = 0.2
"""Between two looks whether the shell has answered."""


async def follow_time_sync(session: Host, machine: MachineRecord) -> None:
    """Keep `time_sync` of the view.

    Without sudo each question has a channel of its own: a daemon that hangs holds up nothing else. With sudo each would be
    four lines in auth.log: what wants root goes through the shell that is open anyway, a time service is asked without.
    """
    systemd = SystemdWord()

    async def ask(command: Command) -> Completed:
        if not command.as_root(session.target.sudo).sudo:
            return await session.run(command, timeout=ASK_SECONDS)
        shell = await _answered_shell(session, machine)
        answer = await shell.ask(command.line, ASK_SECONDS)
        return Completed("\n".join(answer.lines).encode(), b"", answer.exit_status)

    while not session.closed:
        sync = None
        with suppress(RemoteError):  # who keeps the session notices its loss
            sync = await read_time_sync(ask, systemd, mono())
            machine.update(time_sync=sync)
        await asyncio.sleep(TIME_SYNC_SECONDS if sync and sync.value.in_sync is not False else UNSURE_SECONDS)


async def _answered_shell(session: Host, machine: MachineRecord) -> RemoteShell:
    """The session's own shell, once it has answered something."""
    while True:
        shell = machine.shell
        if shell is not None and shell.session is session and shell.answered and not shell.closed:
            return shell
        await asyncio.sleep(SHELL_SECONDS)
