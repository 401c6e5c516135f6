"""How long the addresses last, computed from samples made by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.assess.forecast import PoolForecast, PoolSample, forecasts, mismatches, rate_of
from dhcptui.model.moments import Seen
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot, ServerView
from dhcptui.model.states import FailoverState
from tests.unit.making import NOW, down, live, pair

S = FailoverState
NET = "10.0.0.0/24"


def samples(state: FailoverState, counts: Iterable[tuple[float, int, int]], total: int = 101) -> list[PoolSample]:
    """(seconds ago, free, backup), oldest first."""
    return [
        PoolSample(NOW.mono - ago, state, (PoolCounters(NET, total, free, backup),)) for ago, free, backup in counts
    ]


def alone(state: FailoverState, free: int, backup: int, **more: int) -> tuple[ServerView, PairSnapshot]:
    """The primary serves alone with these counters, read just now."""
    view = replace(
        live(Role.PRIMARY, state, S.NORMAL, **more), pools=Seen((PoolCounters(NET, 101, free, backup),), NOW.mono)
    )
    return view, pair(view, down(Role.SECONDARY))


def one(snapshot: PairSnapshot, history: list[PoolSample], role: Role = Role.PRIMARY) -> PoolForecast:
    """The only forecast."""
    (found,) = forecasts(snapshot, {role: history}, NOW)
    return found


def drain(state: FailoverState, per_sample: int, start: int = 51, count: int = 13) -> list[PoolSample]:
    """A minute of samples, every 5 s, in which `per_sample` leave each time."""
    return samples(state, [(5.0 * (count - 1 - n), start - per_sample * n, 50) for n in range(count)])


def test_a_steady_drain_is_forecast_to_the_second() -> None:
    """Two every 5 s: 27 left last 67.5 s; not before is earlier, and the words say both."""
    _, snapshot = alone(S.COMMUNICATIONS_INTERRUPTED, 27, 50)
    found = one(snapshot, drain(S.COMMUNICATIONS_INTERRUPTED, 2))
    assert found.to_give == 27
    assert found.dry_about_seconds == pytest.approx(67.5)
    assert found.dry_not_before_seconds is not None
    assert 40 < found.dry_not_before_seconds < 67.5
    assert (found.servers, found.partner_half, found.partner_half_usable_at) == ((Role.PRIMARY,), 50, None)
    assert found.words.startswith("27 addresses left; at 24 a minute they are gone in about 67 s, not before")


def test_one_odd_sample_moves_nothing() -> None:
    """A single wrong counter is no drain."""
    history = drain(S.COMMUNICATIONS_INTERRUPTED, 2)
    history[6] = replace(history[6], pools=(PoolCounters(NET, 101, 2, 50),))
    history = [*history[:6], history[6], *history[7:]]
    series = [(s.at, s.pools[0].free + s.pools[0].backup) for s in history]
    rate = rate_of(series)
    assert rate is not None
    assert rate.per_second == pytest.approx(0.4, rel=0.1)


@pytest.mark.parametrize(
    ("history", "says"),
    [
        ([], "not watched long enough"),
        (samples(S.COMMUNICATIONS_INTERRUPTED, [(5, 51, 50), (0, 40, 50)]), "not watched long enough"),
        (samples(S.COMMUNICATIONS_INTERRUPTED, [(60 - n, 50 - n // 30, 50) for n in range(0, 61, 5)]), "too few were given out"),
        (samples(S.COMMUNICATIONS_INTERRUPTED, [(60 - n, 50, 50) for n in range(0, 61, 5)]), "too few were given out"),
        (drain(S.NORMAL, 2), "not watched long enough"),
    ],
    ids=["nothing", "two samples", "two addresses", "none", "from normal"],
)  # fmt: skip
def test_no_forecast_without_a_rate(history: list[PoolSample], says: str) -> None:
    """What cannot be told is said, never guessed; the time of normal does not count."""
    found = one(alone(S.COMMUNICATIONS_INTERRUPTED, 48, 50)[1], history)
    assert (found.dry_about_seconds, found.dry_not_before_seconds) == (None, None)
    assert says in found.note
    assert says in found.words


def test_a_slow_leak_is_no_forecast() -> None:
    """Six in half an hour for fifty thousand: longer than two days."""
    history = samples(S.COMMUNICATIONS_INTERRUPTED, [(1800 - 30 * n, 50_000 - n // 10, 0) for n in range(61)], 60_000)
    view, snapshot = alone(S.COMMUNICATIONS_INTERRUPTED, 50_000, 0)
    del view
    found = one(snapshot, history)
    assert found.dry_about_seconds is None
    assert "longer than 2d" in found.note


def test_partner_down_before_the_mclt() -> None:
    """The partner's half comes at stos + mclt by the server's clock: in time, or too late with a gap."""
    stos = int(NOW.wall) - 30
    soon = alone(S.PARTNER_DOWN, 27, 50, stos=stos, mclt=60)[1]
    found = one(soon, drain(S.PARTNER_DOWN, 2))
    assert (found.to_give, found.partner_half) == (27, 50)
    assert found.partner_half_usable_at == stos + 60
    assert found.dry_about_seconds == pytest.approx((27 + 50) / 0.4)
    late = alone(S.PARTNER_DOWN, 27, 50, stos=stos, mclt=1800)[1]
    found = one(late, drain(S.PARTNER_DOWN, 2))
    assert found.dry_about_seconds == pytest.approx(27 / 0.4)
    assert "then nothing until" in found.note
    assert "dhcp2's half" in found.note


def test_partner_down_after_the_mclt_gives_both_halves() -> None:
    """And a server whose clock is ahead gets there earlier."""
    found = one(alone(S.PARTNER_DOWN, 27, 50, stos=int(NOW.wall) - 100, mclt=60)[1], drain(S.PARTNER_DOWN, 2))
    assert found.to_give == 77
    ahead = replace(
        live(Role.PRIMARY, S.PARTNER_DOWN, stos=int(NOW.wall) - 30, mclt=60, offset=45.0),
        pools=Seen((PoolCounters(NET, 101, 27, 50),), NOW.mono),
    )
    assert one(pair(ahead, down(Role.SECONDARY)), drain(S.PARTNER_DOWN, 2)).to_give == 77


def test_expired_leases_that_come_back_begin_a_new_count() -> None:
    """At stos + mclt dhcpd frees all that expired: the rate is that of the time since."""
    before = samples(S.PARTNER_DOWN, [(60 - n, 30 - n, 0) for n in range(0, 31, 5)])
    since = samples(S.PARTNER_DOWN, [(25 - n, 60 - n, 0) for n in range(0, 26, 5)])
    found = one(alone(S.PARTNER_DOWN, 35, 0, stos=int(NOW.wall) - 100, mclt=60)[1], [*before, *since])
    assert found.dry_about_seconds == pytest.approx(35, rel=0.05)


def test_the_secondary_gives_backup_and_normal_counts_both() -> None:
    """Who gives what; a healthy pair has one forecast per pool."""
    view = live(Role.SECONDARY, S.COMMUNICATIONS_INTERRUPTED)
    (found,) = forecasts(pair(down(Role.PRIMARY), view), {}, NOW)
    assert (found.servers, found.to_give, found.partner_half) == ((Role.SECONDARY,), 50, 51)
    (both,) = forecasts(pair(live(Role.PRIMARY), live(Role.SECONDARY)), {}, NOW)
    assert (both.servers, both.to_give, both.partner_half) == (tuple(Role), 101, 0)
    apart = pair(*(live(role, S.COMMUNICATIONS_INTERRUPTED) for role in Role))
    assert [each.servers for each in forecasts(apart, {}, NOW)] == [(Role.PRIMARY,), (Role.SECONDARY,)]


def test_an_empty_pool_and_old_counters() -> None:
    """Nothing left is known at once; counters from long ago forecast nothing."""
    empty = one(alone(S.COMMUNICATIONS_INTERRUPTED, 0, 50)[1], [])
    assert (empty.dry_about_seconds, empty.to_give) == (0, 0)
    view, _ = alone(S.COMMUNICATIONS_INTERRUPTED, 27, 50)
    old = replace(view, pools=Seen((PoolCounters(NET, 101, 27, 50),), NOW.mono - 60))
    found = one(pair(old, down(Role.SECONDARY)), drain(S.COMMUNICATIONS_INTERRUPTED, 2))
    assert found.dry_about_seconds is None
    assert "60 s old" in found.note


def test_mismatch_needs_three_readings() -> None:
    """Counters that differ once are under way; three times in a row is a fault. Not in communications-interrupted."""
    healthy = pair(live(Role.PRIMARY), live(Role.SECONDARY))
    same = samples(S.NORMAL, [(10, 51, 50), (5, 51, 50), (0, 51, 50)])
    other = samples(S.NORMAL, [(10, 51, 50), (5, 40, 50), (0, 40, 50)])
    wrong = samples(S.NORMAL, [(10, 40, 50), (5, 40, 50), (0, 40, 50)])
    assert mismatches(healthy, {Role.PRIMARY: same, Role.SECONDARY: other}, NOW) == ()
    (found,) = mismatches(healthy, {Role.PRIMARY: same, Role.SECONDARY: wrong}, NOW)
    assert (found.network, found.primary.free, found.secondary.free) == (NET, 51, 40)
    apart = pair(*(live(role, S.COMMUNICATIONS_INTERRUPTED) for role in Role))
    assert mismatches(apart, {Role.PRIMARY: same, Role.SECONDARY: wrong}, NOW) == ()


@given(
    st.lists(st.tuples(st.floats(0.1, 10), st.integers(0, 5)), max_size=80),
    st.sampled_from([S.COMMUNICATIONS_INTERRUPTED, S.PARTNER_DOWN]),
)
def test_any_history_gives_a_sane_answer(steps: list[tuple[float, int]], state: FailoverState) -> None:
    """Times are never negative, and not before is never after about."""
    at, left, made = NOW.mono - sum(gap for gap, _ in steps), 400, []
    for gap, taken in steps:
        at, left = at + gap, max(0, left - taken)
        made.append(PoolSample(at, state, (PoolCounters(NET, 500, left, 50),)))
    found = one(alone(state, left, 50)[1], made)
    if found.dry_about_seconds is None:
        assert found.note
    else:
        assert found.dry_not_before_seconds is not None
        assert 0 <= found.dry_not_before_seconds <= found.dry_about_seconds
