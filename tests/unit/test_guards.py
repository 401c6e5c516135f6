"""The guards over the whole product of states and evidence."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from dhcptui.act.plan import Plan
from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.guards import judge, rule
from dhcptui.assess.queues import queue_moved, queue_words
from dhcptui.assess.visibility import assess
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import (
    Channel,
    ClockOffset,
    Holding,
    LeaseSpace,
    Link,
    Lock,
    LockFiles,
    Lockout,
    PartnerReach,
    ProcessSighting,
    Reach,
    RecordedState,
    Resource,
    ServerView,
)
from dhcptui.model.states import FailoverState
from dhcptui.model.way import SshWay
from tests.unit.making import FAILED, NOW, down, gone, hung, live, never, pair, status

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY
MAY = {S.COMMUNICATIONS_INTERRUPTED, S.PAUSED, S.SHUTDOWN, S.RECOVER, S.RECOVER_WAIT, S.RECOVER_DONE}


def allowed(action: Action, one: ServerView, two: ServerView, acting: Role = P) -> bool:
    """The ruling in a word; a refusal must carry a reason."""
    ruling = rule(action, acting, pair(one, two), NOW)
    assert ruling.allowed != bool(ruling.reasons)
    assert all(finding.asked and finding.observed and finding.by for finding in ruling.findings)
    return ruling.allowed


@pytest.mark.parametrize("state", S)
def test_partner_down_needs_a_state_where_it_is_safe(state: FailoverState) -> None:
    """With the partner proven gone, communications-interrupted, the rebuilding states, and those that nobody leaves by himself allow it."""
    assert allowed(Action.PARTNER_DOWN, live(P, state), down(Q)) == (state in MAY)


@pytest.mark.parametrize("partner_state", S)
@pytest.mark.parametrize("state", S)
def test_partner_down_is_refused_while_the_partner_answers(state: FailoverState, partner_state: FailoverState) -> None:
    """A partner whose OMAPI answers is a hard refusal, in every combination of states."""
    assert not allowed(Action.PARTNER_DOWN, live(P, state), live(Q, partner_state))


@pytest.mark.parametrize(
    "partner",
    [
        hung(Q),
        gone(Q),
        never(Q),
        replace(down(Q), process=Seen(ProcessSighting((7,)), NOW.mono)),
        replace(down(Q), process=Seen(ProcessSighting(()), NOW.mono - 60)),
        replace(down(Q), ssh=Channel(Link.FAILED, "timed out")),
        replace(live(Q), omapi=FAILED),
    ],
    ids=["stopped", "unreachable", "never seen", "process there", "old look", "no SSH", "OMAPI lost, process there"],
)
def test_partner_down_needs_proof(partner: ServerView) -> None:
    """Without a fresh, empty process table of the partner there is no partner-down."""
    assert not allowed(Action.PARTNER_DOWN, live(P, S.COMMUNICATIONS_INTERRUPTED), partner)


@pytest.mark.parametrize("heard", [S.PARTNER_DOWN, S.POTENTIAL_CONFLICT, S.RESOLUTION_INTERRUPTED, S.CONFLICT_DONE])
def test_partner_down_that_would_answer_nobody(heard: FailoverState) -> None:
    """A recorded partner state that silences dhcpd makes partner-down useless; the reason says so."""
    ruling = rule(Action.PARTNER_DOWN, P, pair(live(P, S.COMMUNICATIONS_INTERRUPTED, heard), down(Q)), NOW)
    assert not ruling.allowed
    assert any("answer nobody" in reason for reason in ruling.reasons)


def test_partner_down_in_recover_wait_warns_that_it_does_not_last() -> None:
    """dhcpd does not cancel the timer of recover-wait (seen on a real pair)."""
    lasting = "leaves partner-down again"
    said = {
        state: " ".join(rule(Action.PARTNER_DOWN, P, pair(live(P, state), down(Q)), NOW).warnings)
        for state in (S.RECOVER_WAIT, S.RECOVER_DONE)
    }
    assert lasting in said[S.RECOVER_WAIT]
    assert lasting not in said[S.RECOVER_DONE]


def test_partner_down_of_a_rebuilding_server_warns() -> None:
    """Skipping a resynchronisation is allowed only when the partner is gone, and never silently."""
    ruling = rule(Action.PARTNER_DOWN, P, pair(live(P, S.RECOVER_WAIT), down(Q)), NOW)
    assert ruling.allowed
    assert any("given out twice" in warning for warning in ruling.warnings)


def test_a_stale_survivor_may_not_act() -> None:
    """What the survivor said a while ago allows nothing now."""
    assert not allowed(Action.PARTNER_DOWN, replace(live(P, S.COMMUNICATIONS_INTERRUPTED), omapi=FAILED), down(Q))


def test_shutdown_only_from_a_healthy_pair() -> None:
    """Both normal, or handed over already; nothing unacknowledged on either side, SSH to prove the end."""
    assert allowed(Action.SHUTDOWN, live(P), live(Q))
    fits = {(S.NORMAL, S.NORMAL), (S.SHUTDOWN, S.PARTNER_DOWN)}
    for one, two in itertools.product(S, S):
        assert allowed(Action.SHUTDOWN, live(P, one), live(Q, two)) == ((one, two) in fits)
    assert not allowed(Action.SHUTDOWN, replace(live(P), ssh=FAILED), live(Q))
    for kind in (down, hung, gone, never):
        assert not allowed(Action.SHUTDOWN, live(P), kind(Q))


def test_shutdown_says_that_the_partner_is_alone() -> None:
    """The trap of being alone is named before it is set."""
    ruling = rule(Action.SHUTDOWN, Q, pair(live(P), live(Q)), NOW)
    assert any("dhcp1 is alone" in warning for warning in ruling.warnings)


def test_sync_restart_needs_a_healthy_pair_and_clocks() -> None:
    """Both normal, both reachable, clocks read and as close as each restart wants them."""
    assert allowed(Action.SYNC_RESTART, live(P), live(Q))
    assert allowed(Action.SYNC_RESTART, live(P), live(Q, offset=4.9))
    assert not allowed(Action.SYNC_RESTART, live(P), live(Q, offset=5.1))
    assert not allowed(Action.SYNC_RESTART, live(P), replace(live(Q), clock=None))
    assert not allowed(Action.SYNC_RESTART, replace(live(P), clock=Seen(ClockOffset(-31, 0), NOW.mono)), live(Q))
    assert not allowed(Action.SYNC_RESTART, live(P), replace(live(Q), ssh=FAILED))
    for one, two in itertools.product(S, S):
        assert allowed(Action.SYNC_RESTART, live(P, one), live(Q, two)) == (one is two is S.NORMAL)


@pytest.mark.parametrize("action", [Action.SHUTDOWN, Action.HAND_OVER])
def test_unacknowledged_updates_must_be_sworn_away(action: Action) -> None:
    """Where they stand still: dhcpd allows it safely, at the price of a full MCLT wait on return."""
    for stuck in (0, 1):
        views = [replace(live(role, unacked=3 * (role.value == r.value)), queue_moved=NOW.mono - 11) for role, r in
                 ((P, (P, Q)[stuck]), (Q, (P, Q)[stuck]))]  # fmt: skip
        ruling = rule(action, P, pair(*views), NOW)
        assert ruling.allowed
        assert ruling.sentence == "dhcp1 may wait for the MCLT"
        assert any("full MCLT" in warning for warning in ruling.warnings)
    assert rule(action, P, pair(live(P), live(Q)), NOW).sentence == ""


@pytest.mark.parametrize("action", [Action.SHUTDOWN, Action.HAND_OVER])
def test_a_queue_that_moves_is_traffic(action: Action) -> None:
    """0 -> 7 -> 0 unacknowledged is the same plan; one that stands still is asked about, and that is another plan."""

    def plan(unacked: int, moved_ago: float) -> Plan:
        views = [replace(live(role, unacked=unacked), queue_moved=NOW.mono - moved_ago) for role in Role]
        ruling = rule(action, P, pair(*views), NOW)
        return Plan(action, "office", P, "dhcp1", "dhcp2", "", (), ruling, "dhcp1")

    quiet, busy, still = plan(0, 0), plan(7, 9), plan(7, 11)
    assert (busy.allowed, busy.ruling.sentence) == (True, "")
    assert busy.same_as(quiet)
    assert not still.same_as(quiet)


def test_a_queue_of_a_server_that_does_not_answer_is_not_known() -> None:
    """Its last number is of before: "not empty: 0 of 10" was said of a partner that had died meanwhile."""
    assert queue_words(assess(live(P, unacked=2), NOW)) == "2 of 10"
    assert queue_words(assess(down(P), NOW)) == "not known, it does not answer"
    assert queue_words(assess(replace(live(P), omapi=FAILED), NOW)) == "not known, it does not answer"


def test_a_queue_moves_when_it_is_empty_or_of_another_length() -> None:
    """And keeps the moment of its last move while it does not."""
    view = replace(live(P, unacked=2), queue_moved=100.0)
    counts = {0: 200.0, 1: 200.0, 2: 100.0, 3: 200.0}
    assert {count: queue_moved(view, status(P, unacked=count), 200.0) for count in counts} == counts
    assert queue_moved(never(P), status(P, unacked=2), 200.0) == 200.0


@pytest.mark.parametrize("action", Action)
def test_the_table_is_total(action: Action) -> None:
    """Every combination of action, both states (or none) and what is recorded gets an answer with its reasons."""
    kinds = [*(lambda role, s=s, h=h: live(role, s, h) for s in S for h in S), down, hung, gone, never]
    partners = [*(lambda role, s=s: live(role, s) for s in S), down, hung, gone, never]
    for one, two in itertools.product([make(P) for make in kinds], [make(Q) for make in partners]):
        snapshot = pair(one, two)
        assessment = assess_pair(snapshot, NOW)
        for acting in Role:
            ruling = judge(action, assessment.seen_from(acting))
            assert ruling.allowed != bool(ruling.reasons)
            assert all(finding.asked and finding.observed and finding.by for finding in ruling.findings)
            if ruling.allowed:
                _no_harm(action, snapshot[acting], snapshot[acting.other])


def _no_harm(action: Action, me: ServerView, partner: ServerView) -> None:
    """What no allowed action may be, said a second time and in another way than the table says it."""
    mine, theirs = assess(me, NOW), assess(partner, NOW)
    conflict = {S.POTENTIAL_CONFLICT, S.CONFLICT_DONE, S.RESOLUTION_INTERRUPTED}
    if action in {Action.PARTNER_DOWN, Action.RESCUE}:
        assert not theirs.live
        assert mine.state not in {S.NORMAL, S.STARTUP, *conflict}
    if action in {Action.HAND_OVER, Action.SYNC_RESTART}:
        assert mine.state is theirs.state is S.NORMAL
    if action is Action.SHUTDOWN:
        assert (mine.state, theirs.state) in {(S.NORMAL, S.NORMAL), (S.SHUTDOWN, S.PARTNER_DOWN)}
    if action is Action.TAKE_BACK:
        assert mine.state in {S.SHUTDOWN, S.PAUSED}
        assert theirs.state not in {None, S.NORMAL, S.STARTUP, S.UNKNOWN, *conflict}
        if theirs.state is S.COMMUNICATIONS_INTERRUPTED:
            assert mine.state is S.PAUSED
        if (mine.state, theirs.state) != (S.SHUTDOWN, S.PARTNER_DOWN):
            assert mine.status is not None
            assert theirs.status is not None
            assert (mine.status.partner_state, theirs.status.partner_state) == (theirs.state, mine.state)
    if action is Action.START:
        assert me.process is not None
        assert not me.process.value.running


def test_start_needs_an_empty_process_table() -> None:
    """Judged by process, never by a unit; a suspended dhcpd is still there."""
    assert allowed(Action.START, live(P), down(Q), Q)
    assert not allowed(Action.START, live(P), live(Q), Q)
    assert not allowed(Action.START, live(P), hung(Q), Q)
    assert not allowed(Action.START, live(P), gone(Q), Q)


UNSEEN = "80 processes may not be looked into by this account (it is not root)"
IS_GONE = "I know that dhcp2's dhcpd is gone"


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        (ProcessSighting(()), ""),
        (ProcessSighting((), unseen=(UNSEEN,)), IS_GONE),
        (ProcessSighting((), ports_seen=False), IS_GONE),
        (ProcessSighting((7,), born=("1",), holds=(Holding(Resource.LEASE_FILE),)), None),
        (ProcessSighting((7,), True, unseen=(UNSEEN,)), None),
    ],
)
def test_gone_has_three_values(seen: ProcessSighting, sentence: str | None) -> None:
    """Proven, sworn to, or refused (None); the same for partner-down, rescue and start."""
    partner = replace(down(Q), process=Seen(seen, NOW.mono - 0.5))
    trapped = live(P, S.SHUTDOWN, S.PARTNER_DOWN)
    for action, acting, me in (
        (Action.PARTNER_DOWN, P, live(P, S.COMMUNICATIONS_INTERRUPTED)),
        (Action.RESCUE, P, trapped),
        (Action.START, Q, live(P, S.PARTNER_DOWN)),
    ):
        ruling = rule(action, acting, pair(me, partner), NOW)
        assert ruling.allowed is (sentence is not None), (action, ruling)
        assert ruling.sentence == (sentence or "")
        if sentence:
            assert any("is not known" in finding.observed for finding in ruling.findings)


def test_a_stranger_on_a_port_of_a_dead_dhcpd() -> None:
    """Nobody holds its lease file: a person may answer for partner-down and rescue; it is not started without its port."""
    held = ProcessSighting((), held=("OMAPI port 7911: pid 812 (nc), which is no dhcpd of ours",))
    partner = replace(down(Q), process=Seen(held, NOW.mono - 0.5))
    for action, me in (
        (Action.PARTNER_DOWN, live(P, S.COMMUNICATIONS_INTERRUPTED)),
        (Action.RESCUE, live(P, S.SHUTDOWN, S.PARTNER_DOWN)),
    ):
        ruling = rule(action, P, pair(me, partner), NOW)
        assert (ruling.allowed, ruling.sentence) == (True, IS_GONE)
        assert any("pid 812 (nc)" in finding.observed for finding in ruling.findings)
    assert not rule(Action.START, Q, pair(live(P, S.PARTNER_DOWN), partner), NOW).allowed


def test_somebody_unseen_on_a_port_of_it_may_be_dhcpd() -> None:
    """Nobody can answer for a holder that cannot be seen: it may be the dhcpd that is asked about."""
    held = ProcessSighting((), held=("OMAPI port 7911: somebody who cannot be seen",), holder_unseen=True)
    partner = replace(down(Q), process=Seen(held, NOW.mono - 0.5))
    ruling = rule(Action.PARTNER_DOWN, P, pair(live(P, S.COMMUNICATIONS_INTERRUPTED), partner), NOW)
    assert (ruling.allowed, ruling.sentence) == (False, "")


def test_what_cannot_be_read_voids_no_plan() -> None:
    """A try of the survivor's dhcpd.conf that ends without an answer is told, and is no change."""
    me = replace(live(P, S.COMMUNICATIONS_INTERRUPTED), other_peers=None, configuration_note="")
    blind = replace(me, configuration_note="did not end within 30 s")
    act = Action.PARTNER_DOWN
    first, then = (
        Plan(act, "office", P, "dhcp1", "dhcp2", "", (), rule(act, P, pair(each, down(Q)), NOW), "dhcp2")
        for each in (me, blind)
    )
    assert any("did not end within 30 s" in said for said in then.ruling.warnings)
    assert first.same_as(then)


