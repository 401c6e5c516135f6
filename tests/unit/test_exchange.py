"""Leases on their way between the two: seen by a queue or a lease file that moves, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.exchange import exchange_words, exchanging
from dhcptui.model.changes import Growth
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ServerView
from dhcptui.model.states import FailoverState
from tests.unit.making import NOW, down, live, pair

S = FailoverState
P, Q = Role.PRIMARY, Role.SECONDARY


def grew(view: ServerView, seconds: float, read: float = 1.0) -> ServerView:
    """Its lease file of 12 MB has had this size for so long."""
    return replace(view, growth=Seen(Growth(12_000_000, NOW.mono - seconds), NOW.mono - read))


def queue(view: ServerView, seconds: float) -> ServerView:
    """Its queue has been as long as it is for so many seconds."""
    return replace(view, queue_moved=NOW.mono - seconds)


FETCHES, SENDS = live(Q, S.RECOVER, S.PARTNER_DOWN), live(P, S.PARTNER_DOWN, S.RECOVER, unacked=10)


@pytest.mark.parametrize(
    ("sender", "receiver", "moves"),
    [
        (queue(SENDS, 100), grew(FETCHES, 2), True),
        (queue(SENDS, 3), grew(FETCHES, 100), True),
        (queue(SENDS, 100), grew(FETCHES, 100), False),
        (queue(SENDS, 100), grew(FETCHES, 2, read=60), False),
        (queue(SENDS, 100), FETCHES, False),
        (queue(live(P, S.PARTNER_DOWN, S.RECOVER), 0), FETCHES, False),
        (queue(live(P, unacked=10), 0), live(Q), False),
        (queue(live(P, S.NORMAL, S.RECOVER_WAIT, unacked=3), 0), live(Q, S.RECOVER_WAIT), False),
        (queue(SENDS, 0), down(Q), False),
        (queue(live(P, S.RESOLUTION_INTERRUPTED, unacked=3), 0), live(Q, S.POTENTIAL_CONFLICT), True),
    ],
    ids=["file", "queue", "still", "old look", "no look", "empty queue", "both normal", "mclt", "gone", "conflict"],
)
def test_what_moves(sender: ServerView, receiver: ServerView, moves: bool) -> None:
    """An empty queue has nothing to move; traffic of a healthy pair, or a wait, is no exchange."""
    assert (exchanging(assess_pair(pair(sender, receiver), NOW)) is not None) is moves


def test_it_is_told_how_far_it_is() -> None:
    """Who takes over, and how large its file has become."""
    found = exchanging(assess_pair(pair(queue(SENDS, 100), grew(FETCHES, 2)), NOW))
    assert found is not None
    assert exchange_words(found) == "dhcp2 takes the leases of its partner over (recover, lease file 12.0 MB)"
