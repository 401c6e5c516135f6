"""One server over OMAPI: failover state every second or faster, pool counters beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from dhcptui.assess.freshness import LONGEST_TRIP_SECONDS, STALE_AFTER_SECONDS, status_seconds
from dhcptui.assess.pool_exhausted import remember
from dhcptui.assess.queues import queue_moved
from dhcptui.conf.pools import FailoverPool
from dhcptui.config.loading import ConfigError
from dhcptui.model.moments import Seen
from dhcptui.model.pool_counters import Emptied
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import Link
from dhcptui.model.states import FailoverState
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.omapi.codec import Key
from dhcptui.servers.omapi.errors import OmapiClosed, OmapiNotFound, OmapiTimeout
from dhcptui.servers.ssh.errors import TunnelRefused
from dhcptui.watch.clocks import mono
from dhcptui.watch.peers import follow_peers
from dhcptui.watch.pools import KnownPools, PoolUnread, pools_seconds
from dhcptui.watch.record import ServerRecord, first, told

if TYPE_CHECKING:
    from dhcptui.servers.omapi.client import Reader, Writer

POLL_SECONDS = 1.0
FAST_POLL_SECONDS = 0.25
URGENT_POLL_SECONDS = 0.05
"""While an action waits for this server."""
REFUSED_RETRY_SECONDS = 0.5
"""Nobody listens: trying again costs dhcpd nothing."""
RETRY_SECONDS = 3.0
"""A connection that was accepted and came to nothing holds one of dhcpd's few descriptors: do not hurry."""

QUICK_SECONDS = 0.25
"""An answer that took longer, and much longer than the one before, was held up somewhere."""
_A_MOMENT_SECONDS = 0.01


