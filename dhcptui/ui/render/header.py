"""The top of the screen: whose pair, how bad, in one sentence; and the terminal's title."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from textual.content import Content

from dhcptui.assess.verdict import Level, Verdict
from dhcptui.model.moments import Moment
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.model.words import day_clock, span
from dhcptui.ui.line import NOTHING, Line, line
from dhcptui.ui.neighbours import Others
from dhcptui.ui.style import ACCENT, LEVELS, MUTED, TO_ASCII, WARNING, Glyphs, text


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pair stands among others."""

    others: Others | None = None
    """Of the fleet; None where there is none."""
    production: bool = False

    def long(self, glyphs: Glyphs) -> Content:
        """How many other pairs are not ok, and the worst by name and level; blank where there are none."""
        if self.others is None or not self.others.wrong:
            return NOTHING
        many = f"{self.others.wrong} other{'' if self.others.wrong == 1 else 's'} not ok, worst: "
        worst = f"{glyphs.level(self.others.level)} {clean(self.others.worst, 40)} {self.others.level.value.upper()}"
        return text((many, WARNING), (worst, f"bold {LEVELS[self.others.level]}"), "   ")

    def short(self, glyphs: Glyphs) -> Content:
        """The same in few cells."""
        if self.others is None or not self.others.wrong:
            return NOTHING
        worst = f"{glyphs.level(self.others.level)} {clean(self.others.worst, 16)}"
        more = f" +{self.others.wrong - 1}" if self.others.wrong > 1 else ""
        return text((worst + more, f"bold {LEVELS[self.others.level]}"), "  ")


ALONE = Place()


def header(
    snapshot: PairSnapshot, verdict: Verdict, now: Moment, *, read_only: bool, glyphs: Glyphs, place: Place = ALONE
) -> Line:
    """Everything in one row."""
    right = corner(now, read_only=read_only)
    long, short = place.long(glyphs), place.short(glyphs)
    names, name, level, headline = *_names(snapshot, glyphs, place), badge(verdict.level, glyphs), _headline(verdict)
    since = _since(verdict, now, glyphs)
    return line(
        (text(names, "   ", level, "  ", headline, since), text(long, right)),
        (text(names, "   ", level, "  ", headline), text(long, right)),
        (text(names, "   ", level, "  ", headline), text(short, right)),
        (text(name, "  ", level, "  ", headline), text(short, right)),
        *(() if place.others is None else ((text(name, "  ", level, " ", headline), short),)),
        (text(level, " ", headline), text(short, right)),
        (text(level, " ", headline), short),
    )


def fits(snapshot: PairSnapshot, verdict: Verdict, width: int, *, glyphs: Glyphs, place: Place = ALONE) -> bool:
    """Whether one row of `width` cells holds level, headline and the word on other pairs uncut."""
    _, name = _names(snapshot, glyphs, place)
    hint = place.short(glyphs).cell_length
    needed = badge(verdict.level, glyphs).cell_length + 1 + _headline(verdict).cell_length + hint + (hint > 0)
    if place.others is not None:  # where there are others, nobody is to be in doubt whose console this is
        needed += name.cell_length + 2
    return needed <= width


def compact(
    snapshot: PairSnapshot,
    verdict: Verdict,
    now: Moment,
    *,
    read_only: bool,
    glyphs: Glyphs,
    width: int,
    place: Place = ALONE,
) -> tuple[Line, Line]:
    """The same in two rows of `width` cells, for a narrow terminal or many words. A long headline begins in the first."""
    long, right = (text(hint, corner(now, read_only=read_only)) for hint in (place.long(glyphs), place.short(glyphs)))
    names, name = _names(snapshot, glyphs, place)
    since = _since(verdict, now, glyphs)
    level = badge(verdict.level, glyphs)
    headline = _headline(verdict)
    if headline.cell_length > width:
        starts = (text(name, " ", level, " "), text(level, " "))
        for start in starts if place.others is None else starts[:1]:
            begun = headline.wrap(max(12, width - start.cell_length - right.cell_length - 3))[0]
            rest = verdict.headline[len(begun.plain) :].strip()
            if len(rest) <= width:
                break
        return line((text(start, begun), right)), line(text((rest, "bold")))
    first = line(
        (text(names, "   ", level, since), long),
        (text(names, "   ", level), long),
        (text(name, " ", level), long),
        (text(names, "   ", level), right),
        (text(name, " ", level), right),
        (level, right),
        (level, place.short(glyphs)),
    )
    return first, line(headline)


def corner(now: Moment, *, read_only: bool | None) -> Content:
    """Top right: what the keys may do (None: nothing is said of it), and the time. No seconds: a quiet second must
    cost nothing."""
    clock = datetime.fromtimestamp(now.wall, UTC).strftime("%H:%MZ")
    if read_only is None:
        return text((clock, MUTED))
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
    words = clean(f"{glyphs.level(verdict.level)} {label}: {_who(verdict)}{worst}", 120)
    return words.translate(TO_ASCII).encode("ascii", "replace").decode() if glyphs.ascii else words


def _who(verdict: Verdict) -> str:
    """Who serves, in as few words as a tab has room for."""
    serving = verdict.serving
    if len(serving) == 2:
        return "both serve"
    if serving:
        return f"{serving[0]} serves"
    none = verdict.primary.serving is False and verdict.secondary.serving is False
    return "nobody serves" if none else "nobody is seen serving" if verdict.level is Level.CRITICAL else "not known"


def _names(snapshot: PairSnapshot, glyphs: Glyphs, place: Place) -> tuple[Content, Content]:
    name = text((snapshot.pair, "bold"))
    if place.production:
        name = text((f" {snapshot.pair} {glyphs.dot} PRODUCTION ", f"bold reverse {WARNING}"))
    return text(name, (f" {glyphs.dot} {snapshot.peer}", MUTED)), name


def _headline(verdict: Verdict) -> Content:
    return text((verdict.headline, "bold" if verdict.level is not Level.OK else ""))


def _since(verdict: Verdict, now: Moment, glyphs: Glyphs) -> Content:
    if verdict.since is None:
        return Content("")
    when = day_clock(verdict.since, now.wall)
    return text((f" {glyphs.dot} since {when} ({span(now.wall - verdict.since)})", MUTED))
