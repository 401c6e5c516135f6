"""The verdict over the whole product of states and standings."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from dhcptui.assess.guards import rule
from dhcptui.assess.headline import MOST_LETTERS
from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.verdict import Level, derive, worst
from dhcptui.assess.visibility import Visibility, assess, judged
from dhcptui.engine.read_once import settled
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.snapshot import DelayedStart, LockFiles, Lockout, PairSnapshot, RecordedState, ServerView
from dhcptui.model.states import FailoverState, serves
from tests.unit.making import FAILED, NOW, OK, down, gone, hung, live, never, pair
from tests.unit.test_incident_signs import hold_advice, said

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY
KINDS: list[Callable[[Role], ServerView]] = [
    *(lambda role, local=local, heard=heard: live(role, local, heard) for local in S for heard in (S.NORMAL, S.PARTNER_DOWN)),
    down, hung, gone, never,
]  # fmt: skip


def test_every_combination_gets_a_verdict() -> None:
    """Total: each pair of standings has a level, a sentence and an advice, and claims no service that is not there."""
    for one, two in itertools.product(KINDS, KINDS):
        snapshot = pair(one(P), two(Q))
        verdict = derive(snapshot, NOW)
        assert verdict.headline
        assert verdict.advice
        assert "None" not in verdict.headline + verdict.advice
        if verdict.level is Level.OK:
            assert verdict.serving == ("dhcp1", "dhcp2")
        if not verdict.serving:
            assert verdict.level in {Level.CRITICAL, Level.UNKNOWN}


def servers_judged(snapshot: PairSnapshot) -> int:
    """How often a server is judged while a verdict is made."""
    calls: list[str] = []
    sys.setprofile(lambda frame, event, _: calls.append(event) if frame.f_code is judged.__code__ else None)
    try:
        derive(snapshot, NOW)
    finally:
        sys.setprofile(None)
    return calls.count("call")


def test_each_server_is_judged_once() -> None:
    """One judgement of both servers is made, and passed on: headline, incidents, advice and guards are of one moment."""
    for one, two in itertools.product(KINDS[::4], KINDS[::4]):
        assert servers_judged(pair(one(P), two(Q))) == 2


def test_headlines_fit_into_two_rows_of_a_narrow_terminal() -> None:
    """However bad it is: what is cut off cannot be read, and a full disk is named where there is room for it."""
    full = "commit_leases: unable to commit, fflush(): No space left on device"
    named = 0
    ones = [view for make in KINDS for view in (make(P), said(make(P), full))]
    for first, second in itertools.product(ones, [make(Q) for make in KINDS]):
        headline = derive(pair(first, second), NOW).headline
        assert len(headline) <= MOST_LETTERS, headline
        named += "dhcp1 has no disk space left" in headline
    assert named > 100


def test_advice_never_names_a_refused_action() -> None:
    """An advice to press a key is given only where the guards allow it."""
    for one, two in itertools.product(KINDS, KINDS):
        snapshot = pair(one(P), two(Q))
        advice = derive(snapshot, NOW).advice
        for role, name, other in ((P, "dhcp1", "dhcp2"), (Q, "dhcp2", "dhcp1")):
            for words, action in (
                (f"P on {name}", Action.PARTNER_DOWN),
                (f"U brings {name} up", Action.START),
                (f"makes {name} serve again", Action.RESCUE),
                (f"has handed over to {other}", Action.TAKE_BACK),
            ):
                if words in advice and (action is not Action.TAKE_BACK or name in advice.partition(" has")[0]):
                    assert rule(action, role, snapshot, NOW).allowed, advice


def test_a_recover_that_does_not_end() -> None:
    """It is told from one that goes on: by updates under way, by its age, by a partner that is not done yet."""
    old, young = NOW_WALL - 120, NOW_WALL - 5
    done = live(Q, S.RECOVER_DONE, S.RECOVER, stos=old)
    stuck = derive(pair(live(P, S.RECOVER, S.RECOVER_DONE, stos=old), done), NOW)
    assert stuck.advice.startswith("Restart dhcp1's dhcpd: ")
    for one, two in (
        (live(P, S.RECOVER, S.RECOVER_DONE, stos=young), done),
        (live(P, S.RECOVER, S.RECOVER_DONE, stos=old), live(Q, S.RECOVER_DONE, S.RECOVER, stos=old, unacked=3)),
        (live(P, S.RECOVER, S.RECOVER_WAIT, stos=old), live(Q, S.RECOVER_WAIT, S.RECOVER, stos=old)),
    ):
        assert derive(pair(one, two), NOW).advice.startswith("Wait: both exchange")


def test_healthy() -> None:
    """Both normal is ok, since the later of the two."""
    verdict = derive(pair(live(P, stos=1_794_990_000), live(Q, stos=1_794_990_007, offset=2.0)), NOW)
    assert verdict.level is Level.OK
    assert verdict.headline == "both servers serve"
    assert verdict.since == 1_794_990_005.0


@pytest.mark.parametrize(
    ("one", "two", "level", "words"),
    [
        (live(P, S.COMMUNICATIONS_INTERRUPTED), down(Q), Level.WARNING, "dhcp1 serves from its own half"),
        (live(P, S.PARTNER_DOWN), down(Q), Level.WARNING, "dhcp1 serves alone; dhcp2 is down"),
        (live(P, S.PARTNER_DOWN, S.SHUTDOWN), live(Q, S.SHUTDOWN, S.PARTNER_DOWN), Level.WARNING, "has handed over"),
        (live(P, S.PARTNER_DOWN), live(Q, S.PARTNER_DOWN), Level.CRITICAL, "both servers read partner-down"),
        (live(P, S.PARTNER_DOWN), live(Q, S.NORMAL), Level.CRITICAL, "given out twice"),
        (live(P, S.POTENTIAL_CONFLICT), live(Q, S.POTENTIAL_CONFLICT), Level.CRITICAL, "resolving conflicts"),
        (live(P, S.PARTNER_DOWN, S.PARTNER_DOWN), down(Q), Level.CRITICAL, "answers nobody"),
        (live(P), hung(Q), Level.WARNING, "is stopped (dhcpd process suspended)"),
        (live(P), gone(Q), Level.WARNING, "cannot be reached"),
        (down(P), down(Q), Level.CRITICAL, "nobody serves"),
        (hung(P), hung(Q), Level.CRITICAL, "nobody serves"),
        (gone(P), gone(Q), Level.UNKNOWN, "nothing is known"),
        (never(P), never(Q), Level.UNKNOWN, "contacting"),
        (
            live(P, S.COMMUNICATIONS_INTERRUPTED), live(Q, S.COMMUNICATIONS_INTERRUPTED),
            Level.WARNING, "out of contact",
        ),
    ],
)  # fmt: skip
def test_headlines(one: ServerView, two: ServerView, level: Level, words: str) -> None:
    """The cases an engineer meets, in words."""
    verdict = derive(pair(one, two), NOW)
    assert (verdict.level, words in verdict.headline) == (level, True), verdict.headline


def test_recover_wait_ends_by_the_servers_own_clock() -> None:
    """The countdown is local-stos + mclt on the server's clock, whatever the console's says."""
    waiting = live(Q, S.RECOVER_WAIT, S.PARTNER_DOWN, stos=1_795_000_000 - 1790 + 90, offset=90.0)
    (count,) = (each for each in derive(pair(live(P, S.PARTNER_DOWN, S.RECOVER, stos=1), waiting), NOW).countdowns)
    assert count.server == "dhcp2"
    assert count.ends == 1_795_000_100
    assert count.remaining_seconds == pytest.approx(10.0)
    assert count.clock_known


def test_recover_wait_of_a_secondary_that_never_met_its_primary() -> None:
    """A secondary reads mclt 0 until its first CONNECT: the primary's value counts."""
    waiting = live(Q, S.RECOVER_WAIT, mclt=0, stos=1_794_999_000)
    counts = derive(pair(live(P, S.PARTNER_DOWN, stos=1), waiting), NOW).countdowns
    assert [count.remaining_seconds for count in counts] == [pytest.approx(800.0)]


