"""What becomes of a server after its restart command: judged by the server, never by an exit code or a stopwatch.

A dhcpd that reads a large lease file answers nobody for minutes, and a command that ends badly may have done its work:
while a new process lives and works it is waited for. It is given up only when it is gone, or does nothing at all.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum

from dhcptui.act.actions.base import Context
from dhcptui.act.actions.died_again import GONE_SECONDS, complaint
from dhcptui.assess.space import kilobytes
from dhcptui.assess.visibility import answers_since
from dhcptui.logs.complaints import LETTERS
from dhcptui.model.changes import Work
from dhcptui.model.log_line import LineKind, LogLine
from dhcptui.model.messages import MessageId
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.words import age
from dhcptui.servers.ssh import holder_commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandFailed, CommandTimeout, RemoteError
from dhcptui.servers.ssh.work import size_of, worked
from dhcptui.watch.clocks import mono

ENDED_SECONDS = 10.0
"""One that was seen and has gone without a word: a script may have tried its configuration before it starts it."""
START_SECONDS = 60.0
"""A command that ended well, and a log that says nothing: dhcpd may still be about to be started."""
IDLE_SECONDS = 25.0
"""A process that uses no CPU, logs nothing and does not answer for so long hangs."""
AWAY_SECONDS = 25.0
"""So long the server may be out of reach."""
LOOK_SECONDS = 5.0
_DIGITS = re.compile(r"\d+")
KEPT_LINES = 40


class Fate(Enum):
    """What became of it."""

    UP = "up"
    DEAD = "dead"
    """No process, and none is to be expected."""
    IDLE = "idle"
    """A process that does nothing and does not answer."""
    OLD = "old"
    """The process from before the command still runs."""
    READING = "reading"
    """A process that works and does not answer yet; patience has ended, not it."""
    LOST = "lost"
    """The server cannot be looked into any more."""


class Upcoming:
    """One restart of one server, watched. `before`: the pids that ran before the command."""

    def __init__(self, context: Context, role: Role, before: tuple[int, ...]) -> None:
        self.context, self.role, self.before = context, role, before
        self.name = context.pair[role].name
        self.fate: Fate | None = None
        self.said = ""
        """What the command printed; kept for when the outcome is not what was wanted."""
        self._lines: list[LogLine] = []
        self._heard: set[str] = set()
        self._serves = False
        """It has read everything: what is missing still is OMAPI."""
        self._gave_up = False
        """Its log says that dhcpd has ended."""
        self._came: tuple[tuple[int, ...], float] | None = None
        """The new process that was seen last, and since when that is known."""
        self._began = self._worked = self._idle = mono()
        """When it was last seen to work, looked at, and seen to do nothing: what was not seen is not known, and not idle."""
        self._ended = self._failed = False
        self._gone_since: float | None = None
        self._away_since: float | None = None
        self._work: Work | None = None
        self._size = ""

    @property
    def seconds(self) -> float:
        """Since the command began."""
        return mono() - self._began

    @property
    def why(self) -> str:
        """In words, with what the log or the command says of it; for any fate but UP."""
        reason = complaint(self._lines) if self._gave_up else self.said
        because = f": {reason}" if reason else ""
        match self.fate:
            case Fate.DEAD if self._failed or self._gave_up:
                return f"no dhcpd runs on {self.name} after its restart{because}"
            case Fate.DEAD if self._came:
                return f"dhcpd on {self.name} came up and ended again{because}"
            case Fate.DEAD:
                return f"no dhcpd was started on {self.name} for {START_SECONDS:.0f} s{because}"
            case Fate.IDLE:
                return (
                    f"dhcpd on {self.name} gave no answer over OMAPI for {IDLE_SECONDS:.0f} s and does nothing{because}"
                )
            case Fate.OLD:
                return f"{self.name} still runs the old dhcpd process{because}"
            case Fate.READING:
                return f"dhcpd on {self.name} still reads its lease file{self._size} after {age(self.seconds)}"
            case _:
                return self.context.snapshot[self.role].ssh.detail or "SSH is gone"

    async def watch(self, command: Command) -> Fate:
        """Run the restart command and follow what comes of it until that is known."""
        observers = self.context.engine.log_observers
        observers.add(self._logged)
        running = asyncio.create_task(self._run(command), name=f"restart {self.name}")
        try:
            while self.fate is None:
                await self.context.until(self._known, LOOK_SECONDS)
                if self.fate is None:
                    await self._look()
            if (
                not running.done()
            ):  # it has done its work; a script that is stopped in its midst may leave things undone
                await asyncio.wait({running}, timeout=START_SECONDS)
        finally:
            observers.discard(self._logged)
            running.cancel()
        return self.fate

    async def _run(self, command: Command) -> None:
        try:
            done = await self.context.command(self.role, command, timeout=self.context.patience, check=False)
            self._failed = done.exit_status != 0
            self.said = clean(done.stderr or done.stdout, LETTERS).strip()
            if self._failed:
                self.said = f"{self.said or 'it printed nothing'} (exit status {done.exit_status})"
        except (CommandTimeout, CommandFailed) as error:
            self.said = str(error)
        except RemoteError as error:
            self.said, self._failed = str(error), True
        self._ended = True
        self.context.refresh()

    def _known(self, snapshot: PairSnapshot, now: Moment) -> bool:
        """Whether its fate is known on this snapshot; only what was read after the command began counts."""
        view = snapshot[self.role]
        self._away_since = None if view.ssh.ok else self._away_since or now.mono
        if self._away_since is not None and now.mono - self._away_since > AWAY_SECONDS:
            self.fate = Fate.LOST
        elif view.process is not None and view.process.at > self._began and view.ssh.ok:
            self.fate = self._of(snapshot, now, view.process.value.pids, view.process.at)
        return self.fate is not None

    def _of(self, snapshot: PairSnapshot, now: Moment, pids: tuple[int, ...], at: float) -> Fate | None:
        if not pids:
            return self._without(now, at)
        self._gone_since = None
        if set(pids) & set(self.before):  # a test of the configuration beside the old one is no new dhcpd
            quiet = self._ended and now.mono - self._began > (GONE_SECONDS if self._failed else IDLE_SECONDS)
            return Fate.OLD if quiet else None
        if self._came is None or self._came[0] != pids:
            self._came = pids, now.mono
        # Asked after the new one was seen: what the old one answered while the command ran is no word of it.
        if answers_since(snapshot[self.role], self._came[1], now):
            return Fate.UP
        if self._idle - self._worked > IDLE_SECONDS:
            return Fate.IDLE
        return Fate.READING if self.seconds > self.context.patience else None

    def _without(self, now: Moment, at: float) -> Fate | None:
        """No process: dead when the command or the log says so, or when nothing came for long."""
        if not self._ended:
            return None
        self._gone_since = self._gone_since or at
        self._worked = now.mono  # one that comes now has just begun
        gone = at - self._gone_since
        certain = self._failed or self._gave_up
        patience = GONE_SECONDS if certain else ENDED_SECONDS if self._came else START_SECONDS
        return Fate.DEAD if gone >= patience else None

    def _logged(self, role: Role, lines: Sequence[LogLine]) -> None:
        if role is not self.role:
            return
        new = {_DIGITS.sub("", line.text) for line in lines} - self._heard
        self._heard |= new
        if new and not self._serves:  # one that says the same again and again, or serves without OMAPI, comes no nearer
            self._worked = mono()
        self._serves = self._serves or any(line.message is MessageId.SERVER_STARTING for line in lines)
        self._lines = [*self._lines, *lines][-KEPT_LINES:]
        self._gave_up = self._gave_up or any(line.kind is LineKind.FATAL for line in lines)

    async def _look(self) -> None:
        """Whether its process works, and on how much; told while it is waited for."""
        seen = self.context.snapshot[self.role].process
        pids = seen.value.pids if seen else ()
        if not pids or set(pids) & set(self.before):
            self.context.tell(f"{age(self.seconds)}: no new dhcpd yet")
            return
        try:
            text = await self._ask(holder_commands.work(pids[0]))
            work = worked(self._work, pids[0], text, mono())
            known = work.judged and work.cpu_seconds is not None
            if known and work.worked_at != work.looked_at:
                self._idle = mono()
            else:
                self._worked = mono()
            self._work = work
        except RemoteError:
            self._worked = mono()
        with suppress(RemoteError):
            if not self._size:
                text = await self._ask(holder_commands.file_size(self.context.pair[self.role].leases))
                size = size_of(text.splitlines())
                self._size = f", {kilobytes(size)}" if size is not None else " "
        self.context.tell(f"dhcpd on {self.name} (pid {pids[0]}) {self._doing}: {age(self.seconds)} so far")

    @property
    def _doing(self) -> str:
        """What the new process is at, as far as it is known."""
        if self._serves:
            return "has read its leases, and OMAPI does not answer yet"
        if self._idle > self._worked:
            return "does nothing at this moment, and does not answer yet"
        return f"is reading its lease file{self._size.rstrip()}"

    async def _ask(self, command: Command) -> str:
        done = await self.context.engine.watchers[self.role].quick(command)
        return clean(done.stdout).strip()
