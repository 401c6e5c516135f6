"""What is asked of one machine every two seconds through one long-lived shell: clock, processes, locks, room.

Each look fails alone. One that takes long keeps the shell that it waits in, and the others get a new one; one that did not end
in time is tried in a shell of its own from then on.
"""

from __future__ import annotations

import asyncio
import posixpath
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from dhcptui.assess.space import FULL_BYTES
from dhcptui.logs.zone import Zone, zone_of
from dhcptui.model.moments import Seen
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import ClockOffset, LeaseSpace, LockFiles
from dhcptui.servers.host import Host
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.backoff import Backoff
from dhcptui.servers.ssh.clock import read_clock
from dhcptui.servers.ssh.errors import CommandTimeout, RemoteError, in_full
from dhcptui.servers.ssh.holders import Holders
from dhcptui.servers.ssh.lock_files import read_marks
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.servers.ssh.space import read_space
from dhcptui.servers.ssh.sync_commands import record_of
from dhcptui.watch.clocks import mono
from dhcptui.watch.growth import watch_growth, watch_work
from dhcptui.watch.processes import ProcessWitness
from dhcptui.watch.record import MachineRecord, ServerRecord, pause

PROBE_SECONDS = 2.0
FAST_SECONDS = 0.25
SPACE_SECONDS = 20.0
SHORT_SPACE_SECONDS = 10.0
TOGETHER_SECONDS = 0.3
"""What is learned within this time is told at once: each telling is a frame on the screen."""
PATIENCE_SECONDS = 2.0
"""A look that takes longer goes on by itself, and the others do not wait for it; more on a server that is slow in all."""
MOST_APART = 3
"""So many looks at most wait by themselves: sshd lets a session have ten channels."""
LONGEST_RETRY_SECONDS = 60.0
"""Between two tries of a look that fails: one that hangs may leave a process behind each time."""


def _words(error: RemoteError) -> str:
    return clean(in_full(error), 400)


def _nothing(note: str) -> None:
    """Nobody waits for it."""


@dataclass(slots=True, eq=False)
class Look:
    """One thing that is looked at, and how that goes. `failed` is told why it did not work."""

    ask: Callable[[RemoteShell], Awaitable[None]]
    failed: Callable[[str], None] = _nothing
    once: bool = False
    """Once in a session is enough."""
    over: bool = False
    late: bool = False
    """It did not end in time: it is tried with a shell of its own."""
    trying: bool = False
    retry_at: float = 0.0
    backoff: Backoff = field(default_factory=lambda: Backoff(limit=LONGEST_RETRY_SECONDS))

    def due(self) -> bool:
        """Whether it is to be tried now."""
        return not (self.over or self.trying or mono() < self.retry_at)

    def worked(self) -> None:
        """It was answered."""
        self.late, self.over = False, self.once
        self.backoff.reset()

    def fail(self, error: RemoteError) -> None:
        """It was not: the reason is told, and it is tried again later."""
        self.late = self.late or isinstance(error, CommandTimeout)
        self.retry_at = mono() + self.backoff.next_delay()
        self.failed(_words(error))


