"""Looks at the ways between the two servers: rarely while both are normal, every few seconds while they are not.

The socket tables are read first; they disturb nobody. The failover port is tried only while there is no connection,
and an open one rarely: dhcpd puts off its own next try by 5 s for each of ours (see `servers/ssh/reachability.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.links import calm, lost
from dhcptui.assess.visibility import assess
from dhcptui.conf.reader import ConfParseError, Node
from dhcptui.conf.site import failover_place
from dhcptui.model.failover import FailoverPlace
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot, PartnerReach, Reach, ServerView
from dhcptui.servers.host import Completed, Host
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandTimeout, RemoteError
from dhcptui.servers.ssh.reachability import try_partner
from dhcptui.servers.ssh.sockets import read_sockets
from dhcptui.watch.clocks import moment, mono
from dhcptui.watch.record import pause
from dhcptui.watch.server import ServerWatcher
from dhcptui.watch.survey import read_configuration

CALM_SECONDS = 45.0
"""Between two looks at a socket table while both are normal."""
TABLE_SECONDS = 2.0
"""The same while they are not."""
TRY_SECONDS = 5.0
"""Between two tries of the partner."""
ASKED_SECONDS = 2.0
"""The same for somebody who asks again and again."""
LOST_SECONDS = 4.0
"""The same while the console does not hear the partner: this is evidence that must not grow old."""
GRACE_SECONDS = 1.5
"""A restart takes less: not a reason to try anything."""
HOLD_SECONDS = 15.0
"""An open port is not tried again for so long: dhcpd wants 5 s of quiet to connect by itself."""
PATIENT_SECONDS = 120.0
SLOW_SECONDS = 30.0
"""Between two tries of a partner that the console hears, once this has gone on for PATIENT_SECONDS."""
CONFIGURATION_SECONDS = 60.0
TICK_SECONDS = 0.5
ASK_SECONDS = 10.0
DEFAULT_PORT = 647


class ReachWatch:
    """Keeps `reach`, `place` and `sockets` of both views. One look at a time on each server."""

    def __init__(self, watchers: Mapping[Role, ServerWatcher], snapshot: Callable[[], PairSnapshot]) -> None:
        self._sides = [_Side(watchers[role], watchers[role.other].settings.port or 22, snapshot) for role in Role]

    async def run(self) -> None:
        """Look until cancelled."""
        async with asyncio.TaskGroup() as group:
            for side in self._sides:
                group.create_task(side.run())

    def probe_links(self) -> None:
        """Look again now."""
        for side in self._sides:
            side.look_now()


class _Side:
    """What one server sees."""

    def __init__(self, watcher: ServerWatcher, partner_ssh_port: int, snapshot: Callable[[], PairSnapshot]) -> None:
        self._watcher, self._ssh_port, self._snapshot = watcher, partner_ssh_port, snapshot
        self._role = watcher.view.role
        self._again = asyncio.Event()
        self._asked = False
        self._session: Host | None = None
        self._uneasy_since: float | None = None
        self._table_at = self._tried_at = self._configuration_at = -1e9
        self._open_at: dict[str, float] = {}
        self._pids: tuple[int, ...] = ()

    def look_now(self) -> None:
        self._asked = True
        self._again.set()

    async def run(self) -> None:
        while True:
            self._again.clear()
            session = self._watcher.record.session
            if session is not None:
                if session is not self._session:  # what was seen over an earlier one may be long ago
                    self._session, self._table_at = session, -1e9
                try:
                    await self._turn(session)
                except RemoteError:  # whoever keeps the session tells
                    await asyncio.sleep(TICK_SECONDS)
            await pause(self._again, TICK_SECONDS)

    @property
    def _view(self) -> ServerView:
        return self._snapshot()[self._role]

    @property
    def _other(self) -> ServerView:
        return self._snapshot()[self._role.other]

    async def _turn(self, session: Host) -> None:
        now = moment()
        asked, self._asked = self._asked, False
        quiet = calm(assess_pair(self._snapshot(), now))
        if quiet:
            self._uneasy_since = None
        elif self._uneasy_since is None:
            self._uneasy_since, self._table_at = now.mono, -1e9
        uneasy = now.mono - self._uneasy_since if self._uneasy_since is not None else 0.0
        alone = lost(assess(self._other, now))
        if alone and self._try_due(uneasy, asked):  # first: somebody waits for it, and the rest may take long here
            await self._try_in_turn(session, uneasy, asked)
        if not quiet and not (alone and session.pace.slow):
            with suppress(CommandTimeout, TimeoutError):
                async with asyncio.timeout(ASK_SECONDS):  # it was read when the session began: news, no more
                    await self._follow_configuration(session, asked)
        sockets = self._view.sockets
        rested = quiet and (sockets is None or sockets.value.established)
        between = CALM_SECONDS if rested else TABLE_SECONDS if uneasy < PATIENT_SECONDS else TRY_SECONDS
        waited_for = alone and self._watcher.record.urgent and session.pace.slow  # the next try is, not a table
        if not waited_for and (asked or mono() - self._table_at >= between):
            await self._read_table()
        if not alone and self._try_due(uneasy, asked):
            await self._try_in_turn(session, uneasy, asked)
            await self._read_table()  # where the partner's own try got half-way, it shows here

    async def _read_table(self) -> None:
        self._table_at = mono()

        async def ask(command: Command) -> Completed:
            return await self._watcher.quick(command, ASK_SECONDS)

        found = None
        with suppress(CommandTimeout):  # a table is news, a try of the partner is evidence
            found = await read_sockets(ask, self._place())
        if found is not None:
            self._watcher.record.update(sockets=Seen(found, self._table_at))

    async def _follow_configuration(self, session: Host, asked: bool) -> None:
        """Read dhcpd.conf again after a restart of dhcpd, and now and then: somebody may be mending it."""
        record = self._watcher.record
        process = record.view.process
        pids = process.value.pids if process else ()
        same, now = pids == self._pids, mono()
        if now - self._configuration_at < CONFIGURATION_SECONDS and same and not asked:
            return
        self._configuration_at, self._pids = now, pids
        newer_than = now - (CONFIGURATION_SECONDS / 2 if same and not asked else 2 * TICK_SECONDS)

        async def read() -> Node:
            path = record.settings.dhcpd_conf
            return await read_configuration(record.helper or session, path, chroot=record.conf_root)

        try:
            configuration = await record.machine.newer_configuration.read(read, newer_than)
        except ConfParseError:
            return
        if place := failover_place(configuration, record.peer):
            record.update(place=place)

    def _place(self) -> FailoverPlace:
        """Where the link is looked for: as dhcpd.conf says, else as far as OMAPI tells."""
        if self._view.place:
            return self._view.place
        status = self._view.status.value if self._view.status else None
        own, theirs = (status.local_port, status.partner_port) if status else (DEFAULT_PORT, DEFAULT_PORT)
        return FailoverPlace("", own or DEFAULT_PORT, "", theirs or DEFAULT_PORT)

    def _try_due(self, uneasy: float, asked: bool) -> bool:
        """Whether to try the partner now. A pair that is normal, or connected and heard, is left alone."""
        waited = mono() - self._tried_at
        if asked:  # whoever asks wants to know: while they are connected a try costs nothing
            return waited >= ASKED_SECONDS
        if lost(assess(self._other, moment())):
            return waited >= (TICK_SECONDS if self._watcher.record.urgent else LOST_SECONDS)
        reach = self._view.reach
        if reach and reach.value.failover_port.closed and self._connected():
            return waited >= TRY_SECONDS  # a connection that stands against a try: until one of them gives way
        if uneasy < GRACE_SECONDS or self._watcher.record.urgent or self._connected():
            return False
        return waited >= (TRY_SECONDS if uneasy < PATIENT_SECONDS else SLOW_SECONDS)

    async def _try_in_turn(self, session: Host, uneasy: float, asked: bool) -> None:
        """Relationships of one machine try their partners one after the other, those first for whom somebody waits."""
        record = self._watcher.record
        async with record.machine.tries.turn(urgent=asked or bool(record.urgent)):
            if self._try_due(uneasy, asked):  # while it waited the partner may have come back
                await self._try(session)

    async def _try(self, session: Host) -> None:
        """Try the partner's host and ports. Its SSH port only where it says something: sshd logs every try."""
        place, gone, asked = self._place(), lost(assess(self._other, moment())), mono()
        # What the console calls its own machine is another one there.
        address = place.peer_address or ("" if self._other.local else self._other.host)
        failover = None if self._left_alone() or self._held("failover") else place.peer_port
        tried = await try_partner(
            session, address, failover, self._ssh_port if gone and not self._held("ssh") else None
        )
        met = {tried.ping, tried.failover_port}
        if not (gone or self._held("ssh") or met & {Reach.OPEN, Reach.REFUSED}):
            ssh = await try_partner(session, address, None, self._ssh_port)  # the host, or only the port?
            tried = replace(tried, ssh_port=ssh.ssh_port)
        self._tried_at = mono()
        for name, state in (("failover", tried.failover_port), ("ssh", tried.ssh_port)):
            if state is Reach.OPEN:
                self._open_at[name] = mono()
        self._watcher.record.update(reach=Seen(self._since(tried, asked), asked))

    def _since(self, tried: PartnerReach, asked: float) -> PartnerReach:
        """With what is kept of the last try of the same address, and since when the failover port is as it is."""
        old = self._view.reach.value if self._view.reach else None
        old = old if old and old.address == tried.address else None
        met_at = mono() if tried.failover_port is not Reach.UNKNOWN else old.failover_met_at if old else 0.0
        if old:
            tried = self._with_kept(tried, old, asked)
        same = old is not None and old.failover_port is tried.failover_port
        since = old.failover_since if old and same else met_at
        return replace(tried, failover_met_at=met_at, failover_since=since)

    def _with_kept(self, tried: PartnerReach, old: PartnerReach, asked: float) -> PartnerReach:
        """With what is not tried again so soon, and still stands."""
        if tried.failover_port is Reach.UNKNOWN and self._held("failover"):
            kept = asked - self._open_at["failover"]
            tried = replace(tried, failover_port=old.failover_port, failover_kept_seconds=max(0.0, kept))
        if tried.ssh_port is Reach.UNKNOWN and self._held("ssh"):
            tried = replace(tried, ssh_port=old.ssh_port)
        return tried

    def _held(self, name: str) -> bool:
        """An open port is not tried again so soon; while the two are connected a try hinders nothing."""
        if name == "failover" and self._connected():
            return False
        opened, theirs = self._open_at.get(name, -1e9), self._other.reach.value if self._other.reach else None
        if name == "failover" and theirs and theirs.failover_port.closed and theirs.failover_since > opened:
            return False  # the other way has closed since: this one may have, too
        return mono() - opened < HOLD_SECONDS

    def _connected(self) -> bool:
        """Whether this server's last socket table had the connection with the partner."""
        return self._view.sockets is not None and self._view.sockets.value.established

    def _left_alone(self) -> bool:
        """A dhcpd that takes nothing off its queue must not collect our connections: it has room for two."""
        process, sockets = self._other.process, self._view.sockets
        return bool((process and process.value.stopped) or (sockets and sockets.value.untaken))
