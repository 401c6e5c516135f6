"""One machine's log over SSH: followed line by line, or looked at once; what it tells goes to each of its relationships."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import aclosing
from functools import partial
from weakref import WeakKeyDictionary, WeakSet

from dhcptui.logs.legibility import Legibility
from dhcptui.logs.lines import NO_CLOCK, LogReader, parse_lines
from dhcptui.logs.zone import UTC_ZONE, Zone
from dhcptui.model.log_line import LineKind, LogLine
from dhcptui.model.snapshot import Link
from dhcptui.model.words import day_clock
from dhcptui.servers.host import Host
from dhcptui.servers.ssh.backoff import Backoff
from dhcptui.servers.ssh.errors import CommandFailed, RemoteError
from dhcptui.servers.ssh.lines import LineSplitter, Overlap
from dhcptui.servers.ssh.tail import CATCH_UP, LogSource, follow
from dhcptui.watch.clocks import moment, mono
from dhcptui.watch.notable_lines import NotableLines, Signs
from dhcptui.watch.record import MachineRecord, ServerRecord, pause
from dhcptui.watch.taken import Taken

LOG_LINES = 500
LOOK_LINES = 10
"""Of a log that is only looked at: enough to tell its format, and little on a slow line."""
LOG_QUIET_SECONDS = 1.0
LOG_STUCK_SECONDS = 15.0
"""A follow that has complained and is silent since is given up after this."""
ZONE_SECONDS = 5.0
"""The log waits this long for the server's time zone: stamps without a zone are in its local time."""
SHOWN_LETTERS = 100
_LOG_TROUBLE = (
    "has become inaccessible", "untailable file", "cannot open", "Permission denied", "No such file", "error reading"
)  # fmt: skip


def gap_line(before: LogLine | None, after: LogLine | None, now: float) -> LogLine:
    """What stands in the log where lines may be missing: between which times, in UTC, and why. `now` is epoch seconds."""
    times = [day_clock(line.stamp, now) for line in (before, after) if line and line.stamp is not None]
    if len(times) == 2:
        where = f"between {times[0]} and {times[1]}"
    elif times:
        where = f"after {times[0]}" if before else f"before {times[0]}"
    else:
        where = "here"
    text = (
        f"lines {where} may be missing: the connection was lost, and meanwhile the log was rotated or emptied,"
        f" or more than {LOG_LINES * CATCH_UP} lines were written"
    )
    stamp, clock = (before.stamp, before.clock) if before else (None, NO_CLOCK)
    return LogLine(stamp, clock, text, None, LineKind.WARNING)


class _Quiet:
    """Takes a follow that runs and says nothing for one that reads an empty log: tail says at once when it cannot read."""

    def __init__(self, is_read: Callable[[], None]) -> None:
        self._is_read = is_read
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """The follow has begun."""
        self._timer = asyncio.get_running_loop().call_later(LOG_QUIET_SECONDS, self._is_read)

    def cancel(self) -> None:
        """It has said something."""
        if self._timer is not None:
            self._timer.cancel()