def test_what_comes_in_late_and_is_no_matter_voids_no_plan() -> None:
    """The space for the lease file, not looked at yet and then seen and fine; too little of it is a change."""

    def plan(space: Seen[LeaseSpace] | None) -> Plan:
        ruling = rule(Action.SYNC_RESTART, P, pair(*(replace(live(role), space=space) for role in Role)), NOW)
        return Plan(Action.SYNC_RESTART, "office", P, "dhcp1", "dhcp2", "", (), ruling, "dhcp1")

    unseen, fine, short = (
        plan(space) for space in (None, *(Seen(LeaseSpace(free, 40_000), NOW.mono - 1) for free in (10**9, 90_000)))
    )
    assert fine.same_as(unseen)
    assert not short.same_as(unseen)


def test_omapi_that_answers_contradicts_an_empty_look() -> None:
    """A newer answer than the look that saw nobody: looked again, and meanwhile nothing is allowed."""
    answered = Seen(status(Q), NOW.mono - 4.5)
    silent = replace(live(Q), process=Seen(ProcessSighting(()), NOW.mono - 5), status=answered)
    for action, acting in ((Action.PARTNER_DOWN, P), (Action.START, Q)):
        ruling = rule(action, acting, pair(live(P, S.COMMUNICATIONS_INTERRUPTED), silent), NOW)
        assert not ruling.allowed
        assert any("nobody there seems to hold its port" in reason for reason in ruling.reasons)