class OmapiWatch:
    """Keeps one OMAPI connection and polls over it."""

    def __init__(self, record: ServerRecord) -> None:
        self._record = record

    async def run(self) -> None:
        """Keep a connection, for ever."""
        delay = RETRY_SECONDS
        while True:
            try:
                async with self._connected() as client, asyncio.TaskGroup() as group:
                    group.create_task(self._poll(client))
                    group.create_task(self._follow_pools(client))
                    group.create_task(follow_peers(client, self._record))
            except* Exception as group:
                error = told(first(group))
                self._record.channel("omapi", Link.FAILED, error)
                delay = REFUSED_RETRY_SECONDS if isinstance(error, TunnelRefused | OmapiClosed) else RETRY_SECONDS
            self._record.probe_now.set()
            await asyncio.sleep(delay)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[OmapiClient]:
        """One OMAPI connection, open while the block runs. Raises OmapiError, RemoteError, ConfigError."""
        key = self._record.settings.omapi_key
        try:
            secret = Key(key.name, key.algorithm, key.read_secret()) if key else None
        except ValueError as error:
            raise ConfigError(str(error)) from error
        reader, writer = await self._streams()
        client = await OmapiClient.open(reader, writer, secret)
        self._record.client = client
        self._record.connected_at = mono()
        self._record.connections += 1
        self._record.connected.set()
        self._record.probe_now.set()  # who is behind the port now: the last look at processes is older than this answer
        try:
            yield client
        finally:
            self._record.client = None
            await client.close()

    async def _streams(self) -> tuple[Reader, Writer]:
        port = self._record.settings.omapi_port
        if self._record.settings.omapi_transport == "ssh":
            await self._record.session_ready.wait()
            return await self._record.open_session().open_tcp("127.0.0.1", port)
        try:
            async with asyncio.timeout(5):
                return await asyncio.open_connection(self._record.settings.host, port)
        except ConnectionRefusedError as error:
            raise TunnelRefused(f"nothing listens on {self._record.settings.host}:{port}") from error
        except TimeoutError as error:
            raise OmapiTimeout(f"no answer from {self._record.settings.host}:{port} for 5 s") from error

    async def _poll(self, client: OmapiClient) -> None:
        """Read the state again and again until the connection is gone."""
        misses = 0
        trip: float | None = None
        stale: asyncio.TimerHandle | None = None
        while True:
            self._record.poll_now.clear()
            started = mono()
            late = self._expect(trip)
            try:
                status = await client.failover_state(self._record.peer, version_3_0=self._record.view.version_3_0)
            except OmapiNotFound as error:
                raise OmapiNotFound(
                    error.code,
                    f"{self._record.settings.name} has no failover peer {self._record.peer!r}",
                    f'set peer in the configuration to the name in `failover peer "NAME"` of {self._record.settings.dhcpd_conf}',
                ) from error
            except OmapiTimeout as error:
                misses += 1
                if misses > 1:
                    raise
                self._record.channel("omapi", Link.FAILED, error)
                continue
            finally:
                if late is not None:
                    late.cancel()
            misses = 0
            before, trip = trip or 0.0, mono() - started
            self._record.channel("omapi", Link.OK, round_trip_seconds=trip)
            # As old as the question: an answer that a cut held up is not news when it comes.
            moved = queue_moved(self._record.view, status, started)
            self._record.update(status=Seen(status, started), queue_moved=moved)
            if stale is not None:
                stale.cancel()
            left = status_seconds(trip) - trip + _A_MOMENT_SECONDS
            stale = asyncio.get_running_loop().call_later(max(0.0, left), self._outdated)
            if client.closed.is_set():
                raise OmapiClosed("dhcpd closed the OMAPI connection")
            if trip <= max(QUICK_SECONDS, 2 * before):
                await self._wait_poll(client)  # else dhcpd had stalled: only the next answer tells how long the way is

    def _outdated(self) -> None:
        """What was read last is too old from now on: whoever shows it is told in this moment, and dhcpd is looked for."""
        self._record.probe_now.set()
        self._record.update()

    def _expect(self, trip_seconds: float | None) -> asyncio.TimerHandle | None:
        """Once an answer is overdue say so, and go on waiting for it. The first one of a connection may take its time."""
        if trip_seconds is None:
            return None
        seconds = STALE_AFTER_SECONDS + 2 * min(trip_seconds, LONGEST_TRIP_SECONDS)
        error = OmapiTimeout(f"no answer over OMAPI for {seconds:.1f} s")
        return asyncio.get_running_loop().call_later(seconds, self._record.channel, "omapi", Link.FAILED, error)

    async def _follow_pools(self, client: OmapiClient) -> None:
        """Pool counters beside the polls: many pools on a slow link must not make the state look old."""
        known = KnownPools(client)
        while True:
            if pools := self._record.pools:
                await self._read_pools(known, pools)
            await asyncio.sleep(pools_seconds(len(pools)) if pools else FAST_POLL_SECONDS)

    async def _read_pools(self, known: KnownPools, pools: tuple[FailoverPool, ...]) -> None:
        asked = mono()
        try:
            counters = await known.counters(pools)
        except OmapiClosed:
            raise
        except PoolUnread as error:
            self._record.update(pools_note=clean(str(error), 200))
            return
        scarce = remember(counters, dict(self._record.view.scarce))
        before = self._record.view.pools
        used = sum(pool.used for pool in before.value) if before else 0
        # Only over another connection may another dhcpd answer; what one connection sees fall has run out.
        again = before is not None and before.at < self._record.connected_at
        if before and again and used and counters and not any(pool.used for pool in counters):
            self._record.update(forgot=Seen(Emptied(used, before.at), asked))
        self._record.update(pools=Seen(tuple(counters), asked), scarce=scarce, pools_note="")

    async def _wait_poll(self, client: OmapiClient) -> None:
        """Wait for the next poll: a second when all is quiet, less while anything moves, none when asked."""
        status = self._record.view.status.value if self._record.view.status else None
        calm = status is not None and status.local_state is FailoverState.NORMAL
        seconds = URGENT_POLL_SECONDS if self._record.urgent else POLL_SECONDS if calm else FAST_POLL_SECONDS
        closed = asyncio.create_task(client.closed.wait())
        woken = asyncio.create_task(self._record.poll_now.wait())
        try:
            await asyncio.wait({closed, woken}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closed.cancel()
            woken.cancel()
