"""The fleet in cells: a row a pair, the columns that fit the width, what stands above and below the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from dhcptui.assess.assessment import PairMember
from dhcptui.assess.forecast import PoolForecast
from dhcptui.assess.freshness import POOLS_SECONDS
from dhcptui.assess.headline import Level
from dhcptui.assess.visibility import Visibility
from dhcptui.model.moments import Moment
from dhcptui.model.sanitize import clean
from dhcptui.model.states import FailoverState
from dhcptui.model.words import day_clock, span, timer
from dhcptui.ui.fleet_board import Choice, Heading, Sort, Standing, doing
from dhcptui.ui.line import Line, line
from dhcptui.ui.render.header import corner
from dhcptui.ui.render.server import severity
from dhcptui.ui.style import ACCENT, LEVELS, MUTED, SEVERITY_STYLES, TO_ASCII, WARNING, Glyphs, Part, text

HEADLINE_CELLS = 30
"""A further column is shown only where so many cells are left for the headline."""
SHORT_NAME, NAME, LONG_NAME = 14, 18, 26
"""Longer names are cut, the sooner the fewer columns there are."""
GAP = "  "
WORST_FIRST = (Level.CRITICAL, Level.UNKNOWN, Level.WARNING, Level.OK)
_S = FailoverState
SHORT_STATES = {
    _S.COMMUNICATIONS_INTERRUPTED: "interrupted",
    _S.POTENTIAL_CONFLICT: "conflict",
    _S.RESOLUTION_INTERRUPTED: "res.-interr.",
}
"""States whose word is longer than their column; all others stand there as dhcpd writes them."""
_ABSENT = {
    Visibility.UNSEEN: "contacting",
    Visibility.SILENT: "no answer",
    Visibility.DOWN: "not running",
    Visibility.UNREACHABLE: "unreachable",
    Visibility.LIVE: "not told",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `show` gives its parts; the one without a width takes what is left."""

    title: str
    width: int | None
    show: Callable[[Standing, Glyphs], Sequence[Part]]
    right: bool = False


def layout(width: int, names: Sequence[str], *, acting: bool) -> tuple[Column, ...]:
    """The columns for a table of `width` cells, whose pairs have these names. `acting`: somebody acts on one of them."""
    longest = max(map(cell_len, names), default=4)

    def first(headline: Callable[[Standing, Glyphs], Sequence[Part]], most: int) -> tuple[Column, ...]:
        name = Column("pair", max(4, min(most, longest)), _name)
        return Column("level", 10, _level), name, Column("headline", None, headline)

    wait, pool = Column("wait", 7, _wait, right=True), Column("lowest", 6, _pool, right=True)
    since, acts, states = Column("since", 7, _since, right=True), Column("who acts", 28, _acts), Column("", 3, _glyphs)
    words = (Column("primary", 14, _state(0)), Column("secondary", 14, _state(1)))
    network, last = Column("lowest pool", 24, _network), Column("last change", 32, _last)
    acting_now = (acts,) if acting else ()
    ways = (
        (*first(_headline, LONG_NAME), *words, since, wait, network, acts, last),
        (*first(_headline, LONG_NAME), *words, since, wait, network, *acting_now),
        (*first(_headline, NAME), states, since, wait, pool, *acting_now),
        (*first(_acts_or_headline, NAME), states, since, wait, pool),
        (*first(_acts_or_headline, SHORT_NAME), states, wait, pool),
    )
    return next((way for way in ways if _free(way, width) >= HEADLINE_CELLS), ways[-1])


def _free(columns: Sequence[Column], width: int) -> int:
    """Cells of the column that takes the rest. Two cells of each row are the marks'."""
    return max(8, width - 2 - sum(each.width or 0 for each in columns) - len(GAP) * (len(columns) - 1))


def titles(columns: Sequence[Column], width: int, glyphs: Glyphs) -> Content:
    """The row above the table."""
    cells = [_cell([each.title], each.width or _free(columns, width), glyphs, right=each.right) for each in columns]
    return text(("  " + GAP.join(cell.plain for cell in cells), MUTED))


