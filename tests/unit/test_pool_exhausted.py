"""A healthy pair that runs out of addresses: warning, then critical, without flapping, and with who is turned away."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.pool_exhausted import remember
from dhcptui.assess.verdict import Level, Verdict, derive
from dhcptui.logs.lines import parse, refused_client
from dhcptui.model.holders import RANDOM
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.moments import Seen
from dhcptui.model.pool_counters import PoolCounters, Scarcity
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Channel, Link, PairSnapshot, ServerView
from dhcptui.watch.notable_lines import MOST_CLIENTS, NotableLines
from dhcptui.watch.taken import MOST_ADDRESSES, Taken
from tests.unit.making import NOW, live, pair
from tests.unit.test_incident_signs import hold, said

P, Q = Role.PRIMARY, Role.SECONDARY
NET = "10.0.0.0/24"
REFUSED = "DHCPDISCOVER from 02:00:00:00:00:{:02x} via eth0: network " + NET + ": no free leases"


def pools(view: ServerView, total: int, free: int, backup: int) -> ServerView:
    """The view with these counters, read just now, and remembered as the watcher does."""
    counters = (PoolCounters(NET, total, free, backup),)
    return replace(view, pools=Seen(counters, NOW.mono - 1), scarce=remember(counters, dict(view.scarce)))


def both(total: int, free: int, backup: int, *lines: str | tuple[float, str]) -> PairSnapshot:
    """A healthy pair with these counters on both, and these lines in the primary's log."""
    return pair(said(pools(live(P), total, free, backup), *lines), pools(live(Q), total, free, backup))


def judge(snapshot: PairSnapshot) -> Verdict:
    """The verdict, after the promises that hold for each combination were checked."""
    hold(snapshot)
    return derive(snapshot, NOW)


@pytest.mark.parametrize(
    ("total", "free", "backup", "level", "words"),
    [
        (90, 2, 1, Level.WARNING, "both servers serve, but pool 10.0.0.0/24 is nearly used up: 3 of 90 left"),
        (90, 0, 0, Level.CRITICAL, "both servers serve, but pool 10.0.0.0/24 is used up: new clients get no address"),
        (90, 5, 5, Level.OK, "both servers serve"),
        (4, 1, 0, Level.WARNING, "both servers serve, but pool 10.0.0.0/24 is nearly used up: 1 of 4 left"),
        (2, 1, 0, Level.OK, "both servers serve"),
        (0, 0, 0, Level.OK, "both servers serve"),
    ],
)
def test_levels(total: int, free: int, backup: int, level: Level, words: str) -> None:
    """Nearly used up is a warning, used up is critical; the incident has the same weight."""
    verdict = judge(both(total, free, backup))
    assert (verdict.level, verdict.headline) == (level, words)
    weights = {each.id: each.weight for each in verdict.incidents}
    assert weights.get(IncidentId.POOL_EXHAUSTED) == {
        Level.WARNING: Weight.WARNING,
        Level.CRITICAL: Weight.CRITICAL,
    }.get(level)
    if level is not Level.OK:
        assert "Enlarge the range of pool 10.0.0.0/24 on both, or shorten the leases" in verdict.advice.replace(
            "No action frees an address: e", "E"
        )


def test_clients_that_are_turned_away_are_counted_once() -> None:
    """By their hardware address, over both logs, in the last minute: many lines of one client are one client."""
    lines = [REFUSED.format(client) for client in (1, 2, 3, 1, 1)]
    snapshot = both(90, 0, 0, *lines, (200.0, REFUSED.format(9)))
    snapshot = snapshot.with_view(said(snapshot.secondary, REFUSED.format(3), REFUSED.format(4)))
    verdict = judge(snapshot)
    assert verdict.headline.endswith("pool 10.0.0.0/24 is used up: 4 clients were refused in a minute")
    (found,) = (each for each in verdict.incidents if each.id == "I-23")
    assert any("4 clients turned away within 60 s" in each.text for each in found.evidence)


def test_refusals_of_before_the_pair_was_normal_are_the_past() -> None:
    """A restart with a larger range begins a new count."""
    counted = both(90, 40, 40)
    view = said(live(P, stos=int(NOW.wall) - 10), (20, REFUSED.format(1)))
    assert judge(counted.with_view(pools(view, 90, 40, 40))).level is Level.OK


def test_clients_that_are_turned_away_while_addresses_are_free() -> None:
    """A permit list, or the range of one class: a warning, and not the advice to enlarge."""
    verdict = judge(both(90, 40, 40, REFUSED.format(1)))
    assert (verdict.level, verdict.headline) == (
        Level.WARNING,
        "both servers serve, but 1 client was refused in a minute: no free leases in 10.0.0.0/24",
    )
    assert "permit lists" in verdict.advice


ELSEWHERE = "DHCPDISCOVER from 02:00:00:00:00:{:02x} via eth0: peer holds all free leases"


