"""One server's host, over SSH or this machine: the session itself, log, clock, process table and marks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from dhcptui.assess.freshness import SIGHTING_SECONDS
from dhcptui.conf.pools import failover_pools, named_probes
from dhcptui.conf.reader import ConfParseError, Node
from dhcptui.conf.site import failover_place, is_of_a_firewall, other_peers
from dhcptui.config.loading import PairSettings
from dhcptui.config.platforms import writer
from dhcptui.model.log_line import LogLine
from dhcptui.model.peers import as_read_before
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import Channel, Link
from dhcptui.servers.connect import connect
from dhcptui.servers.host import Host
from dhcptui.servers.ssh.backoff import Backoff
from dhcptui.servers.ssh.errors import LoginSlow, NoSsh, RemoteError
from dhcptui.servers.ssh.helper import Helper
from dhcptui.servers.ssh.target import SshTarget
from dhcptui.watch.clock import follow_time_sync
from dhcptui.watch.clocks import mono
from dhcptui.watch.lease_file_state import Noted, RecordedWatch
from dhcptui.watch.log import LogWatch
from dhcptui.watch.probe import Probe
from dhcptui.watch.record import ServerRecord, first, pause, told
from dhcptui.watch.survey import read_configuration

CONFIGURATION_SECONDS = 5.0
LONGEST_CONFIGURATION_SECONDS = 300.0
PROCESS_LOOKS, PROCESS_LOOK_SECONDS = 30, 0.1
"""How often, and how long between, it is asked whether dhcpd's process has been looked at."""
"""Between two tries to read a configuration that could not be read."""
MOST_PATIENCE = 4.0
"""So many times its `login_timeout` at most is waited for the login of a server that answers."""
SILENT_SECONDS = SIGHTING_SECONDS
"""After so long without a word over SSH the way counts as failed, though nobody has ended the connection."""
LISTEN_SECONDS = 0.5
SAME_START_SECONDS = 2.0
"""The console's own start: its first connection follows its first reading so soon, and nothing has changed between."""


class SshWatch:
    """Keeps a way to one server's host and everything that lives on it."""

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
        self._log = LogWatch(record, logged)
        self._follow_log = follow_log
        self._probe_addresses = pair.probe_address
        self._configuration_read = False
        self._read_at = 0.0
        self._heard_at = 0.0
        self._recorded = RecordedWatch(record, noted)
        self._probe = Probe(record, self._log.set_zone, self._heard)

    async def run(self) -> None:
        """Keep a session, for ever."""
        backoff = Backoff()
        target = SshTarget.of(self._record.settings)
        patience = 1.0
        while True:
            try:
                session = await connect(target, patience)
            except RemoteError as error:
                # A host that answers has earned more time for the login; one that is silent is tried again soon.
                patience = min(2 * patience, MOST_PATIENCE) if isinstance(error, LoginSlow) else 1.0
                if error.hops:
                    self._record.update(way=replace(self._record.view.way, hops=error.hops))
                self._no_ssh(error)
                await asyncio.sleep(backoff.next_delay())
                continue
            backoff.reset()
            session.pace, session.on_heard = self._record.pace, self._heard
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
        self._record.channel("log", Link.FAILED, NoSsh("its host is silent") if self._record.view.local else NoSsh())
        if self._record.tunnelled:
            self._record.channel("omapi", Link.FAILED, NoSsh())

    async def _serve_session(self, session: Host) -> None:
        """Everything that lives on one SSH connection; ends with a RemoteError when it is lost."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._probe.run(session))
            group.create_task(self._listen())
            group.create_task(follow_time_sync(session, self._record))
            group.create_task(self._recorded.run(session))
            if self._follow_log:
                group.create_task(self._log.follow(session))
                group.create_task(self._past(session))
            else:
                group.create_task(self._log.look(session))
            group.create_task(self._follow_configuration(session))
            await session.wait_closed()
            raise RemoteError(f"the SSH connection to {self._record.settings.name} was lost")

    async def _listen(self) -> None:
        """A cut says nothing: tell it by the silence, long before the connection is given up."""
        record, log = self._record, self._record.view.log
        self._heard_at, silent = mono(), False
        while True:
            view = record.view
            heard_at = max(self._heard_at, self._log.heard_at)
            if record.tunnelled and view.status:
                heard_at = max(heard_at, view.status.at + (view.omapi.round_trip_seconds or 0.0))
            late = mono() - heard_at > SILENT_SECONDS
            if late and not silent:
                log = view.log
                way = "from its shell" if view.local else "over SSH"
                self._no_ssh(RemoteError(f"nothing heard {way} for {SILENT_SECONDS:g} s"))
            elif silent and not late:
                record.update(ssh=Channel(Link.OK, since=mono()), log=log)
            silent = late
            await asyncio.sleep(LISTEN_SECONDS)

    def _heard(self) -> None:
        self._heard_at = mono()

    async def _past(self, session: Host) -> None:
        """What happened before the console looked, for the timeline."""
        await self._log.wait_for_zone()
        await self._recorded.read_past(session, self._log.zone)

    async def _follow_configuration(self, session: Host) -> None:
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

    async def _configuration(self, session: Host) -> Node:
        """dhcpd.conf, with its includes as dhcpd means them. Raises RemoteError, ConfParseError."""
        path, root = self._record.settings.dhcpd_conf, self._record.conf_root
        try:
            return await read_configuration(session, path, chroot=root)
        except ConfParseError:
            # What is missing may lie in the chroot of a dhcpd whose words are not read yet.
            for _ in range(PROCESS_LOOKS):
                if self._record.view.process is None:
                    await asyncio.sleep(PROCESS_LOOK_SECONDS)
            if self._record.conf_root == root:
                raise
            return await read_configuration(session, path, chroot=self._record.conf_root)

    async def _find_pools(self, session: Host) -> None:
        """One address per pool, from the configuration of the user or of dhcpd; and where the failover link is."""
        try:
            configuration = await self._configuration(session)
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
