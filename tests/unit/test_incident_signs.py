"""Which incidents are named: total over every combination, at peace with verdict and guards, and right where it matters."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.guards import judge
from dhcptui.assess.incidents.catalogue import BY_ID, INCIDENTS, Weight
from dhcptui.assess.incidents.signs import ORDER, SIGNS, STRONGER, Probable, probable
from dhcptui.assess.verdict import Level, Verdict, derive
from dhcptui.assess.visibility import Visibility, assess
from dhcptui.logs.lines import parse
from dhcptui.model.action import Action
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.moments import Moment, Seen
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.snapshot import (
    ClockOffset,
    Lock,
    LockFiles,
    Lockout,
    PairSnapshot,
    PartnerReach,
    ProcessSighting,
    Reach,
    ServerView,
)
from dhcptui.model.states import FailoverState
from dhcptui.watch.notable_lines import NotableLines
from tests.unit.making import NOW, down, gone, hung, live, never, pair
from tests.unit.test_loglines import SAMPLES

S, A = FailoverState, Action
P, Q = Role.PRIMARY, Role.SECONDARY
NORMAL, COMM, PDOWN = S.NORMAL, S.COMMUNICATIONS_INTERRUPTED, S.PARTNER_DOWN
Maker = Callable[[Role], ServerView]

HEARD = (S.NORMAL, S.COMMUNICATIONS_INTERRUPTED, S.PARTNER_DOWN, S.POTENTIAL_CONFLICT, S.UNKNOWN)
LIVE: list[Maker] = [lambda role, me=me, heard=heard: live(role, me, heard) for me in S for heard in HEARD]  # type: ignore[misc]
AWAY: list[Maker] = [down, hung, gone, never]
OFFSETS = (0.0, 12.0, 90.0)
POOLS = ((101, 51, 50), (101, 0, 50), (101, 0, 0))
REACHES = (None, Reach.OPEN, Reach.SILENT)


def said(view: ServerView, *messages: str | tuple[float, str], pid: int = 100) -> ServerView:
    """The view with a log of these messages; (seconds ago, message), or a message of just now."""
    notable_lines = NotableLines()
    for each in messages:
        ago, message = (1.0, each) if isinstance(each, str) else each
        stamp = view.server_time(NOW) - ago
        iso = datetime.fromtimestamp(stamp, UTC).isoformat()
        notable_lines.add([parse(f"{iso} {view.name} dhcpd[{pid}]: {message}", NOW.wall)], view.server_time(NOW))
    return replace(view, notable_lines=(*view.notable_lines, *notable_lines.kept))


def dressed(view: ServerView, offset: float, pool: tuple[int, int, int], port: Reach | None) -> ServerView:
    """A view with this clock, these counters and this way to the partner."""
    reach = PartnerReach("10.0.0.9", Reach.OPEN, port, Reach.OPEN) if port else None
    return replace(
        view,
        clock=Seen(ClockOffset(offset, 0.01), NOW.mono - 1) if view.clock else None,
        pools=Seen((PoolCounters("10.0.0.0/24", *pool),), NOW.mono - 1),
        reach=Seen(reach, NOW.mono - 1) if reach else None,
    )


def hold(snapshot: PairSnapshot, now: Moment = NOW) -> tuple[Probable, ...]:
    """The incidents, after the promises that hold for each combination were checked."""
    verdict = derive(snapshot, now)
    found = verdict.incidents
    ids = [each.id for each in found]
    assert len(set(ids)) == len(ids)
    assert "I-15" not in ids
    assert [(-each.weight, ORDER.index(each.id)) for each in found] == sorted(
        (-each.weight, ORDER.index(each.id)) for each in found
    )
    if verdict.level is Level.OK:
        assert all(each.weight < Weight.CRITICAL for each in found)
    for each in found:
        assert each.evidence
        assert all(item.text and "None" not in item.sentence for item in each.evidence)
        assert not STRONGER.get(each.id, set()) & set(ids)
        for remedy in each.remedies:
            assert judge(remedy.action, verdict.assessment.seen_from(remedy.acting)).allowed
    hold_advice(verdict)
    return found


def hold_advice(verdict: Verdict) -> None:
    """What now: an action only where a guard allows it, and no more words than two rows of 80 columns hold."""
    for part in verdict.advised:
        if isinstance(part, Action):
            assert any(judge(part, verdict.assessment.seen_from(role)).allowed for role in Role), verdict.advice
    assert len(textwrap.wrap(f"What now: {verdict.advice}", 78)) <= 2, verdict.advice
    assert verdict.advice.endswith(".")
    assert len(verdict.headline) <= 108, verdict.headline


def ids(snapshot: PairSnapshot) -> dict[str, Weight]:
    """Id -> weight."""
    return {each.id: each.weight for each in hold(snapshot)}


def worlds() -> Iterator[tuple[float, tuple[int, int, int], Reach | None]]:
    """Clock, pool and reach, all combinations in turn, for ever."""
    return itertools.cycle(itertools.product(OFFSETS, POOLS, REACHES))


def test_every_combination_of_states_and_standings() -> None:
    """13 x 13 states, what each recorded, and every way of being away: total, ordered, at peace with verdict and guards."""
    world = worlds()
    makers = [*LIVE, *AWAY]
    for one, two in itertools.product([make(P) for make in makers], [make(Q) for make in makers]):
        hold(pair(dressed(one, *next(world)), dressed(two, 0.0, *next(world)[1:])))


@pytest.mark.parametrize(("offset", "pool", "reach"), list(itertools.product(OFFSETS, POOLS, REACHES)))
def test_every_clock_pool_and_reach(offset: float, pool: tuple[int, int, int], reach: Reach | None) -> None:
    """The same for each clock, pool level and reachability, over all pairs of states."""
    makers: list[Maker] = [*(lambda role, me=me: live(role, me) for me in S), *AWAY]
    ones = [dressed(make(P), offset, pool, reach) for make in makers]
    for one, two in itertools.product(ones, [make(Q) for make in makers]):
        hold(pair(one, two))


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_every_log_beside_every_state(data: st.DataObject) -> None:
    """Any lines, of any age, beside any states: the promises hold, and the silent incident stays silent."""
    views = []
    for role in (P, Q):
        view = dressed(
            data.draw(st.sampled_from([*LIVE, *AWAY]))(role),
            *data.draw(st.sampled_from([*itertools.product(OFFSETS, POOLS, REACHES)])),
        )
        lines = data.draw(
            st.lists(st.tuples(st.floats(-10, 30_000), st.sampled_from(SAMPLES).map(lambda each: each[0])), max_size=12)
        )
        views.append(said(view, *lines, pid=data.draw(st.sampled_from([100, 7]))))
    hold(pair(*views))


def test_a_healthy_pair_has_no_incident() -> None:
    """Both normal, clocks and pools as they should be: nothing is named."""
    assert ids(pair(live(P), live(Q))) == {}


def test_a_critical_level_has_a_critical_name_where_states_tell() -> None:
    """An outage of two servers that answer is named, unless they only start, or meet for the first time."""
    for me, you in itertools.product(S, repeat=2):
        snapshot = pair(live(P, me, you), live(Q, you, me))
        if derive(snapshot, NOW).level is Level.CRITICAL and S.STARTUP not in {me, you}:
            found = ids(snapshot)
            assert Weight.CRITICAL in found.values() or found.keys() & {"I-19"}, (me, you)


def remedies(snapshot: PairSnapshot, id_: str) -> list[Action]:
    """The actions named for an incident."""
    return [each.action for named in hold(snapshot) if named.id == id_ for each in named.remedies]


@pytest.mark.parametrize(
    ("one", "two", "named", "not_named"),
    [
        # I-1, I-2 and I-7 look alike: no address here
        (live(P, COMM), down(Q), {"I-1": Weight.WARNING, "I-11": Weight.NOTE}, {"I-2", "I-7", "I-20", "I-21", "I-12"}),
        (dressed(live(P, COMM), 0, (101, 0, 50), None), down(Q), {"I-1": Weight.CRITICAL}, {"I-2"}),
        (
            said(live(P, COMM, stos=1_794_999_000), "DHCPDISCOVER from 00:16:3e:11:22:33 via eth0: peer holds all free leases"),
            hung(Q), {"I-1": Weight.CRITICAL}, {"I-2", "I-7"},
        ),
        (dressed(live(P), 0, (101, 0, 50), None), live(Q), {"I-2": Weight.WARNING}, {"I-1", "I-7"}),
        (said(live(P, stos=int(NOW.wall) - 30), (20, "DHCPDISCOVER from 00:16:3e:11:22:33 via eth0: peer holds all free leases")), live(Q), {"I-2": Weight.NOTE}, {"I-1"}),
        (said(live(P, stos=int(NOW.wall) - 30), (29, "DHCPDISCOVER from 00:16:3e:11:22:33 via eth0: peer holds all free leases")), live(Q), {}, {"I-2", "I-1"}),
        (live(P, COMM), live(Q, COMM), {"I-7": Weight.WARNING, "I-11": Weight.NOTE}, {"I-1", "I-5", "I-6"}),
        (live(P, COMM, offset=90), live(Q, COMM), {"I-5": Weight.WARNING}, {"I-7", "I-1"}),
        (
            said(live(P, COMM), "Failover CONNECT to foo rejected: Connection rejected, invalid failover partner."),
            live(Q, COMM), {"I-6": Weight.WARNING}, {"I-7", "I-5"},
        ),
        (live(P, offset=12), live(Q), {"I-5": Weight.NOTE}, set()),
        # I-4 and I-8: a server on its way back
        (live(P, PDOWN, S.RECOVER), live(Q, S.RECOVER_WAIT, PDOWN), {"I-4": Weight.NOTE}, {"I-8", "I-19"}),
        (live(P, PDOWN, S.RECOVER), live(Q, S.RECOVER, PDOWN), {"I-4": Weight.NOTE}, {"I-8", "I-19"}),
        (
            live(P, PDOWN, S.RECOVER),
            said(
                live(Q, S.RECOVER, PDOWN),
                (90, "failover peer foo: I move from recover-done to normal"),
                (5, "failover peer foo: I move from recover to startup"),
                (4, "failover peer foo: I move from startup to recover"),
            ),
            {"I-8": Weight.WARNING}, {"I-4", "I-14"},
        ),
        (
            said(live(P, PDOWN, S.RECOVER), (9, "failover peer foo: peer moves from shutdown to recover")),
            said(
                live(Q, S.RECOVER, PDOWN),
                (90, "failover peer foo: I move from shutdown to recover"),
                (5, "failover peer foo: I move from recover to startup"),
            ),
            {"I-4": Weight.NOTE}, {"I-8", "I-14"},
        ),
        # I-12: a hand-over and a surprise
        (live(P, S.SHUTDOWN, PDOWN), live(Q, PDOWN, S.SHUTDOWN), {"I-12": Weight.NOTE}, {"I-20", "I-21"}),
        (
            said(live(P, S.SHUTDOWN, PDOWN), "Peer foo: Invalid state transition normal to recover-wait."),
            live(Q, PDOWN, S.SHUTDOWN), {"I-12": Weight.WARNING}, set(),
        ),
        (live(P, S.SHUTDOWN), live(Q, S.SHUTDOWN), {"I-12": Weight.CRITICAL}, set()),
        (live(P, S.PAUSED), live(Q, COMM, S.PAUSED), {"I-12": Weight.WARNING}, {"I-7"}),
        # I-21 explains more than I-12 and I-4
        (live(P, S.SHUTDOWN, PDOWN), down(Q), {"I-21": Weight.CRITICAL}, {"I-12", "I-1"}),
        (live(P, PDOWN, PDOWN), gone(Q), {"I-21": Weight.CRITICAL}, {"I-1"}),
        (live(P, S.RECOVER_WAIT, PDOWN), down(Q), {"I-21": Weight.CRITICAL}, {"I-4"}),
        # I-3
        (live(P, S.POTENTIAL_CONFLICT), live(Q, S.CONFLICT_DONE), {"I-3": Weight.CRITICAL}, set()),
        (live(P, PDOWN), live(Q, COMM), {"I-3": Weight.CRITICAL, "I-7": Weight.WARNING}, set()),
        (said(live(P), "failover peer foo: I move from partner-down to potential-conflict"), live(Q), {"I-3": Weight.NOTE}, set()),
        # I-10
        (live(P, S.STARTUP), live(Q, S.STARTUP), {"I-10": Weight.CRITICAL}, {"I-19"}),
        (
            said(live(P), (80, "failover peer foo: I move from startup to normal"), (20, "failover peer foo: I move from normal to startup")),
            said(live(Q), (80, "failover peer foo: I move from startup to normal"), (18, "failover peer foo: I move from normal to startup")),
            {"I-10": Weight.NOTE}, {"I-14", "I-8", "I-19"},
        ),
        (
            said(live(P), (70, "failover peer foo: I move from normal to startup"), (65, "failover peer foo: Both servers normal")),
            said(live(Q), (50, "failover peer foo: I move from normal to startup")),
            {}, {"I-10"},
        ),
        # I-13, I-16, I-17, I-18
        (said(live(P), "Unable to record current failover state for foo"), live(Q), {"I-13": Weight.WARNING}, set()),
        (
            said(
                live(P), (30, "Unable to record current failover state for foo"),
                (20, "failover peer foo: I move from communications-interrupted to normal"),
            ),
            live(Q), {}, {"I-13"},
        ),
        (replace(live(P), version="4.4.3-P1"), replace(live(Q), version="4.1"), {"I-16": Weight.NOTE}, set()),
        (replace(live(P, COMM), version="3.0.6"), replace(live(Q, COMM), version="4.4.3"), {"I-16": Weight.WARNING}, set()),
        (
            said(live(P), "failover peer foo: 'address' parameter fails to resolve to an IPv4 address"),
            live(Q), {"I-17": Weight.WARNING}, {"I-6"},
        ),
        (
            said(live(P, COMM), (30, "peer foo: disconnected")),
            said(down(Q), (33, "failover peer foo: I move from communications-interrupted to normal"), (32, "failover peer foo: Both servers normal")),
            {"I-18": Weight.NOTE, "I-1": Weight.WARNING}, set(),
        ),
        (
            said(live(P, COMM), (30, "peer foo: disconnected")),
            said(down(Q), (330, "failover peer foo: I move from communications-interrupted to normal")),
            {"I-1": Weight.WARNING}, {"I-18"},
        ),
        (
            live(P, COMM), said(down(Q), "Impossible case at failover.c:639.", "exiting."),
            {"I-18": Weight.WARNING}, set(),
        ),
        # I-14, and a server that died while it was starting: it saved nothing
        (
            said(
                live(P),
                (40, "failover peer foo: I move from normal to startup"),
                (20, "failover peer foo: I move from normal to startup"),
            ),
            live(Q), {}, {"I-14", "I-8", "I-19"},
        ),
        (
            said(
                live(P, PDOWN),
                (90, "failover peer foo: I move from normal to communications-interrupted"),
                (20, "failover peer foo: I move from partner-down to startup"),
            ),
            down(Q), {"I-14": Weight.NOTE}, {"I-8"},
        ),
        # I-19: no alarm; one with a history is another matter
        (
            said(live(P, S.RECOVER), "failover peer foo: I move from recover to startup"),
            said(live(Q, S.RECOVER), "failover peer foo: I move from recover to startup"),
            {"I-19": Weight.NOTE}, {"I-8", "I-4", "I-10"},
        ),
        (
            said(live(P), (40, "failover peer foo: I move from recover to startup"), "bind update on 10.0.0.100 from foo rejected: unknown IP address"),
            live(Q), {"I-9": Weight.WARNING}, {"I-19"},
        ),
        # an end that is not of the running process (dhcpd -t) says nothing
        (said(live(P), "Configuration file errors encountered -- exiting", pid=7), live(Q), {}, {"I-6"}),
        (live(P, COMM), said(down(Q), "Configuration file errors encountered -- exiting", pid=7), {"I-6": Weight.WARNING}, set()),
    ],
)  # fmt: skip
def test_what_looks_alike(one: ServerView, two: ServerView, named: dict[str, Weight], not_named: set[str]) -> None:
    """Each incident by its own signs, and not its neighbour."""
    found = ids(pair(one, two))
    assert {id_: found.get(id_) for id_ in named} == named
    assert not not_named & found.keys()


def test_remedies_are_the_ones_that_help() -> None:
    """The best one first; a partner that is only out of reach is not started from here."""
    assert remedies(pair(live(P, COMM), down(Q)), "I-1") == [A.START, A.PARTNER_DOWN]
    assert remedies(pair(live(P, S.SHUTDOWN, PDOWN), live(Q, PDOWN, S.SHUTDOWN)), "I-12") == [A.TAKE_BACK]
    assert remedies(pair(live(P, S.PAUSED, COMM), live(Q, COMM, S.PAUSED)), "I-12") == [A.TAKE_BACK]
    assert remedies(pair(live(P, S.PAUSED, S.SHUTDOWN), live(Q, S.SHUTDOWN, S.PAUSED)), "I-12") == [A.TAKE_BACK]
    assert remedies(pair(live(P, S.PAUSED, COMM), down(Q)), "I-12") == [A.START, A.PARTNER_DOWN]
    assert remedies(pair(live(P, S.PAUSED, PDOWN), down(Q)), "I-21") == [A.START, A.RESCUE]
    assert remedies(pair(live(P, PDOWN, PDOWN), down(Q)), "I-21") == [A.START, A.RESCUE]
    assert remedies(pair(live(P, COMM), live(Q, COMM)), "I-7") == []
    assert remedies(pair(live(P, S.POTENTIAL_CONFLICT), live(Q, S.POTENTIAL_CONFLICT)), "I-3") == []


def locked(view: ServerView, action: str, *, own: bool = True) -> ServerView:
    """The view while a console acts on it."""
    lock = Lock("t", "anna", "box", "office", action, "1 of 3: set shutdown", NOW.wall - 5, NOW.wall + 60)
    return replace(view, lock_files=Seen(LockFiles(own=lock) if own else LockFiles(lock=lock), NOW.mono - 1))


@pytest.mark.parametrize("own", [True, False])
def test_a_hand_over_under_way_is_no_surprise(own: bool) -> None:
    """The moment in which only one server shows it: our action, or that of another console."""
    one, two = live(P, S.SHUTDOWN), live(Q)
    assert ids(pair(one, two))["I-12"] is Weight.WARNING
    assert ids(pair(locked(one, "hand-over", own=own), two))["I-12"] is Weight.NOTE
    late = replace(NOW, wall=NOW.wall + 120)
    found = {each.id: each.weight for each in probable(assess_pair(pair(locked(one, "hand-over", own=own), two), late))}
    assert found[IncidentId.STOPPED_SERVING] is Weight.WARNING


def test_who_was_declared_down() -> None:
    """I-20 by the marker, by what is last known, and in its order: reminder, both gone, the wrong one alone."""
    marker = LockFiles(lockout=Lockout("dhcp2", "anna", NOW.wall - 600, "crash"))
    holder = replace(live(P, PDOWN), lock_files=Seen(marker, NOW.mono - 1))
    assert ids(pair(holder, down(Q)))["I-20"] is Weight.NOTE
    dead = replace(down(P), lock_files=Seen(marker, NOW.mono - 1))
    both = pair(dead, down(Q))
    assert ids(both)["I-20"] is Weight.CRITICAL
    assert [(each.action, each.acting) for named in hold(both) if named.id == "I-20" for each in named.remedies] == [
        (A.START, P)
    ]
    assert ids(pair(dead, live(Q, COMM)))["I-20"] is Weight.CRITICAL
    assert ids(pair(dead, live(Q, S.STARTUP)))["I-20"] is Weight.WARNING
    unmarked = said(down(P), (50, "failover peer foo: I move from communications-interrupted to partner-down"))
    assert ids(pair(unmarked, live(Q, COMM)))["I-20"] is Weight.CRITICAL
    assert "I-20" not in ids(pair(down(P), live(Q, COMM)))


def test_old_lines_are_the_past() -> None:
    """What was written before the link came back, or long ago, names nothing."""
    refused = "Failover CONNECT to foo rejected: Connection rejected, time mismatch too great."
    assert "I-5" in ids(pair(said(live(P, COMM), (5, refused)), live(Q, COMM)))
    assert "I-5" not in ids(pair(said(live(P, COMM), (200, refused)), live(Q, COMM)))
    assert ids(pair(said(live(P, stos=1_794_999_998), (5, refused)), live(Q))) == {}


def test_times_are_by_the_servers_clock() -> None:
    """A server 90 s ahead writes lines of the future; they are fresh, and said with its own time."""
    view = said(live(P, COMM, offset=90.0), (3, "Failover CONNECT from foo: time offset too large"))
    (named,) = (each for each in hold(pair(view, live(Q, COMM))) if each.id == "I-5")
    assert any(item.at == pytest.approx(NOW.wall + 87) and item.server == "dhcp1" for item in named.evidence)


def test_standings_are_all_met() -> None:
    """The makers used above cover every standing there is."""
    assert {assess(make(P), NOW).visibility for make in [*LIVE, *AWAY]} == set(Visibility)


def test_the_catalogue() -> None:
    """All incidents in their order, every text a sentence or more, every sign's id in it."""
    assert [each.id for each in INCIDENTS] == [f"I-{n}" for n in range(1, 29)]
    assert set(ORDER) == set(BY_ID) == set(IncidentId)
    assert len(ORDER) == len(set(ORDER))
    assert SIGNS
    for each in INCIDENTS:
        assert each.title
        assert not each.title.endswith(".")
        assert each.look
        for text in (each.sees, each.means, each.do, each.avoid):
            assert text.endswith(".")
            assert len(text) < 260
            assert text[0].isupper() or text.startswith("dhcpd")


