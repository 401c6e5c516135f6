"""Waits that end by themselves: who, how long, until when by whose clock."""

from __future__ import annotations

from textual.content import Content

from dhcptui.assess.verdict import Countdown, Verdict
from dhcptui.model.words import clock, timer
from dhcptui.ui.line import BLANK, Line, line
from dhcptui.ui.style import ACCENT, MUTED, Glyphs, text

BAR = 24


def countdowns(verdict: Verdict, glyphs: Glyphs) -> Line:
    """The row of countdowns; blank when nothing counts down."""
    if not verdict.countdowns:
        return BLANK
    # The wait of a server that answers nobody comes first.
    waits = sorted(verdict.countdowns, key=lambda wait: (wait.serves, wait.remaining_seconds))
    first = waits[0]
    state = verdict.primary.state if first.server == verdict.primary.view.name else verdict.secondary.state
    word = f"{state.word} " if state else ""
    words = text(first.what, " ", (timer(first.remaining_seconds), f"bold {ACCENT}"))
    others = [text((f"   {wait.what} ", MUTED), timer(wait.remaining_seconds)) for wait in waits[1:]]
    until = text((f"  {word}until {clock(first.ends)} ({_whose(first)})", MUTED))
    until_short = text((f"  until {clock(first.ends)}", MUTED))
    return line(
        text(words, "  ", bar(first, BAR, glyphs), until, *others),
        text(words, "  ", bar(first, BAR, glyphs), until_short, *others),
        text(words, "  ", bar(first, 12, glyphs), until_short, *others),
        text(words, until_short, *others),
        text(words, *others),
        text(words, "  ", bar(first, 12, glyphs), until_short),
        text(words, until_short),
        words,
    )


def bar(wait: Countdown, width: int, glyphs: Glyphs) -> Content:
    """How much of the wait is over."""
    done = 1 - wait.remaining_seconds / wait.total_seconds if wait.total_seconds else 1.0
    full = max(0, min(width, int(done * width)))
    return text(
        (glyphs.bar_left, MUTED),
        (glyphs.bar * full, ACCENT),
        (glyphs.bar_rest * (width - full), MUTED),
        (glyphs.bar_right, MUTED),
    )


def _whose(wait: Countdown) -> str:
    return f"{wait.server}'s clock" if wait.clock_known else f"by our clock: {wait.server}'s was never read"