def test_take_over_counts_down_in_partner_down() -> None:
    """The partner's free addresses become usable at stos + mclt."""
    (count,) = derive(pair(live(P, S.PARTNER_DOWN, stos=1_794_999_000), down(Q)), NOW).countdowns
    assert "free addresses" in count.what
    assert count.remaining_seconds == pytest.approx(800.0)


def test_a_status_grows_old() -> None:
    """The same status is the present now and the past two seconds later: nothing else has to happen."""
    view = live(P)
    later = replace(NOW, mono=NOW.mono + 2)
    assert assess(view, NOW).visibility is Visibility.LIVE
    assert assess(view, later).visibility is Visibility.SILENT
    assert assess(view, later).state is None


def test_a_lost_connection_is_no_present() -> None:
    """A status from before the connection was lost is the past at once, however young."""
    view = replace(live(P), omapi=FAILED)
    assert assess(view, NOW).state is None


def test_an_old_look_at_the_process_table_proves_nothing() -> None:
    """dhcpd not seen a minute ago may run by now."""
    old = replace(down(Q), process=Seen(down(Q).process.value, NOW.mono - 60))  # type: ignore[union-attr]
    assert assess(old, NOW).visibility is not Visibility.DOWN


FULL: Seen[tuple[PoolCounters, ...]] = Seen(
    (PoolCounters("10.0.0.0/24", 101, 0, 0), PoolCounters("10.0.1.0/24", 50, 1, 0)), NOW.mono - 1
)