def test_a_stopped_process_is_not_a_dead_one() -> None:
    """dhcpd that hangs is there: no remedy starts it."""
    view = replace(hung(Q), process=Seen(ProcessSighting((100,), stopped=True), NOW.mono))
    assert A.START not in remedies(pair(live(P, COMM), view), "I-1")


TURNED_AWAY = "DHCPDISCOVER from 00:16:3e:11:22:33 via eth0: peer holds all free leases"


@pytest.mark.parametrize("state", [COMM, PDOWN])
@pytest.mark.parametrize(
    ("ago", "pool", "weighs"),
    [
        (3, (20, 10, 10), True),
        (20, (20, 10, 10), False),
        (140, (20, 10, 10), False),
        (20, (20, 0, 0), True),
        (20, None, True),
    ],
    ids=["refused just now", "free since", "long free", "none free", "not counted"],
)
def test_a_refusal_before_addresses_came_back_is_the_past(
    state: FailoverState, ago: float, pool: tuple[int, int, int] | None, weighs: bool
) -> None:
    """Counters that were read after it, and tell of free addresses of its own, end the alarm; the line stays as a note."""
    view = replace(live(P, state, stos=1_794_999_000), pools=None)
    view = said(dressed(view, 0, pool, None) if pool else view, (ago, TURNED_AWAY))
    snapshot = pair(view, down(Q))
    assert ids(snapshot)["I-1"] is (Weight.CRITICAL if weighs else Weight.WARNING if state is COMM else Weight.NOTE)
    assert ("no address left" in derive(snapshot, NOW).headline) is weighs
    assert any(TURNED_AWAY in each.text for found in hold(snapshot) if found.id == "I-1" for each in found.evidence)
