"""Actions that stopped half-way: who is told of them, until when, and what may be done because of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.act.actions import make_plan
from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.guards import rule
from dhcptui.assess.interrupted import interrupted_run, lock_held, settled_locks, sync_record
from dhcptui.assess.verdict import Level, derive
from dhcptui.engine.status_report import as_json, as_text
from dhcptui.model.action import Action
from dhcptui.model.audit import Interrupted
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Lock, LockFiles, Lockout, PairSnapshot, ServerView
from dhcptui.model.states import FailoverState as S
from dhcptui.model.sync_record import SyncRecord
from tests.ui.feed import SETTINGS
from tests.unit.making import FAILED, NOW, down, gone, hung, live, pair

P, Q = Role
BOB = Lock(
    token="a" * 32,
    owner="bob",
    host="ws9",
    pair="elsewhere",
    action="shutdown",
    step="Interrupted after step 1 of 2 (hang-up).",
    since=NOW.wall - 90,
    expires=NOW.wall - 30,
    peer="foo",
    run="r1",
    acting="secondary",
    done=1,
    steps=2,
    changed=NOW.wall - 30,
)


def left_half_way(snapshot: PairSnapshot) -> Interrupted | None:
    """The run that is found now."""
    return interrupted_run(assess_pair(snapshot, NOW))


def marked(view: ServerView, **lock_files: object) -> ServerView:
    """The same server with these marks beside its lease file."""
    return replace(view, lock_files=Seen(LockFiles(**lock_files), NOW.mono))  # type: ignore[arg-type]


def half_shut(lock: Lock | None = BOB) -> PairSnapshot:
    """dhcp2 has handed over, and the run that was to stop it is gone."""
    return pair(marked(live(P, S.PARTNER_DOWN, S.SHUTDOWN)), marked(live(Q, S.SHUTDOWN, S.PARTNER_DOWN), lock=lock))


def half_restarted(target: ServerView, *done: str) -> PairSnapshot:
    """dhcp1 serves; a sync-restart has come so far with dhcp2."""
    record = SyncRecord("r1", "0", "bob@ws9", "20261128T031500Z", done, NOW.wall - 30)
    return pair(marked(live(P, S.COMMUNICATIONS_INTERRUPTED)), marked(target, sync=record))


def test_a_long_headline_names_it_all_the_same() -> None:
    """Why a server does not answer gives way to what somebody left half-done."""
    left = replace(half_shut(), primary=live(P, S.COMMUNICATIONS_INTERRUPTED), secondary=hung(Q))
    run = left_half_way(half_shut())
    said = "dhcp1 serves from its own half, short leases; dhcp2 is stopped"
    assert derive(left, NOW).headline == f"{said} (dhcpd process suspended)"
    assert derive(replace(left, left=run), NOW).headline == f"{said}; shutdown of bob@ws9 stopped half-way"


def test_another_machine_reads_it_from_the_lock() -> None:
    """Who, what, where it stopped; by the relationship's name, whatever the other console calls the pair."""
    found = left_half_way(half_shut())
    assert found is not None
    assert (found.action, found.acting, found.step, found.steps, found.by) == ("shutdown", "dhcp2", 1, 2, "bob@ws9")
    assert found.at == NOW.wall - 30
    assert left_half_way(half_shut(replace(BOB, peer="bar"))) is None
    assert left_half_way(half_shut(replace(BOB, expires=NOW.wall + 10))) is None  # it is still at it


def test_headline_advice_and_status_name_it() -> None:
    """At least a warning; both ways on are keys that the guards allow; JSON and text say it too."""
    snapshot = half_shut()
    verdict = derive(snapshot, NOW)
    assert verdict.level is Level.WARNING
    assert "shutdown of bob@ws9 stopped half-way" in verdict.headline
    assert [part for part in verdict.advised if isinstance(part, Action)] == [Action.SHUTDOWN, Action.TAKE_BACK]
    (told,) = as_json([(snapshot, verdict)], NOW)["pairs"]
    assert (told["interrupted"]["action"], told["interrupted"]["by"]) == ("shutdown", "bob@ws9")
    assert "stopped half-way: shutdown on dhcp2 by bob@ws9" in as_text(snapshot, verdict, NOW)
    healthy = derive(pair(live(P), live(Q)), NOW)
    assert healthy.interrupted is None
    assert as_json([(pair(live(P), live(Q)), healthy)], NOW)["pairs"][0]["interrupted"] is None


