"""One machine over OMAPI: a single connection, over which each of its relationships is polled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from dhcptui.config.loading import ConfigError
from dhcptui.model.snapshot import Channel, Link
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.omapi.codec import Key
from dhcptui.servers.omapi.errors import OmapiClosed, OmapiTimeout
from dhcptui.servers.ssh.errors import TunnelRefused
from dhcptui.watch.clocks import mono
from dhcptui.watch.members import for_each_member
from dhcptui.watch.peers import follow_peers
from dhcptui.watch.polls import Polls
from dhcptui.watch.record import MachineRecord, first, told
from dhcptui.watch.turns import machine_offset

if TYPE_CHECKING:
    from dhcptui.servers.omapi.client import Reader, Writer

REFUSED_RETRY_SECONDS = 0.5
"""Nobody listens: trying again costs dhcpd nothing."""
RETRY_SECONDS = 3.0
"""A connection that was accepted and came to nothing holds one of dhcpd's few descriptors: do not hurry."""


class OmapiWatch:
    """Keeps one OMAPI connection, and polls over it for each relationship."""

    def __init__(self, machine: MachineRecord) -> None:
        self._machine = machine
        self._offset = machine_offset()

    async def run(self) -> None:
        """Keep a connection, for ever."""
        machine, delay = self._machine, RETRY_SECONDS
        while True:
            try:
                async with self._connected() as client, asyncio.TaskGroup() as group:
                    polls = Polls(client, machine, self._offset)
                    group.create_task(for_each_member(machine, polls.run))
                    group.create_task(follow_peers(client, machine, polls.way))
            except* Exception as group:
                error = told(first(group))
                if machine.cut_because and isinstance(error, OmapiClosed):
                    error = OmapiClosed(machine.cut_because)
                machine.channel("omapi", Link.FAILED, error)
                delay = REFUSED_RETRY_SECONDS if isinstance(error, TunnelRefused | OmapiClosed) else RETRY_SECONDS
            machine.probe_now.set()
            await asyncio.sleep(delay)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[OmapiClient]:
        """One OMAPI connection, open while the block runs. Raises OmapiError, RemoteError, ConfigError."""
        machine = self._machine
        key = machine.settings.omapi_key
        try:
            secret = Key(key.name, key.algorithm, key.read_secret()) if key else None
        except ValueError as error:
            raise ConfigError(str(error)) from error
        reader, writer = await self._streams()
        client = await OmapiClient.open(reader, writer, secret)
        machine.client = client
        machine.view = replace(machine.view, omapi=Channel())  # each relationship has its own from now on
        machine.connected_at = mono()
        machine.connections += 1
        machine.connected.set()
        machine.probe_now.set()  # who is behind the port now: the last look at processes is older than this answer
        try:
            yield client
        finally:
            machine.client = None
            await client.close()

    async def _streams(self) -> tuple[Reader, Writer]:
        settings = self._machine.settings
        port = settings.omapi_port
        if settings.omapi_transport == "ssh":
            await self._machine.session_ready.wait()
            return await self._machine.open_session().open_tcp("127.0.0.1", port)
        try:
            async with asyncio.timeout(5):
                return await asyncio.open_connection(settings.host, port)
        except ConnectionRefusedError as error:
            raise TunnelRefused(f"nothing listens on {settings.host}:{port}") from error
        except TimeoutError as error:
            raise OmapiTimeout(f"no answer from {settings.host}:{port} for 5 s") from error
