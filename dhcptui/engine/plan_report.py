"""What `dhcptui plan` and `dhcptui do` print."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence
from typing import Any

from dhcptui.act.operations import as_json
from dhcptui.act.plan import Outcome, Plan, Progress, StepState, finding_fields, step_fields
from dhcptui.assess.evidence import Finding
from dhcptui.assess.interrupted import lock_held
from dhcptui.model.moments import Moment
from dhcptui.model.sentence import in_commands
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.words import age

SCHEMA = 1
MEANWHILE_SECONDS = 20.0
_SIGNS = {StepState.DONE: "ok", StepState.FAILED: "FAILED", StepState.SKIPPED: "not run"}
EXIT_CODES = {Outcome.VERIFIED: 0, Outcome.REFUSED: 1, Outcome.FAILED: 2, Outcome.INTERRUPTED: 2, Outcome.RUNNING: 2}


def plan_json(plan: Plan) -> dict[str, Any]:
    """A plan with every precondition, for scripts."""
    return {
        "schema": SCHEMA,
        "pair": plan.pair,
        "action": plan.action.value,
        "server": plan.acting_name,
        "partner": plan.partner_name,
        "allowed": plan.allowed,
        "headline": plan.headline,
        "reasons": list(plan.ruling.reasons),
        "confirm": plan.confirm_text,
        "sentence": plan.ruling.sentence or None,
        "findings": [finding_fields(finding) for finding in plan.ruling.findings],
        "warnings": list(plan.ruling.warnings),
        "steps": [
            {
                **step_fields(step),
                "operation": as_json(step.operation),
                "fallback": as_json(step.fallback) if step.fallback else None,
            }
            for step in plan.steps
        ],
        "attachment": list(plan.attachment),
    }


def _sign(finding: Finding) -> str:
    """Seen and fine, not seen, or seen and not: that may still be answered for."""
    if not finding.seen:
        return " ? "
    return "ok " if finding.ok else "!! " if finding.sentence else "NO "


def helps(plan: Plan, snapshot: PairSnapshot, now: Moment) -> list[str]:
    """The options that may lead on after a refusal, each with what it does; empty where none does."""
    lines = []
    if any(not each.ok and each.pending for each in plan.ruling.findings):
        lines.append("--wait SECONDS waits longer for what has not been seen yet.")
    if held := lock_held(snapshot, now):
        view, lock = held
        left = max(0.0, lock.expires - view.server_time(now))
        who = shlex.quote(f"{lock.owner}@{lock.host}")
        lines.append(
            f"`do` with --break-lock {who} removes the lock, if that console is gone; it ends in {left:.0f} s then."
        )
    return lines


def plan_text(plan: Plan, helping: Sequence[str] = (), *, steps: bool = True, confirm: bool = True) -> str:
    """A plan for a person: of a refused one the reason first, and what would help. Without its steps, or how to confirm, on request."""
    lines = [] if plan.allowed else ["Refused: " + "; ".join(plan.ruling.reasons), *(f"  {each}" for each in helping)]
    lines.append(f"{plan.action.value} on {plan.acting_name}: {plan.headline}")
    lines += [f"  ! {warning}" for warning in plan.ruling.warnings]
    lines.append("Evidence")
    for finding in plan.ruling.findings:
        sign = _sign(finding)
        read = f", {age(finding.age_seconds)} ago" if finding.age_seconds is not None else ""
        lines.append(f"  {sign} {finding.asked}: {finding.observed} ({finding.by}{read})")
    lines += _steps(plan) if steps else []
    if plan.allowed and confirm:
        lines.append(f"Allowed. To run it: --confirm {plan.confirm_text!r}")
        if plan.ruling.sentence:
            lines.append(f"Not everything is proven; you answer for it with: --sentence {plan.ruling.sentence!r}")
    return "\n".join(lines)


def _steps(plan: Plan) -> list[str]:
    """Every step with its command in full, and what else belongs to the plan."""
    lines = ["Steps"]
    for number, step in enumerate(plan.steps, 1):
        lines.append(f"  {number}. {step.title} ({step.where})")
        if step.command:
            lines.append(f"       {step.command}")
        lines.append(f"       until: {step.verified_by}")
    return [*lines, *(f"  | {line}" for line in plan.attachment)]


class StepPrinter:
    """Turns progress into lines: each step once it has ended, and now and then what a long one sees meanwhile."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._told = 0
        self._clock, self._said_at = clock, clock()

    def lines(self, progress: Progress) -> list[str]:
        """What is new."""
        lines = []
        reports = list(zip(progress.plan.steps, progress.steps, strict=True))
        while self._told < len(reports) and reports[self._told][1].state in _SIGNS:
            step, report = reports[self._told]
            self._told += 1
            took = f" [{report.ended_seconds:.1f} s]" if report.ended_seconds is not None else ""
            detail = f": {report.detail}" if report.detail else ""
            lines.append(f"{self._told}. {step.title} ({step.where}): {_SIGNS[report.state]}{detail}{took}")
        now = self._clock()
        if lines:
            self._said_at = now
        elif self._told < len(reports) and now - self._said_at >= MEANWHILE_SECONDS:
            step, report = reports[self._told]
            if report.state is StepState.RUNNING and report.detail:
                self._said_at = now
                lines.append(f"   {step.title}: {report.detail}")
        if progress.outcome is not Outcome.RUNNING:
            lines.append(f"{progress.outcome.value.upper()}: {progress.result}".rstrip(": "))
            lines += [f"off script: {seen}" for seen in progress.off_script]
            if progress.next:
                lines.append(f"Next: {in_commands(progress.next, progress.plan.pair)}")
        return lines
