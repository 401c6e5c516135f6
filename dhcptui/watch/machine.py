"""One machine, whatever number of relationships look at it: one SSH session, one log, one shell, one OMAPI connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from weakref import WeakValueDictionary

from dhcptui.config.loading import ServerSettings
from dhcptui.model.role import Role
from dhcptui.watch.omapi import OmapiWatch
from dhcptui.watch.record import MachineRecord, ServerRecord
from dhcptui.watch.ssh import SshWatch


class Machine:
    """Watched from when the first relationship joins until the last one has left."""

    def __init__(self, settings: ServerSettings) -> None:
        self.record = MachineRecord(settings)
        self._ssh = SshWatch(self.record)
        self._omapi = OmapiWatch(self.record)
        self._task: asyncio.Task[None] | None = None
        self._turning = asyncio.Lock()
        """Held while it is started or closed."""

    @asynccontextmanager
    async def joined(self, member: ServerRecord) -> AsyncIterator[asyncio.Task[None]]:
        """Look at it for one relationship while the block runs. The task is the watch of the machine: it never just ends."""
        self.record.join(member)
        try:
            async with self._turning:
                if self._task is None:
                    self._task = asyncio.create_task(self._watch(), name=f"watch {self.record.settings.host}")
            yield self._task
        finally:
            self.record.leave(member)
            if not self.record.members:
                await self._close()

    async def _watch(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ssh.run(), name=f"ssh {self.record.name}")
            group.create_task(self._omapi.run(), name=f"omapi {self.record.name}")

    async def _close(self) -> None:
        """Close every connection, unless somebody has joined meanwhile."""
        async with self._turning:
            task = self._task
            if task is None or self.record.members:
                return
            self._task = None
            task.cancel()
            await asyncio.wait({task})
            self.record.forget_ways()


class Machines:
    """The machines that several pairs share: one for all tables of the configuration that agree in what makes a connection."""

    def __init__(self) -> None:
        self._machines: WeakValueDictionary[ServerSettings, Machine] = WeakValueDictionary()

    def of(self, settings: ServerSettings) -> Machine:
        """The machine of a server's table."""
        key = same_machine(settings)
        machine = self._machines.get(key)
        if machine is None:
            machine = self._machines[key] = Machine(settings)
        return machine


def same_machine(settings: ServerSettings) -> ServerSettings:
    """The table without what may differ between two that are one machine: how it is called, and what actions do there."""
    return replace(
        settings, role=Role.PRIMARY, name="", machine="", login_timeout=0, platform=None, restart=(), shared_dir=""
    )