@pytest.mark.parametrize(
    ("mine", "theirs", "words"),
    [
        (SshWay("10.0.0.1", "10.0.0.10"), SshWay(), ""),
        (SshWay("10.0.0.10", "10.0.0.10"), SshWay(), "the console runs on dhcp1"),
        (SshWay("127.0.0.1", "127.0.0.1"), SshWay(), "the console runs on dhcp1"),
        (SshWay("10.0.0.1", "10.0.0.10"), SshWay(hops=("10.0.0.10",)), "the console reaches dhcp2 through dhcp1"),
        (SshWay("10.0.0.1", "10.0.0.10"), SshWay(hops=("10.9.9.9",)), ""),
        (SshWay(), SshWay(), ""),
    ],
)
def test_one_place_is_not_two(mine: SshWay, theirs: SshWay, words: str) -> None:
    """The finding says from how many places the silence was seen."""
    reach = Seen(PartnerReach("10.0.0.20", Reach.SILENT, Reach.SILENT, Reach.SILENT), NOW.mono - 1)
    survivor = replace(live(P, S.COMMUNICATIONS_INTERRUPTED), reach=reach, way=mine)
    ruling = rule(Action.PARTNER_DOWN, P, pair(survivor, replace(gone(Q), way=theirs)), NOW)
    (found,) = (finding for finding in ruling.findings if finding.sentence)
    assert found.by == ("dhcp1 alone" if words else "console and dhcp1")
    assert words in found.observed


