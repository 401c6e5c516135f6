"""One machine's host, over SSH or this machine itself: the session itself, log, clock, process table and marks."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from dhcptui.assess.freshness import SIGHTING_SECONDS
from dhcptui.conf.reader import ConfParseError, Node
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
from dhcptui.watch.configuration import tell_configuration, tell_unread
from dhcptui.watch.lease_file_state import RecordedWatch
from dhcptui.watch.log import LogWatch
from dhcptui.watch.members import for_each_member
from dhcptui.watch.probe import Probe
from dhcptui.watch.record import MachineRecord, ServerRecord, first, pause, told
from dhcptui.watch.survey import read_configuration

CONFIGURATION_SECONDS = 5.0
LONGEST_CONFIGURATION_SECONDS = 300.0
"""Between two tries to read a configuration that could not be read."""
PROCESS_LOOKS, PROCESS_LOOK_SECONDS = 30, 0.1
"""How often, and how long between, it is asked whether dhcpd's process has been looked at."""
MOST_PATIENCE = 4.0
"""So many times its `login_timeout` at most is waited for the login of a server that answers."""
SILENT_SECONDS = SIGHTING_SECONDS
"""After so long without a word over SSH the way counts as failed, though nobody has ended the connection."""
LISTEN_SECONDS = 0.5
SAME_START_SECONDS = 2.0
"""The console's own start: its first connection follows its first reading so soon, and nothing has changed between."""