def elsewhere(free: int, first: list[tuple[float, int]], second: list[tuple[float, int]]) -> PairSnapshot:
    """A healthy pair in which each server sent these clients to the other one, so long ago."""
    one, two = (
        said(pools(live(role), 40, free, free), *((ago, ELSEWHERE.format(client)) for ago, client in clients))
        for role, clients in ((P, first), (Q, second))
    )
    return pair(one, two)


def test_clients_that_each_server_sends_to_the_other_one() -> None:
    """Nobody serves them: the addresses that both count as free are all on offer to others."""
    verdict = judge(elsewhere(20, [(9, 3), (5, 1), (3, 2)], [(5, 1), (2, 2), (2, 4)]))
    assert (verdict.level, verdict.headline) == (
        Level.WARNING,
        "both servers serve, but 2 clients were refused in a minute: free addresses are offered and not taken",
    )
    assert "on offer" in verdict.advice
    (found,) = (each for each in verdict.incidents if each.id == "I-23")
    assert found.weight is Weight.WARNING
    assert any(text.text.startswith(ELSEWHERE.format(2)) for text in found.evidence)


@pytest.mark.parametrize(("more", "on_offer"), [((), True), ((REFUSED.format(9),), False)], ids=["all", "not all"])
def test_a_client_that_one_server_would_send_on_is_permitted(more: tuple[str, ...], on_offer: bool) -> None:
    """The partner that should have the addresses says that there are none: not a permit list, but offers."""
    one = said(pools(live(P), 40, 20, 20), ELSEWHERE.format(1), ELSEWHERE.format(2))
    two = said(pools(live(Q), 40, 20, 20), REFUSED.format(1), REFUSED.format(2), *more)
    verdict = judge(pair(one, two))
    assert ("offered and not taken" in verdict.headline) is on_offer
    assert ("permit lists" in verdict.advice) is not on_offer


@pytest.mark.parametrize(
    ("first", "second"),
    [([(5, 1)], []), ([(5, 1)], [(5, 2)]), ([(50, 1)], [(5, 1)]), ([(70, 1)], [(70, 1)])],
    ids=["one server", "another client", "another time", "long ago"],
)
def test_clients_that_the_other_server_may_have_served(
    first: list[tuple[float, int]], second: list[tuple[float, int]]
) -> None:
    """Sent to the partner by one server only: that is how it should be."""
    assert judge(elsewhere(20, first, second)).level is Level.OK


def test_clients_that_nobody_serves_at_the_end_of_a_pool() -> None:
    """Counted like those that are refused in plain words."""
    verdict = judge(elsewhere(1, [(5, 1)], [(5, 1)]))
    assert (verdict.level, verdict.headline) == (
        Level.CRITICAL,
        "both servers serve, but pool 10.0.0.0/24 is nearly used up: 2 of 40 left, 1 client was refused in a minute",
    )


def test_refusals_count_where_no_counter_was_read() -> None:
    """The log alone is enough for an alarm, and an old reading is none."""
    old: Seen[tuple[PoolCounters, ...]] = Seen((PoolCounters(NET, 90, 40, 40),), NOW.mono - 60)
    one, two = replace(said(live(P), REFUSED.format(1)), pools=old), replace(live(Q), pools=None)
    assert judge(pair(one, two)).level is Level.CRITICAL


def test_a_log_that_is_not_read_is_not_silence() -> None:
    """Whether clients are refused is then not known, and is said so."""
    snapshot = both(90, 0, 0)
    for log, words in (
        (Channel(Link.OK), "no client turned away lately"),
        (Channel(Link.FAILED, "Permission denied"), "is not known"),
    ):
        (found,) = (
            each
            for each in judge(snapshot.with_view(replace(snapshot.primary, log=log))).incidents
            if each.id == "I-23"
        )
        assert any(words in each.text for each in found.evidence)


def test_both_must_count_it() -> None:
    """An update under way: one server sees none left, the other one sees addresses."""
    assert judge(pair(pools(live(P), 90, 0, 0), pools(live(Q), 90, 10, 10))).level is Level.OK
    one_read = pair(pools(live(P), 90, 0, 0), replace(live(Q), pools=None))
    assert judge(one_read).level is Level.CRITICAL