def test_start_of_a_server_that_was_declared_down() -> None:
    """It starts only while its survivor is there to resynchronise it."""
    lock_files = Seen(LockFiles(lockout=Lockout("dhcp2", "anna", NOW.wall - 600, "crash")), NOW.mono)
    assert allowed(Action.START, replace(live(P, S.PARTNER_DOWN), lock_files=lock_files), down(Q), Q)
    assert not allowed(Action.START, replace(down(P), lock_files=lock_files), down(Q), Q)


def test_a_lock_of_somebody_else() -> None:
    """Nobody acts while another console does, and an expired lock holds nobody."""
    lock = Lock("t", "anna", "ops1", "office", "sync-restart", "2 of 5", NOW.wall, NOW.wall + 30)
    for expires, free in ((NOW.wall + 30, False), (NOW.wall - 1, True)):
        lock_files = Seen(LockFiles(lock=replace(lock, expires=expires)), NOW.mono)
        assert allowed(Action.HAND_OVER, live(P), replace(live(Q), lock_files=lock_files)) is free


@pytest.mark.parametrize("action", Action)
def test_nothing_on_3_0(action: Action) -> None:
    """Its state numbers mean other states: decoded for reading, refused for acting."""
    old = replace(live(Q), version="3.0.7")
    ruling = rule(action, P, pair(live(P), old), NOW)
    assert any("3.0.7" in reason for reason in ruling.reasons)