class SshWatch:
    """Keeps a way to one machine's host and everything that lives on it."""

    def __init__(self, machine: MachineRecord) -> None:
        self._machine = machine
        self._log = LogWatch(machine)
        self._read_at = 0.0
        self._heard_at = 0.0
        self._recorded: dict[ServerRecord, RecordedWatch] = {}
        self._probe = Probe(machine, self._log.set_zone, self._heard)

    async def run(self) -> None:
        """Keep a session, for ever."""
        machine, backoff = self._machine, Backoff()
        patience = 1.0
        while True:
            try:
                session = await connect(self._target(), patience)
            except RemoteError as error:
                # A host that answers has earned more time for the login; one that is silent is tried again soon.
                patience = min(2 * patience, MOST_PATIENCE) if isinstance(error, LoginSlow) else 1.0
                if error.hops:
                    machine.update(way=replace(machine.view.way, hops=error.hops))
                self._no_ssh(error)
                await asyncio.sleep(backoff.next_delay())
                continue
            backoff.reset()
            session.pace, session.on_heard = machine.pace, self._heard
            machine.cut_because = ""
            try:
                machine.session, machine.helper = session, Helper(session)
                machine.session_ready.set()
                machine.update(way=session.way)
                machine.channel("ssh", Link.OK)
                await self._serve_session(session)
            except* Exception as group:
                self._no_ssh(told(first(group)))
            finally:
                machine.session = machine.helper = None
                machine.session_ready.clear()
                await session.close()
            await asyncio.sleep(0.2)

    def _target(self) -> SshTarget:
        return replace(SshTarget.of(self._machine.settings), login_seconds=self._machine.login_timeout)

    def _no_ssh(self, error: Exception) -> None:
        """SSH failed, and with it what goes through it."""
        self._machine.channel("ssh", Link.FAILED, error)
        self._machine.channel("log", Link.FAILED, NoSsh("its host is silent") if self._machine.view.local else NoSsh())
        if self._machine.tunnelled:
            self._machine.channel("omapi", Link.FAILED, NoSsh())

    async def _serve_session(self, session: Host) -> None:
        """Everything that lives on one SSH connection; ends with a RemoteError when it is lost."""
        machine = self._machine
        async with asyncio.TaskGroup() as group:
            group.create_task(self._probe.run(session))
            group.create_task(self._listen())
            group.create_task(follow_time_sync(session, machine))
            group.create_task(self._read_log(session))
            group.create_task(for_each_member(machine, lambda member: self._serve(session, member)))
            group.create_task(self._follow_configuration(session))
            await session.wait_closed()
            raise RemoteError(machine.cut_because or f"the SSH connection to {machine.name} was lost")

    async def _serve(self, session: Host, member: ServerRecord) -> None:
        """What one relationship wants to know besides."""
        if self._machine.configuration is not None:
            tell_configuration(member, self._machine.configuration)
        self._log.greet(member)
        self._recorded = {each: watch for each, watch in self._recorded.items() if each in self._machine.members}
        recorded = self._recorded.setdefault(member, RecordedWatch(member))
        async with asyncio.TaskGroup() as group:
            group.create_task(recorded.run(session))
            if member.follow_log:
                group.create_task(self._past(session, recorded))

    async def _read_log(self, session: Host) -> None:
        """Look at it where nobody follows it, and follow it as soon as somebody does."""
        machine = self._machine
        event = machine.watch_members()
        try:
            if not any(member.follow_log for member in machine.members):
                await self._log.look(session)
            while not any(member.follow_log for member in machine.members):
                event.clear()
                await event.wait()
        finally:
            machine.unwatch_members(event)
        await self._log.follow(session)

    async def _listen(self) -> None:
        """A cut says nothing: tell it by the silence, long before the connection is given up."""
        machine, log = self._machine, self._machine.view.log
        self._heard_at, silent = mono(), False
        while True:
            heard_at = max(self._heard_at, self._log.heard_at)
            if machine.tunnelled:
                heard_at = max(heard_at, machine.answered_at)
            late = mono() - heard_at > SILENT_SECONDS
            if late and not silent:
                log = machine.view.log
                way = "from its shell" if machine.view.local else "over SSH"
                self._no_ssh(RemoteError(f"nothing heard {way} for {SILENT_SECONDS:g} s"))
            elif silent and not late:
                machine.update(ssh=Channel(Link.OK, since=mono()), log=log)
            silent = late
            await asyncio.sleep(LISTEN_SECONDS)

    def _heard(self) -> None:
        self._heard_at = mono()

    async def _past(self, session: Host, recorded: RecordedWatch) -> None:
        """What happened before the console looked, for the timeline."""
        await self._log.wait_for_zone()
        await recorded.read_past(session, self._log.zone)

    async def _follow_configuration(self, session: Host) -> None:
        """What dhcpd was started with: read again whenever another dhcpd answers, and where it could not be read."""
        machine = self._machine
        backoff = Backoff(first=CONFIGURATION_SECONDS, limit=LONGEST_CONFIGURATION_SECONDS)
        while True:
            if machine.configuration is None or self._another_dhcpd():
                self._read_at = mono()
                await self._read_configuration(session)
            machine.connected.clear()
            if machine.configuration is not None:
                await machine.connected.wait()
            else:
                await pause(machine.connected, backoff.next_delay())

    def _another_dhcpd(self) -> bool:
        """Whether the one that answers may have been started after the last reading."""
        machine = self._machine
        same_start = SAME_START_SECONDS if machine.connections == 1 else 0.0
        return machine.connected_at > self._read_at + same_start

    async def _configuration(self, session: Host) -> Node:
        """dhcpd.conf, with its includes as dhcpd means them. Raises RemoteError, ConfParseError."""
        machine = self._machine
        path, root = machine.settings.dhcpd_conf, machine.conf_root
        try:
            return await read_configuration(session, path, chroot=root)
        except ConfParseError:
            # What is missing may lie in the chroot of a dhcpd whose words are not read yet.
            for _ in range(PROCESS_LOOKS):
                if not machine.process_seen:
                    await asyncio.sleep(PROCESS_LOOK_SECONDS)
            if machine.conf_root == root:
                raise
            return await read_configuration(session, path, chroot=machine.conf_root)

    async def _read_configuration(self, session: Host) -> None:
        """Read dhcpd.conf once for all relationships."""
        machine = self._machine
        try:
            configuration = await self._configuration(session)
        except (RemoteError, ConfParseError, RecursionError) as error:
            machine.update(configuration_note=clean(str(error), 200))
            for member in machine.members:
                tell_unread(member)
            return
        machine.configuration = configuration
        machine.update(configuration_note="")
        for member in machine.members:
            tell_configuration(member, configuration)
