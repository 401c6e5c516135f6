"""An action as data: what will be done, on what evidence, and how far it has come.

The engine makes and runs plans; the ui, the command line and the audit log show the same objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from dhcptui.act.operations import OmapiWrite, Operation, Run, as_line
from dhcptui.assess.evidence import Finding
from dhcptui.assess.guards import Ruling
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.model.sentence import Sentence


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step: what it does, where, and what must be seen before the next one."""

    title: str
    role: Role
    where: str
    """Name of the server it acts on."""
    operation: Operation
    verified_by: str
    verified_briefly: str = ""
    """What is awaited in a few words, for the screen, where it is verified by a script."""
    fallback: OmapiWrite | None = None
    """The write that takes it back where it cannot be verified."""

    @property
    def command(self) -> str:
        """The OMAPI write or the remote command line, exactly as it will run; empty for a step that only waits."""
        return as_line(self.operation, self.where)

    @property
    def brief(self) -> str:
        """The command in a few words, for the screen, where it is a script."""
        return self.operation.summary if isinstance(self.operation, Run) else ""

    @property
    def until(self) -> str:
        """What is awaited, as a person reads it."""
        return self.verified_briefly or self.verified_by


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a person must know before confirming."""

    action: Action
    pair: str
    acting: Role
    acting_name: str
    partner_name: str
    headline: str
    """One sentence: what this does."""
    steps: tuple[PlannedStep, ...]
    ruling: Ruling
    confirm_text: str
    """What has to be typed, exactly."""
    attachment: tuple[str, ...] = ()
    """What else to read before confirming, line by line and sanitised: the unified diff of a sync-restart."""
    variant: str = ""
    """Another way of the same action: "rollback" of an interrupted sync-restart."""

    @property
    def allowed(self) -> bool:
        """Whether the guards allow it at the moment it was made."""
        return self.ruling.allowed

    def same_as(self, other: Plan) -> bool:
        """Whether a person who confirmed one has confirmed the other: steps, verdict and reasons, but not ages, nor what is no matter."""
        return self._essence() == other._essence()

    def does_as(self, other: Plan) -> bool:
        """Whether both do the same on the same evidence; what else may come of it, as the warnings have it, may differ."""
        return self._deed() == other._deed()

    def _essence(self) -> tuple[object, ...]:
        warnings = tuple(text for text in self.ruling.warnings if text not in self.ruling.unread)
        return *self._deed(), warnings

    def _deed(self) -> tuple[object, ...]:
        findings = tuple((finding.asked, finding.holds, finding.sentence) for finding in self.ruling.findings)
        texts = self.confirm_text, self.attachment
        return self.action, self.variant, self.acting, self.steps, findings, texts


class StepState(Enum):
    """How far a step is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step's progress. `detail` says what was observed (sanitised); times in seconds since the action began."""

    state: StepState = StepState.WAITING
    detail: str = ""
    started_seconds: float | None = None
    ended_seconds: float | None = None


class Outcome(Enum):
    """How an action ended."""

    RUNNING = "running"
    VERIFIED = "verified"
    FAILED = "failed"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"
    """The step under way was finished; no further one was started (the terminal went away, or somebody quit)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A plan under way, or its result."""

    plan: Plan
    steps: tuple[StepReport, ...]
    outcome: Outcome = Outcome.RUNNING
    result: str = ""
    """One or two sentences: what is so now."""
    next: Sentence = ()
    """What to do next."""
    off_script: tuple[str, ...] = ()
    """Transitions that were seen and not expected, as "dhcp2: normal -> potential-conflict"; empty: as expected."""


def step_fields(step: PlannedStep) -> dict[str, str]:
    """A step as the audit log and `plan --json` have it."""
    return {"title": step.title, "where": step.where, "command": step.command, "verified_by": step.verified_by}


def finding_fields(finding: Finding) -> dict[str, Any]:
    """A precondition as both have it."""
    seconds = finding.age_seconds
    return {
        "asked": finding.asked,
        "observed": finding.observed,
        "ok": finding.ok,
        "seen": finding.seen,
        "by": finding.by,
        "age_seconds": round(seconds, 1) if seconds is not None else None,
        "sentence": finding.sentence or None,
    }
