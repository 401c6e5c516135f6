"""How long the addresses last: what a server may still give out, at what rate it goes, and when it is gone.

Who may give what (section 7.2 and 11 of dhcpd's failover as seen on a real pair): `free` is the primary's, `backup` the
secondary's. In communications-interrupted a server has its own half only. In partner-down it has its own half first and
the partner's from local-stos + mclt on (per lease; some later). In normal the two move addresses to each other, so
only the sum means anything.

The rate is taken from that sum, which no rebalancing changes: the median of the slopes between all pairs of samples
(Theil-Sen), so that one odd sample moves nothing. "Not before" takes two standard deviations of a count more than that,
or the rate of the last third, whichever is faster. Samples from before the server was alone do not count: in
normal, expired leases come back to the pool; in communications-interrupted they do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

from dhcptui.assess.assessment import Assessment, PairMember, assess_pair
from dhcptui.assess.freshness import POOLS_SECONDS
from dhcptui.assess.unnoticed import unnoticed
from dhcptui.model.moments import Moment
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot, ServerView
from dhcptui.model.states import FailoverState
from dhcptui.model.words import age, clock, span

WINDOWS_SECONDS = (180.0, 600.0, 1800.0)
"""The rate is taken over the shortest of these in which enough has happened."""
ENOUGH = 20
"""So many addresses in a window make its rate good."""
TOO_FEW = 5
"""Fewer than this, in any window, tell nothing."""
LEAST_SECONDS = 15.0
LEAST_SAMPLES = 4
MOST_SAMPLES = 60
"""Slopes go with the square of this."""
FAR_SECONDS = 2 * 86400.0
"""What lies beyond is not a forecast any more."""
MOST_BACK = 3
"""Leases that may come back between two samples without a new count being begun."""
TRANSIT = 2
"""Addresses whose update may be under way between the two servers."""

_S = FailoverState
_ALONE = frozenset({_S.COMMUNICATIONS_INTERRUPTED, _S.PARTNER_DOWN})


@dataclass(frozen=True, slots=True)
class PoolSample:
    """One reading of a server's pools (`at`: mono seconds of the console), and the state it was in then."""

    at: float
    state: FailoverState
    pools: tuple[PoolCounters, ...]


History = Mapping[Role, Sequence[PoolSample]]
"""Samples of each server, oldest first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Addresses that leave a pool, per second; `upper` is what it may well be."""

    per_second: float
    upper: float
    over_seconds: float
    """How long was watched for it."""
    addresses: int
    """How many left in that time."""


@dataclass(frozen=True, slots=True)
class PoolForecast:
    """One pool as one server (or, in normal, both together) can give from it. Seconds count from the moment asked."""

    network: str
    servers: tuple[Role, ...]
    total: int
    to_give: int
    """What may be given out now."""
    rate: Rate | None
    dry_not_before_seconds: float | None
    dry_about_seconds: float | None
    """When `to_give`, and the partner's half where it comes in time, is used up; None: no forecast, `note` says why."""
    partner_half: int
    """The partner's addresses; 0 in normal, where they count as `to_give`."""
    partner_half_usable_at: float | None
    """Epoch seconds of the server's clock; None unless it is in partner-down."""
    note: str = ""
    too_slow: bool = False
    """It was watched long enough, and too few addresses went to tell a rate."""

    @property
    def words(self) -> str:
        """One sentence: "49 addresses left; at 12 a minute they are gone in about 4 min, not before 3 min"."""
        left = f"{self.to_give} address{'' if self.to_give == 1 else 'es'} left"
        if self.dry_about_seconds is None or self.dry_not_before_seconds is None or self.rate is None:
            return f"{left}; {self.note}" if self.note else left
        pace = f"{60 * self.rate.per_second:.3g} a minute"
        when = f"in about {age(self.dry_about_seconds)}, not before {age(self.dry_not_before_seconds)}"
        return f"{left}; at {pace} they are gone {when}" + (f"; {self.note}" if self.note else "")


@dataclass(frozen=True, slots=True)
class PoolMismatch:
    """A pool whose counters differ between two servers that are in normal: they should be equal."""

    network: str
    primary: PoolCounters
    secondary: PoolCounters


def forecasts(snapshot: PairSnapshot, history: History, now: Moment) -> tuple[PoolForecast, ...]:
    """One forecast per pool for each server that serves by itself; one per pool for a pair in normal."""
    return forecasts_of(assess_pair(snapshot, now), history, now)


def forecasts_of(pair: Assessment, history: History, now: Moment) -> tuple[PoolForecast, ...]:
    """The same on a judgement of both servers that is made already."""
    serving = [each for each in pair.servers if each.serving and each.view.pools]
    shared = len(serving) == 2 and all(each.state is _S.NORMAL for each in serving)
    if shared:
        serving = serving[:1]
    alone = {me.role for me, other in pair.sides if unnoticed(me, other)}
    return tuple(
        _forecast(
            each,
            pair[each.role.other].view,
            pool,
            history.get(each.view.role, ()),
            now,
            shared=shared or (each.state is _S.NORMAL and each.view.role not in alone),
        )
        for each in serving
        for pool in (each.view.pools.value if each.view.pools else ())
    )


