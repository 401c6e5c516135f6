"""One server over SSH: the session itself, log, clock, process table and marks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from dhcptui.assess.freshness import SIGHTING_SECONDS
from dhcptui.conf.files import load
from dhcptui.conf.pools import failover_pools, named_probes
from dhcptui.conf.reader import ConfParseError
from dhcptui.conf.site import failover_place, is_of_a_firewall, other_peers
from dhcptui.config.loading import PairSettings
from dhcptui.config.platforms import writer
from dhcptui.logs.lines import LogReader
from dhcptui.logs.zone import UTC_ZONE, Zone
from dhcptui.model.log_line import LogLine
from dhcptui.model.peers import as_read_before
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import Channel, Link
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.backoff import Backoff
from dhcptui.servers.ssh.errors import LoginSlow, NoSsh, RemoteError
from dhcptui.servers.ssh.helper import Helper
from dhcptui.servers.ssh.lines import Overlap
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.tail import LogSource, follow
from dhcptui.servers.ssh.target import SshTarget
from dhcptui.watch.clock import follow_time_sync
from dhcptui.watch.clocks import moment, mono
from dhcptui.watch.lease_file_state import Noted, RecordedWatch
from dhcptui.watch.notable_lines import NotableLines, Signs
from dhcptui.watch.probe import Probe
from dhcptui.watch.record import ServerRecord, first, pause, told
from dhcptui.watch.taken import Taken

CONFIGURATION_SECONDS = 5.0
LONGEST_CONFIGURATION_SECONDS = 300.0
"""Between two tries to read a configuration that could not be read."""
MOST_PATIENCE = 4.0
"""So many times its `login_timeout` at most is waited for the login of a server that answers."""
LOG_LINES = 500
LOG_QUIET_SECONDS = 1.0
LOG_STUCK_SECONDS = 15.0
"""A follow that has complained and is silent since is given up after this."""
SILENT_SECONDS = SIGHTING_SECONDS
"""After so long without a word over SSH the way counts as failed, though nobody has ended the connection."""
LISTEN_SECONDS = 0.5
SAME_START_SECONDS = 2.0
"""The console's own start: its first connection follows its first reading so soon, and nothing has changed between."""
ZONE_SECONDS = 5.0
"""The log waits this long for the server's time zone: stamps without a zone are in its local time."""
_LOG_TROUBLE = (
    "has become inaccessible", "untailable file", "cannot open", "Permission denied", "No such file", "error reading"
)  # fmt: skip


