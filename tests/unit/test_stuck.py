"""A recovery that stands still is told from one that is busy, by what can be seen to move."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.stuck import grown
from dhcptui.assess.verdict import Level, derive
from dhcptui.model.changes import Growth
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ServerView
from dhcptui.model.states import FailoverState
from tests.unit.making import NOW, live, pair
from tests.unit.test_incident_signs import hold

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY
OLD = int(NOW.wall) - 240


def still(view: ServerView, *, file: float, queue: float, read: float = 1.0) -> ServerView:
    """The view with a lease file and a queue that have not moved for so many seconds."""
    return replace(view, growth=Seen(Growth(9_000, NOW.mono - file), NOW.mono - read), queue_moved=NOW.mono - queue)


def recovering(unacked: int = 10) -> tuple[ServerView, ServerView]:
    """As seen at the first start of a large pair: recover, and recover-done with a full queue."""
    return live(P, S.RECOVER, S.RECOVER, stos=OLD), live(Q, S.RECOVER_DONE, S.RECOVER, stos=OLD, unacked=unacked)


def test_a_full_queue_that_stands_is_stuck() -> None:
    """Nothing has moved for 40 s: restart the one in recover, critical, and not "first start, wait"."""
    one, two = recovering()
    snapshot = pair(still(one, file=60, queue=0), still(two, file=70, queue=61))
    hold(snapshot)
    verdict = derive(snapshot, NOW)
    assert verdict.level is Level.CRITICAL
    assert verdict.advice.startswith(
        "Restart dhcp1's dhcpd: its recover has not moved for 60 s; dhcp2's queue 10 of 10"
    )
    (named,) = (each for each in verdict.incidents if each.id == "I-24")
    assert named.weight is Weight.CRITICAL
    assert "I-19" not in {each.id for each in verdict.incidents}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"file": 5, "queue": 0}, {"file": 70, "queue": 61}),  # the receiver's file grows
        ({"file": 60, "queue": 0}, {"file": 5, "queue": 61}),
        ({"file": 60, "queue": 0}, {"file": 70, "queue": 5}),  # the queue was another a moment ago
        ({"file": 30, "queue": 0}, {"file": 30, "queue": 30}),  # not long enough
        ({"file": 60, "queue": 0, "read": 30}, {"file": 70, "queue": 61}),  # not looked at lately
    ],
)
def test_what_moves_is_busy(one: dict[str, float], two: dict[str, float]) -> None:
    """Any witness of progress, or a witness that is missing, is enough to go on waiting."""
    first, second = recovering()
    verdict = derive(pair(still(first, **one), still(second, **two)), NOW)
    assert verdict.advice.startswith("Wait: both exchange their leases")
    assert "I-24" not in {each.id for each in verdict.incidents}


def test_a_file_that_cannot_be_seen_is_not_still() -> None:
    """Without the size of both files a full queue proves nothing."""
    assert derive(pair(*recovering()), NOW).advice.startswith("Wait: ")


def test_growth() -> None:
    """The same size keeps its time, another one begins anew."""
    first = grown(None, 100, 5.0)
    assert first == Growth(100, 5.0)
    assert grown(first, 100, 9.0) == Growth(100, 5.0)
    assert grown(first, 90, 9.0) == Growth(90, 9.0)