def mismatches(snapshot: PairSnapshot, history: History, now: Moment) -> tuple[PoolMismatch, ...]:
    """Pools on which two servers in normal have disagreed for their last three readings."""
    if not assess_pair(snapshot, now).both_normal:
        return ()
    last = {role: [sample for sample in history.get(role, ()) if sample.state is _S.NORMAL][-3:] for role in Role}
    found = []
    for pool in snapshot.primary.pools.value if snapshot.primary.pools else ():
        mine, theirs = ([_pool(sample, pool.network) for sample in last[role]] for role in Role)
        pairs = [(one, two) for one, two in zip(mine, theirs, strict=False) if one and two]
        if len(pairs) == 3 and all(_differ(one, two) for one, two in pairs):
            found.append(PoolMismatch(pool.network, *pairs[-1]))
    return tuple(found)


def rate_of(samples: Sequence[tuple[float, int]]) -> Rate | None:
    """The rate of (mono seconds, addresses left), oldest first; None where too little was seen to tell."""
    best = None
    for window in WINDOWS_SECONDS:
        within = [each for each in samples if samples[-1][0] - each[0] <= window]
        best = _rate(within) or best
        if best is not None and best.addresses >= ENOUGH:
            break
    return best


def _rate(samples: Sequence[tuple[float, int]]) -> Rate | None:
    over = samples[-1][0] - samples[0][0] if samples else 0.0
    if len(samples) < LEAST_SAMPLES or over < LEAST_SECONDS:
        return None
    step = -(-len(samples) // MOST_SAMPLES)
    thin = [*samples[:-1:step], samples[-1]]
    slope = -_slope(thin)
    gone = round(slope * over)
    if gone < TOO_FEW:
        return None
    late = [each for each in thin if thin[-1][0] - each[0] <= over / 3]
    recent = -_slope(late) if len(late) >= LEAST_SAMPLES else 0.0
    return Rate(slope, max(slope + 2 * sqrt(gone) / over, recent), over, gone)


def _slope(samples: Sequence[tuple[float, int]]) -> float:
    return median(
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for index, earlier in enumerate(samples)
        for later in samples[index + 1 :]
        if later[0] > earlier[0]
    )


def _forecast(
    each: PairMember,
    partner: ServerView,
    pool: PoolCounters,
    history: Sequence[PoolSample],
    now: Moment,
    *,
    shared: bool,
) -> PoolForecast:
    """`shared`: the other half counts too. A server in normal whose partner has vanished has its own only."""
    view, state = each.view, each.state
    own, other = (pool.free, pool.backup) if view.role is Role.PRIMARY else (pool.backup, pool.free)
    usable_at = gate = None
    if state is _S.PARTNER_DOWN and each.status is not None:
        mclt = each.status.mclt_seconds or (partner.status.value.mclt_seconds if partner.status else 0)
        usable_at = float(each.status.local_stos + mclt)
        gate = max(0.0, usable_at - view.server_time(now))
    to_give = own + other if shared or gate == 0.0 else own
    late = view.pools.age(now) if view.pools else 0.0
    rate = rate_of(_series(history, pool.network, state)) if history else None
    about = least = None
    note, too_slow = "", False
    if late > POOLS_SECONDS:
        note = f"the counters are {age(late)} old"
    elif to_give == 0:
        about = least = 0.0
        note = "no address is left to give out"
    elif rate is None:
        note, too_slow = _why(history, state)
    else:
        rest = other if gate else 0
        about = max(0.0, _lasts(to_give, rest, rate.per_second, gate) - late)
        least = max(0.0, _lasts(to_give, rest, rate.upper, gate) - late)
        if about > FAR_SECONDS:
            about = least = None
            note = f"at this rate they last longer than {span(FAR_SECONDS)}"
        elif gate and usable_at is not None and about < gate:
            note = f"then nothing until {clock(usable_at)}, when {partner.name}'s half becomes usable"
    servers = tuple(Role) if shared else (view.role,)
    half = 0 if shared else other
    return PoolForecast(pool.network, servers, pool.total, to_give, rate, least, about, half, usable_at, note, too_slow)


def _lasts(own: int, other: int, rate: float, gate: float | None) -> float:
    """Seconds until clients find nothing: the partner's half helps only if it comes before the own one is gone."""
    alone = own / rate
    return (own + other) / rate if gate is not None and other and alone > gate else alone


def _series(history: Sequence[PoolSample], network: str, state: FailoverState | None) -> list[tuple[float, int]]:
    """(mono seconds, addresses left in both halves) while the server has served as it does now."""
    alike = _ALONE if state in _ALONE else {state}
    found: list[tuple[float, int]] = []
    for sample in reversed(history):
        pool = _pool(sample, network)
        if sample.state not in alike or pool is None:
            break
        left = pool.free + pool.backup
        if found and found[-1][1] - left > MOST_BACK:  # it rose: at local-stos + mclt expired leases come back at once
            break
        found.append((sample.at, left))
    return found[::-1]


def _why(history: Sequence[PoolSample], state: FailoverState | None) -> tuple[str, bool]:
    """Why there is no rate, and whether that is because too few addresses went."""
    alike = _ALONE if state in _ALONE else {state}
    times = [sample.at for sample in history if sample.state in alike]
    seen = times[-1] - times[0] if times else 0.0
    if len(times) < LEAST_SAMPLES or seen < LEAST_SECONDS:
        return "not watched long enough to tell a rate", False
    return f"too few were given out in {age(min(seen, WINDOWS_SECONDS[-1]))} to tell when they are gone", True


def _pool(sample: PoolSample, network: str) -> PoolCounters | None:
    return next((pool for pool in sample.pools if pool.network == network), None)


def _differ(one: PoolCounters, two: PoolCounters) -> bool:
    return one.total != two.total or abs(one.free - two.free) > TRANSIT or abs(one.backup - two.backup) > TRANSIT
