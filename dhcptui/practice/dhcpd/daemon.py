"""A running dhcpd as its own parts see it: clock, log, timers, lease file, and the sockets that close when it dies."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Protocol

from dhcptui.practice.dhcpd.checker import BUG_REPORT
from dhcptui.practice.dhcpd.lease_file import LeaseFile
from dhcptui.practice.dhcpd.timers import Timers
from dhcptui.practice.machine import Machine
from dhcptui.practice.world import Place


class Socket(Protocol):
    """A connection that a process has open."""

    def drop(self) -> None:
        """Close it: the process ends."""


class Daemon:
    """What every part of a dhcpd stands on; server.Dhcpd is made of it and of the parts."""

    def __init__(self, machine: Machine, place: Place) -> None:
        self.machine, self.place = machine, place
        self.pid, self.started = machine.new_pid(), time.time()
        self.paused = self.dead = False
        self.deaf = False
        """After control 2: it neither reads nor writes a socket any more."""
        self.timers = Timers(machine.now)
        self.links: set[Socket] = set()
        """The connections to partners."""
        self.dialling: int | None = None
        """The partner's port, while a connect() to it waits for an answer."""
        self.lease_file = LeaseFile(machine.leases)
        self._held: deque[Callable[[], None]] = deque()

    @property
    def cur_time(self) -> int:
        """Whole seconds by this server's clock."""
        return int(self.machine.now())

    def log(self, text: str) -> None:
        """One line of the log."""
        if not self.dead:
            self.machine.log(self.pid, text)

    def post(self, event: Callable[[], None]) -> None:
        """Something to read on a socket: now, or when it is continued."""
        if self.dead or self.deaf:
            return
        if self.paused:
            self._held.append(event)
        else:
            event()

    def after(self, name: Hashable, seconds: float, call: Callable[[], object]) -> None:
        """One of dhcpd's own fixed timers, at the place's speed."""
        self.timers.set(name, self.machine.now() + seconds / self.place.speed, call)

    def at(self, name: Hashable, moment: int, call: Callable[[], object]) -> None:
        """At a whole second of this server's clock; dhcpd counts whole seconds from now, so a fraction later."""
        self.timers.set(name, self.machine.now() + moment - self.cur_time, call)

    def tell_service(self) -> None:
        """It may have begun or ceased to answer clients."""
        self.place.note_service()

    # -- signals -----------------------------------------------------------------------------------------------------

    def kill(self) -> None:
        """SIGKILL, SIGTERM, SIGINT: no word to the partner, no log line; the kernel closes the sockets."""
        if self.dead:
            return
        self.dead = True
        self.timers.close()
        self._held.clear()
        for link in tuple(self.links):
            link.drop()
        self.lease_file.close()
        self.machine.ended(self.pid)
        self.tell_service()

    def pause(self) -> None:
        """SIGSTOP."""
        self.paused = True
        self.timers.hold(True)
        self.tell_service()

    def resume(self) -> None:
        """SIGCONT: first what came in meanwhile, then the timers, as dhcpd's loop has it."""
        if self.dead or not self.paused:
            return
        self.paused = False
        while self._held and not self.paused and not self.dead:
            self._held.popleft()()
        self.timers.hold(self.paused)
        self.tell_service()

    def fatal(self, text: str) -> None:
        """dhcpd says why and exits."""
        for line in (text, *BUG_REPORT):
            self.log(line)
        self.kill()
