"""One relationship on a server's OMAPI connection: its state every second or faster, its pool counters beside it.

Relationships of one machine have their turns spread over the second, and each has at most one question of a kind under way:
where dhcpd stalls nothing piles up behind it. One that dhcpd does not know, or tells oddly of, disturbs no other.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from dhcptui.assess.freshness import LONGEST_TRIP_SECONDS, STALE_AFTER_SECONDS, status_seconds
from dhcptui.assess.pool_exhausted import remember
from dhcptui.assess.queues import queue_moved
from dhcptui.conf.pools import FailoverPool
from dhcptui.model.moments import Seen
from dhcptui.model.pool_counters import Emptied, PoolCounters
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import Link
from dhcptui.model.states import FailoverState
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.servers.omapi.errors import (
    OmapiClosed,
    OmapiError,
    OmapiNotAuthenticated,
    OmapiNotFound,
    OmapiTimeout,
)
from dhcptui.watch.clocks import mono
from dhcptui.watch.peers import not_told
from dhcptui.watch.pools import KnownPools, PoolUnread, pools_seconds
from dhcptui.watch.record import MachineRecord, Reading, ServerRecord, told
from dhcptui.watch.turns import RightOfWay, seconds_until_turn

if TYPE_CHECKING:
    from dhcptui.model.failover import FailoverStatus

POLL_SECONDS = 1.0
FAST_POLL_SECONDS = 0.25
URGENT_POLL_SECONDS = 0.05
"""While an action waits for this server."""
RETRY_SECONDS = 3.0
"""Until a relationship is asked for again of which dhcpd said nothing that is understood."""
QUICK_SECONDS = 0.25
"""An answer that took longer, and much longer than the one before, was held up somewhere."""
_A_MOMENT_SECONDS = 0.01
_OF_THE_CONNECTION = (OmapiClosed, OmapiTimeout, OmapiNotAuthenticated)
"""After one of these the connection is of no more use, to no relationship."""


class Polls:
    """What is polled over one connection."""

    def __init__(self, client: OmapiClient, machine: MachineRecord, offset: float) -> None:
        """`offset`: where in the second this machine's turns begin, from 0 to 1."""
        self.client, self.machine, self.way = client, machine, RightOfWay()
        self._offset = offset

    async def run(self, member: ServerRecord) -> None:
        """Poll for one relationship until it leaves. Raises where the connection is gone."""
        async with asyncio.TaskGroup() as group:
            group.create_task(_StatusPoll(self, member).run())
            group.create_task(_PoolPoll(self, member).run())

    def place(self, member: ServerRecord) -> float | None:
        """Where in the second its turn is, from 0 to 1; None for one that has the machine for itself."""
        members = self.machine.members
        if len(members) < 2 or member not in members:
            return None
        return (self._offset + members.index(member) / len(members)) % 1.0


