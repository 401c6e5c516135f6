"""A plan as text: what will be done, on what evidence, and what it may cost."""

from __future__ import annotations

from collections.abc import Sequence

from dhcptui.model.evidence import Finding
from dhcptui.model.plan import Plan
from dhcptui.model.words import age
from dhcptui.ui.look import ACCENT, CRITICAL, GOOD, MUTED, WARNING, Glyphs, Paragraph, Part, text

FRESH_SECONDS = 2.5
"""Evidence younger than this is the present; its age would only flicker."""


def top(plan: Plan, glyphs: Glyphs) -> list[Paragraph]:
    """Refused: why. Allowed: the headline, and what it may cost."""
    if not plan.allowed:
        head = text(("Refused", f"bold {CRITICAL}"), (f" {glyphs.dot} nothing was done", MUTED))
        return [Paragraph(head), *(_marked((f"{glyphs.bad} ", CRITICAL), reason) for reason in plan.ruling.reasons)]
    warnings = [_marked((f"{glyphs.warn} ", WARNING), warning) for warning in plan.ruling.warnings]
    return [Paragraph(text((plan.headline, "bold"))), *warnings]


def steps(plan: Plan, glyphs: Glyphs) -> list[Paragraph]:
    """The exact steps."""
    lines = [heading("What it does" if plan.allowed else "What it would do")]
    for number, step in enumerate(plan.steps, 1):
        lines.append(_marked((f"{number} ", ACCENT), step.title, (f" {glyphs.dot} {step.where}", MUTED)))
        if step.command:
            lines.append(Paragraph(text((step.command, "bold")), 4))
        if step.verified_by:
            lines.append(Paragraph(text((f"until: {step.verified_by}", MUTED)), 4))
    return lines


def evidence(plan: Plan, glyphs: Glyphs) -> list[Paragraph]:
    """Every precondition, with what was observed, by whom, and how long ago if it is not the present."""
    return [heading("Evidence"), *(line for finding in plan.ruling.findings for line in _finding(finding, glyphs))]


def heading(words: str) -> Paragraph:
    """A section's name."""
    return Paragraph(text((words, ACCENT)))


def choice(plans: Sequence[Plan]) -> list[Paragraph]:
    """Which server acts: one numbered line each."""
    return [
        Paragraph(text(("Which server acts?", "bold"))),
        *(_marked((f"{number} ", f"bold {ACCENT}"), plan.headline) for number, plan in enumerate(plans, 1)),
    ]


def _marked(*parts: Part) -> Paragraph:
    """A paragraph whose first two cells are a mark."""
    return Paragraph(text(*parts), 2, 2)


def _finding(finding: Finding, glyphs: Glyphs) -> tuple[Paragraph, Paragraph]:
    mark: Part = (f"{glyphs.ok} ", GOOD) if finding.ok else (f"{glyphs.bad} ", CRITICAL)
    old = finding.age_seconds
    when = f", {age(old)} ago" if old is not None and old > FRESH_SECONDS else ""
    seen = text((finding.observed, "" if finding.ok else CRITICAL), (f" {glyphs.dot} {finding.by}{when}", MUTED))
    return _marked(mark, finding.asked), Paragraph(seen, 4)
