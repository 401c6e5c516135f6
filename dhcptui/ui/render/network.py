"""The network: every way between console and servers, the failover connection, and both clocks."""

from __future__ import annotations

from textual.content import Content

from dhcptui.assess.assessment import Assessment, assess_pair
from dhcptui.assess.diagnosis import Cause, Diagnosis, diagnose
from dhcptui.assess.links import LinkMatrix, ServerLinks, Way, matrix
from dhcptui.assess.timesync import ClockLevel, Clocks, ServerClock, judge
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot, Reach
from dhcptui.ui.line import BLANK, Line, line
from dhcptui.ui.render.ages import ago
from dhcptui.ui.render.plan import heading
from dhcptui.ui.render.table import table
from dhcptui.ui.style import (
    ACCENT,
    CRITICAL,
    GOOD,
    MUTED,
    PLAIN,
    WARNING,
    Glyphs,
    Paragraph,
    Part,
    text,
)

CLOCK_STYLES = {
    ClockLevel.OK: GOOD,
    ClockLevel.WARNING: WARNING,
    ClockLevel.CRITICAL: CRITICAL,
    ClockLevel.REFUSED: CRITICAL,
    ClockLevel.UNKNOWN: MUTED,
}
_BLANK = Paragraph(text(""))


def network_row(pair: Assessment, glyphs: Glyphs, key: str) -> Line:
    """One row for the main screen; blank while nothing is known to be broken. `key` opens the page."""
    seen = matrix(pair)
    if seen.all_green or not (seen.connected is False or any(_closed(way) for way in seen.ways)):
        return BLANK
    found = diagnose(seen)
    mark = text((f"{glyphs.warn} ", f"bold {WARNING}"))
    more = text((f"  {key}", f"bold {ACCENT}"), (" network", MUTED))
    if found.cause is Cause.UNKNOWN:
        ways = [f"{_ends(each, glyphs)} {each.label}: {each.state.value}" for each in found.broken]
        words, short = next(iter(ways), found.sentence), text("")
    else:
        words, short = found.cause.value, text("  ", _arrows(seen, glyphs))
    return line(
        text(mark, (found.sentence, WARNING), more),
        text(mark, (words, WARNING), short, more),
        text(mark, (words, WARNING), more),
        text(mark, (key, f"bold {ACCENT}"), (" network", MUTED)),
    )


def _arrows(seen: LinkMatrix, glyphs: Glyphs) -> Content:
    """The failover port each way: "dhcp1 → dhcp2 no answer, dhcp2 → dhcp1 open"."""
    arrows = [f"{_ends(side.failover, glyphs)} {side.failover.state.value}" for side in seen.sides]
    return text((", ".join(arrows), MUTED))


def network_page(snapshot: PairSnapshot, now: Moment, glyphs: Glyphs) -> list[Paragraph]:
    """What it means first, then what it rests on, then the clocks."""
    seen = matrix(assess_pair(snapshot, now))
    rows = [_way(way, glyphs) for way in seen.ways]
    rows += [_connection(seen, glyphs), *(_listener(side, seen, snapshot, now, glyphs) for side in seen.sides)]
    return [
        *_meaning(seen, diagnose(seen), glyphs),
        *table(rows, widths=(22, 12, 8)),
        _BLANK,
        heading("Clocks"),
        *_clocks(judge(snapshot, now), glyphs),
    ]


def _meaning(seen: LinkMatrix, found: Diagnosis, glyphs: Glyphs) -> list[Paragraph]:
    if seen.all_green and any(way.inferred for way in seen.ways):
        mark, style = f"{glyphs.unknown} ", MUTED
    elif seen.all_green:
        mark, style = f"{glyphs.ok} ", GOOD
    elif found.cause is Cause.UNKNOWN and not found.broken:
        mark, style = f"{glyphs.wait} ", ACCENT
    else:
        mark, style = f"{glyphs.warn} ", WARNING
    paragraphs = [Paragraph(text((mark, f"bold {style}"), (found.sentence, "bold")), 2, 2)]
    if found.look_at:
        paragraphs.append(Paragraph(text((found.look_at, PLAIN)), 2))
    return [*paragraphs, _BLANK]


def _closed(way: Way) -> bool:
    return way.state.closed


def _ends(way: Way, glyphs: Glyphs) -> str:
    return f"{way.source} {'->' if glyphs.ascii else '→'} {way.target}"