def row(
    standing: Standing, columns: Sequence[Column], width: int, glyphs: Glyphs, *, here: bool, marked: bool
) -> Content:
    """One pair. `here`: the cursor stands on it."""
    sign = glyphs.run if here else " "
    mark: Part = (sign + ("*" if marked else " "), f"bold {ACCENT}")
    cells = [
        _cell(each.show(standing, glyphs), each.width or _free(columns, width), glyphs, right=each.right)
        for each in columns
    ]
    content = text(mark, Content(GAP).join(cells))
    return content.stylize("bold") if here else content


def _cell(parts: Sequence[Part], width: int, glyphs: Glyphs, *, right: bool = False) -> Content:
    """Exactly `width` cells."""
    content = text(*parts)
    room = width - content.cell_length
    if room < 0:
        return text(*_cut(parts, width - 1), glyphs.ellipsis)
    return content.pad_left(room) if right else content.pad_right(room)


def _cut(parts: Sequence[Part], width: int) -> list[Part]:
    """The parts that fit into `width` cells, the last of them cut."""
    fitting: list[Part] = []
    for part in parts:
        words, style = (part.plain, "") if isinstance(part, Content) else (part, "") if isinstance(part, str) else part
        if width <= 0:
            break
        fitting.append((set_cell_size(words, min(width, cell_len(words))), style))
        width -= cell_len(words)
    return fitting


def _level(standing: Standing, glyphs: Glyphs) -> Sequence[Part]:
    level = standing.level
    return [
        (
            f"{glyphs.level(level)} {level.value.upper()}",
            f"bold {LEVELS[level]}" if level is not Level.OK else LEVELS[level],
        )
    ]


def _name(standing: Standing, _: Glyphs) -> Sequence[Part]:
    strong = f"bold {WARNING}" if standing.settings.production else "bold"
    return [(clean(standing.name, 100), strong)]


def _headline(standing: Standing, _: Glyphs) -> Sequence[Part]:
    return [(standing.headline, "" if standing.level is not Level.OK else MUTED)]


def _acts_or_headline(standing: Standing, glyphs: Glyphs) -> Sequence[Part]:
    """Where there is no room for both, who acts is what the eye looks for."""
    return _acts(standing, glyphs) if doing(standing) else _headline(standing, glyphs)


def _members(standing: Standing) -> Sequence[PairMember]:
    return standing.verdict.assessment.servers


def state_style(member: PairMember) -> str:
    """The style of what a server says of itself, or of the silence in its place."""
    return SEVERITY_STYLES[severity(member)]


def _glyph(member: PairMember, glyphs: Glyphs) -> str:
    if member.state is not None:
        return glyphs.state(member.state)
    gone = member.visibility in {Visibility.DOWN, Visibility.UNREACHABLE}
    return glyphs.wait if member.visibility is Visibility.UNSEEN else glyphs.bad if gone else glyphs.unknown


def _glyphs(standing: Standing, glyphs: Glyphs) -> Sequence[Part]:
    one, two = _members(standing)
    return [(_glyph(one, glyphs), state_style(one)), ("|", MUTED), (_glyph(two, glyphs), state_style(two))]


def _state(at: int) -> Callable[[Standing, Glyphs], Sequence[Part]]:
    def show(standing: Standing, glyphs: Glyphs) -> Sequence[Part]:
        member = _members(standing)[at]
        words = (
            _ABSENT[member.visibility] if member.state is None else SHORT_STATES.get(member.state, member.state.word)
        )
        return [(f"{_glyph(member, glyphs)} {words}", state_style(member))]

    return show


def _since(standing: Standing, _: Glyphs) -> Sequence[Part]:
    since = standing.verdict.since
    if since is None or standing.fault:
        return [("-", MUTED)]
    return [(span(standing.at.wall - since, ""), MUTED if standing.level is Level.OK else "")]


def _wait(standing: Standing, _: Glyphs) -> Sequence[Part]:
    waits = sorted(standing.verdict.countdowns, key=lambda wait: (wait.serves, wait.remaining_seconds))
    return [(timer(waits[0].remaining_seconds), f"bold {ACCENT}")] if waits else []


