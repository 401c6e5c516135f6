"""That the contract bites: a practice dhcpd with another recover-wait formula fails the test of the real one's."""

from __future__ import annotations

import pytest

from dhcptui.practice.dhcpd.failover import Failover
from tests.contract.subject import Subject
from tests.contract.test_transitions import recover_wait_contract
from tests.practice.pair import WatchedPair

pytestmark = pytest.mark.second_try("waits of dhcpd are held against a clock")


def test_another_recover_wait_formula_fails_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full mclt from the moment the wait begins, as man pages and posts have it, is not what 4.4.3 does."""

    def from_now(failover: Failover) -> int:
        return failover.dhcpd.cur_time + failover.mclt

    monkeypatch.setattr(Failover, "recover_wait_ends", from_now)
    with WatchedPair(mclt=8) as pair:
        pair.wait_settled()
        with pytest.raises(AssertionError):
            recover_wait_contract(Subject(pair, 1.0))


def test_the_right_formula_passes_the_same_check() -> None:
    """The same test, the same pair, nothing broken."""
    with WatchedPair(mclt=8) as pair:
        pair.wait_settled()
        recover_wait_contract(Subject(pair, 1.0))