def test_a_pool_that_is_used_up_is_nobodys_fault() -> None:
    """Both serve: critical, a sentence that names the pool, and an advice that says that no key frees an address."""
    verdict = derive(pair(replace(live(P), pools=FULL), replace(live(Q), pools=FULL)), NOW)
    words = "both servers serve, but pool 10.0.0.0/24 is used up: new clients get no address"
    assert (verdict.level, verdict.headline) == (Level.CRITICAL, words)
    assert verdict.advice.startswith("No action frees an address: enlarge the range of pool 10.0.0.0/24 on both")
    two: Seen[tuple[PoolCounters, ...]] = Seen(tuple(replace(pool, free=0) for pool in FULL.value), FULL.at)
    assert "2 pools are used up" in derive(pair(*(replace(live(r), pools=two) for r in (P, Q))), NOW).headline
    old = Seen(FULL.value, NOW.mono - 60)
    for one, other in (
        (live(P), replace(live(Q), pools=FULL)),
        (replace(live(P), pools=old), replace(live(Q), pools=old)),
    ):
        assert derive(pair(one, other), NOW).level is Level.OK


def test_worst_level_of_several_pairs() -> None:
    """A known outage outweighs not knowing."""
    assert worst([Level.OK, Level.CRITICAL, Level.UNKNOWN]) is Level.CRITICAL
    assert worst([Level.OK, Level.WARNING]) is Level.WARNING
    assert worst([]) is Level.UNKNOWN


NOW_WALL = int(NOW.wall)


def older(view: ServerView, seconds: float) -> ServerView:
    """The same, read so much earlier."""
    assert view.status is not None
    return replace(view, status=Seen(view.status.value, view.status.at - seconds))


@pytest.mark.parametrize(("late", "offset"), [(0, 0.0), (0, 90.0), (-1, -40.0)])
def test_two_readings_of_one_change_are_no_contradiction(late: int, offset: float) -> None:
    """A pair returns to normal: the one that was in partner-down was read before the other one's normal began."""
    back = live(Q, stos=NOW_WALL + int(offset) + late, offset=offset)
    was = older(live(P, S.PARTNER_DOWN, S.RECOVER_DONE, stos=NOW_WALL - 60), 0.9)
    verdict = derive(pair(was, back), NOW)
    assert (verdict.level, verdict.headline) == (
        Level.WARNING,
        "dhcp1 and dhcp2 serve; the two are changing their states",
    )
    assert verdict.advice.startswith("Wait a moment")
    assert not {"I-3", "I-7"} & {each.id for each in verdict.incidents}


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_a_contradiction_shows_as_soon_as_both_were_read_in_it(seconds: float) -> None:
    """Both readings are younger than both states; and a second later it still stands."""
    was = live(P, S.PARTNER_DOWN, stos=NOW_WALL - 60)
    back = live(Q, S.COMMUNICATIONS_INTERRUPTED, stos=NOW_WALL - 3)
    later = replace(NOW, wall=NOW.wall + seconds, mono=NOW.mono + seconds)
    verdict = derive(pair(was, back), later)
    assert verdict.level is Level.CRITICAL
    assert "I-3" in {each.id for each in verdict.incidents}


def test_want_of_a_clock_hides_no_contradiction() -> None:
    """The clock was never read, or was set after it was: two that cannot be compared are taken at their word."""
    fresh = live(Q, S.COMMUNICATIONS_INTERRUPTED, stos=NOW_WALL)
    unread = replace(fresh, clock=None)
    stepped = live(Q, S.COMMUNICATIONS_INTERRUPTED, stos=NOW_WALL + 90)
    was = older(live(P, S.PARTNER_DOWN, stos=NOW_WALL - 60), 0.9)
    assert derive(pair(was, fresh), NOW).level is Level.WARNING
    assert derive(pair(was, unread), NOW).level is Level.CRITICAL
    assert derive(pair(was, stepped), NOW).level is Level.CRITICAL


