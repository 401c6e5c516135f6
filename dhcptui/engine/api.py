"""The seam between the engine and whoever shows it: what may be asked, and what is told.

Every method of `Console` may be called from any thread and returns at once. Every method of `Listener` is called on
the engine's thread: it must return at once too, and must not touch the screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dhcptui.model.audit import AuditEntry, Interrupted
from dhcptui.model.guards import Action
from dhcptui.model.loglines import LogLine
from dhcptui.model.plan import Plan, Progress
from dhcptui.model.snapshot import PairSnapshot, Role


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


class Console(Protocol):
    """What the ui may ask of the engine."""

    @property
    def read_only(self) -> bool:
        """Whether acting is off for this pair."""

    @property
    def failure(self) -> BaseException | None:
        """What ended the engine, if anything unexpected did; None while all is well."""

    def start(self, listener: Listener) -> None:
        """Begin watching."""

    def stop(self) -> None:
        """End watching; waits for a running step, closes every connection. Blocks a few seconds at most."""

    def snapshot(self) -> PairSnapshot:
        """The newest snapshot."""

    def plan(self, action: Action, acting: Role) -> Plan:
        """The plan of an action on the newest snapshot. No I/O."""

    def prepare(self, action: Action, acting: Role) -> None:
        """Gather what the plan of this action wants to know besides (the diff, the way to the partner), in the background.

        Snapshots come by the listener as it is learned; make the plan again then.
        """

    def run(self, plan: Plan, typed: str, sentence: str = "") -> None:
        """Run a plan that was confirmed by typing `typed` (and `plan.ruling.sentence`, where there is one).

        Refused unless it still holds. Progress comes by the listener.
        """

    def interrupted(self) -> Interrupted | None:
        """An earlier action on this pair that stopped half-way and was neither resumed nor dismissed; no I/O."""
