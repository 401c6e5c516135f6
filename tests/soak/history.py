"""What happened in a soak: plain values on one clock, for judge.py. Times are mono seconds (watch/clocks.py)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dhcptui.model.role import Role

CONSOLE, STRANGER = "console", "somebody else"


@dataclass(frozen=True, slots=True)
class Server:
    """One dhcpd as it really is. `state` is dhcpd's word, empty where no dhcpd runs."""

    state: str = ""
    serves: bool = False
    running: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """Both servers from this moment on, until the next one."""

    at: float
    servers: Mapping[Role, Server]

    @property
    def serving(self) -> frozenset[Role]:
        """Who answers clients."""
        return frozenset(role for role, server in self.servers.items() if server.serves)


@dataclass(frozen=True, slots=True)
class Act:
    """What reached a server that changes something, as the server saw it: an OMAPI write or a remote command."""

    at: float
    role: Role
    by: str
    what: str
    """ "local-state", "control", another OMAPI attribute, "run" (a program of the server's), or "line" (a command line)."""
    value: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault or its mending, from `at` to `until`: it takes effect somewhere in between."""

    at: float
    until: float
    kind: str
    role: Role | None = None
    darkens: bool = False
    """It may take the service of a server away."""
    lights: bool = False
    """It brings a dhcpd to life that was gone."""


@dataclass(frozen=True, slots=True)
class LockRequest:
    """What a console said of a server at `at`: that it was so at some moment since `since`, and not later than `at`."""

    at: float
    since: float
    role: Role
    by: str
    state: str
    """dhcpd's word, or NOT_RUNNING."""
    live: bool
    """It is said to be so now."""


NOT_RUNNING = "dhcpd not running"


@dataclass(frozen=True, slots=True)
class Sample:
    """What is held open: by name, how many."""

    at: float
    held: Mapping[str, int]


@dataclass
class History:
    """Everything, in the order in which it happened. `audit` holds the parsed lines of the audit log."""

    truths: list[Truth] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    claims: list[LockRequest] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    audit: list[dict[str, Any]] = field(default_factory=list)
    wall_minus_mono: float = 0.0
    """What to take from an epoch of the audit log to have it on this clock."""
    killed: set[int] = field(default_factory=set)
    """Process numbers of consoles that were killed with SIGKILL: their runs have no end."""

    def logged(self, record: Mapping[str, Any]) -> float:
        """When a line of the audit log was written."""
        return float(record["epoch"]) - self.wall_minus_mono

    def truth_at(self, at: float) -> Truth:
        """What was so at that moment."""
        return self.truths[max(0, bisect_right(self.truths, at, key=lambda truth: truth.at) - 1)]

    def truth_before(self, at: float) -> Truth:
        """What was so right before whatever happened at that moment."""
        return self.truth_at(at - 1e-6)

    def between(self, since: float, until: float) -> Iterator[Truth]:
        """Everything that was so at some moment of a stretch of time."""
        first = max(0, bisect_right(self.truths, since, key=lambda truth: truth.at) - 1)
        for index in range(first, len(self.truths)):
            if self.truths[index].at > until:
                return
            yield self.truths[index]

    def dark(self, until: float) -> Iterator[tuple[float, float]]:
        """Every stretch of time in which nobody answered clients, after somebody first did."""
        began: float | None = None
        lit = False
        for truth in self.truths:
            if truth.serving:
                lit = True
                if began is not None:
                    yield began, truth.at
                began = None
            elif lit and began is None:
                began = truth.at
        if began is not None:
            yield began, until
