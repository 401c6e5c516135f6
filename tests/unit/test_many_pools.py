"""Hundreds of pools: the worst stand first, healthy ones keep their places, and dhcpd is not asked faster for their number."""

from __future__ import annotations

from dataclasses import replace

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.freshness import POOLS_SECONDS
from dhcptui.assess.verdict import derive
from dhcptui.engine.status_report import as_text
from dhcptui.model.moments import Seen
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.ui.forecast_cache import Prospects
from dhcptui.ui.render.pools import pool_lines
from dhcptui.ui.style import UNICODE
from dhcptui.ui.views.pools import pool_page
from dhcptui.watch.pools import POOLS_A_SECOND, pools_seconds
from tests.unit.making import NOW, live, pair

P, Q = Role.PRIMARY, Role.SECONDARY
WELL, SOME = ("10.9.0.0/24", 50, 45), ("10.10.0.0/24", 46, 45)
HALF, LOW, EMPTY = ("10.2.0.0/24", 0, 50), ("10.3.0.0/24", 3, 4), ("10.4.0.0/24", 0, 0)


def made(*pools: tuple[str, int, int], ranges: tuple[str, ...] = ()) -> tuple[PoolCounters, ...]:
    """Pools of 100 addresses."""
    return tuple(PoolCounters(network, 100, free, backup, ranges) for network, free, backup in pools)


def snapshot(primary: tuple[PoolCounters, ...], secondary: tuple[PoolCounters, ...]) -> PairSnapshot:
    """Both with their pools."""
    one, two = live(P), live(Q)
    return pair(replace(one, pools=Seen(primary, NOW.mono - 1)), replace(two, pools=Seen(secondary, NOW.mono - 1)))


def page(seen: PairSnapshot) -> list[str]:
    """The headings of the page, in their order."""
    said = pool_page(seen, derive(seen, NOW), Prospects(), now=NOW, glyphs=UNICODE)
    return [
        each.content.plain for each in said if " addresses" in each.content.plain and each.content.plain[0].isdigit()
    ]


def panel(seen: PairSnapshot, rows: int) -> list[str]:
    """The lines of the primary's panel."""
    return [line.ways[0][0].plain for line in pool_lines(assess_pair(seen, NOW).primary, UNICODE, rows)]


def test_the_worst_stand_first() -> None:
    """Nothing left, then a half that is used up, then little; equal ones by network, as numbers."""
    seen = snapshot(made(WELL, SOME, HALF, LOW, EMPTY), made(WELL, SOME, HALF, LOW, EMPTY))
    order = ["10.4.0.0/24", "10.2.0.0/24", "10.3.0.0/24", "10.9.0.0/24", "10.10.0.0/24"]
    assert [each.split()[0] for each in page(seen)] == order
    assert [each.split()[0] for each in panel(seen, 9)] == order
    assert [each.split()[0] for each in panel(seen, 2)] == order[:2]
    assert "+3 more pools" in panel(seen, 2)[-1]


def test_the_worse_of_two_servers_counts() -> None:
    """A pool that only one of them sees empty."""
    seen = snapshot(made(WELL, SOME), made(WELL, ("10.10.0.0/24", 0, 0)))
    assert [each.split()[0] for each in page(seen)] == ["10.10.0.0/24", "10.9.0.0/24"]


def test_healthy_pools_keep_their_places() -> None:
    """A client more or less moves nothing within a tenth."""
    for free in range(45, 50):
        seen = snapshot(made(("10.9.0.0/24", free, 45), SOME), made(WELL, SOME))
        assert [each.split()[0] for each in panel(seen, 9)] == ["10.9.0.0/24", "10.10.0.0/24"]


def test_two_pools_of_one_network() -> None:
    """Each stands on the page, with its range, and with its own counters."""
    one, two = (
        made(("10.9.0.0/24", 50, 50), ranges=("10.9.0.1-10.9.0.100",)),
        made(("10.9.0.0/24", 0, 0), ranges=("10.9.0.101-10.9.0.200",)),
    )
    seen = snapshot((*one, *two), (*one, *two))
    assert page(seen) == [
        "10.9.0.0/24 10.9.0.101-10.9.0.200  100 addresses",
        "10.9.0.0/24 10.9.0.1-10.9.0.100  100 addresses",
    ]


def test_many_pools_are_read_less_often_and_stay_fresh() -> None:
    """A budget of questions a second; what was read counts until it is read again."""
    assert pools_seconds(1) == 5.0
    for count in (150, 300, 400):
        assert count / pools_seconds(count) <= POOLS_A_SECOND
    assert pools_seconds(100_000) < POOLS_SECONDS / 1.5


def test_status_says_that_counters_were_not_read() -> None:
    """A server that answers, and whose pools were not read in time: no line would mean no pools."""
    seen = pair(live(P), replace(live(Q), pools=None))
    assert as_text(seen, derive(seen, NOW), NOW).count("pools: not known (the counters were not read yet)") == 1
    silent = pair(live(P), replace(live(Q), pools=None, pools_note="pool of 10.0.0.1: no answer"))
    assert "    pool of 10.0.0.1: no answer" in as_text(silent, derive(silent, NOW), NOW)
