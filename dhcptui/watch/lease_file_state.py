"""What a server wrote down of its state, read over SSH while OMAPI gives nothing; and once, for the timeline, its past."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from dhcptui.assess.history.timeline import from_lines, from_record
from dhcptui.logs.lease_file import FailoverRecord
from dhcptui.logs.lines import parse_lines
from dhcptui.logs.zone import UTC_ZONE, Zone
from dhcptui.model.log_line import LogLine, Mover
from dhcptui.model.moments import Seen
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import Link, RecordedState
from dhcptui.model.states import FailoverState
from dhcptui.servers.host import Host
from dhcptui.servers.ssh.errors import RemoteError
from dhcptui.servers.ssh.helper import Runs
from dhcptui.servers.ssh.lease_records import LastRecord, failover_records, log_before
from dhcptui.servers.ssh.tail import LogSource
from dhcptui.watch.clocks import mono
from dhcptui.watch.record import ServerRecord

READ_SECONDS = 5.0
SHARE = 4.0
"""A search of the whole file that failed is tried again after so many times what it took: the server has other work."""
LOOK_SECONDS = 0.1
LATE_SECONDS = 4.0
"""A status older than this is nothing, whatever the connection looks like."""
PAST_LINES = 2000
"""Log lines without client traffic that the timeline begins with."""
PAST_RECORDS = 50
PAST_DELAY_SECONDS = 1.0
"""The first second belongs to what is on screen."""
LOG_STATE_LINES = 300
RECENT_BYTES = 8 * 1024 * 1024
"""How far back a log file is read for this, on the server."""


class RecordedWatch:
    """Keeps `recorded` of one server's view."""

    def __init__(self, record: ServerRecord) -> None:
        self._record = record
        self._newest: RecordedState | None = None
        """As the log tells it."""
        self._heard: FailoverState | None = None
        self._past_read = False

    async def run(self, session: Host) -> None:
        """Read again and again while OMAPI gives nothing, until the session ends."""
        last = LastRecord(self._record.settings.leases, self._record.peer)
        while not session.closed:
            if not self._needed():
                await asyncio.sleep(LOOK_SECONDS)
                continue
            async with self._record.machine.channels.turn(urgent=bool(self._record.urgent)):
                began = mono()
                if self._needed():
                    await self._read(session, self._record.helper or session, last)
                took = mono() - began
            await asyncio.sleep(max(READ_SECONDS, 0.0 if last.cheap else SHARE * took))

    def heard(self, lines: Sequence[LogLine]) -> None:
        """New log lines: the newest state in them."""
        for line in lines:
            move = line.transition
            if move is None or move.peer != self._record.peer or line.stamp is None:
                continue
            if move.who is Mover.PEER:
                self._heard = move.to_state
            else:
                self._newest = RecordedState(move.to_state, line.stamp, self._heard, "log", line.stamp)

    async def read_past(self, session: Host, zone: Zone) -> None:
        """Notes of what happened before: from the log, and from the lease file. Once; trouble leaves it out."""
        if self._past_read:
            return
        await asyncio.sleep(PAST_DELAY_SECONDS)
        role, peer, settings = self._record.view.role, self._record.peer, self._record.settings
        try:
            async with self._record.machine.channels.turn():
                source = LogSource.parse(settings.log)
                lines = await self._lines(session, source, PAST_LINES, zone)
                self._record.noted(
                    from_lines(role, lines, peer, -len(lines))
                )  # what the console follows stands behind it
                records = await failover_records(session, settings.leases, peer, PAST_RECORDS)
                self._record.noted([note for record in records for note in from_record(role, record)])
        except RemoteError:
            return
        self._past_read = True

    def _needed(self) -> bool:
        view = self._record.view
        if view.omapi.link is Link.CONNECTING:  # a frozen dhcpd takes the connection and says nothing
            return view.process is not None and view.process.value.stopped
        return view.omapi.link is not Link.OK or view.status is None or mono() - view.status.at > LATE_SECONDS

    async def _read(self, session: Host, looks: Runs, last: LastRecord) -> None:
        note, asked = "", mono()
        written: RecordedState | None = None
        try:
            record = await last.read(looks)
            written = _of(record) if record else None
            note = "" if record else f"no state of peer {self._record.peer!r} in {self._record.settings.leases}"
        except RemoteError as error:
            note = str(error)
        if written is None and self._newest is None:
            await self._ask_log(session)
        found = _newer(written, self._newest)
        if found is None:
            self._record.update(recorded_note=clean(note or "nothing is recorded", 300))
        else:
            self._record.update(recorded=Seen(found, asked), recorded_note="")

    async def _ask_log(self, session: Host) -> None:
        """Where the log is not followed: its last lines, once."""
        try:
            source = LogSource.parse(self._record.settings.log)
            self.heard(await self._lines(session, source, LOG_STATE_LINES, UTC_ZONE))
        except RemoteError:
            return

    @staticmethod
    async def _lines(session: Host, source: LogSource, lines: int, zone: Zone) -> Sequence[LogLine]:
        now = time.time()
        return parse_lines(await log_before(session, source, now - 7 * 86400, lines, RECENT_BYTES), now, zone)


def _of(record: FailoverRecord) -> RecordedState:
    return RecordedState(record.my_state, record.my_since, record.partner_state, "lease file", record.written)


def _newer(written: RecordedState | None, logged: RecordedState | None) -> RecordedState | None:
    """The one that tells of the later moment; the log also knows startup, which the lease file never says."""
    if written is None or logged is None:
        return written or logged
    return logged if (logged.written or 0) >= int(written.written or 0) else written
