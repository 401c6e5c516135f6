"""Nobody says "since" of a time before which, or after which, something else was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.since import changed, sighting, state_since
from dhcptui.assess.verdict import derive
from dhcptui.assess.visibility import assess
from dhcptui.engine.status_report import as_json
from dhcptui.logs.lines import parse
from dhcptui.model.changes import Changes
from dhcptui.model.moments import Moment, Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot, ProcessSighting, RecordedState, ServerView
from dhcptui.model.states import FailoverState
from dhcptui.watch.history import History
from tests.unit.making import NOW, down, hung, live, status

S, P, Q = FailoverState, Role.PRIMARY, Role.SECONDARY
OLD = 1_794_990_000
"""dhcpd says so since then."""


def pair(one: ServerView, two: ServerView) -> PairSnapshot:
    """Both servers."""
    return PairSnapshot("office", "foo", one, two)


def since(view: ServerView, now: Moment = NOW) -> float | None:
    """What the panel says."""
    return state_since(assess(view, now))


def test_dhcpds_word_holds_where_nobody_saw_anything_else() -> None:
    """local-stos."""
    assert since(live(P)) == OLD
    assert derive(pair(live(P), live(Q)), NOW).since == OLD


@pytest.mark.parametrize("changes", [Changes(born=OLD + 60), Changes(unlike=OLD + 60), Changes(told=OLD + 60)])
def test_a_later_witness_is_believed(changes: Changes) -> None:
    """The age of the process, the console's own eye, a log: local-stos outlives a restart."""
    view = replace(live(P, offset=5.0), changes=changes)
    assert since(view) == OLD + 65
    assert derive(pair(view, live(Q)), NOW).since == OLD + 60
    document = as_json([(pair(view, live(Q)), derive(pair(view, live(Q)), NOW))], NOW)
    assert document["pairs"][0]["servers"]["primary"]["since"] == "2026-11-18T08:21:05Z"
    assert since(replace(live(P), changes=Changes(born=OLD - 60, told=OLD - 60))) == OLD


def test_what_the_partner_heard_later_counts() -> None:
    """The secondary was away, and its primary heard of it again at its return."""
    back = live(P)
    assert back.status
    heard = replace(back, status=Seen(replace(back.status.value, partner_stos=OLD + 90), back.status.at))
    assert derive(pair(heard, live(Q)), NOW).since == OLD + 90


def test_a_clock_that_was_set_back_tells_no_time() -> None:
    """local-stos lies in the future of the clock that took it."""
    ahead = live(P, stos=int(NOW.wall) + 3600)
    assert since(ahead) is None
    assert derive(pair(ahead, live(Q)), NOW).since is None


def test_a_server_that_is_gone_was_there_when_it_was_read_last() -> None:
    """The headline about a pair of which one is down is no older than its last answer, or what it wrote down."""
    assert derive(pair(live(P, S.COMMUNICATIONS_INTERRUPTED), down(Q)), NOW).since == NOW.wall - 12
    unread = replace(down(Q), status=None)
    assert derive(pair(live(P, S.COMMUNICATIONS_INTERRUPTED), unread), NOW).since == OLD
    wrote = RecordedState(S.NORMAL, OLD + 5.0, S.NORMAL, "log", OLD + 30.0)
    written = replace(unread, recorded=Seen(wrote, NOW.mono))
    assert derive(pair(live(P, S.COMMUNICATIONS_INTERRUPTED), written), NOW).since == OLD + 30


def test_startup_and_recover_wait_have_only_the_word_of_others() -> None:
    """dhcpd leaves them the time of the state before them."""
    waiting = live(P, S.RECOVER_WAIT, S.PARTNER_DOWN)
    assert since(waiting) is None
    assert since(replace(waiting, changes=Changes(told=OLD + 70.0))) == OLD + 70


def test_what_the_console_saw_is_kept() -> None:
    """Gone, held, silent for long, or in another state; a moment without an answer is nothing."""
    was = live(P)
    gone = replace(was, changes=changed(was, down(P), NOW, None), process=down(P).process)
    assert gone.changes.unlike == NOW.wall - 0.5
    assert changed(gone, live(P), NOW, None).unlike == NOW.wall - 0.5
    assert changed(was, hung(P), NOW, None).unlike == NOW.wall - 0.5
    other = live(P, S.COMMUNICATIONS_INTERRUPTED)
    assert changed(other, was, NOW, None).unlike == pytest.approx(NOW.wall - 0.1)
    late = replace(was, status=Seen(status(P), NOW.mono - 4), process=Seen(ProcessSighting((100,)), NOW.mono - 0.1))
    assert changed(was, late, NOW, None).unlike is None
    silent = replace(late, status=Seen(status(P), NOW.mono - 9))
    assert changed(was, silent, NOW, None).unlike == pytest.approx(NOW.wall - 0.1)
    seen = sighting(silent, NOW)
    assert seen is not None
    assert (seen.serves, seen.gone) == (None, False)


def test_a_processs_birth_does_not_tremble() -> None:
    """Its age comes in whole seconds: the first look at a process counts for all."""
    was = live(P)
    first = replace(was, process=Seen(ProcessSighting((7,), born=("a",), age_seconds=3), NOW.mono))
    known = changed(was, first, NOW, None)
    assert known.born == NOW.wall - 3
    later = Moment(NOW.wall + 1.4, NOW.mono + 1.4)
    again = replace(first, process=Seen(ProcessSighting((7,), born=("a",), age_seconds=5), later.mono), changes=known)
    assert changed(replace(first, changes=known), again, later, None).born == NOW.wall - 3
    other = replace(again, process=Seen(ProcessSighting((7,), born=("b",), age_seconds=0), later.mono))
    assert changed(replace(first, changes=known), other, later, None).born == later.wall


def test_a_log_tells_of_the_last_start() -> None:
    """Also one from before the console looked."""
    history = History("foo")
    history.logged(P, [parse(f"{OLD + 50}.5 dhcp1 dhcpd[1]: Server starting service.", NOW.wall)], NOW.wall)
    assert history.changed == {P: OLD + 50.5}