def test_one_address_that_comes_and_goes_does_not_flap() -> None:
    """At the end of a pool, and at its border, the level stays for as long as it is near; only many addresses end it."""
    levels = []
    view = live(P)
    for left in (6, 4, 5, 4, 5, 6, 0, 1, 0, 2, 0, 1, 4, 5, 8, 9, 10, 9):
        view = pools(view, 90, left // 2, left - left // 2)
        levels.append(judge(pair(view, replace(view, role=Q, name="dhcp2", status=live(Q).status))).level)
    changes = [level for level, _ in itertools.groupby(levels)]
    assert changes == [Level.OK, Level.WARNING, Level.CRITICAL, Level.WARNING, Level.OK]


@pytest.mark.parametrize("total", [1, 2, 3, 4, 10, 90, 1000])
def test_memory_ends(total: int) -> None:
    """Whatever it was: a pool that is free again is well, and one that has nothing left is dry."""
    for before in Scarcity:
        known = {NET: before}
        assert remember([PoolCounters(NET, total, total, 0)], known) == ()
        assert remember([PoolCounters(NET, total, 0, 0)], known) == ((NET, Scarcity.DRY),)


def test_whom_a_line_turns_away() -> None:
    """By dhcpd's own words; what a client calls itself proves nothing."""
    refused = "network x: no free leases"
    for text, client in (
        (f"DHCPDISCOVER from 00:16:3e:00:00:01 via eth0: {refused}", "00:16:3e:00:00:01"),
        (f"DHCPDISCOVER from 00:16:3e:00:00:01 (from 1:2) via eth0: {refused}", "00:16:3e:00:00:01"),
        (f"DHCPREQUEST for 10.0.0.7 (10.0.0.1) from 00:16:3e:00:00:02 via eth0: {refused}", "00:16:3e:00:00:02"),
        (f"message repeated 2 times: [ DHCPDISCOVER from 00:16:3e:00:00:01 via eth0: {refused}]", "00:16:3e:00:00:01"),
        ("DHCPDISCOVER from 00:16:3e:00:00:01 via eth0: cancel load balance to peer x - no free leases", None),
        ("DHCPDISCOVER from 00:16:3e:00:00:01 via eth0", None),
    ):
        assert refused_client(parse(f"Nov 22 11:33:05 dhcp1 dhcpd[1]: {text}", NOW.wall)) == client, text


def test_what_is_remembered_is_bounded() -> None:
    """A flood of clients that never were costs no more than a few hundred of them."""
    notable_lines = NotableLines()
    lines = [
        parse(f"{NOW.wall + number / 100:.6f} dhcp1 dhcpd[1]: DHCPDISCOVER from 02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
              f" via eth0: network {NET}: no free leases", NOW.wall)
        for number in range(2 * MOST_CLIENTS)
    ]  # fmt: skip
    notable_lines.add(lines, NOW.wall)
    (kept,) = notable_lines.kept
    assert (kept.count, len(kept.refused)) == (2 * MOST_CLIENTS, MOST_CLIENTS)
    later = parse(f"{NOW.wall + 1000:.6f} dhcp1 dhcpd[1]: {REFUSED.format(1)}", NOW.wall)
    notable_lines.add([later], NOW.wall + 1000)
    assert [client for _, client in notable_lines.kept[0].refused] == ["02:00:00:00:00:01"]


def acks(*pairs: tuple[str, str]) -> Taken:
    """What a log with these DHCPACK lines leaves."""
    taken = Taken()
    taken.add(
        parse(f"Nov 22 11:33:05 dhcp1 dhcpd[1]: DHCPACK on {address} to {client} via eth0", NOW.wall)
        for address, client in pairs
    )
    return taken


def test_who_took_the_addresses() -> None:
    """One client with many, a maker with most, and those who make their addresses up are told apart."""
    one = acks(*((f"10.0.0.{number}", "00:16:3e:00:00:01") for number in range(20)), ("10.0.0.99", "0c:00:00:00:00:02"))
    assert one.holders is not None
    assert one.holders.busiest == ("00:16:3e:00:00:01", 20)
    phones = acks(*((f"10.0.0.{number}", f"02:00:00:00:00:{number:02x}") for number in range(20)))
    assert phones.holders is not None
    assert (phones.holders.makers, phones.holders.busiest) == (((RANDOM, 20),), None)
    again = acks(("10.0.0.1", "00:16:3e:00:00:01"), ("10.0.0.1", "0c:00:00:00:00:02"))
    assert again.holders is not None
    assert again.holders.makers == (("0c:00:00", 1),)
    many = acks(
        *((f"10.{number >> 8}.0.{number & 255}", "00:16:3e:00:00:01") for number in range(MOST_ADDRESSES + 100))
    )
    assert many.holders is not None
    assert many.holders.addresses == MOST_ADDRESSES
    assert acks().holders is None


def test_the_advice_names_one_client_with_many() -> None:
    """In the sentence where there is room for it, and in the evidence always."""
    taken = acks(*((f"10.0.0.{number}", "00:16:3e:00:00:01") for number in range(80)))
    snapshot = both(90, 0, 0)
    verdict = judge(snapshot.with_view(replace(snapshot.primary, holders=taken.holders)))
    assert verdict.advice.startswith("00:16:3e:00:00:01 took 80 of 80: find it. Enlarge the range of pool 10.0.0.0/24")
    (found,) = (each for each in verdict.incidents if each.id == "I-23")
    assert any("of 80 addresses given out in the log, 80 to 00:16:3e" in each.text for each in found.evidence)
