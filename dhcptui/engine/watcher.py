"""Watches one server: SSH with log, clock and process table; OMAPI with failover state and pools.

Each way runs on its own and reconnects by itself. What is learned goes into a frozen ServerView at once; nothing is
ever cleared when a way fails: the view keeps the last value with its age, and the verdict decides what it is worth.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from dhcptui.config import ConfigError, PairSettings, ServerSettings
from dhcptui.dhcpdconf.parse import ConfParseError, load
from dhcptui.dhcpdconf.pools import FailoverPool, failover_pools, peer_address
from dhcptui.model.loglines import LogLine, parse
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import (
    Channel,
    ClockOffset,
    Link,
    PoolCounters,
    ProcessSighting,
    Role,
    Seen,
    ServerView,
)
from dhcptui.model.states import FailoverState
from dhcptui.omapi.client import OmapiClient
from dhcptui.omapi.codec import Key
from dhcptui.omapi.errors import OmapiClosed, OmapiError, OmapiNotFound, OmapiTimeout
from dhcptui.remote import commands
from dhcptui.remote.backoff import Backoff
from dhcptui.remote.clock import read_clock
from dhcptui.remote.errors import CommandTimeout, RemoteError, TunnelRefused
from dhcptui.remote.lines import Overlap
from dhcptui.remote.processes import find_dhcpd
from dhcptui.remote.reach import try_partner
from dhcptui.remote.session import SshSession
from dhcptui.remote.shell import RemoteShell
from dhcptui.remote.tail import LogSource, follow
from dhcptui.remote.target import SshTarget

if TYPE_CHECKING:
    from dhcptui.omapi.client import Reader, Writer

POLL_SECONDS = 1.0
FAST_POLL_SECONDS = 0.25
URGENT_POLL_SECONDS = 0.05
"""While an action waits for this server."""
PROBE_SECONDS = 2.0
"""Clock and process table."""
POOLS_SECONDS = 5.0
REACH_SECONDS = 4.0
REFUSED_RETRY_SECONDS = 0.5
"""Nobody listens: trying again costs dhcpd nothing."""
RETRY_SECONDS = 3.0
"""A connection that was accepted and came to nothing holds one of dhcpd's few descriptors: do not hurry."""
LOG_LINES = 500
LOG_QUIET_SECONDS = 1.0
_LOG_TROUBLE = ("has become inaccessible", "cannot open", "Permission denied", "No such file", "error reading")