class LogWatch:
    """Reads one machine's log, over one session after the other."""

    def __init__(self, machine: MachineRecord) -> None:
        self._machine = machine
        self._kept: deque[LogLine] = deque(maxlen=LOG_LINES)
        """For relationships that join later."""
        self._greeted: WeakSet[ServerRecord] = WeakSet()
        self._overlap = Overlap()
        self._reader = LogReader()
        self._legibility = Legibility()
        self._notable = NotableLines()
        self._signs: WeakKeyDictionary[ServerRecord, Signs] = WeakKeyDictionary()
        self._taken = Taken()
        self._zone_known = asyncio.Event()
        self._gap = False
        """Lines may be missing before the next ones."""
        self._last: LogLine | None = None
        """The latest line with a time."""
        self.zone = UTC_ZONE
        """The server's, for stamps without one."""
        self.heard_at = 0.0
        """When lines came last (mono seconds)."""

    def set_zone(self, zone: Zone) -> None:
        """Stamps without a zone are in the server's local time."""
        self.zone = zone
        self._zone_known.set()

    async def wait_for_zone(self) -> None:
        """Until the zone is known, but not for long."""
        await pause(self._zone_known, ZONE_SECONDS)

    async def look(self, session: Host) -> None:
        """Whether it can be read, and is understood: once, where nobody follows it."""
        source = LogSource.parse(self._machine.settings.log)
        try:
            done = await session.run(source.last(LOOK_LINES))
            if done.exit_status != 0:
                raise CommandFailed(f"reading {source}", done.exit_status, done.stderr or done.stdout)
        except RemoteError as error:
            if not session.closed:
                self._machine.channel("log", Link.FAILED, error)
            return
        splitter = LineSplitter()
        raws = source.logged(splitter.feed(done.stdout) + splitter.flush())
        self._judge(parse_lines(raws, time.time(), self.zone))

    async def follow(self, session: Host) -> None:
        """Follow it until the session ends."""
        source = LogSource.parse(self._machine.settings.log)
        backoff = Backoff()
        await self.wait_for_zone()
        while True:
            quiet = _Quiet(self._is_read)
            try:
                async with asyncio.timeout(None) as patience:
                    notice = partial(self._notice, quiet, patience)
                    async with aclosing(
                        follow(
                            session,
                            source,
                            LOG_LINES,
                            on_notice=notice,
                            on_gap=self._missing,
                            on_start=quiet.start,
                            overlap=self._overlap,
                        )
                    ) as batches:
                        async for batch in batches:
                            quiet.cancel()
                            patience.reschedule(None)
                            backoff.reset()
                            self._deliver(batch)
            except TimeoutError:  # tail does not notice that a file may be read again: it is started anew
                pass
            except RemoteError as error:
                if session.closed:
                    return
                self._machine.channel("log", Link.FAILED, error)
            finally:
                quiet.cancel()
            await asyncio.sleep(backoff.next_delay())

    def _notice(self, quiet: _Quiet, patience: asyncio.Timeout, text: str) -> None:
        if patience.expired() or not text.startswith("tail:"):  # sshd and the login shell remark things, too
            return
        if any(sign in text for sign in _LOG_TROUBLE):
            quiet.cancel()
            patience.reschedule(asyncio.get_running_loop().time() + LOG_STUCK_SECONDS)
            self._machine.channel(
                "log", Link.FAILED, RemoteError(text, f"check log in the configuration: {self._machine.settings.log}")
            )
        elif "has appeared" in text or "following" in text:
            patience.reschedule(None)
            self._is_read()

    def _missing(self) -> None:
        self._gap = True

    def _judge(self, lines: Sequence[LogLine]) -> None:
        """Take new lines for what they tell of the log itself."""
        self._legibility.add(lines)
        self._is_read()

    def _is_read(self) -> None:
        """Its lines come; whether they tell anything is another matter."""
        if not self._legibility.unreadable:
            self._machine.channel("log", Link.OK)
            return
        example = self._legibility.example[:SHOWN_LETTERS]
        self._machine.channel(
            "log",
            Link.FAILED,
            RemoteError(
                f"log lines of {self._machine.name} are in a format this console cannot read",
                f"{self._machine.settings.log} has: {example}",
            ),
        )

    def greet(self, member: ServerRecord) -> None:
        """Give a relationship that has just joined the lines that came before; from now on it gets each one."""
        if member in self._greeted or not member.follow_log:
            return
        self._greeted.add(member)
        if self._kept:
            member.lines_came(tuple(self._kept))

    def _deliver(self, batch: Sequence[bytes]) -> None:
        machine = self._machine
        now, self.heard_at = time.time(), mono()
        lines = self._reader.read(batch, now, self.zone)
        self._judge(lines)
        timed = [line for line in lines if line.stamp is not None]
        gap = [gap_line(self._last, timed[0] if timed else None, now)] if self._gap else []
        self._gap, self._last = False, timed[-1] if timed else self._last
        for member in machine.members:
            self.greet(member)
        self._kept.extend([*gap, *lines])
        for member in machine.members:
            if member.follow_log:
                member.lines_came([*gap, *lines])
        if self._notable.add(lines, machine.view.server_time(moment())):
            machine.update(notable_lines=self._notable.kept)
        self._taken.add(lines)
        self._tell_taken()
        moved = {line.transition.peer for line in lines if line.transition}
        for member in machine.members:
            self._lives(member, lines)
            if member.peer in moved:
                member.poll_now.set()
        if moved:
            machine.probe_now.set()
            machine.peers_now.set()

    def _tell_taken(self) -> None:
        """Who took the addresses: only where a pool is scarce."""
        view, taken = self._machine.view, self._taken
        if (taken.before, taken.kept) != (view.given_before, view.kept_at_start):
            self._machine.update(given_before=taken.before, kept_at_start=taken.kept)
        scarce = [member for member in self._machine.members if member.view.scarce]
        if scarce and taken.due(mono()):
            holders = taken.holders
            for member in scarce:
                member.update(holders=holders)

    def _lives(self, member: ServerRecord, lines: Sequence[LogLine]) -> None:
        """Note the last sign of life, once a second at most: a busy server writes thousands of them."""
        process = member.view.process
        pids = process.value.pids if process else ()
        last = self._signs.setdefault(member, Signs()).last(lines, member.peer, pids)
        if last >= (member.view.lived or 0.0) + 1:
            member.update(lived=last)