def test_roles_must_be_as_configured() -> None:
    """Servers swapped in the configuration, or the same one given twice: nothing is done."""
    twice = replace(live(P), role=Q, name="dhcp2")
    ruling = rule(Action.HAND_OVER, P, pair(live(P), twice), NOW)
    assert any("says it is the primary" in reason for reason in ruling.reasons)


@pytest.mark.parametrize(
    ("reach", "sworn"),
    [
        (PartnerReach("10.0.0.20", Reach.SILENT, Reach.SILENT, Reach.SILENT), True),
        (PartnerReach("10.0.0.20", Reach.UNKNOWN, Reach.SILENT, Reach.SILENT), True),
        (PartnerReach("10.0.0.20", Reach.SILENT, Reach.REFUSED, Reach.SILENT), False),
        (PartnerReach("10.0.0.20", Reach.OPEN, Reach.SILENT, Reach.SILENT), False),
        (PartnerReach("10.0.0.20", Reach.UNKNOWN, Reach.UNKNOWN, Reach.UNKNOWN), True),  # nothing there to try it with
        (PartnerReach("10.0.0.20", Reach.UNKNOWN, Reach.UNKNOWN, Reach.UNKNOWN, 6.0, unanswered=True), True),
    ],
)
def test_silence_from_two_places_can_be_sworn_to(reach: PartnerReach, sworn: bool) -> None:
    """Unreachable from the console and from the survivor: allowed with a typed sentence, and only then."""
    survivor = replace(live(P, S.COMMUNICATIONS_INTERRUPTED), reach=Seen(reach, NOW.mono - 1))
    ruling = rule(Action.PARTNER_DOWN, P, pair(survivor, gone(Q)), NOW)
    assert ruling.allowed is sworn
    assert ruling.sentence == ("I know that dhcp2 is off" if sworn else "")
    old = replace(survivor, reach=Seen(reach, NOW.mono - 60))
    assert not rule(Action.PARTNER_DOWN, P, pair(old, gone(Q)), NOW).allowed