class SshWatch:
    """Keeps one SSH session and everything that lives on it."""

    def __init__(
        self,
        record: ServerRecord,
        pair: PairSettings,
        logged: Callable[[Role, Sequence[LogLine]], None],
        noted: Noted,
        *,
        follow_log: bool,
    ) -> None:
        self._record = record
        self._logged = logged
        self._follow_log = follow_log
        self._probe_addresses = pair.probe_address
        self._configuration_read = False
        self._read_at = 0.0
        self._overlap = Overlap()
        self._reader = LogReader()
        self._notable = NotableLines()
        self._signs = Signs()
        self._taken = Taken()
        self._zone = UTC_ZONE
        self._zone_known = asyncio.Event()
        self._heard_at = 0.0
        self._recorded = RecordedWatch(record, noted)
        self._probe = Probe(record, self._zone_read, self._heard)

    async def run(self) -> None:
        """Keep a session, for ever."""
        backoff = Backoff()
        target = SshTarget(
            host=self._record.settings.host,
            port=self._record.settings.port,
            user=self._record.settings.user,
            identity=self._record.settings.identity,
            known_hosts=self._record.settings.known_hosts,
            sudo=self._record.settings.sudo,
            login_seconds=self._record.settings.login_timeout,
        )
        patience = 1.0
        while True:
            try:
                session = await SshSession.connect(target, patience=patience)
            except RemoteError as error:
                # A host that answers has earned more time for the login; one that is silent is tried again soon.
                patience = min(2 * patience, MOST_PATIENCE) if isinstance(error, LoginSlow) else 1.0
                if error.hops:
                    self._record.update(way=replace(self._record.view.way, hops=error.hops))
                self._no_ssh(error)
                await asyncio.sleep(backoff.next_delay())
                continue
            backoff.reset()
            session.pace = self._record.pace
            try:
                self._record.session, self._record.helper = session, Helper(session)
                self._record.session_ready.set()
                self._record.update(way=session.way)
                self._record.channel("ssh", Link.OK)
                await self._serve_session(session)
            except* Exception as group:
                self._no_ssh(told(first(group)))
            finally:
                self._record.session = self._record.helper = None
                self._record.session_ready.clear()
                await session.close()
            await asyncio.sleep(0.2)

    def _no_ssh(self, error: Exception) -> None:
        """SSH failed, and with it what goes through it."""
        self._record.channel("ssh", Link.FAILED, error)
        self._record.channel("log", Link.FAILED, NoSsh())
        if self._record.settings.omapi_transport == "ssh":
            self._record.channel("omapi", Link.FAILED, NoSsh())

    async def _serve_session(self, session: SshSession) -> None:
        """Everything that lives on one SSH connection; ends with a RemoteError when it is lost."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._probe.run(session))
            group.create_task(self._listen())
            group.create_task(follow_time_sync(session, self._record))
            group.create_task(self._recorded.run(session))
            if self._follow_log:
                group.create_task(self._log(session))
                group.create_task(self._past(session))
            group.create_task(self._follow_configuration(session))
            await session.wait_closed()
            raise RemoteError(f"the SSH connection to {self._record.settings.name} was lost")

    async def _listen(self) -> None:
        """A cut says nothing: tell it by the silence, long before the connection is given up."""
        record, log = self._record, self._record.view.log
        self._heard_at, silent = mono(), False
        while True:
            view = record.view
            heard_at = self._heard_at
            if record.settings.omapi_transport == "ssh" and view.status:
                heard_at = max(heard_at, view.status.at + (view.omapi.round_trip_seconds or 0.0))
            late = mono() - heard_at > SILENT_SECONDS
            if late and not silent:
                log = view.log
                self._no_ssh(RemoteError(f"nothing heard over SSH for {SILENT_SECONDS:g} s"))
            elif silent and not late:
                record.update(ssh=Channel(Link.OK, since=mono()), log=log)
            silent = late
            await asyncio.sleep(LISTEN_SECONDS)

    def _heard(self) -> None:
        self._heard_at = mono()

    def _zone_read(self, zone: Zone) -> None:
        self._zone = zone
        self._zone_known.set()

    async def _past(self, session: SshSession) -> None:
        """What happened before the console looked, for the timeline."""
        await pause(self._zone_known, ZONE_SECONDS)
        await self._recorded.read_past(session, self._zone)

    async def _log(self, session: SshSession) -> None:
        source = LogSource.parse(self._record.settings.log)
        backoff = Backoff()
        await pause(self._zone_known, ZONE_SECONDS)
        loop = asyncio.get_running_loop()
        while True:
            # tail says at once when it cannot read; an empty log says nothing at all.
            quiet = loop.call_later(LOG_QUIET_SECONDS, self._record.channel, "log", Link.OK)
            try:
                async with asyncio.timeout(None) as patience:
                    notice = partial(self._log_notice, quiet, patience)
                    async with aclosing(
                        follow(session, source, LOG_LINES, on_notice=notice, overlap=self._overlap)
                    ) as batches:
                        async for batch in batches:
                            quiet.cancel()
                            patience.reschedule(None)
                            backoff.reset()
                            self._record.channel("log", Link.OK)
                            self._deliver(batch)
            except TimeoutError:  # tail does not notice that a file may be read again: it is started anew
                pass
            except RemoteError as error:
                if session.closed:
                    return
                self._record.channel("log", Link.FAILED, error)
            finally:
                quiet.cancel()
            await asyncio.sleep(backoff.next_delay())

    def _log_notice(self, quiet: asyncio.TimerHandle, patience: asyncio.Timeout, text: str) -> None:
        if patience.expired() or not text.startswith("tail:"):  # sshd and the login shell remark things, too
            return
        if any(sign in text for sign in _LOG_TROUBLE):
            quiet.cancel()
            patience.reschedule(asyncio.get_running_loop().time() + LOG_STUCK_SECONDS)
            self._record.channel(
                "log", Link.FAILED, RemoteError(text, f"check log in the configuration: {self._record.settings.log}")
            )
        elif "has appeared" in text or "following" in text:
            patience.reschedule(None)
            self._record.channel("log", Link.OK)

    def _deliver(self, batch: Sequence[bytes]) -> None:
        now, self._heard_at = time.time(), mono()
        lines = self._reader.read(batch, now, self._zone)
        self._logged(self._record.view.role, lines)
        if self._notable.add(lines, self._record.view.server_time(moment())):
            self._record.update(notable_lines=self._notable.kept)
        self._lives(lines)
        self._taken.add(lines)
        view = self._record.view
        if (self._taken.before, self._taken.kept) != (view.given_before, view.kept_at_start):
            self._record.update(given_before=self._taken.before, kept_at_start=self._taken.kept)
        if self._record.view.scarce and self._taken.due(mono()):
            self._record.update(holders=self._taken.holders)
        if any(line.transition for line in lines):
            self._record.refresh()

    def _lives(self, lines: Sequence[LogLine]) -> None:
        """Note the last sign of life, once a second at most: a busy server writes thousands of them."""
        process = self._record.view.process
        seen = process.value.pids if process else ()
        last = self._signs.last(lines, self._record.peer, seen)
        if last >= (self._record.view.lived or 0.0) + 1:
            self._record.update(lived=last)

    async def _follow_configuration(self, session: SshSession) -> None:
        """What dhcpd was started with: read again whenever another dhcpd answers, and where it could not be read."""
        backoff = Backoff(first=CONFIGURATION_SECONDS, limit=LONGEST_CONFIGURATION_SECONDS)
        while True:
            if not self._configuration_read or self._another_dhcpd():
                self._read_at = mono()
                await self._find_pools(session)
            self._record.connected.clear()
            if self._configuration_read:
                await self._record.connected.wait()
            else:
                await pause(self._record.connected, backoff.next_delay())

    def _another_dhcpd(self) -> bool:
        """Whether the one that answers may have been started after the last reading."""
        record = self._record
        same_start = SAME_START_SECONDS if record.connections == 1 else 0.0
        return record.connected_at > self._read_at + same_start

    async def _find_pools(self, session: SshSession) -> None:
        """One address per pool, from the configuration of the user or of dhcpd; and where the failover link is."""

        async def read(path: str) -> str:
            done = await session.run(commands.read_file(path), check=True)
            return done.stdout.decode("utf-8", "replace")

        try:
            configuration = await load(read, self._record.settings.dhcpd_conf)
        except (RemoteError, ConfParseError, RecursionError) as error:
            if self._probe_addresses:
                self._record.pools = named_probes(self._probe_addresses, None, self._record.peer)
            why = clean(str(error), 200)
            self._record.update(pools_note=f"pools unknown: {why}", configuration_note=why)
            return
        self._configuration_read = True
        settings = self._record.settings
        self._record.update(
            configuration_note="",
            conf_writer=writer(settings.platform, settings.dhcpd_conf, firewall_like=is_of_a_firewall(configuration)),
            place=failover_place(configuration, self._record.peer),
            other_peers=as_read_before(
                other_peers(configuration, self._record.peer), self._record.view.other_peers or ()
            ),
        )
        self._record.peers_now.set()
        if self._probe_addresses:
            self._record.pools = named_probes(self._probe_addresses, configuration, self._record.peer)
            return
        pools = self._record.pools = failover_pools(configuration, self._record.peer)
        self._record.poll_now.set()
        self._record.update(
            pools_note="" if pools else f"no pool of peer {self._record.peer!r} in {self._record.settings.dhcpd_conf}"
        )
