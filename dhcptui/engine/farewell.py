"""What somebody who wants to leave is told while the step under way ends: once for each time it was asked for."""

from __future__ import annotations

from collections.abc import Callable

from dhcptui.act.leaving import ABANDONED_BY, Departure
from dhcptui.act.plan import Progress, StepState


def step_under_way(progress: Progress | None) -> str:
    """`step 2 of 2 (dhcp2's dhcpd stops)`, or an empty text between two steps."""
    for number, (step, report) in (
        enumerate(zip(progress.plan.steps, progress.steps, strict=True), 1) if progress else ()
    ):
        if report.state is StepState.RUNNING:
            return f"step {number} of {len(progress.steps if progress else ())} ({step.title})"
    return ""


class Farewell:
    """The lines for whoever leaves. `acting` gives the action under way."""

    def __init__(self, departure: Departure, acting: Callable[[], Progress | None]) -> None:
        self._departure, self._acting = departure, acting
        self._told = 0

    def news(self) -> list[str]:
        """What is to be said now and was not yet; empty while nobody wants to leave or no action is under way."""
        departure = self._departure
        asked = max(departure.interrupts, 1 if departure.reason else 0)
        progress = self._acting()
        if asked <= self._told or progress is None:
            return []
        lines = [self._line(number, progress) for number in range(self._told + 1, min(asked, ABANDONED_BY) + 1)]
        self._told = asked
        return lines

    def _line(self, number: int, progress: Progress) -> str:
        step = step_under_way(progress)
        if number == 1:
            ends = f"{step} ends first, and no further one begins" if step else "no further step begins"
            return f"{self._departure.reason}: {ends}. Please wait."
        if number < ABANDONED_BY:
            left = f"{step} would be left half done" if step else "nothing would be left half done"
            return f"Abandoned now, {left}: {_doing(progress)}. Ctrl-C once more abandons it."
        return f"Abandoned{f' in {step}' if step else ''}."


def _doing(progress: Progress) -> str:
    for step, report in zip(progress.plan.steps, progress.steps, strict=True):
        if report.state is StepState.RUNNING:
            done = step.brief or step.command
            return f"{done} may have been done or not, and nobody sees to it that {step.until}" if done else step.until
    return "the end will be written in a moment"
