"""The view of every pool: both servers' counters, how fast it empties, and how long it lasts."""

from __future__ import annotations

from collections import Counter

from textual.content import Content

from dhcptui.assess.forecast import PoolForecast, PoolMismatch
from dhcptui.assess.history.post_mortem import PoolLow
from dhcptui.assess.verdict import Verdict
from dhcptui.model.moments import Moment
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.snapshot import PairSnapshot, ServerView
from dhcptui.model.words import day_clock, joined
from dhcptui.ui.forecast_cache import Prospects
from dhcptui.ui.render.ages import ago
from dhcptui.ui.render.forecast import pace, style, usable
from dhcptui.ui.render.pools import bar
from dhcptui.ui.render.table import table
from dhcptui.ui.style import MUTED, PLAIN, WARNING, Glyphs, Paragraph, text
from dhcptui.ui.views.view import SCROLL, Key, Page

BAR = 14
PoolName = tuple[str, tuple[str, ...]]
_BLANK = Paragraph(text(""))


def pool_page(
    snapshot: PairSnapshot, verdict: Verdict, prospects: Prospects, *, now: Moment, glyphs: Glyphs
) -> list[Paragraph]:
    """Every pool that a server has told of, then why one has told of none."""
    paragraphs: list[Paragraph] = []
    names = _names(snapshot)
    networks = Counter(network for network, _ in names)
    for name in names:
        title = f"{name[0]} {', '.join(name[1])}" if networks[name[0]] > 1 else name[0]
        paragraphs += [*_pool(name, title, snapshot, verdict, prospects, now=now, glyphs=glyphs), _BLANK]
    missing = [_missing(view) for view in snapshot.servers if view.pools is None]
    paragraphs += [*missing, _BLANK] if missing else []
    words = "free is what the primary may give out, backup what the secondary may; used is all the rest."
    return [*paragraphs, Paragraph(text((words, MUTED)))]


def _names(snapshot: PairSnapshot) -> list[PoolName]:
    """Every pool's name: first what is nearest to its end on either server."""
    pools = [pool for view in snapshot.servers if view.pools for pool in view.pools.value]
    return list(dict.fromkeys(pool.name for pool in sorted(pools, key=lambda pool: pool.need)))


def _missing(view: ServerView) -> Paragraph:
    if view.omapi.ok:
        why = view.pools_note or "the counters were not read yet"
    else:
        why = f"the counters need OMAPI: {view.omapi.detail or 'no answer yet'}"
    return Paragraph(text(f"{view.name}: ", (clean(why, 300), WARNING)), 2, 2)


def _pool(
    name: PoolName,
    title: str,
    snapshot: PairSnapshot,
    verdict: Verdict,
    prospects: Prospects,
    *,
    now: Moment,
    glyphs: Glyphs,
) -> list[Paragraph]:
    network = name[0]
    counts = {role: _counters(snapshot[role], name) for role in Role}
    total = next((each.total for each in counts.values() if each), 0)
    digits = max(2, len(str(total)))
    rows = [
        _row(snapshot[role], counts[role], live=verdict[role].live, digits=digits, now=now, glyphs=glyphs)
        for role in Role
    ]
    paragraphs = [Paragraph(text((title, "bold"), (f"  {total} addresses", MUTED))), *table(rows, widths=(8,))]
    paragraphs += [_differ(each, snapshot, glyphs) for each in prospects.mismatches if each.network == network]
    for forecast in prospects.forecasts:
        if forecast.network == network:
            paragraphs += _lasts(forecast, snapshot, now)
    return [*paragraphs, *(_low(each, now) for each in prospects.lows if each.network == network)]


def _counters(view: ServerView, name: PoolName) -> PoolCounters | None:
    """Those of the pool of this name; of the only one in its network, where the two servers cut it otherwise."""
    pools = view.pools.value if view.pools else ()
    near = [pool for pool in pools if pool.network == name[0]]
    return next((pool for pool in near if pool.name == name), near[0] if len(near) == 1 else None)


def _row(
    view: ServerView, pool: PoolCounters | None, *, live: bool, digits: int, now: Moment, glyphs: Glyphs
) -> list[Content]:
    if pool is None or view.pools is None:
        return [text(view.name), text(("does not tell of this pool", MUTED))]
    plain = PLAIN if live else MUTED
    counts = text(
        ("free ", MUTED), (str(pool.free).rjust(digits), plain), " ", bar(pool, BAR, glyphs, live),
        (" backup ", MUTED), (str(pool.backup).rjust(digits), plain),
        ("  used ", MUTED), (str(pool.used).rjust(digits), plain),
    )  # fmt: skip
    when = ago(view.pools.age(now))
    # The counters are read every few seconds; that is the present.
    return [text(view.name), counts, text(("" if live and view.pools.age(now) < 15 else f"read {when}", MUTED))]


def _differ(found: PoolMismatch, snapshot: PairSnapshot, glyphs: Glyphs) -> Paragraph:
    counts = joined(
        f"{snapshot[role].name} counts free {each.free}, backup {each.backup}, total {each.total}"
        for role, each in ((Role.PRIMARY, found.primary), (Role.SECONDARY, found.secondary))
    )
    return Paragraph(text((f"{glyphs.bad} the servers disagree: {counts}", WARNING)), 4, 2)


def _lasts(forecast: PoolForecast, snapshot: PairSnapshot, now: Moment) -> list[Paragraph]:
    who = joined(snapshot[role].name for role in forecast.servers)
    together = " together" if len(forecast.servers) > 1 else " alone"
    paragraphs = [Paragraph(text((f"{who}{together}: ", MUTED), (forecast.words, style(forecast))), 4, 2)]
    if forecast.rate is not None:
        paragraphs.append(Paragraph(text(("rate: ", MUTED), pace(forecast)), 4, 2))
    if len(forecast.servers) > 1 or not forecast.partner_half:
        return paragraphs
    me = snapshot[forecast.servers[0]]
    partner = snapshot[me.role.other]
    if wait := usable(forecast, me, partner, now):
        at = day_clock(forecast.partner_half_usable_at or 0.0, me.server_time(now))
        half = f"{wait[0]}, at {at} ({me.name}'s clock): {forecast.partner_half} addresses"
    elif forecast.partner_half_usable_at is not None:
        half = f"{partner.name}'s half is usable"
    else:
        half = f"{partner.name}'s half ({forecast.partner_half} addresses) cannot be used before partner-down + mclt"
    return [*paragraphs, Paragraph(text((half, PLAIN)), 4, 2)]


def _low(low: PoolLow, now: Moment) -> Paragraph:
    counts = f"{low.free + low.backup} of {low.total} (free {low.free}, backup {low.backup})"
    sentence = f"fewest left on {low.server} since this console looks: {counts}, at {day_clock(low.at, now.wall)}"
    return Paragraph(text((sentence, MUTED)), 4, 2)


class PoolsView(Page):
    """How fast each pool empties, and how long it lasts."""

    command, title = "look.pools", "pools"

    def paragraphs(self) -> list[Paragraph]:
        """Both servers' counters and what follows from them."""
        session, now = self.session, self.session.now()
        return pool_page(session.snapshot, session.verdict, session.prospects(now), now=now, glyphs=session.glyphs)

    def keys(self) -> list[Key]:
        """Back and scrolling."""
        return [self.key("look.back", "back"), SCROLL]