def test_a_server_that_has_handed_over_is_stopped_in_one_step() -> None:
    """S goes on from there: nothing is handed over twice."""
    plan = make_plan(Action.SHUTDOWN, Q, SETTINGS, half_shut(), NOW)
    assert plan.allowed
    assert [step.title for step in plan.steps] == ["dhcp2's dhcpd stops"]


@pytest.mark.parametrize(
    ("action", "snapshot"),
    [
        ("shutdown", pair(live(P), live(Q))),
        ("shutdown", pair(live(P, S.PARTNER_DOWN, S.SHUTDOWN), down(Q))),
        ("hand-over", half_shut()),
        ("partner-down", pair(live(P, S.RECOVER), live(Q, S.PARTNER_DOWN))),
        ("start", pair(live(P, S.PARTNER_DOWN), live(Q, S.RECOVER_WAIT))),
        ("rescue", pair(down(P), live(Q, S.COMMUNICATIONS_INTERRUPTED))),
        ("take-back", pair(live(P), live(Q))),
    ],
)
def test_it_is_settled_by_what_is_so_now(action: str, snapshot: PairSnapshot) -> None:
    """Whole again, or as the action would have left it: nothing is left to do, and the lock may go."""
    left = replace(snapshot, secondary=marked(snapshot.secondary, lock=replace(BOB, action=action)))
    assert left_half_way(left) is None
    assert [view.name for view, _ in settled_locks(left, NOW)] == ["dhcp2"]


@pytest.mark.parametrize(
    ("action", "snapshot"),
    [
        ("shutdown", half_shut(None)),
        ("hand-over", pair(live(P, S.COMMUNICATIONS_INTERRUPTED), live(Q, S.SHUTDOWN))),
        ("start", pair(live(P, S.PARTNER_DOWN), down(Q))),
        ("rescue", pair(down(P), down(Q))),
        ("take-back", pair(live(P, S.PARTNER_DOWN), live(Q, S.RECOVER))),
        ("sync-restart", pair(gone(P), live(Q))),
        ("shutdown", pair(gone(P), gone(Q))),
    ],
)
def test_it_is_not_settled_by_what_nobody_sees(action: str, snapshot: PairSnapshot) -> None:
    """What cannot be seen settles nothing: the lock stays, and so does the word."""
    left = replace(snapshot, secondary=marked(snapshot.secondary, lock=replace(BOB, action=action)))
    assert left_half_way(left) is not None
    assert not settled_locks(left, NOW)


def test_only_the_marker_is_left_of_a_partner_down() -> None:
    """The state is written, the marker is not: P leaves it, and does not write the state again. With the marker: settled."""
    lock = replace(BOB, action="partner-down", done=2, steps=3)
    left = pair(down(P), marked(live(Q, S.PARTNER_DOWN), lock=lock))
    plan = make_plan(Action.PARTNER_DOWN, Q, SETTINGS, left, NOW)
    assert plan.allowed, plan.ruling
    assert [step.title for step in plan.steps] == ["leave a marker for other consoles"]
    assert [part for part in derive(left, NOW).advised if isinstance(part, Action)] == [Action.PARTNER_DOWN]
    marker = Lockout("dhcp1", "bob", NOW.wall, "")
    assert left_half_way(pair(down(P), marked(live(Q, S.PARTNER_DOWN), lock=lock, lockout=marker))) is None
    other = pair(down(P), marked(live(Q, S.PARTNER_DOWN), lock=replace(lock, action="start")))
    assert not make_plan(Action.PARTNER_DOWN, Q, SETTINGS, other, NOW).allowed


