"""Who was declared down, by whatever witness tells it: no start may bring up one that does not know what was given out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.guards import Ruling, rule
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import LockFiles, Lockout, RecordedState, ServerView
from dhcptui.model.states import FailoverState
from tests.unit.making import NOW, down, gone, live, pair, status
from tests.unit.test_cannot_start import told
from tests.unit.test_incident_signs import ids

P, Q = Role.PRIMARY, Role.SECONDARY
S = FailoverState
PDOWN, COMM = S.PARTNER_DOWN, S.COMMUNICATIONS_INTERRUPTED


def wrote(
    view: ServerView, state: FailoverState, heard: FailoverState = S.NORMAL, *, ago: float = 60.0, at: float = 1.0
) -> ServerView:
    """With this in its lease file, read `at` seconds ago."""
    since = NOW.wall - ago
    return replace(view, recorded=Seen(RecordedState(state, since, heard, "lease file", since), NOW.mono - at))


def start(partner: ServerView, me: ServerView | None = None) -> Ruling:
    """The start of dhcp2, which is down."""
    return rule(Action.START, Q, pair(partner, me or wrote(down(Q), S.NORMAL)), NOW)


def order(ruling: Ruling) -> str:
    """What is said of the order, with whether it is fine."""
    found = next(each for each in ruling.findings if "unsynchronised" in each.asked)
    return f"{'ok' if found.ok else 'not ok' if found.seen else 'not seen'}: {found.observed}"


def test_partner_down_in_the_lease_file_counts_like_a_marker() -> None:
    """Written by a script or another console: there is no marker, and the advice knows it. Seen on a real pair."""
    holder = wrote(down(P), PDOWN)
    ruling = start(holder)
    assert not ruling.allowed
    assert order(ruling).startswith("not ok: ")
    assert "dhcp1 was last in partner-down (lease file" in order(ruling)
    assert "start dhcp1 first" in order(ruling)
    assert "I-20" in ids(pair(holder, wrote(down(Q), COMM)))
    assert rule(Action.START, P, pair(holder, wrote(down(Q), S.NORMAL)), NOW).allowed


def test_by_its_log_or_its_last_answer_too() -> None:
    """Where no lease file can be read any more."""
    logged = told(gone(P), (60, "dhcpd[9]: failover peer foo: I move from communications-interrupted to partner-down"))
    assert not start(logged).allowed
    answered = replace(gone(P), status=Seen(status(P, PDOWN), NOW.mono - 30))
    assert not start(answered).allowed


def test_a_start_that_came_no_further_than_startup_hides_nothing() -> None:
    """It was in partner-down before, and is so again."""
    logged = told(down(P), (60, "dhcpd[9]: failover peer foo: I move from partner-down to startup"))
    started = Seen(RecordedState(S.STARTUP, None, None, "log", NOW.wall - 60), NOW.mono - 1)
    assert not start(replace(logged, recorded=started)).allowed


def test_one_that_answers_resynchronises_it() -> None:
    """Then it may start, whatever was written down before."""
    assert start(wrote(live(P, PDOWN), PDOWN)).allowed


def test_a_hand_over_is_no_declaration() -> None:
    """It left by its own word: it starts in recover, and serves nobody alone."""
    assert start(wrote(down(P), PDOWN, S.SHUTDOWN), wrote(down(Q), S.SHUTDOWN, PDOWN)).allowed


def test_a_later_state_ends_it() -> None:
    """An answer after the lease file was read last is the later witness."""
    old = wrote(gone(P), PDOWN, at=900)
    assert start(old).sentence == "I know that dhcp2 was not declared down"
    assert start(wrote(down(P), S.NORMAL)).allowed
    assert (
        order(start(wrote(down(P), S.NORMAL)))
        == "ok: dhcp1 was last in normal (lease file); no lock-out for dhcp2 on it"
    )


def test_not_read_yet_is_not_fine() -> None:
    """A file that nobody has read says nothing; one that cannot be read is answered for by a person."""
    unread = replace(down(P), recorded=None)
    assert start(unread).pending
    assert order(start(unread)).startswith("not seen")
    cannot = replace(unread, recorded_note="dhcpd.leases: Permission denied")
    assert start(cannot).sentence == "I know that dhcp2 was not declared down"
    assert "Permission denied" in order(start(cannot))


def test_both_declared_each_other_down() -> None:
    """One of them must start first, and a person says which."""
    both = wrote(down(P), PDOWN), wrote(down(Q), PDOWN)
    for role in Role:
        assert rule(Action.START, role, pair(*both), NOW).sentence == f"I know that dhcp{1 + (role is Q)} served last"


@pytest.mark.parametrize("name", ["dhcp2", "bob", "10.0.0.20"])
def test_a_marker_is_about_the_partner_of_its_holder(name: str) -> None:
    """Another console may call the servers otherwise: it lies beside the lease file of the one that took over."""
    lock_files = Seen(LockFiles(lockout=Lockout(name, "anna", NOW.wall - 600, "crash")), NOW.mono)
    dead = replace(down(P), lock_files=lock_files)
    assert not start(dead).allowed
    assert "was declared down by anna" in order(start(dead))
    assert "I-20" in ids(pair(dead, down(Q)))
    assert start(replace(live(P, PDOWN), lock_files=lock_files)).allowed


def test_a_marker_that_names_its_holder_is_not_known() -> None:
    """Whom it means cannot be told: a person answers for it."""
    lock_files = Seen(LockFiles(lockout=Lockout("dhcp1", "anna", NOW.wall - 600, "crash")), NOW.mono)
    ruling = start(replace(wrote(down(P), S.NORMAL), lock_files=lock_files))
    assert ruling.sentence == "I know that dhcp2 was not declared down"
    assert "names dhcp1 itself" in order(ruling)