class Probe:
    """Keeps clock, processes, lock files and room of one machine as long as a session lasts."""

    def __init__(self, machine: MachineRecord, zone_known: Callable[[Zone], None], heard: Callable[[], None]) -> None:
        self._machine, self._zone_known, self._heard = machine, zone_known, heard
        self._shell: RemoteShell | None = None
        self._witnesses: dict[ServerRecord, ProcessWitness] = {}
        self._looks_through: tuple[RemoteShell, str] | None = None
        """The shell of the witnesses, and what kind of system is behind it."""
        self._space_at = -SPACE_SECONDS
        self._common: dict[str, object] = {}
        self._own: dict[ServerRecord, dict[str, object]] = {}
        self._telling: asyncio.TimerHandle | None = None

    async def run(self, session: Host) -> None:
        """Look again and again until the session is lost."""
        looks = (
            Look(self._zone, self._no_zone, once=True),
            Look(self._clock, self._no_clock),
            Look(self._locks, self._no_locks),
            Look(self._space, self._no_space),
            Look(self._processes, self._no_processes),  # last of what guards ask for: one that is new tells that all is
            Look(self._growth),
            Look(self._work),
            Look(self._version, once=True),
        )
        backoff = Backoff()
        try:
            async with asyncio.TaskGroup() as group:
                while not session.closed:
                    self._machine.probe_now.clear()
                    if await self._round(session, looks, group):
                        backoff.reset()
                        await pause(self._machine.probe_now, FAST_SECONDS if self._hurried else PROBE_SECONDS)
                    else:
                        await asyncio.sleep(backoff.next_delay())
        finally:
            self._tell()
            if self._shell is not None:
                self._shell.close()

    @property
    def _hurried(self) -> bool:
        return self._machine.urgent or any(witness.doubts for witness in self._witnesses.values())

    async def _round(self, session: Host, looks: tuple[Look, ...], group: asyncio.TaskGroup) -> bool:
        """Try what is due. False where the server starts no shell for us."""
        for look in looks:
            if not look.due():
                continue
            if look.late:
                look.trying = True
                group.create_task(self._try_apart(session, look))
                continue
            try:
                shell = await self._open(session)
            except RemoteError as error:
                if not session.closed:
                    for each in looks:
                        each.failed(_words(error))
                    self._tell()
                return False
            look.trying = True
            trying = group.create_task(self._try(session, look, shell))
            await asyncio.wait({trying}, timeout=session.pace.limit(PATIENCE_SECONDS))
            if look.trying and sum(each.trying for each in looks) > MOST_APART:
                await trying
            elif look.trying:  # it keeps the shell that it waits in, and the others get a new one
                self._shell = self._machine.shell = None
        self._tell()
        return True

    async def _open(self, session: Host) -> RemoteShell:
        """The shell for all looks: a new one where the last one had to be closed. Raises RemoteError."""
        if self._shell is None or self._shell.closed or self._shell.session is not session:
            self._shell = self._machine.shell = await RemoteShell.open(session)
        return self._shell

    async def _try(self, session: Host, look: Look, shell: RemoteShell) -> None:
        try:
            await look.ask(shell)
        except RemoteError as error:
            if not session.closed:
                look.fail(error)
                self._tell()
        else:
            look.worked()
            self._heard()
        finally:
            look.trying = False
            if shell is not self._shell:
                shell.close()

    async def _try_apart(self, session: Host, look: Look) -> None:
        """Try a look in a shell of its own; where that works it goes back to the others."""
        try:
            shell = await RemoteShell.open(session)
        except RemoteError as error:
            look.trying = False
            if not session.closed:
                look.fail(error)
            return
        await self._try(session, look, shell)
        self._tell()

    # -- what is learned, and told ---------------------------------------------------------------------------------

    def _learn(self, member: ServerRecord | None = None, /, **changes: object) -> None:
        """Of one relationship, else of all."""
        known = self._common if member is None else self._own.setdefault(member, {})
        known |= changes
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TOGETHER_SECONDS, self._tell)

    def _tell(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        (common, own), self._common, self._own = (self._common, self._own), {}, {}
        if common or own:
            self._machine.update_each(common, own)

    # -- the looks -------------------------------------------------------------------------------------------------
    # What is learned is as old as the question: a cut may hold the answer up.

    async def _clock(self, shell: RemoteShell) -> None:
        asked = mono()
        reading = await read_clock(shell)
        self._learn(
            clock=Seen(ClockOffset(reading.offset_seconds, reading.uncertainty_seconds), asked),
            clock_note="",
        )

    def _no_clock(self, note: str) -> None:
        self._learn(clock_note=note)

    async def _processes(self, shell: RemoteShell) -> None:
        if self._looks_through is None or self._looks_through[0] is not shell:
            self._looks_through, self._witnesses = (shell, (await Holders.open(shell)).system), {}
        members = self._machine.members
        self._witnesses = {each: witness for each, witness in self._witnesses.items() if each in members}
        for member in members:
            if member not in self._witnesses:
                self._witnesses[member] = ProcessWitness(Holders(shell, self._looks_through[1]), member)
            self._learn(member, process=await self._witnesses[member].look(), process_note="")

    def _no_processes(self, note: str) -> None:
        for member in self._machine.members:
            self._learn(member, process_note=note)

    async def _locks(self, shell: RemoteShell) -> None:
        directory = posixpath.dirname(self._machine.settings.leases)
        for member in self._machine.members:
            asked, progress = mono(), record_of(member.settings.shared_dir)
            lock_files = await read_marks(shell, directory, progress, member.peer)
            if lock_files.lock and lock_files.lock.token in member.own_tokens:
                lock_files = replace(lock_files, lock=None, own=lock_files.lock)
            self._learn(member, lock_files=Seen(lock_files, asked))

    def _no_locks(self, note: str) -> None:
        """What was seen keeps its age, and says why nothing newer is known."""
        for member in self._machine.members:
            old = member.view.lock_files
            known = Seen(replace(old.value, unread=note), old.at) if old else Seen(LockFiles(unread=note), mono())
            self._learn(member, lock_files=known)

    async def _space(self, shell: RemoteShell) -> None:
        """Room for the lease file, rarely; more often while it is short."""
        old, asked = self._machine.view.space, mono()
        short = old is not None and (old.value.missing or old.value.free_bytes < FULL_BYTES)
        if asked - self._space_at < (SHORT_SPACE_SECONDS if short else SPACE_SECONDS):
            return
        self._space_at = asked
        space = await read_space(shell, self._machine.settings.leases)
        if isinstance(space, LeaseSpace):
            self._learn(space=Seen(space, asked), space_note="")
        else:
            self._learn(space_note=space)

    def _no_space(self, note: str) -> None:
        self._space_at = -SPACE_SECONDS  # it is tried again when the look is due again
        self._learn(space_note=note)

    async def _growth(self, shell: RemoteShell) -> None:
        await watch_growth(shell, self._machine)

    async def _work(self, shell: RemoteShell) -> None:
        await watch_work(shell, self._machine)

    async def _zone(self, shell: RemoteShell) -> None:
        """Where the log's stamps carry no zone they are the server's local time."""
        answer = await shell.ask(commands.time_zone().line)
        zone = zone_of(answer.lines, time.time())
        if zone is None:
            raise RemoteError("`date` there tells no offset from UTC: log times that carry none are read as UTC")
        self._zone_known(zone)
        self._learn(zone_note="")

    def _no_zone(self, note: str) -> None:
        """A journal's times carry their zone."""
        if self._machine.settings.log.startswith("file:"):
            self._learn(zone_note=note)

    async def _version(self, shell: RemoteShell) -> None:
        """dhcpd's version: 3.0.x numbers its states differently."""
        answer = await shell.ask(commands.dhcpd_version().line)
        version = re.search(r"(?:isc-dhcpd-|DHCP Server V?)(\d+\.[\w.-]+)", " ".join(answer.lines))
        if version and version[1] != self._machine.view.version:
            self._learn(version=version[1])