def test_the_audit_log_of_this_machine_is_a_witness_too() -> None:
    """Without any lock on the servers: what the engine read there counts until the pair is whole again."""
    run = Interrupted("r2", "office", "hand-over", "dhcp2", 0, 1, NOW.wall - 5, "me", "OMAPI dhcp2", Q)
    broken = pair(live(P, S.COMMUNICATIONS_INTERRUPTED), live(Q, S.SHUTDOWN))
    assert left_half_way(replace(broken, left=run)) == run
    assert left_half_way(replace(pair(live(P), live(Q)), left=run)) is None


def test_a_server_down_in_a_sync_restart() -> None:
    """R goes on although not both are normal, because that is so by this run; another fault of dhcp2 would not do."""
    stopped = half_restarted(down(Q), "copied", "restarting dhcp2")
    assert rule(Action.SYNC_RESTART, P, stopped, NOW).allowed
    verdict = derive(stopped, NOW)
    assert "sync-restart" in verdict.headline
    assert next(part for part in verdict.advised if isinstance(part, Action)) is Action.SYNC_RESTART
    for done in (("copied",), ("copied", "restarting dhcp2", "restarted dhcp2")):
        assert not rule(Action.SYNC_RESTART, P, half_restarted(down(Q), *done), NOW).allowed
    blind = replace(stopped, primary=marked(replace(live(P), omapi=FAILED, process=None)))
    assert not rule(Action.SYNC_RESTART, P, blind, NOW).allowed  # whether anybody serves is not known
    dark = replace(stopped, primary=marked(down(P)))
    assert rule(Action.SYNC_RESTART, P, dark, NOW).allowed  # nobody serves, so nothing is lost
    held = marked(stopped.primary, lock=replace(BOB, expires=NOW.wall + 30))
    assert not rule(Action.SYNC_RESTART, P, replace(stopped, primary=held), NOW).allowed


def test_a_server_stopped_by_a_rescue() -> None:
    """X goes on with dhcpd down, on that server and after such a run only."""
    lock = replace(BOB, action="rescue", done=2, steps=6)
    stopped = pair(gone(P), marked(down(Q), lock=lock))
    asked = {finding.asked for finding in rule(Action.RESCUE, Q, stopped, NOW).findings if finding.ok}
    assert "dhcp2 is stopped by an interrupted rescue" in asked
    other = pair(gone(P), marked(down(Q), lock=replace(BOB, action="start")))
    assert "dhcp2 is stopped by an interrupted rescue" not in {
        finding.asked for finding in rule(Action.RESCUE, Q, other, NOW).findings
    }


def test_while_we_go_on_nothing_is_told_to_have_stopped() -> None:
    """Our own live lock: the run under way may be the one that goes on, and it still knows what it goes on from."""
    ours = replace(BOB, action="sync-restart", expires=NOW.wall + 30)
    stopped = half_restarted(down(Q), "copied", "restarting dhcp2")
    acting = replace(stopped, primary=marked(stopped.primary, own=ours))
    assert left_half_way(acting) is None
    assert sync_record(acting, NOW) is not None
    assert rule(Action.SYNC_RESTART, P, acting, NOW).allowed


def test_what_a_record_says() -> None:
    """How far it came, in words; the server whose restart did not end."""
    record = SyncRecord("r", "0", "me", "1", ("copied", "restarting dhcp2", "restarted dhcp2", "restarting dhcp1"))
    assert record.restarting == "dhcp1"
    assert record.words == "copied, restarted dhcp2, restarting dhcp1"
    assert SyncRecord("r", "0", "me", "1", ("copied",)).restarting == ""


