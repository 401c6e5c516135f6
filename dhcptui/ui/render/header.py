"""The top of the screen: whose pair, how bad, in one sentence; and the terminal's title."""

from __future__ import annotations

from datetime import UTC, datetime

from textual.content import Content

from dhcptui.assess.verdict import Level, Verdict
from dhcptui.model.moments import Moment
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.model.words import day_clock, span
from dhcptui.ui.line import Line, line
from dhcptui.ui.style import ACCENT, LEVELS, MUTED, TO_ASCII, Glyphs, text


def header(snapshot: PairSnapshot, verdict: Verdict, now: Moment, *, read_only: bool, glyphs: Glyphs) -> Line:
    """Everything in one row."""
    right = corner(now, read_only=read_only)
    names, name, level, headline = *_names(snapshot, glyphs), badge(verdict.level, glyphs), _headline(verdict)
    since = _since(verdict, now, glyphs)
    return line(
        (text(names, "   ", level, "  ", headline, since), right),
        (text(names, "   ", level, "  ", headline), right),
        (text(name, "  ", level, "  ", headline), right),
        (text(level, " ", headline), right),
        text(level, " ", headline),
    )


def fits(verdict: Verdict, width: int, *, glyphs: Glyphs) -> bool:
    """Whether one row of `width` cells holds level and headline uncut."""
    return badge(verdict.level, glyphs).cell_length + 1 + _headline(verdict).cell_length <= width


def compact(
    snapshot: PairSnapshot, verdict: Verdict, now: Moment, *, read_only: bool, glyphs: Glyphs, width: int
) -> tuple[Line, Line]:
    """The same in two rows of `width` cells, for a narrow terminal or many words. A long headline begins in the first."""
    right = corner(now, read_only=read_only)
    names, name = _names(snapshot, glyphs)
    since = _since(verdict, now, glyphs)
    level = badge(verdict.level, glyphs)
    headline = _headline(verdict)
    if headline.cell_length > width:
        for start in (text(name, " ", level, " "), text(level, " ")):
            begun = headline.wrap(max(12, width - start.cell_length - right.cell_length - 3))[0]
            rest = verdict.headline[len(begun.plain) :].strip()
            if len(rest) <= width:
                break
        return line((text(start, begun), right)), line(text((rest, "bold")))
    first = line(
        (text(names, "   ", level, since), right),
        (text(names, "   ", level), right),
        (text(name, " ", level), right),
        level,
    )
    return first, line(headline)


def corner(now: Moment, *, read_only: bool) -> Content:
    """Top right: what the keys may do, and the time. No seconds: a quiet second must cost nothing."""
    clock = datetime.fromtimestamp(now.wall, UTC).strftime("%H:%MZ")
    return text(("read-only", ACCENT) if read_only else ("rw", MUTED), "   ", (clock, MUTED))


def badge(level: Level, glyphs: Glyphs) -> Content:
    """The level as a filled word; the reversal survives NO_COLOR."""
    return text((f" {glyphs.level(level)} {level.value.upper()} ", f"bold reverse {LEVELS[level]}"))


def title(label: str, verdict: Verdict, glyphs: Glyphs) -> str:
    """The terminal's title: level, pair, who serves, and the worst state; a tmux tab shows its beginning."""
    states = [
        f"{each.view.name} {each.state.word if each.state else each.visibility.value}"
        for each in sorted((verdict.primary, verdict.secondary), key=lambda each: each.state is None)
        if each.state is not FailoverState.NORMAL
    ]
    worst = f", {states[0]}" if states and verdict.level is not Level.OK else ""
    said = clean(f"{glyphs.level(verdict.level)} {label}: {_who(verdict)}{worst}", 120)
    return said.translate(TO_ASCII).encode("ascii", "replace").decode() if glyphs.ascii else said


def _who(verdict: Verdict) -> str:
    """Who serves, in as few words as a tab has room for."""
    serving = verdict.serving
    if len(serving) == 2:
        return "both serve"
    if serving:
        return f"{serving[0]} serves"
    none = verdict.primary.serving is False and verdict.secondary.serving is False
    return "nobody serves" if none else "nobody is seen serving" if verdict.level is Level.CRITICAL else "not known"


def _names(snapshot: PairSnapshot, glyphs: Glyphs) -> tuple[Content, Content]:
    name = text((snapshot.pair, "bold"))
    return text(name, (f" {glyphs.dot} {snapshot.peer}", MUTED)), name


def _headline(verdict: Verdict) -> Content:
    return text((verdict.headline, "bold" if verdict.level is not Level.OK else ""))


def _since(verdict: Verdict, now: Moment, glyphs: Glyphs) -> Content:
    if verdict.since is None:
        return Content("")
    when = day_clock(verdict.since, now.wall)
    return text((f" {glyphs.dot} since {when} ({span(now.wall - verdict.since)})", MUTED))
