"""An action under way, step by step, and how it ended."""

from __future__ import annotations

from collections.abc import Callable

from dhcptui.act.plan import Outcome, PlannedStep, Progress, StepReport, StepState
from dhcptui.model.action import Action
from dhcptui.model.sentence import in_keys
from dhcptui.ui.line import Line, line
from dhcptui.ui.style import (
    ACCENT,
    CRITICAL,
    GOOD,
    MUTED,
    PLAIN,
    WARNING,
    Glyphs,
    Paragraph,
    text,
)

_STYLE = {
    StepState.WAITING: MUTED,
    StepState.RUNNING: ACCENT,
    StepState.DONE: GOOD,
    StepState.FAILED: CRITICAL,
    StepState.SKIPPED: MUTED,
}
_OUTCOME = {
    Outcome.RUNNING: ACCENT,
    Outcome.VERIFIED: GOOD,
    Outcome.FAILED: CRITICAL,
    Outcome.REFUSED: WARNING,
    Outcome.INTERRUPTED: WARNING,
}


def step(
    number: int, planned: PlannedStep, report: StepReport, elapsed: float | None, glyphs: Glyphs
) -> tuple[Line, Line]:
    """Two rows: the step with its state and time, and what was observed."""
    style = _STYLE[report.state]
    mark = {
        StepState.RUNNING: glyphs.run,
        StepState.DONE: glyphs.ok,
        StepState.FAILED: glyphs.bad,
    }.get(report.state, glyphs.todo)
    word = "" if report.state in {StepState.WAITING, StepState.DONE} else f"{report.state.value}  "
    time = text((word, style), (f"{elapsed:5.1f} s" if elapsed is not None else "       ", MUTED))
    title = text(
        (f"{mark} ", f"bold {style}"), (f"{number} ", MUTED), (planned.title, MUTED if style == MUTED else PLAIN)
    )
    first = line((text(title, (f" {glyphs.dot} {planned.where}", MUTED)), time), (title, time), title)
    return first, line(text("    ", (report.detail or _awaits(planned, report), MUTED)))


def _awaits(planned: PlannedStep, report: StepReport) -> str:
    return f"until: {planned.until}" if report.state is StepState.RUNNING and planned.until else ""


def outcome(progress: Progress, glyphs: Glyphs, key: Callable[[Action], str]) -> list[Paragraph]:
    """The last word; while it runs only what was not expected. `key`: what the user presses for an action."""
    kind = progress.outcome
    off = [
        Paragraph(text((f"{glyphs.warn} ", WARNING), ("off script: ", f"bold {WARNING}"), each), 2, 2)
        for each in progress.off_script
    ]
    if kind is Outcome.RUNNING:
        return off
    style = WARNING if off and kind is Outcome.VERIFIED else _OUTCOME[kind]
    mark = {Outcome.VERIFIED: glyphs.ok, Outcome.FAILED: glyphs.bad}.get(kind, glyphs.warn)
    how = ("as expected ", GOOD) if kind is Outcome.VERIFIED and not off else ""
    parted = (f"{glyphs.dot} ", MUTED) if how else ""
    head = text((f" {mark} {kind.value.upper()} ", f"bold reverse {style}"), "  ", how, parted, progress.result)
    then = [Paragraph(text(("Next: ", ACCENT), in_keys(progress.next, key)))] if progress.next else []
    return [Paragraph(head), *off, *then]