def test_a_look_that_takes_long_stays_fresh_as_long_as_the_next_one_takes() -> None:
    """Its answer is as old as its question, so a slow server's would never be young enough; a quick one's stays as it was."""
    silent = PartnerReach("10.0.0.20", Reach.SILENT, Reach.SILENT, Reach.SILENT, 12.0)
    for age, took, sworn in ((30, 12.0, True), (30, 1.0, False), (50, 12.0, False)):
        reach = Seen(replace(silent, took_seconds=took), NOW.mono - age)
        survivor = replace(live(P, S.COMMUNICATIONS_INTERRUPTED), reach=reach)
        assert rule(Action.PARTNER_DOWN, P, pair(survivor, gone(Q)), NOW).allowed is sworn, (age, took)


def test_a_survivor_that_cannot_be_asked_leaves_the_sentence() -> None:
    """Its OMAPI answers, its SSH does not: nobody can try the partner from there, and nobody waits for that for ever."""
    survivor = replace(live(P, S.COMMUNICATIONS_INTERRUPTED), ssh=gone(P).ssh)
    ruling = rule(Action.PARTNER_DOWN, P, pair(survivor, gone(Q)), NOW)
    assert ruling.allowed
    assert ruling.sentence == "I know that dhcp2 is off"
    assert any("dhcp1 cannot be asked (no route to host)" in finding.observed for finding in ruling.findings)


def test_a_host_that_says_no_is_not_gone() -> None:
    """A refused connection or a changed host key proves that the host is up."""
    reach = Seen(PartnerReach("10.0.0.20", Reach.SILENT, Reach.SILENT, Reach.SILENT), NOW.mono - 1)
    survivor = replace(live(P, S.COMMUNICATIONS_INTERRUPTED), reach=reach)
    refused = replace(gone(Q), ssh=replace(gone(Q).ssh, answered=True))
    assert not allowed(Action.PARTNER_DOWN, survivor, refused)


@pytest.mark.parametrize(
    ("recorded", "partner", "dark"),
    [
        (S.COMMUNICATIONS_INTERRUPTED, S.PARTNER_DOWN, True),
        (S.PARTNER_DOWN, S.COMMUNICATIONS_INTERRUPTED, True),
        (S.NORMAL, S.PARTNER_DOWN, False),
        (S.COMMUNICATIONS_INTERRUPTED, S.COMMUNICATIONS_INTERRUPTED, False),
    ],
)
def test_a_start_that_darkens_says_so(recorded: S, partner: S, dark: bool) -> None:
    """A server that served alone comes back to one that does: for a moment nobody is served (the first: seen on a real pair)."""
    last = Seen(RecordedState(recorded, None, S.NORMAL, "lease file", None), NOW.mono - 1)
    ruling = rule(Action.START, Q, pair(live(P, partner), replace(down(Q), recorded=last)), NOW)
    assert ruling.allowed
    assert ("nobody is served" in " ".join(ruling.warnings)) is dark
