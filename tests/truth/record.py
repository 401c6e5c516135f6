"""What was seen during a sequence, and what was said of it: plain values, times in monotonic seconds of the test."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from dhcptui.model.role import Role

NAMES = {Role.PRIMARY: "dhcp1", Role.SECONDARY: "dhcp2"}


@dataclass(frozen=True, slots=True)
class Tick:
    """One round of questions: who had answered any client that asked at `at`."""

    at: float
    answered: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A client that was never seen before asked at `at`; whether it came to an address."""

    at: float
    granted: bool
    recorded: bool = True
    """Whether its lease stood in a lease file of either server soon afterwards."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A server's own state, read by the lab's own reader; None: no answer."""

    at: float
    state: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a console or `status` said of one server."""

    role: Role
    serves: bool | None
    state: str | None
    """The state it is said to be in *now*; None where that is not said."""
    age: float
    """Seconds: how old the value behind it is, by what was said."""


@dataclass(frozen=True, slots=True)
class LockRequest:
    """All that was said at once. `begin` and `end` differ where saying it took time (`status`)."""

    begin: float
    end: float
    level: str
    headline: str
    servers: tuple[Said, ...]
    since: float | None = None
    """When the present state is said to have begun."""
    source: str = "console"

    @property
    def age(self) -> float:
        """Of the oldest value in it."""
        return max((said.age for said in self.servers), default=0.0)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A line of the report's table: who served from `begin` to `end`."""

    begin: float
    end: float
    serves: dict[Role, bool | None]


@dataclass(frozen=True, slots=True)
class Move:
    """A change of state as timeline or report tell it."""

    at: float
    role: Role
    state: str
    source: str


@dataclass
class Record:
    """A sequence. Everything is in the order of its time."""

    ticks: Sequence[Tick] = ()
    newcomers: Sequence[Newcomer] = ()
    readings: dict[Role, Sequence[Reading]] = field(default_factory=dict)
    claims: Sequence[LockRequest] = ()
    stretches: Sequence[Stretch] = ()
    window: tuple[float, float] | None = None
    """Of the report."""
    served_seconds: float | None = None
    """The sum of the report's table."""
    moves: Sequence[Move] = ()
    steps: list[tuple[float, str]] = field(default_factory=list)
    """What was done, for the failing test."""
    slack: float = 0.0
    """How late this machine ran a thread, at worst: added to every limit."""

    def between(self, begin: float, end: float) -> Sequence[Tick]:
        """Ticks from `begin` to `end`, both included."""
        times = [tick.at for tick in self.ticks]
        return self.ticks[bisect_left(times, begin) : bisect_right(times, end)]

    def read(self, role: Role, begin: float, end: float) -> Sequence[Reading]:
        """Readings of one server from `begin` to `end`."""
        found = self.readings.get(role, ())
        times = [each.at for each in found]
        return found[bisect_left(times, begin) : bisect_right(times, end)]

    def last_step(self, at: float) -> str:
        """What was done last before `at`."""
        return next((what for when, what in reversed(self.steps) if when <= at), "the beginning")