def _lowest(standing: Standing) -> PoolForecast | None:
    return min(standing.pools, key=lambda pool: pool.to_give, default=None)


def _is_old(standing: Standing) -> bool:
    """Whether the counters of a serving server were read too long ago to be called the present."""
    pools = [each.view.pools for each in _members(standing) if each.serving and each.view.pools]
    return any(seen.age(standing.at) > POOLS_SECONDS for seen in pools)


def _pool(standing: Standing, _: Glyphs) -> Sequence[Part]:
    lowest = _lowest(standing)
    if lowest is None:
        return [("-", MUTED)]
    if _is_old(standing):
        return [(f"{lowest.to_give} old", MUTED)]
    return [(str(lowest.to_give), "" if lowest.to_give else f"bold {WARNING}")]


def _network(standing: Standing, glyphs: Glyphs) -> Sequence[Part]:
    lowest = _lowest(standing)
    return [*_pool(standing, glyphs), *([(f" {clean(lowest.network, 40)}", MUTED)] if lowest else [])]


def _acts(standing: Standing, _: Glyphs) -> Sequence[Part]:
    return [(doing(standing), ACCENT)]


def _last(standing: Standing, _: Glyphs) -> Sequence[Part]:
    event = standing.last
    if event is None:
        return [("-", MUTED)]
    server = f"{standing.settings[event.role].name} " if event.role else ""
    return [(f"{day_clock(event.at, standing.at.wall)} ", MUTED), (clean(f"{server}{event.words}", 120), MUTED)]


def group_row(heading: Heading, width: int, glyphs: Glyphs) -> Content:
    """The heading of a group: its name, and one sign per pair, the worst first."""
    name = clean(heading.group, 40) if heading.group else "no group"
    start = f"  {name} ({len(heading.levels)})  "
    room = width - cell_len(start) - 8
    signs: list[Part] = [(glyphs.level(level), LEVELS[level]) for level in heading.levels[: max(0, room)]]
    more = len(heading.levels) - len(signs)
    return text((start, f"bold {ACCENT}"), *signs, (f" +{more}" if more else "", MUTED))


# -- above and below the table


def fleet_header(counts: Mapping[Level, int], choice: Choice, shown: int, now: Moment, glyphs: Glyphs) -> Line:
    """How many pairs are how, what is shown of them, and the time."""
    total = sum(counts.values())
    parts: list[Part] = [("fleet", "bold")]
    for level in WORST_FIRST:
        if counts[level]:
            parts += [GAP, (f"{glyphs.level(level)} {counts[level]} {level.value}", f"bold {LEVELS[level]}")]
    left = text(*parts, (f"  of {total} pairs", MUTED))
    short = text(*parts)
    what = _chosen(choice, shown, total)
    right = corner(now, read_only=None)
    return line(
        (text(left, what), right),
        (text(short, what), right),
        text(short, what),
        short,
    )


def _chosen(choice: Choice, shown: int, total: int) -> Content:
    """What of them is shown, and how."""
    parts: list[Part] = []
    if choice.words:
        parts.append((f"  filter: {clean(choice.words, 40)}", ACCENT))
    if choice.only_problems:
        parts.append(("  only problems", ACCENT))
    if choice.marked:
        parts.append((f"  {len(choice.marked)} marked", ACCENT))
    if shown < total:
        parts.append((f"  {total - shown} not shown", MUTED))
    if choice.sort is not Sort.NEED:
        parts.append((f"  {choice.sort.value}", MUTED))
    return text(*parts)


def fleet_title(worst: Standing, counts: Mapping[Level, int], glyphs: Glyphs) -> str:
    """The terminal's title: the worst of all, and how many are not ok."""
    total = sum(counts.values())
    wrong = total - counts[Level.OK]
    level = f"{glyphs.level(worst.level)} "
    what = (
        f"{worst.name} {worst.level.value.upper()}, {wrong} of {total} not ok" if wrong else f"fleet: {total} pairs ok"
    )
    words = clean(level + what, 120)
    return words.translate(TO_ASCII).encode("ascii", "replace").decode() if glyphs.ascii else words
