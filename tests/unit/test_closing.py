"""The last words of an action never contradict the headline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.act.closing import closing
from dhcptui.act.plan import Plan
from dhcptui.assess.guards import Ruling
from dhcptui.assess.verdict import derive
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.sentence import Sentence
from dhcptui.model.snapshot import LeaseSpace, PairSnapshot
from dhcptui.model.states import FailoverState
from tests.unit.making import NOW, down, live, pair

S, A = FailoverState, Action
KEEP: Sentence = ("Keep dhcp2 from starting.",)
P, Q = Role.PRIMARY, Role.SECONDARY
HANDED = pair(live(P, S.PARTNER_DOWN, S.SHUTDOWN), live(Q, S.SHUTDOWN, S.PARTNER_DOWN))
ALONE = pair(live(P, S.PARTNER_DOWN), down(Q))
NORMAL = pair(live(P), live(Q))
DRY = replace(
    ALONE, primary=replace(ALONE.primary, pools=Seen((PoolCounters("10.0.0.0/24", 101, 0, 0),), NOW.mono - 1))
)
FULL = replace(HANDED, primary=replace(HANDED.primary, space=Seen(LeaseSpace(0, 9000), NOW.mono - 1)))


def words(
    action: Action, acting: Role, snapshot: PairSnapshot, said: str = "dhcp1 serves every client."
) -> tuple[str, Sentence]:
    """What is said at the end."""
    plan = Plan(action, "office", acting, "dhcp1", "dhcp2", "", (), Ruling(action, acting, ()), "dhcp1")
    return closing(plan, said, KEEP, derive(snapshot, NOW))


@pytest.mark.parametrize(
    ("action", "acting", "snapshot"),
    [
        (A.HAND_OVER, Q, HANDED),
        (A.SHUTDOWN, Q, pair(live(P, S.PARTNER_DOWN, S.SHUTDOWN), down(Q))),
        (A.PARTNER_DOWN, P, ALONE),
        (A.RESCUE, P, pair(live(P, S.COMMUNICATIONS_INTERRUPTED), down(Q))),
        (A.TAKE_BACK, Q, NORMAL),
        (A.SYNC_RESTART, P, NORMAL),
    ],
)
def test_its_own_words_where_it_is_so(action: Action, acting: Role, snapshot: PairSnapshot) -> None:
    """As the action leaves the pair."""
    assert words(action, acting, snapshot) == ("dhcp1 serves every client.", KEEP)


@pytest.mark.parametrize(
    ("action", "acting", "snapshot"),
    [
        (A.PARTNER_DOWN, P, DRY),
        (A.PARTNER_DOWN, P, NORMAL),  # the partner has come back meanwhile
        (A.HAND_OVER, Q, FULL),
        (A.HAND_OVER, Q, pair(down(P), live(Q, S.SHUTDOWN, S.PARTNER_DOWN))),
        (A.SHUTDOWN, Q, HANDED),
        (A.TAKE_BACK, Q, pair(live(P), down(Q))),
        (A.RESCUE, P, pair(live(P, S.SHUTDOWN, S.PARTNER_DOWN), down(Q))),
    ],
)
def test_else_what_is_so_now(action: Action, acting: Role, snapshot: PairSnapshot) -> None:
    """The headline and the advice, in the words of the screen."""
    verdict = derive(snapshot, NOW)
    assert words(action, acting, snapshot) == (f"Every step was verified. Now: {verdict.headline}.", verdict.advised)


@pytest.mark.parametrize("snapshot", [NORMAL, ALONE, pair(live(P, S.PARTNER_DOWN), live(Q, S.RECOVER_WAIT))])
def test_a_start_says_what_has_become_of_the_pair(snapshot: PairSnapshot) -> None:
    """No "recover-wait ends by itself" beside two that read normal."""
    verdict = derive(snapshot, NOW)
    assert words(A.START, Q, snapshot, "dhcp2 runs.") == (f"dhcp2 runs. Now: {verdict.headline}.", verdict.advised)
