"""How long a server that serves alone has addresses: in a panel's row, and in words for the page of pools."""

from __future__ import annotations

from textual.content import Content

from dhcptui.assess.forecast import PoolForecast, PoolMismatch
from dhcptui.model.moments import Moment
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ServerView
from dhcptui.model.words import age, timer
from dhcptui.ui.line import Line, line
from dhcptui.ui.style import CRITICAL, MUTED, PLAIN, WARNING, Glyphs, text

SOON_SECONDS, NEAR_SECONDS = 600.0, 3600.0


def most_pressing(forecasts: tuple[PoolForecast, ...]) -> PoolForecast | None:
    """The pool that runs dry first; where no rate is known, the one with the smallest share left."""
    return min(forecasts, key=_need, default=None)


def _need(each: PoolForecast) -> tuple[float, float]:
    dry = each.dry_not_before_seconds
    return (dry if dry is not None else float("inf")), each.to_give / max(1, each.total)


def style(forecast: PoolForecast) -> str:
    """How much it deserves the eye."""
    dry = forecast.dry_not_before_seconds
    if forecast.to_give == 0 or (dry is not None and dry < SOON_SECONDS):
        return CRITICAL
    if dry is not None and dry < NEAR_SECONDS:
        return WARNING
    return PLAIN


def forecast_line(forecast: PoolForecast, me: ServerView, partner: ServerView, now: Moment, *, several: bool) -> Line:
    """One row of a panel. `several`: there are more pools, so this one is named."""
    name = f"{forecast.network}: " if several else ""
    tails = [text((f"; {words}", MUTED)) for words in usable(forecast, me, partner, now)]
    colour = style(forecast)
    ways = _ways(forecast, me.name)
    return line(
        *(text((name, MUTED), (words, colour), tail) for tail in (*tails, text("")) for words in ways),
        text((ways[-1], colour)),
    )


def _ways(forecast: PoolForecast, name: str) -> tuple[str, ...]:
    """Longest first."""
    if forecast.to_give == 0:
        return f"{name} has no address left to give out", "no address left to give", "none left"
    left = f"{forecast.to_give} more"
    about, least = forecast.dry_about_seconds, forecast.dry_not_before_seconds
    if about is not None and least is not None:
        dry = f"dry not before {age(least)}"
        return (
            f"{name} can give {left}; runs {dry}, about {age(about)}",
            f"{name} can give {left}; runs {dry}",
            f"{left}, {dry}",
        )
    short = (
        "too slow to tell" if forecast.too_slow else "no rate known yet" if forecast.rate is None else "lasts for days"
    )
    return f"{name} can give {left}; {forecast.note}", f"{name} can give {left}; {short}", f"{left}; {short}", left


def usable(forecast: PoolForecast, me: ServerView, partner: ServerView, now: Moment) -> tuple[str, ...]:
    """When the partner's half may be given out: "dhcp2's half becomes usable in 12:10", and shorter; none where it does not count."""
    at = forecast.partner_half_usable_at
    if at is None or not forecast.partner_half:
        return ()
    left, half = at - me.server_time(now), f"{partner.name}'s half"
    return (f"{half} becomes usable in {timer(left)}", f"{half} in {timer(left)}") if left > 0 else ()


def mismatch_line(found: PoolMismatch, me: Role, partner: str, glyphs: Glyphs, *, several: bool) -> Line:
    """What the partner counts, in a panel that shows what this server counts."""
    theirs = _counts(found, me.other)
    pool = f" on {found.network}" if several else ""
    mark = f"{glyphs.bad} the servers disagree{pool}: {partner} has"
    return line(
        text((f"{mark} free {theirs.free} backup {theirs.backup}", WARNING)),
        text((f"{glyphs.bad} {partner} has free {theirs.free} backup {theirs.backup}", WARNING)),
        text((f"{glyphs.bad} the servers disagree", WARNING)),
    )


def _counts(found: PoolMismatch, role: Role) -> PoolCounters:
    return found.primary if role is Role.PRIMARY else found.secondary


def pace(forecast: PoolForecast) -> Content:
    """The rate and what it rests on: "12 a minute (36 in 3 min)"; empty where it is not known."""
    rate = forecast.rate
    if rate is None:
        return text("")
    return text(f"{60 * rate.per_second:.3g} a minute", (f" ({rate.addresses} in {age(rate.over_seconds)})", MUTED))
