"""A plan as text: what will be done, on what evidence, and what it may cost."""

from __future__ import annotations

from collections.abc import Sequence

from dhcptui.act.plan import Plan
from dhcptui.assess.delayed_start import AT_ONCE, CANCEL
from dhcptui.assess.evidence import Finding
from dhcptui.assess.interrupted import ROLLBACK
from dhcptui.model.action import Action
from dhcptui.model.words import age
from dhcptui.ui.style import ACCENT, CRITICAL, GOOD, MUTED, WARNING, Glyphs, Paragraph, Part, text

FRESH_SECONDS = 2.5
"""Evidence younger than this is the present; its age would only flicker."""
SHOWS_ALL = "shows it in full; so do a copy of this plan and the audit log."
MOST_LINES = 400
"""Lines of an attachment on screen; every one is wrapped and painted."""


def top(plan: Plan, glyphs: Glyphs) -> list[Paragraph]:
    """Refused: why. Allowed: the headline, and what it may cost. Pending: the headline, where it will stand; ask() says why."""
    if plan.ruling.pending:
        return [Paragraph(text((plan.headline, "bold")))]
    if not plan.allowed:
        head = text(("Refused", f"bold {CRITICAL}"), (f" {glyphs.dot} nothing was done", MUTED))
        return [Paragraph(head), *(_marked((f"{glyphs.bad} ", CRITICAL), reason) for reason in plan.ruling.reasons)]
    unproven = [
        f"Not {'proven' if _sworn(each) else 'seen'}: {each.observed}"
        for each in plan.ruling.findings
        if _sworn(each) or (each.holds and not each.seen)
    ]
    warnings = [_marked((f"{glyphs.warn} ", WARNING), warning) for warning in (*unproven, *plan.ruling.warnings)]
    return [Paragraph(text((plan.headline, "bold"))), *_size(plan), *warnings]


def _size(plan: Plan) -> list[Paragraph]:
    """How much is attached: it may stand further down."""
    files = sum(line.startswith("+++ ") for line in plan.attachment)
    if not files:
        return []
    added, removed = (
        sum(line.startswith(sign) and not line.startswith(head) for line in plan.attachment)
        for sign, head in (("+", "+++ "), ("-", "--- "))
    )
    many = "file differs" if files == 1 else "files differ"
    return [Paragraph(text(f"{files} {many}: ", (f"+{added}", GOOD), " ", (f"-{removed}", CRITICAL), " lines, below"))]


def steps(plan: Plan, glyphs: Glyphs) -> list[Paragraph]:
    """The exact steps; scripts in a few words."""
    lines = [heading("What it does" if plan.allowed else "What it would do")]
    for number, step in enumerate(plan.steps, 1):
        lines.append(_marked((f"{number} ", ACCENT), step.title, (f" {glyphs.dot} {step.where}", MUTED)))
        if step.brief:
            lines.append(Paragraph(text(step.brief), 4))
        elif step.command:
            lines.append(Paragraph(text((step.command, "bold")), 4))
        if step.until:
            lines.append(Paragraph(text((f"until: {step.until}", MUTED)), 4))
    if any(step.brief for step in plan.steps):
        lines.append(
            Paragraph(text(("What is not bold is a script: ", MUTED), "dhcptui plan", (f" {SHOWS_ALL}", MUTED)))
        )
    return lines


def evidence(plan: Plan, glyphs: Glyphs) -> list[Paragraph]:
    """Every precondition, with what was observed, by whom, and how long ago if it is not the present."""
    return [heading("Evidence"), *(line for finding in plan.ruling.findings for line in _finding(finding, glyphs))]


def heading(words: str) -> Paragraph:
    """A section's name."""
    return Paragraph(text((words, ACCENT)))


def choice(plans: Sequence[Plan]) -> list[Paragraph]:
    """Which server acts, or what becomes of an interrupted run: one numbered line each."""
    return [
        Paragraph(text((_question(plans), "bold"))),
        *(_marked((f"{number} ", f"bold {ACCENT}"), plan.headline) for number, plan in enumerate(plans, 1)),
    ]


def short(plan: Plan) -> str:
    """One of several plans, for the line that offers them."""
    return f"{plan.variant} ({plan.acting_name})" if plan.variant in {AT_ONCE, CANCEL, ROLLBACK} else plan.acting_name


def _question(plans: Sequence[Plan]) -> str:
    if len({plan.acting for plan in plans}) > 1:
        return "Which server acts?"
    if plans[0].action is Action.START:
        return "What is to become of the scheduled start?"
    return "What is to become of the interrupted run?"


def _marked(*parts: Part) -> Paragraph:
    """A paragraph whose first two cells are a mark."""
    return Paragraph(text(*parts), 2, 2)


def attachment(plan: Plan) -> list[Paragraph]:
    """What is attached, as the unified diff it is: the sign says it, the colour repeats it."""
    if not plan.attachment:
        return []
    shown = plan.attachment[:MOST_LINES]
    left = len(plan.attachment) - len(shown)
    more = [Paragraph(text((f"and {left} more lines: dhcptui plan shows all", MUTED)))] if left else []
    return [heading("What changes"), *(Paragraph(text((line, _diff_style(line))), 2, 2) for line in shown), *more]


def _diff_style(line: str) -> str:
    if line.startswith(("--- ", "+++ ")):
        return "bold"
    return {"+": GOOD, "-": CRITICAL, "@": ACCENT}.get(line[:1], MUTED)


def _sworn(finding: Finding) -> bool:
    """Not proven, but somebody may answer for it."""
    return not finding.holds and bool(finding.sentence)


def _finding(finding: Finding, glyphs: Glyphs) -> tuple[Paragraph, Paragraph]:
    waits = not finding.ok and finding.pending
    style = ACCENT if waits else WARNING if finding.holds or _sworn(finding) else CRITICAL
    sign = glyphs.ok if finding.ok else glyphs.wait if waits else glyphs.warn if _sworn(finding) else glyphs.bad
    sign = sign if finding.seen or waits else glyphs.unknown
    mark: Part = (f"{sign} ", GOOD if finding.ok else style)
    not_so = "not proven" if _sworn(finding) else "" if finding.seen or waits else "not seen"
    doubt: Part = (f" {glyphs.dot} {not_so}", WARNING) if not_so else ""
    old = finding.age_seconds
    when = f", {age(old)} ago" if old is not None and old > FRESH_SECONDS else ""
    seen = text((finding.observed, "" if finding.ok else style), (f" {glyphs.dot} {finding.by}{when}", MUTED))
    return _marked(mark, finding.asked, doubt), Paragraph(seen, 4)
