"""An action under way, step by step, and how it ended."""

from __future__ import annotations

from dhcptui.model.plan import Outcome, PlannedStep, StepReport, StepState
from dhcptui.ui.line import Line, line
from dhcptui.ui.look import ACCENT, CRITICAL, GOOD, MUTED, PLAIN, WARNING, Glyphs, Paragraph, text

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
    return f"until: {planned.verified_by}" if report.state is StepState.RUNNING and planned.verified_by else ""


def outcome(kind: Outcome, result: str, then: str, glyphs: Glyphs) -> list[Paragraph]:
    """The last word; nothing while it runs."""
    if kind is Outcome.RUNNING:
        return []
    mark = {Outcome.VERIFIED: glyphs.ok, Outcome.FAILED: glyphs.bad}.get(kind, glyphs.warn)
    head = text((f" {mark} {kind.value.upper()} ", f"bold reverse {_OUTCOME[kind]}"), "  ", result)
    return [Paragraph(head), *([Paragraph(text(("Next: ", ACCENT), then))] if then else [])]
