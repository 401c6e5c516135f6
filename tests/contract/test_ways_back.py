"""The ways out of paused and shutdown: what a pair does with each write of a take-back, and what without it."""

from __future__ import annotations

import pytest

from tests.contract.conftest import Make
from tests.contract.subject import CI, DOWN, ROLES, Subject
from tests.contract.test_transitions import other, until

pytestmark = pytest.mark.second_try("a pair must be normal again within seconds")

PAUSED = 7
OFF = (("paused", "paused"), ("paused", "shutdown"), ("shutdown", "paused"), ("shutdown", "shutdown"))
NUMBERS = {"paused": PAUSED, "shutdown": 8}
SOON = 6
"""Seconds: much less than the MCLT below, and what a resynchronisation takes on a busy machine."""


@pytest.fixture
def long(make: Make) -> Subject:
    """mclt 30 s: a wait for it cannot be overlooked."""
    return make(mclt=30)


def paused(pair: Subject, acting: str) -> None:
    """The acting server is paused, its partner has noticed."""
    pair.write(acting, PAUSED)
    until(pair, acting, "paused", CI, 3)
    heard(pair, acting, CI)
    heard(pair, other(acting), "paused")


def heard(pair: Subject, role: str, word: str) -> None:
    """It has recorded that of its partner: a moment later than its partner says so itself."""
    assert pair.patiently(lambda: pair.state(role).partner_state == word)


@pytest.mark.parametrize("acting", ROLES)
def test_through_shutdown(long: Subject, acting: str) -> None:
    """Shutdown lets the partner serve for both at once, and recover then ends in normal without the MCLT wait."""
    paused(long, acting)
    long.write(acting, "shutdown")
    until(long, acting, "shutdown", DOWN, 2)
    heard(long, acting, DOWN)
    long.write(acting, "recover")
    assert long.normal(timeout=SOON) < SOON


@pytest.mark.parametrize("acting", ROLES)
def test_recover_alone_waits(long: Subject, acting: str) -> None:
    """Recover, written straight into paused, leads into recover-wait."""
    paused(long, acting)
    long.write(acting, "recover")
    until(long, acting, "recover-wait", DOWN, SOON)


@pytest.mark.parametrize("acting", ROLES)
@pytest.mark.parametrize("off", OFF, ids="-".join)
def test_both_recover_together(long: Subject, acting: str, off: tuple[str, str]) -> None:
    """Neither serves: recover on both ends in normal without a wait, whichever begins."""
    for role in ROLES:
        long.write(role, PAUSED)
    until(long, acting, "paused", "paused", 3)
    for role, word in zip((acting, other(acting)), off, strict=True):
        long.write(role, NUMBERS[word])
    until(long, acting, *off, 3)
    long.write(acting, "recover")
    until(long, acting, "recover", off[1], 1)
    long.write(other(acting), "recover")
    assert long.normal(timeout=SOON) < SOON


@pytest.mark.parametrize("off", ["paused", "shutdown"])
def test_one_alone_is_stuck_until_the_other_joins(make: Make, off: str) -> None:
    """Recover on one of them only: it waits out the MCLT, stays in recover-done, and ends in normal with the other one."""
    pair = make(mclt=4)
    pair.write("primary", PAUSED)
    pair.write("secondary", PAUSED)
    pair.until("paused", "paused", 3)
    pair.write("secondary", NUMBERS[off])
    pair.until("paused", off, 3)
    pair.write("primary", "recover")
    pair.until("recover-done", off, 12)
    pair.write("secondary", "recover")
    assert pair.normal(timeout=SOON) < SOON


@pytest.mark.parametrize("acting", ROLES)
def test_alone_it_needs_partner_down(long: Subject, acting: str) -> None:
    """A paused server whose partner has died takes partner-down, and its partner's recorded state does not silence it."""
    paused(long, acting)
    long.kill(other(acting))
    until(long, acting, "paused", "no-answer", 3)
    assert long.write(acting, DOWN).local_state == DOWN
    assert long.state(acting).partner_state == CI
