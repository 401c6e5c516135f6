"""Pool counters as one bar per pool: free grows from the left, backup from the right, what is used lies between."""

from __future__ import annotations

from textual.content import Content

from dhcptui.assess.visibility import ServerAssessment
from dhcptui.model.moments import Moment
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.ui.forecast_cache import Prospects
from dhcptui.ui.line import Line, line, say
from dhcptui.ui.render.forecast import forecast_line, mismatch_line, most_pressing
from dhcptui.ui.style import ACCENT, CRITICAL, MUTED, PLAIN, WARNING, Glyphs, text


def pool_rows(
    me: ServerAssessment, partner: ServerAssessment, prospects: Prospects, now: Moment, *, glyphs: Glyphs, rows: int
) -> list[Line]:
    """At most `rows` lines: the pools, and below them how long they last or that the servers disagree.

    Where there is one row, the latter stands in it, if there is a moment to tell.
    """
    several = len(me.view.pools.value) > 1 if me.view.pools else False
    forecast = most_pressing(prospects.alone(me.view.role))
    note: Line | None = None
    pressing = False
    if forecast is not None:
        note = forecast_line(forecast, me.view, partner.view, now, several=several)
        pressing = forecast.to_give == 0 or forecast.dry_about_seconds is not None
    elif prospects.mismatches:
        note = mismatch_line(prospects.mismatches[0], me.view.role, partner.view.name, glyphs, several=several)
        pressing = True
    if note is None or rows < 1 or (rows == 1 and not pressing):
        return pool_lines(me, glyphs, rows)
    return [*pool_lines(me, glyphs, rows - 1), note]


def pool_lines(me: ServerAssessment, glyphs: Glyphs, rows: int) -> list[Line]:
    """At most `rows` lines, the emptiest pools first; those that have to be left out are counted."""
    if me.view.pools is None or rows < 1:
        return [say((me.view.pools_note, MUTED))] if me.view.pools_note and rows > 0 else []
    pools = sorted(me.view.pools.value, key=lambda pool: pool.need)[:rows]
    hidden = len(me.view.pools.value) - len(pools)
    widest = max((len(pool.network) for pool in pools), default=0)
    return [_pool(pool, me.live, glyphs, widest, hidden if pool is pools[-1] else 0) for pool in pools]


def _pool(pool: PoolCounters, live: bool, glyphs: Glyphs, widest: int, hidden: int) -> Line:
    digits = max(2, len(str(pool.total)))
    free, backup = _count(pool.free, digits, live), _count(pool.backup, digits, live)
    network = text((f"{pool.network.ljust(widest)}  ", MUTED))
    used: Content = text(("  used ", MUTED), (str(pool.used).rjust(digits), PLAIN if live else MUTED))
    was = "" if live else "  (was)"
    rest = text((f"  +{hidden} more pools" if hidden else "", MUTED), (was, MUTED))
    word_free, word_backup = text(("free ", MUTED)), text((" backup ", MUTED))
    ways: list[Content] = []
    for before, after in ((network, used), (network, text("")), (text(""), text(""))):
        for width in range(24, 5, -2):
            ways.append(
                text(before, word_free, free, " ", bar(pool, width, glyphs, live), word_backup, backup, after, rest)
            )
    return line(*ways, text(free, " ", bar(pool, 6, glyphs, live), " ", backup, rest))


def _count(number: int, digits: int, live: bool) -> Content:
    style = MUTED if not live else CRITICAL if number == 0 else WARNING if number < 3 else PLAIN
    return text((str(number).rjust(digits), style))


def bar(pool: PoolCounters, width: int, glyphs: Glyphs, live: bool = True) -> Content:
    """The pool's share in `width` cells; a single address still shows."""
    total = max(1, pool.total)
    left = _cells(pool.free, total, width)
    right = min(width - left, _cells(pool.backup, total, width))
    if pool.used == 0 and pool.free + pool.backup:
        right = width - left
    mine, theirs = (ACCENT, "$secondary") if live else (MUTED, MUTED)
    return text(
        (glyphs.bar * left, mine),
        (glyphs.bar_rest * (width - left - right), MUTED),
        (glyphs.bar_partner * right, theirs),
    )


def _cells(part: int, total: int, width: int) -> int:
    return min(width, max(1 if part else 0, round(part / total * width)))
