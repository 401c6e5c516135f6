"""The hint above the line to type in: what is asked for, and why nothing has happened yet."""

from __future__ import annotations

from dhcptui.act.plan import Plan
from dhcptui.ui.line import Line, line, say
from dhcptui.ui.style import ACCENT, MUTED, WARNING, Glyphs, Part, text


def wanted(plan: Plan, *, confirmed: bool) -> str:
    """What has to be typed next, exactly: the confirmation, then the sentence where something is not proven."""
    return plan.ruling.sentence if confirmed else plan.confirm_text


def ask(plan: Plan, glyphs: Glyphs, *, confirmed: bool, changed: bool, back: str = "Esc") -> Line:
    """Ask for the confirmation, or for the sentence. `back`: the key that leaves."""
    news: Part = (f"{glyphs.warn} The situation changed; read again. ", f"bold {WARNING}") if changed else ""
    if plan.ruling.pending:
        looking = f"{glyphs.wait} Looking"
        reasons = "; ".join(plan.ruling.reasons)
        return line(
            text(news, (f"{looking}: {reasons}; {back} to leave", MUTED)),
            text(news, (f"{looking}; {back} to leave", MUTED)),
        )
    if not plan.allowed:
        return say(news, (f"{back} to leave", MUTED))
    words: Part = (wanted(plan, confirmed=confirmed), f"bold {ACCENT}")
    if confirmed:
        return line(
            text((f"{glyphs.warn} Not proven. ", f"bold {WARNING}"), "To answer for it, type: ", words),
            text(("Type: ", WARNING), words),
        )
    what = "and press Enter" if plan.ruling.sentence else "and press Enter to run"
    return line(text(news, "Type ", words, f" {what}, {back} to leave"), text(news, "Type ", words, f" {what}"))


def not_that(plan: Plan, *, confirmed: bool, back: str = "Esc") -> Line:
    """What was typed is something else."""
    words: Part = (wanted(plan, confirmed=confirmed), f"bold {ACCENT}")
    return line(
        text(("Nothing was run. ", WARNING), "Expected exactly ", words, f", or {back} to leave"),
        text(("Not run. ", WARNING), "Expected: ", words),
    )


def copied(script: str) -> Line:
    """The plan went to the clipboard."""
    count = len(script.splitlines())
    return line(
        text(f"Copied as a script of {count} lines, if your terminal takes OSC 52.", (" Nothing was run.", MUTED)),
        text("Copied as a script, if your terminal takes OSC 52"),
    )