def test_only_one_is_said_of_a_lock_that_still_counts() -> None:
    """At work, or just gone: unless this machine knows that it is gone, and then nobody is said to be at work."""
    held = half_shut(replace(BOB, expires=NOW.wall + 40, changed=NOW.wall - 20))
    other = Interrupted("r0", "office", "hand-over", "dhcp2", 0, 2, NOW.wall - 500, "carl", "", Q)
    for snapshot in (held, replace(held, left=other)):
        verdict = derive(snapshot, NOW)
        (told,) = as_json([(snapshot, verdict)], NOW)["pairs"]
        assert (told["interrupted"], told["acting"]["by"]) == (None, "bob@ws9")
        assert "stopped half-way" not in as_text(snapshot, verdict, NOW)
        assert "at work, or just gone: bob@ws9" in as_text(snapshot, verdict, NOW)
    gone = replace(held, left=Interrupted("r1", "office", "shutdown", "dhcp2", 1, 2, NOW.wall - 20, "bob", "", Q))
    verdict = derive(gone, NOW)
    (told,) = as_json([(gone, verdict)], NOW)["pairs"]
    assert (told["interrupted"]["step"], told["acting"]) == (1, None)
    assert "at work" not in as_text(gone, verdict, NOW)
    assert "stopped half-way. Its lock ends in 40 s" in verdict.advice
    reasons = " ".join(rule(Action.SHUTDOWN, Q, gone, NOW).reasons)
    assert "its lock ends in 40 s" in reasons
    assert "runs shutdown" not in reasons


def test_a_dhcpd_that_was_told_to_exit() -> None:
    """Silent after the last step of a shutdown: waited for as long as an exit takes, and only then looked into."""
    silent = replace(live(Q, S.SHUTDOWN, S.PARTNER_DOWN), omapi=FAILED)
    lock = replace(BOB, done=2, steps=3, changed=NOW.wall - 10)
    told = pair(live(P, S.PARTNER_DOWN, S.SHUTDOWN), marked(silent, lock=lock))
    assert "dhcp2's dhcpd has been told to exit" in derive(told, NOW).advice
    assert "up to about 17 s. dhcp1 serves meanwhile." in derive(told, NOW).advice
    for other in (replace(lock, changed=NOW.wall - 60), replace(lock, done=1), replace(lock, action="hand-over")):
        late = pair(told.primary, marked(silent, lock=other))
        assert "told to exit" not in derive(late, NOW).advice
        assert "Find out why dhcp2" in derive(late, NOW).advice


def test_what_was_dismissed_is_not_told_by_what_is_read_later() -> None:
    """By the run's id, on either server, from a lock or from a record; another run is told all the same."""
    for snapshot in (half_shut(), half_restarted(down(Q), "copied", "restarting dhcp2")):
        assert left_half_way(snapshot) is not None
        assert left_half_way(replace(snapshot, dismissed=frozenset({"r2"}))) is not None
        assert left_half_way(replace(snapshot, dismissed=frozenset({"r1"}))) is None
    assert settled_locks(replace(half_shut(), dismissed=frozenset({"r1"})), NOW)
    fresh = replace(half_shut(replace(BOB, expires=NOW.wall + 40)), dismissed=frozenset({"r1"}))
    assert lock_held(fresh, NOW) is None  # somebody who has dismissed it knows that nobody is at work
    assert not rule(Action.SHUTDOWN, Q, fresh, NOW).allowed


def test_a_notice_that_was_put_aside_is_told_too() -> None:
    """Another relationship's console took the lock meanwhile: what it found there is still ours to read."""
    left = pair(marked(live(P, S.PARTNER_DOWN, S.SHUTDOWN)), marked(live(Q, S.SHUTDOWN, S.PARTNER_DOWN), left=(BOB,)))
    found = left_half_way(left)
    assert found is not None
    assert (found.run, found.by) == ("r1", "bob@ws9")
    assert left_half_way(replace(left, peer="bar")) is None


def test_what_was_planted_is_said_and_refuses_nothing() -> None:
    """Who owns it and what to do, in the plan and in the status; made and taken away again it changes no plan."""
    odd = pair(marked(live(P), planted="symbolic link of nobody"), live(Q))
    said = "dhcp1: a symbolic link of nobody stands beside the lease file as .dhcptui-lock."
    plan = make_plan(Action.SHUTDOWN, Q, SETTINGS, odd, NOW)
    assert plan.allowed
    assert any(said in each and "remove it" in each for each in plan.ruling.warnings)
    assert plan.same_as(make_plan(Action.SHUTDOWN, Q, SETTINGS, pair(live(P), live(Q)), NOW))
    assert said in as_text(odd, derive(odd, NOW), NOW)