def test_what_was_heard_just_now_comes_from_the_living() -> None:
    """Its partner told it partner-down a moment ago and is only not read yet: no "alone and silent", and no rescue."""
    me = live(P, S.COMMUNICATIONS_INTERRUPTED, S.PARTNER_DOWN, stos=NOW_WALL - 1)
    now = derive(pair(me, down(Q)), NOW)
    assert "I-21" not in {each.id for each in now.incidents}
    assert now.advice.startswith("Wait a moment")
    assert not now.serving
    later = live(P, S.COMMUNICATIONS_INTERRUPTED, S.PARTNER_DOWN, stos=NOW_WALL - 6)
    assert derive(pair(later, down(Q)), NOW).incidents[0].id == "I-21"


def recorded(view: ServerView, state: FailoverState, since: float = NOW.wall - 720) -> ServerView:
    """The view with what it wrote down last."""
    return replace(view, recorded=Seen(RecordedState(state, since, None, "lease file", since), NOW.mono - 1))


def blind(role: Role) -> ServerView:
    """A server that was never read over OMAPI, and whose dhcpd runs."""
    return replace(live(role), omapi=FAILED, status=None)


def test_what_is_written_down_is_told_as_the_past() -> None:
    """Beside a server that tells nothing, with its source and time; never beside one that tells, or is down."""
    verdict = derive(pair(live(P), recorded(blind(Q), S.NORMAL)), NOW)
    assert verdict.headline == "dhcp1 serves; dhcp2 does not tell its state (lease file: normal since 10:54:40)"
    assert verdict.serving == ("dhcp1",)
    assert verdict.secondary.state is None
    assert "lease file" not in derive(pair(live(P), recorded(live(Q), S.NORMAL)), NOW).headline
    assert "lease file" not in derive(pair(live(P), recorded(down(Q), S.NORMAL)), NOW).headline


def test_two_records_that_contradict_each_other_are_a_warning() -> None:
    """Both run and tell nothing; the records alone say that both may give out the same addresses."""
    for one, two, level in (
        (S.NORMAL, S.NORMAL, Level.UNKNOWN),
        (S.PARTNER_DOWN, S.PARTNER_DOWN, Level.WARNING),
        (S.PARTNER_DOWN, S.COMMUNICATIONS_INTERRUPTED, Level.WARNING),
        (S.PARTNER_DOWN, S.RECOVER_WAIT, Level.UNKNOWN),
    ):
        verdict = derive(pair(recorded(blind(P), one), recorded(blind(Q), two)), NOW)
        assert verdict.level is level
        assert f"(lease file: {one.word})" in verdict.headline
        assert not verdict.serving


def test_the_one_that_served_last_starts_first() -> None:
    """Both down: their records tell which one outlived the other; without them nobody is named."""
    was = recorded(down(P), S.NORMAL), recorded(down(Q), S.COMMUNICATIONS_INTERRUPTED)
    assert derive(pair(*was), NOW).advice == "U brings dhcp2 up first: it was the last to serve. Then start dhcp1."
    assert "stopped last" in derive(pair(down(P), down(Q)), NOW).advice
    both = recorded(down(P), S.NORMAL), recorded(down(Q), S.NORMAL)
    assert "stopped last" in derive(pair(*both), NOW).advice


def test_a_heavy_incident_raises_the_level() -> None:
    """The states alone look better than the pair is."""
    empty: Seen[tuple[PoolCounters, ...]] = Seen((PoolCounters("10.0.0.0/24", 101, 0, 50),), NOW.mono - 1)
    uneven = derive(pair(replace(live(P), pools=empty), live(Q)), NOW)
    assert (uneven.level, uneven.headline) == (Level.WARNING, "both servers serve, but the pools do not balance")
    dry = derive(pair(replace(live(P, S.COMMUNICATIONS_INTERRUPTED), pools=empty), down(Q)), NOW)
    assert dry.level is Level.CRITICAL
    assert dry.headline == "dhcp1 has no address left for new clients; dhcp2 is down (dhcpd not running)"
    assert dry.serving == ("dhcp1",)


