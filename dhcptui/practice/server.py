"""One server of the practice pair, for a caller on any thread: the same hands as on a server of the lab."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from dhcptui.model.role import Role
from dhcptui.practice.dhcpd.failover import Failover
from dhcptui.practice.dhcpd.server import Dhcpd
from dhcptui.practice.machine import Machine
from dhcptui.practice.texts import Settings

T = TypeVar("T")


class PracticeError(RuntimeError):
    """The practice pair cannot do what it was asked to do."""


@dataclass(frozen=True, slots=True)
class State:
    """What a server says over OMAPI: states in dhcpd's words, times in epoch seconds of its clock."""

    local_state: str
    partner_state: str
    local_stos: int
    partner_stos: int
    mclt: int
    unacked: int


class Runner(Protocol):
    """The pair's event loop, for a caller on another thread."""

    settings: Settings

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and wait for its result."""

    def run(self, act: Callable[[], T]) -> T:
        """Run a function there and wait for its result."""

    async def start_dhcpd(self, role: Role) -> Dhcpd:
        """There: restart the dhcpd of a server."""


class PracticeServer:
    """One server, for a caller on another thread."""

    def __init__(self, pair: Runner, machine: Machine, omapi_port: int) -> None:
        self._pair, self._machine = pair, machine
        self.role, self.name, self.host = machine.role.value, machine.name, "127.0.0.1"
        self.leases, self.log_file, self.etc = machine.leases, machine.log_file, machine.etc
        self.omapi_port = omapi_port

    # -- dhcpd -----------------------------------------------------------------------------------------------------

    def start(self, skew_seconds: float | None = None) -> None:
        """Start dhcpd (restart it if it runs); with skew_seconds under that clock. Raises PracticeError with its log."""
        if skew_seconds is not None:
            self.set_clock(skew_seconds)
        self.restart()

    def restart(self) -> None:
        """As start()."""
        self._pair.call(self._pair.start_dhcpd(self._machine.role))

    def kill(self) -> None:
        """SIGKILL."""
        self._with(lambda dhcpd: dhcpd.kill())

    def terminate(self) -> None:
        """SIGTERM: dhcpd 4.4.3 dies of it at once."""
        self.kill()

    def pid(self) -> int | None:
        """dhcpd's process number."""
        return self._with(lambda dhcpd: dhcpd.pid)

    def is_running(self) -> bool:
        """Whether there is a dhcpd, paused or not."""
        return self.pid() is not None

    def state(self) -> State:
        """What it would say over OMAPI. Raises PracticeError where it would not answer."""

        def read(dhcpd: Dhcpd) -> State | None:
            if dhcpd.paused or dhcpd.deaf:
                return None
            it = self._failover(dhcpd)
            states = it.state.word, it.partner_state.word
            return State(*states, it.stos, it.partner_stos, it.mclt, it.updates.unacked)

        if (state := self._with(read)) is None:
            raise PracticeError(f"{self.name}: dhcpd does not answer")
        return state

    def local_state(self) -> str:
        """Its own state in dhcpd's word, or "no-answer"."""
        try:
            return self.state().local_state
        except PracticeError:
            return "no-answer"

    # -- clock -----------------------------------------------------------------------------------------------------

    def set_clock(self, skew_seconds: float) -> None:
        """How far the server's clock is ahead of the true one, from now on."""
        self._pair.run(lambda: setattr(self._machine, "clock_offset", float(skew_seconds)))

    def now(self) -> float:
        """Epoch seconds by the server's clock."""
        return self._machine.now()

    def _with(self, act: Callable[[Dhcpd], T]) -> T | None:
        def there() -> T | None:
            dhcpd = self._machine.dhcpd
            return act(dhcpd) if isinstance(dhcpd, Dhcpd) else None

        return self._pair.run(there)

    def _failover(self, dhcpd: Dhcpd) -> Failover:
        failover = dhcpd.failover(self._pair.settings.peer)
        if failover is None:
            raise PracticeError(f"{self.name}: its dhcpd.conf has no failover peer {self._pair.settings.peer!r}")
        return failover
