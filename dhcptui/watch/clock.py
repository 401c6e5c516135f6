"""Asks one server every few minutes whether something keeps its clock right."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from dhcptui.model.moments import Seen
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.servers.ssh.session import Completed, SshSession
from dhcptui.servers.ssh.timesync import read_time_sync
from dhcptui.watch.clocks import mono
from dhcptui.watch.record import ServerRecord

TIME_SYNC_SECONDS = 300.0
UNSURE_SECONDS = 30.0
"""While it is not in sync: it may be on its way."""
ASK_SECONDS = 6.0


async def follow_time_sync(session: SshSession, record: ServerRecord) -> None:
    """Keep `time_sync` of the view. Each question has a channel of its own: a daemon that hangs holds up nothing else."""

    async def ask(command: Command) -> Completed:
        return await session.run(command, timeout=ASK_SECONDS)

    while not session.closed:
        found, asked = None, mono()
        with suppress(RemoteError):  # who keeps the session notices its loss
            found = await read_time_sync(ask)
            record.update(time_sync=Seen(found, asked))
        await asyncio.sleep(TIME_SYNC_SECONDS if found and found.in_sync is not False else UNSURE_SECONDS)