def _state(state: Reach, glyphs: Glyphs) -> Content:
    mark, style = {
        Reach.OPEN: (glyphs.ok, GOOD),
        Reach.REFUSED: (glyphs.bad, CRITICAL),
        Reach.SILENT: (glyphs.bad, CRITICAL),
    }.get(state, (glyphs.unknown, MUTED))
    return text((f"{mark} {state.value}", style))


def _way(way: Way, glyphs: Glyphs) -> list[Content]:
    what = way.what if way.port is None else f"port {way.port}"
    where = text(_ends(way, glyphs), (f" {what}", MUTED))
    known = way.state is not Reach.UNKNOWN
    detail = way.detail if way.inferred or not way.ok else ""
    source: Part = (": ".join(filter(None, (way.by, detail))) or "nothing seen", MUTED)
    state = text((f"{glyphs.unknown} open?", MUTED)) if way.inferred else _state(way.state, glyphs)
    return [where, state, text((ago(way.age_seconds) if known else "", MUTED)), text(source)]


def _connection(seen: LinkMatrix, glyphs: Glyphs) -> list[Content]:
    words = {
        True: text((f"{glyphs.ok} established", GOOD)),
        False: text((f"{glyphs.bad} none", CRITICAL)),
        None: text((f"{glyphs.unknown} not known", MUTED)),
    }[seen.connected]
    return [
        text("failover connection"),
        words,
        text((ago(seen.connected_age_seconds), MUTED)),
        text((seen.connected_by or "no table read lately", MUTED)),
    ]


def _listener(
    side: ServerLinks, seen: LinkMatrix, snapshot: PairSnapshot, now: Moment, glyphs: Glyphs
) -> list[Content]:
    """Whether dhcpd takes connections on its failover port."""
    place, table_ = snapshot[side.role].place, snapshot[side.role].sockets
    port = f"port {place.port}" if place else "failover port"
    name = text(f"{side.name} listens", (f" {port}", MUTED))
    if side.sockets is None or table_ is None:
        return [name, text((f"{glyphs.unknown} not known", MUTED)), text(""), text(("nothing seen", MUTED))]
    yes = side.sockets.listening
    answer = text((f"{glyphs.ok} yes", GOOD)) if yes else text((f"{glyphs.bad} no", CRITICAL))
    more = f"sockets of {side.name} ({side.sockets.source})"
    if strangers := [each for each in side.sockets.strangers if each not in _known(seen, side.role)]:
        more += f"; also connected from {', '.join(strangers)}"
    return [name, answer, text((ago(table_.age(now)), MUTED)), text((more, MUTED))]


def _known(seen: LinkMatrix, role: Role) -> set[str]:
    other = seen[role.other]
    own = set(other.sockets.own_addresses) if other.sockets else set()
    return own | ({other.place.address} if other.place else set())


def _clocks(clocks: Clocks, glyphs: Glyphs) -> list[Paragraph]:
    bad = clocks.level in {ClockLevel.CRITICAL, ClockLevel.REFUSED}
    mark = glyphs.bad if bad else {ClockLevel.OK: glyphs.ok, ClockLevel.WARNING: glyphs.warn}.get(clocks.level, "?")
    style = CLOCK_STYLES[clocks.level]
    paragraph = Paragraph(text((f"{mark} ", f"bold {style}"), (clocks.sentence, style if bad else PLAIN)), 2, 2)
    return [paragraph, *table([_clock(clocks[role]) for role in Role], widths=(8, 16))]


def _clock(clock: ServerClock) -> list[Content]:
    if clock.offset_seconds is None:
        offset = text(("not read lately", MUTED))
    else:
        offset = text(signed(clock.offset_seconds), (f" ±{clock.uncertainty_seconds or 0:.1f} s", MUTED))
    read = f"against the console's, read {ago(clock.age_seconds)}" if clock.age_seconds is not None else ""
    style = WARNING if clock.sync_ok is False else MUTED
    kept = text((f"time: {clock.sync}", style), (f", asked {ago(clock.sync_age_seconds)}", MUTED))
    sync = kept if clock.sync_age_seconds is not None else text((f"time: {clock.sync}", style))
    return [text(clock.name), offset, text((f"{read}; " if read else "", MUTED), sync)]


def signed(seconds: float) -> str:
    """A clock's offset: "+0.0 s", "-12.3 s"."""
    return f"{seconds:+.1f} s".replace("-0.0", "+0.0")