def test_advice_names_the_key_that_is_bound() -> None:
    """The same sentence with another key for each action; without one, the default."""
    for one, two, key in (
        (live(P), live(Q), "use S (clean"),
        (live(P, S.COMMUNICATIONS_INTERRUPTED), down(Q), "U brings dhcp2 up"),
        (live(P, S.PARTNER_DOWN, S.SHUTDOWN), live(Q, S.SHUTDOWN, S.PARTNER_DOWN), "H takes its clients back"),
    ):
        verdict = derive(pair(one, two), NOW)
        assert key in verdict.advice
        other = verdict.advise(lambda action: f"<{action.value}>")
        assert key not in other
        assert re.sub("<[a-z-]+>", "", other) == re.sub(r"\b[SUHPX]\b", "", verdict.advice)


def test_what_was_not_read_yet_is_not_nobody() -> None:
    """One that does not serve was read first: the other one may serve, so nothing is critical, and no incident is."""
    coming = replace(never(Q), ssh=OK, process=live(Q).process)  # its processes were seen, its dhcpd not asked yet
    told = replace(coming, omapi=OK)  # it has answered, and its state is not in the snapshot yet
    silent = [live(P, me, heard) for me in S for heard in S if not serves(me, heard)]
    for one in (*silent, down(P), hung(P)):
        for two in (never(Q), coming, told):
            verdict = derive(pair(one, two), NOW)
            assert verdict.level is Level.UNKNOWN, verdict.headline
            assert verdict.headline.startswith("not known who serves: dhcp1 "), verdict.headline
            assert all(each.weight < Weight.CRITICAL for each in verdict.incidents), verdict.incidents
            assert "Nobody serves" not in verdict.advice
            assert verdict.serving == ()


def test_what_was_looked_for_in_vain_is_no_longer_awaited() -> None:
    """A dhcpd that does not answer although asked, or is held, and a host that cannot be reached."""
    refused = replace(never(Q), ssh=OK, omapi=FAILED, process=live(Q).process)
    unread = replace(never(Q), ssh=OK, omapi=FAILED, process_note="ps is missing")
    held = replace(never(Q), ssh=OK, process=hung(Q).process)
    for two in (refused, unread, held, gone(Q)):
        assert derive(pair(live(P, S.SHUTDOWN, S.PARTNER_DOWN), two), NOW).level is Level.CRITICAL


def test_status_gives_each_dhcpd_its_time() -> None:
    """It is counted from the login, not from the beginning: a slow login takes none of it away."""
    view = replace(never(Q), ssh=replace(OK, since=NOW.mono - 1), process=live(Q).process)
    assert not settled(view, NOW, NOW.mono - 5)
    assert settled(view, replace(NOW, mono=NOW.mono + 1.1), NOW.mono - 5)


def due(view: ServerView, *, in_seconds: float = 600.0, there: bool | None = True) -> ServerView:
    """The server with a start that its own timer will run."""
    at = NOW.wall + in_seconds
    start = DelayedStart("anna@ops1", NOW.wall - 60, at, at + 1, "systemd dhcptui-start-1", there)
    return replace(view, lock_files=Seen(LockFiles(start=start), NOW.mono - 1))


def test_a_start_that_is_scheduled_is_what_now() -> None:
    """With when, by whom and what key takes it off; not of a job that is gone, and not before the server that comes first."""
    told = "dhcp2 starts by itself at 11:16:40 UTC by its clock (asked by anna@ops1). U starts it now or cancels that."
    alone = live(P, S.COMMUNICATIONS_INTERRUPTED)
    assert derive(pair(alone, due(down(Q))), NOW).advice == told
    assert "U brings dhcp2 up" in derive(pair(alone, due(down(Q), there=False)), NOW).advice
    assert "U brings dhcp2 up" in derive(pair(alone, due(down(Q), in_seconds=-90)), NOW).advice
    assert derive(pair(down(P), due(down(Q))), NOW).advice == told
    first = replace(down(P), status=Seen(live(P).status.value, NOW.mono - 2))  # type: ignore[union-attr]
    both = derive(pair(first, due(down(Q))), NOW).advice
    assert both == (
        "U brings dhcp1 up first: it was the last to serve. Then start dhcp2. dhcp2 starts by itself at 11:16:40 UTC."
    )
    hold_advice(derive(pair(first, due(down(Q))), NOW))
    declared = replace(
        down(P), lock_files=Seen(LockFiles(lockout=Lockout("dhcp2", "anna", NOW.wall - 600, "crash")), NOW.mono - 1)
    )
    assert derive(pair(declared, due(down(Q))), NOW).advice.startswith("U brings dhcp1 up first: it knows")