class ServerWatcher:
    """One server's watcher. `changed` is called with each new view, `logged` with each batch of log lines."""

    def __init__(
        self,
        pair: PairSettings,
        role: Role,
        changed: Callable[[ServerView], None],
        logged: Callable[[Role, Sequence[LogLine]], None],
        *,
        partner_lost: Callable[[], bool] = lambda: False,
        follow_log: bool = True,
    ) -> None:
        self.settings: ServerSettings = pair[role]
        self.peer = pair.peer
        self.view = ServerView(role, self.settings.name, self.settings.host)
        self._changed, self._logged = changed, logged
        self._follow_log = follow_log
        self._partner_lost = partner_lost
        self._partner_place = (pair[role.other].host, 647)
        self._probe_addresses = pair.probe_address
        self._pools: tuple[FailoverPool, ...] | None = None
        self._configuration_read = False
        self._session: SshSession | None = None
        self._session_ready = asyncio.Event()
        self._client: OmapiClient | None = None
        self._poke = asyncio.Event()
        self._probe_poke = asyncio.Event()
        self._overlap = Overlap()
        self._utc_offset_seconds = 0
        self._urgent = 0

    # -- what actions use ------------------------------------------------------------------------------------------

    @property
    def session(self) -> SshSession:
        """The open SSH session. Raises RemoteError."""
        if self._session is None:
            raise RemoteError(
                f"there is no SSH session to {self.settings.name}: {self.view.ssh.detail or 'connecting'}"
            )
        return self._session

    @property
    def client(self) -> OmapiClient:
        """The open OMAPI connection. Raises OmapiError."""
        if self._client is None:
            raise OmapiClosed(f"there is no OMAPI connection to {self.settings.name}: {self.view.omapi.detail}")
        return self._client

    def poke(self) -> None:
        """Read everything again now."""
        self._poke.set()
        self._probe_poke.set()

    def hurry(self, on: bool) -> None:
        """Poll as fast as is decent while an action waits (counted: call once with True, once with False)."""
        self._urgent += 1 if on else -1
        self.poke()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ssh(), name=f"ssh {self.settings.name}")
            group.create_task(self._omapi(), name=f"omapi {self.settings.name}")

    # -- the view --------------------------------------------------------------------------------------------------

    def _update(self, **changes: object) -> None:
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]
        self._changed(self.view)

    def _channel(
        self, name: str, link: Link, error: Exception | None = None, round_trip_seconds: float | None = None
    ) -> None:
        old: Channel = getattr(self.view, name)
        if link is Link.OK and old.ok:
            new = replace(old, round_trip_seconds=round_trip_seconds or old.round_trip_seconds)
        else:
            new = Channel(
                link,
                clean(str(error), 300) if error else "",
                clean(str(getattr(error, "advice", "")), 400) if error else "",
                old.since if old.link is link else time.monotonic(),
                round_trip_seconds,
                bool(getattr(error, "answered", False)),
            )
        if new != old:
            self._update(**{name: new})

    # -- SSH -------------------------------------------------------------------------------------------------------

    async def _ssh(self) -> None:
        backoff = Backoff()
        target = SshTarget(
            host=self.settings.host,
            port=self.settings.port,
            user=self.settings.user,
            identity=self.settings.identity,
            known_hosts=self.settings.known_hosts,
            sudo=self.settings.sudo,
        )
        while True:
            try:
                session = await SshSession.connect(target)
            except RemoteError as error:
                self._no_ssh(error)
                await asyncio.sleep(backoff.next_delay())
                continue
            backoff.reset()
            try:
                self._session = session
                self._session_ready.set()
                self._channel("ssh", Link.OK)
                await self._serve_session(session)
            except* RemoteError as group:
                self._no_ssh(group.exceptions[0])
            finally:
                self._session = None
                self._session_ready.clear()
                await session.close()
            await asyncio.sleep(0.2)

    def _no_ssh(self, error: Exception) -> None:
        """SSH failed, and with it what goes through it."""
        self._channel("ssh", Link.FAILED, error)
        self._channel("log", Link.FAILED, RemoteError("no SSH"))
        if self.settings.omapi_transport == "ssh":
            self._channel("omapi", Link.FAILED, RemoteError("no SSH"))

    async def _serve_session(self, session: SshSession) -> None:
        """Everything that lives on one SSH connection; ends with a RemoteError when it is lost."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._probe(session))
            group.create_task(self._try_partner(session))
            if self._follow_log:
                group.create_task(self._log(session))
            if not self._configuration_read:
                group.create_task(self._find_pools(session))
            await session.wait_closed()
            raise RemoteError(f"the SSH connection to {self.settings.name} was lost")

    async def _probe(self, session: SshSession) -> None:
        """Clock and process table, through one long-lived shell."""
        backoff = Backoff()
        while True:
            try:
                async with await RemoteShell.open(session) as shell:
                    await self._read_utc_offset(shell)
                    await self._read_version(shell)
                    while True:
                        self._probe_poke.clear()
                        await self._probe_once(shell)
                        backoff.reset()
                        await self._pause(self._probe_poke, FAST_POLL_SECONDS if self._urgent else PROBE_SECONDS)
            except RemoteError:
                if session.closed:
                    return
                await asyncio.sleep(backoff.next_delay())

    async def _probe_once(self, shell: RemoteShell) -> None:
        reading = await read_clock(shell)
        found = await find_dhcpd(shell)
        now = time.monotonic()
        self._update(
            clock=Seen(ClockOffset(reading.offset_seconds, reading.uncertainty_seconds), now),
            process=Seen(
                ProcessSighting(
                    tuple(process.pid for process in found), bool(found) and all(each.is_stopped for each in found)
                ),
                now,
            ),
        )

    async def _read_utc_offset(self, shell: RemoteShell) -> None:
        """Where the log's stamps carry no zone they are the server's local time."""
        answer = await shell.ask("date +%z")
        with suppress(ValueError, IndexError):
            text = answer.lines[0].strip()
            sign = -1 if text.startswith("-") else 1
            self._utc_offset_seconds = sign * (int(text[1:3]) * 3600 + int(text[3:5]) * 60)

    async def _read_version(self, shell: RemoteShell) -> None:
        """dhcpd's version: 3.0.x numbers its states differently."""
        answer = await shell.ask(commands.dhcpd_version().line)
        found = re.search(r"(?:isc-dhcpd-|DHCP Server V?)(\d+\.[\w.-]+)", " ".join(answer.lines))
        if found and found[1] != self.view.version:
            self._update(version=found[1])

    async def _try_partner(self, session: SshSession) -> None:
        """While the partner does not answer the console, see whether it answers this server."""
        while True:
            if self._partner_lost():
                with suppress(CommandTimeout):
                    tried = await try_partner(session, *self._partner_place)
                    self._update(reach=Seen(tried, time.monotonic()))
            await asyncio.sleep(REACH_SECONDS if self._partner_lost() else FAST_POLL_SECONDS)

    async def _log(self, session: SshSession) -> None:
        source = LogSource.parse(self.settings.log)
        backoff = Backoff()
        loop = asyncio.get_running_loop()
        while True:
            # tail says at once when it cannot read; an empty log says nothing at all.
            quiet = loop.call_later(LOG_QUIET_SECONDS, self._channel, "log", Link.OK)
            notice = partial(self._log_notice, quiet)
            try:
                async with aclosing(
                    follow(session, source, LOG_LINES, on_notice=notice, overlap=self._overlap)
                ) as batches:
                    async for batch in batches:
                        quiet.cancel()
                        backoff.reset()
                        self._channel("log", Link.OK)
                        self._deliver(batch)
            except RemoteError as error:
                if session.closed:
                    return
                self._channel("log", Link.FAILED, error)
            finally:
                quiet.cancel()
            await asyncio.sleep(backoff.next_delay())

    def _log_notice(self, quiet: asyncio.TimerHandle, text: str) -> None:
        if any(sign in text for sign in _LOG_TROUBLE):
            quiet.cancel()
            self._channel("log", Link.FAILED, RemoteError(text, f"check log in the configuration: {self.settings.log}"))
        elif "has appeared" in text or "following" in text:
            self._channel("log", Link.OK)

    def _deliver(self, batch: Sequence[bytes]) -> None:
        now = time.time()
        lines = [parse(raw, now, utc_offset_seconds=self._utc_offset_seconds) for raw in batch]
        self._logged(self.view.role, lines)
        if any(line.transition for line in lines):
            self.poke()

    async def _find_pools(self, session: SshSession) -> None:
        """One address per pool, from the configuration of the user or of dhcpd; and where the partner is looked for."""
        if self._probe_addresses:
            self._pools = tuple(FailoverPool("", address) for address in self._probe_addresses)

        async def read(path: str) -> str:
            done = await session.run(commands.read_file(path), check=True)
            return done.stdout.decode("utf-8", "replace")

        try:
            configuration = await load(read, self.settings.dhcpd_conf)
        except (RemoteError, ConfParseError) as error:
            self._update(pools_note=clean(f"pools unknown: {error}", 200))
            return
        self._configuration_read = True
        self._partner_place = peer_address(configuration, self.peer) or self._partner_place
        if self._probe_addresses:
            return
        pools = self._pools = failover_pools(configuration, self.peer)
        self._poke.set()
        self._update(pools_note="" if pools else f"no pool of peer {self.peer!r} in {self.settings.dhcpd_conf}")

    # -- OMAPI -----------------------------------------------------------------------------------------------------

    async def _omapi(self) -> None:
        while True:
            try:
                async with self._connected() as client:
                    await self._poll(client)
            except TunnelRefused as error:
                self._channel("omapi", Link.FAILED, error)
                delay = REFUSED_RETRY_SECONDS
            except (OmapiError, RemoteError, ConfigError, OSError) as error:
                self._channel("omapi", Link.FAILED, error)
                delay = REFUSED_RETRY_SECONDS if isinstance(error, OmapiClosed) else RETRY_SECONDS
            self._probe_poke.set()
            await asyncio.sleep(delay)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[OmapiClient]:
        """One OMAPI connection, open while the block runs. Raises OmapiError, RemoteError, ConfigError."""
        key = self.settings.omapi_key
        try:
            secret = Key(key.name, key.algorithm, key.read_secret()) if key else None
        except ValueError as error:
            raise ConfigError(str(error)) from error
        reader, writer = await self._streams()
        client = await OmapiClient.open(reader, writer, secret)
        self._client = client
        try:
            yield client
        finally:
            self._client = None
            await client.close()

    async def _streams(self) -> tuple[Reader, Writer]:
        port = self.settings.omapi_port
        if self.settings.omapi_transport == "ssh":
            await self._session_ready.wait()
            return await self.session.open_tcp("127.0.0.1", port)
        try:
            async with asyncio.timeout(5):
                return await asyncio.open_connection(self.settings.host, port)
        except ConnectionRefusedError as error:
            raise TunnelRefused(f"nothing listens on {self.settings.host}:{port}") from error
        except TimeoutError as error:
            raise OmapiTimeout(f"no answer from {self.settings.host}:{port} for 5 s") from error

    async def _poll(self, client: OmapiClient) -> None:
        """Read the state again and again until the connection is gone."""
        pools_due, misses = 0.0, 0
        while True:
            self._poke.clear()
            started = time.monotonic()
            try:
                status = await client.failover_state(self.peer, version_3_0=self.view.version_3_0)
            except OmapiNotFound as error:
                raise OmapiNotFound(
                    error.code,
                    f"{self.settings.name} has no failover peer {self.peer!r}",
                    f'set peer in the configuration to the name in `failover peer "NAME"` of {self.settings.dhcpd_conf}',
                ) from error
            except OmapiTimeout as error:
                misses += 1
                if misses > 1:
                    raise
                self._channel("omapi", Link.FAILED, error)
                continue
            misses = 0
            now = time.monotonic()
            self._channel("omapi", Link.OK, round_trip_seconds=now - started)
            self._update(status=Seen(status, now))
            if self._pools and now >= pools_due:
                pools_due = now + POOLS_SECONDS
                await self._read_pools(client, self._pools)
            if client.closed.is_set():
                raise OmapiClosed("dhcpd closed the OMAPI connection")
            await self._wait_poll(client)

    async def _read_pools(self, client: OmapiClient, pools: tuple[FailoverPool, ...]) -> None:
        counters = []
        try:
            for pool in pools:
                handle = (await client.lease(pool.probe_address)).pool_handle
                if handle is None:
                    continue
                found = await client.pool(handle)
                network = pool.network or pool.probe_address
                counters.append(PoolCounters(network, found.lease_count, found.free_leases, found.backup_leases))
        except OmapiClosed:
            raise
        except OmapiError as error:
            self._update(pools_note=clean(f"pool of {pool.probe_address}: {error}", 200))
            return
        self._update(pools=Seen(tuple(counters), time.monotonic()), pools_note="")

    async def _wait_poll(self, client: OmapiClient) -> None:
        """Wait for the next poll: a second when all is quiet, less while anything moves, none when poked."""
        status = self.view.status.value if self.view.status else None
        calm = status is not None and status.local_state is FailoverState.NORMAL
        seconds = URGENT_POLL_SECONDS if self._urgent else POLL_SECONDS if calm else FAST_POLL_SECONDS
        closed = asyncio.create_task(client.closed.wait())
        poked = asyncio.create_task(self._poke.wait())
        try:
            await asyncio.wait({closed, poked}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closed.cancel()
            poked.cancel()

    @staticmethod
    async def _pause(event: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()