class _StatusPoll:
    """Reads the state of one relationship."""

    def __init__(self, polls: Polls, record: ServerRecord) -> None:
        self._polls, self._record = polls, record
        self._trip: float | None = None
        self._misses = 0
        self._stale: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Read it again and again until the connection is gone."""
        record = self._record
        while True:
            record.poll_now.clear()
            try:
                quick = await self._ask()
            except OmapiTimeout as error:
                self._misses += 1
                if self._misses > 1:
                    raise
                record.channel("omapi", Link.FAILED, error)
                continue
            except _OF_THE_CONNECTION:
                raise
            except Exception as error:  # of this relationship only: the others go on
                if self._polls.client.closed.is_set():
                    raise
                await self._tell(error)
                continue
            if self._polls.client.closed.is_set():
                raise OmapiClosed("dhcpd closed the OMAPI connection")
            if quick:
                await self._wait()  # else dhcpd had stalled: only the next answer tells how long the way is

    async def _ask(self) -> bool:
        """Read it once; whether the answer took no longer than usual. Raises OmapiError."""
        record, machine = self._record, self._polls.machine
        late = self._expect()
        try:
            async with self._polls.way.question(urgent=bool(record.urgent)):
                started = mono()
                status = await self._polls.client.failover_state(record.peer, version_3_0=record.view.version_3_0)
        finally:
            if late is not None:
                late.cancel()
        self._misses = 0
        before, trip = self._trip or 0.0, mono() - started
        self._trip = trip
        machine.answered_at, machine.cut_because = mono(), ""
        machine.readings[record.peer] = Reading(Seen(status, started))
        record.channel("omapi", Link.OK, round_trip_seconds=trip)
        self._learn(status, started, trip)
        return trip <= max(QUICK_SECONDS, 2 * before)

    def _learn(self, status: FailoverStatus, started: float, trip: float) -> None:
        """As old as the question: an answer that a cut held up is not news when it comes."""
        moved = queue_moved(self._record.view, status, started)
        self._record.update(status=Seen(status, started), queue_moved=moved)
        if self._stale is not None:
            self._stale.cancel()
        left = status_seconds(trip) - trip + _A_MOMENT_SECONDS
        self._stale = asyncio.get_running_loop().call_later(max(0.0, left), self._outdated)

    async def _tell(self, error: Exception) -> None:
        """dhcpd answers, and its answer tells nothing of this relationship: say why, and wait before it is asked again."""
        record, settings = self._record, self._record.settings
        if isinstance(error, OmapiError):
            not_told(self._polls.machine, record.peer, error)
        if isinstance(error, OmapiNotFound):
            error = OmapiNotFound(
                error.code,
                f"{settings.name} has no failover peer {record.peer!r}",
                f'set peer in the configuration to the name in `failover peer "NAME"` of {settings.dhcpd_conf}',
            )
        self._trip = None
        record.channel("omapi", Link.FAILED, told(error))
        record.machine.probe_now.set()
        await self._sleep(RETRY_SECONDS)

    def _outdated(self) -> None:
        """What was read last is too old from now on: whoever shows it is told in this moment, and dhcpd is looked for."""
        if self._record in self._polls.machine.members:  # else nobody looks any more
            self._record.machine.probe_now.set()
            self._record.update()

    def _expect(self) -> asyncio.TimerHandle | None:
        """Once an answer is overdue say so, and go on waiting for it. The first one of a connection may take its time."""
        if self._trip is None:
            return None
        seconds = STALE_AFTER_SECONDS + 2 * min(self._trip, LONGEST_TRIP_SECONDS)
        error = OmapiTimeout(f"no answer over OMAPI for {seconds:.1f} s")
        return asyncio.get_running_loop().call_later(seconds, self._record.channel, "omapi", Link.FAILED, error)

    async def _wait(self) -> None:
        """Wait for the next turn: a second when all is quiet, less while anything moves, none when asked."""
        record, place = self._record, self._polls.place(self._record)
        status = record.view.status.value if record.view.status else None
        calm = status is not None and status.local_state is FailoverState.NORMAL
        if record.urgent:
            seconds = URGENT_POLL_SECONDS
        else:  # an action on a sibling wants to know of this one, too
            seconds = POLL_SECONDS if calm and not record.machine.urgent else FAST_POLL_SECONDS
            seconds = seconds if place is None else seconds_until_turn(mono(), seconds, place)
        await self._sleep(seconds)

    async def _sleep(self, seconds: float) -> None:
        """Until somebody asks, or the connection is gone, but not longer than this."""
        closed = asyncio.create_task(self._polls.client.closed.wait())
        woken = asyncio.create_task(self._record.poll_now.wait())
        try:
            await asyncio.wait({closed, woken}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closed.cancel()
            woken.cancel()


class _PoolPoll:
    """Reads the pool counters of one relationship, beside its state: many pools on a slow link must not make that look old."""

    def __init__(self, polls: Polls, record: ServerRecord) -> None:
        self._polls, self._record = polls, record

    async def run(self) -> None:
        """Read them again and again until the connection is gone."""
        record, known = self._record, KnownPools(self._polls.client, self._polls.way)
        while True:
            if pools := record.pools:
                await self._read(known, pools)
            await asyncio.sleep(pools_seconds(len(pools)) if pools else FAST_POLL_SECONDS)

    async def _read(self, known: KnownPools, pools: tuple[FailoverPool, ...]) -> None:
        asked = mono()
        try:
            counters = await known.counters(pools)
        except OmapiClosed:
            raise
        except PoolUnread as error:
            self._record.update(pools_note=clean(str(error), 200))
            return
        self._learn(counters, asked)

    def _learn(self, counters: list[PoolCounters], asked: float) -> None:
        view = self._record.view
        scarce = remember(counters, dict(view.scarce))
        before = view.pools
        used = sum(pool.used for pool in before.value) if before else 0
        # Only over another connection may another dhcpd answer; what one connection sees fall has run out.
        again = before is not None and before.at < self._record.machine.connected_at
        if before and again and used and counters and not any(pool.used for pool in counters):
            self._record.update(forgot=Seen(Emptied(used, before.at), asked))
        self._record.update(pools=Seen(tuple(counters), asked), scarce=scarce, pools_note="")
