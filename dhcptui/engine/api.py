"""The seam between the engine and whoever shows it: what may be asked, and what is told.

Every method of `Console` may be called from any thread and returns at once. Every method of `Listener` is called on
the engine's thread: it must return at once too, and must not touch the screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from dhcptui.act.leaving import Departure
from dhcptui.act.plan import Plan, Progress
from dhcptui.engine.insight import Insight
from dhcptui.model.action import Action
from dhcptui.model.audit import Answer, AuditEntry, Interrupted
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.sentence import Sentence
from dhcptui.model.snapshot import PairSnapshot


class Listener(Protocol):
    """Told what happens, on the engine's thread."""

    def on_snapshot(self, snapshot: PairSnapshot) -> None:
        """Something about a server changed (coalesced: at most a few a second)."""

    def on_log(self, role: Role, lines: Sequence[LogLine]) -> None:
        """New log lines of one server, in their order."""

    def on_progress(self, progress: Progress) -> None:
        """An action moved on or ended."""

    def on_audit(self, entry: AuditEntry) -> None:
        """A line was written to the audit log: the command log shows it live."""


class FleetListener(Protocol):
    """Told what happens to each of several pairs, by their names, on the engine's thread."""

    def on_snapshot(self, pair: str, snapshot: PairSnapshot) -> None:
        """Something about a server of that pair changed."""

    def on_log(self, pair: str, role: Role, lines: Sequence[LogLine]) -> None:
        """New log lines of one server, in their order."""

    def on_progress(self, pair: str, progress: Progress) -> None:
        """An action on that pair moved on or ended."""

    def on_audit(self, pair: str, entry: AuditEntry) -> None:
        """A line about that pair was written to the audit log."""


class Engine(Protocol):
    """What a program asks of the engine that it starts and leaves, whatever number of pairs it watches."""

    @property
    def failure(self) -> BaseException | None:
        """What ended the engine, if anything unexpected did; None while all is well."""

    @property
    def departure(self) -> Departure:
        """The wish to leave: what is said to it counts before the next step, whatever the screen does."""

    def leave(self, reason: str) -> None:
        """No further step begins. From any thread or signal handler; nothing is waited for."""

    @property
    def acting(self) -> Progress | None:
        """The action under way, as it was told last; None: none is."""

    @property
    def cut_short(self) -> Progress | None:
        """The result of the action that ended early because somebody left; None where none did."""

    @property
    def ended_leaving(self) -> Sequence[Progress]:
        """The results of the actions that ended, well or not, after somebody had asked to leave."""

    def stop(self) -> None:
        """End watching; waits for a running step, closes every connection. Blocks a few seconds at most."""


class Console(Engine, Insight, Protocol):
    """What the ui may ask of the engine about one pair."""

    @property
    def read_only(self) -> bool:
        """Whether acting is off for this pair."""

    def start(self, listener: Listener) -> None:
        """Begin watching."""

    def snapshot(self) -> PairSnapshot:
        """The newest snapshot."""

    def plan(self, action: Action, acting: Role, variant: str = "") -> Plan:
        """The plan of an action on the newest snapshot, or of a variant of it (see Plan). No I/O."""

    def prepare(self, action: Action, acting: Role) -> None:
        """Gather what the plan of this action wants to know besides (the diff, the way to the partner), in the background.

        Snapshots come by the listener as it is learned; make the plan again then.
        """

    def run(self, plan: Plan, typed: str, sentence: str = "") -> None:
        """Run a plan that was confirmed by typing `typed` (and `plan.ruling.sentence`, where there is one).

        Refused unless it still holds. Progress comes by the listener.
        """

    def probe_links(self) -> None:
        """Look at the ways between console and servers now, in the background; the next snapshots show it."""

    def interrupted(self) -> Interrupted | None:
        """An earlier action on this pair that stopped half-way and was neither resumed nor dismissed; no I/O."""

    def dismiss_interrupted(self) -> Future[Answer]:
        """Say that it has been dealt with, in the background. The answer says what happened."""


class Fleet(Engine, Protocol):
    """Several pairs on one engine."""

    @property
    def consoles(self) -> Mapping[str, Console]:
        """Each pair's own console by its name, in the configuration's order. `start` and `stop` are the fleet's alone."""

    def start(self, listener: FleetListener) -> None:
        """Begin watching all of them."""


@dataclass(frozen=True, slots=True)
class Drill:
    """An incident that can be rehearsed on the practice pair."""

    name: str
    """For the command line: "secondary-crashes"."""
    title: str
    """For people: "The secondary crashes"."""


class Drills(Protocol):
    """The drills of a practice pair. Every method returns at once; texts are printable lines."""

    def list(self) -> Sequence[Drill]:
        """Every drill there is, in the order of a menu."""

    def begin(self, name: str) -> None:
        """Let the drill of that name happen, on a pair that is healthy again."""

    def running(self) -> str | None:
        """The name of the drill under way."""

    def explain(self) -> Sentence:
        """What happened; told only when asked."""

    def review(self) -> Sequence[Sentence]:
        """Line by line: what was done, what was right, how long clients were not served. Empty before the first drill."""

    def end(self) -> None:
        """Stop the drill under way; its review stays."""

    def state(self) -> str:
        """One short line for the screen: "drill: the secondary crashes - 0:42"; empty when there is nothing to say."""
