"""Cells of the guard table on the real pair: a refused write never reaches dhcpd, an allowed one ends as the table says.

States that dhcpd does not stay in by itself are written from outside with the lab's own OMAPI writer, as somebody
with omshell would. That is what the guards are for.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.assess.visibility import Visibility, assess
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab, Server

pytestmark = [
    pytest.mark.lab,
    pytest.mark.second_try("evidence must be fresh when it is judged, and an action must end within its time"),
]
P, Q = Role.PRIMARY, Role.SECONDARY
S = FailoverState
Setup = Callable[[Lab, Driver], None]


@dataclass(frozen=True)
class Cell:
    """One cell: how the pair gets there, what is asked of whom, and what must come of it."""

    name: str
    setup: Setup
    action: Action
    acting: Role
    allowed: bool
    ends: tuple[str, str] = ("", "")
    """What both read after an allowed action; empty: not asked."""


def healthy(lab: Lab, driver: Driver) -> None:
    """Both normal, nothing unacknowledged."""
    lab.wait_settled()


def crashed(lab: Lab, driver: Driver) -> None:
    """The secondary is dead, the primary in communications-interrupted."""
    lab.secondary.kill()
    driver.until_words("communications-interrupted", "dhcpd not running", 5)


def crashed_then(state: FailoverState) -> Setup:
    """The secondary is dead and somebody wrote a state on the primary."""

    def setup(lab: Lab, driver: Driver) -> None:
        crashed(lab, driver)
        lab.primary.set_local_state(state.number)
        driver.until(lambda: driver.word(P) == state.word, 5, state.word)

    return setup


def drained(lab: Lab, driver: Driver) -> None:
    """The primary has handed over, the secondary is in partner-down."""
    lab.wait_settled()
    lab.primary.set_local_state(S.SHUTDOWN.number)
    driver.until_words("shutdown", "partner-down", 5)


def trapped(state: FailoverState) -> Setup:
    """The primary was drained, then the secondary died: whatever is written on the primary, it answers nobody."""

    def setup(lab: Lab, driver: Driver) -> None:
        drained(lab, driver)
        lab.secondary.kill()
        if state is not S.SHUTDOWN:
            lab.primary.set_local_state(state.number)
        driver.until_words(state.word, "dhcpd not running", 5)

    return setup


def stopped(lab: Lab, driver: Driver) -> None:
    """The secondary's dhcpd is suspended, the primary has noticed."""
    lab.secondary.pause()
    driver.until(lambda: driver.word(P) == "communications-interrupted", 20, "primary alone")


def cut(lab: Lab, driver: Driver) -> None:
    """The failover link is cut, both servers run."""
    lab.cut("primary", "secondary", port=520)
    driver.until_words("communications-interrupted", "communications-interrupted", 30)


def swapped_paused(lab: Lab, driver: Driver) -> None:
    """Somebody paused the primary."""
    lab.primary.set_local_state(S.PAUSED.number)
    driver.until_words("paused", "communications-interrupted", 5)


def both_off(one: FailoverState, two: FailoverState) -> Setup:
    """Somebody wrote a state on each: nobody serves."""

    def setup(lab: Lab, driver: Driver) -> None:
        lab.wait_settled()
        lab.primary.set_local_state(one.number)
        lab.secondary.set_local_state(two.number)
        driver.until_words(one.word, two.word, 5)

    return setup


def paused_beside(state: FailoverState, off: FailoverState = S.PAUSED) -> Setup:
    """The primary is off, and somebody wrote a state on the secondary, or it got there from recover."""

    def setup(lab: Lab, driver: Driver) -> None:
        lab.wait_settled()
        rebuilt = state in REBUILT
        if rebuilt:  # a secondary that serves would go to partner-down, and stay there
            lab.secondary.set_local_state(S.PAUSED.number)
        lab.primary.set_local_state(off.number)
        driver.until(lambda: lab.secondary.state().partner_state == off.word, 5, "heard")
        lab.secondary.set_local_state(S.RECOVER.number if rebuilt else state.number)
        driver.until_words(off.word, state.word, 40)

    return setup


def paused_and_cut(lab: Lab, driver: Driver) -> None:
    """A paused primary whose partner cannot hear it."""
    swapped_paused(lab, driver)
    lab.cut("primary", "secondary", port=520)
    driver.until(lambda: not driver.plan(Action.TAKE_BACK, P).allowed, 40, "the cut is seen")


def shut_and_cut(lab: Lab, driver: Driver) -> None:
    """Somebody shut the primary down when its partner could not hear it."""
    cut(lab, driver)
    lab.primary.set_local_state(S.SHUTDOWN.number)
    driver.until_words("shutdown", "communications-interrupted", 5)


def orphaned(off: FailoverState, heard: FailoverState | None = None) -> Setup:
    """The primary is off and its partner dead; `heard`: what that one said last."""

    def setup(lab: Lab, driver: Driver) -> None:
        lab.wait_settled()
        lab.primary.set_local_state(off.number)
        if heard is not None:
            lab.secondary.set_local_state(heard.number)
            driver.until_words(off.word, heard.word, 5)
        time.sleep(0.3)
        lab.secondary.kill()
        driver.until_words(off.word, DOWN, 5)

    return setup


REBUILT = [S.RECOVER, S.RECOVER_WAIT, S.RECOVER_DONE]
FORBIDDEN = [S.STARTUP, S.NORMAL, S.POTENTIAL_CONFLICT, S.RESOLUTION_INTERRUPTED, S.CONFLICT_DONE]
DOWN = "dhcpd not running"

CELLS = [
    Cell("comm-int, partner dead", crashed, Action.PARTNER_DOWN, P, True, ("partner-down", DOWN)),
    *(
        Cell(f"{state.word}, partner dead", crashed_then(state), Action.PARTNER_DOWN, P, True, ("partner-down", DOWN))
        for state in [*REBUILT, S.PAUSED, S.SHUTDOWN]
    ),
    *(Cell(f"{s.word}, partner dead", crashed_then(s), Action.PARTNER_DOWN, P, False) for s in FORBIDDEN),
    Cell("already in partner-down", crashed_then(S.PARTNER_DOWN), Action.PARTNER_DOWN, P, False),
    Cell("both normal", healthy, Action.PARTNER_DOWN, P, False),
    Cell("both normal", healthy, Action.PARTNER_DOWN, Q, False),
    Cell("link cut, both alive", cut, Action.PARTNER_DOWN, P, False),
    Cell("partner stopped", stopped, Action.PARTNER_DOWN, P, False),
    Cell("drained, partner alive", drained, Action.PARTNER_DOWN, P, False),
    Cell("the survivor again", drained, Action.PARTNER_DOWN, Q, False),
    Cell("trapped in shutdown", trapped(S.SHUTDOWN), Action.PARTNER_DOWN, P, False),
    Cell("trapped in recover", trapped(S.RECOVER), Action.PARTNER_DOWN, P, False),
    Cell("both normal", healthy, Action.HAND_OVER, P, True, ("shutdown", "partner-down")),
    Cell("both normal", healthy, Action.HAND_OVER, Q, True, ("partner-down", "shutdown")),
    Cell("partner dead", crashed, Action.HAND_OVER, P, False),
    Cell("link cut", cut, Action.HAND_OVER, P, False),
    Cell("the survivor", drained, Action.HAND_OVER, Q, False),
    Cell("both normal", healthy, Action.SHUTDOWN, Q, True, ("partner-down", DOWN)),
    Cell("partner dead", crashed, Action.SHUTDOWN, P, False),
    Cell("link cut", cut, Action.SHUTDOWN, Q, False),
    Cell("the survivor", drained, Action.SHUTDOWN, Q, False),
    Cell("already drained", drained, Action.SHUTDOWN, P, True, ("dhcpd not running", "partner-down")),
    Cell("drained", drained, Action.TAKE_BACK, P, True, ("normal", "normal")),
    Cell("the survivor", drained, Action.TAKE_BACK, Q, False),
    Cell("both normal", healthy, Action.TAKE_BACK, P, False),
    Cell("comm-int", crashed, Action.TAKE_BACK, P, False),
    Cell("partner dead", trapped(S.SHUTDOWN), Action.TAKE_BACK, P, False),
    Cell("paused", swapped_paused, Action.TAKE_BACK, P, True, ("normal", "normal")),
    Cell("paused, the one that serves", swapped_paused, Action.TAKE_BACK, Q, False),
    Cell("paused, partner-down", paused_beside(S.PARTNER_DOWN), Action.TAKE_BACK, P, True, ("normal", "normal")),
    *(
        Cell(f"{one.word} and {two.word}", both_off(one, two), Action.TAKE_BACK, acting, True, ("normal", "normal"))
        for one, two, acting in (
            (S.PAUSED, S.PAUSED, P),
            (S.PAUSED, S.PAUSED, Q),
            (S.SHUTDOWN, S.SHUTDOWN, P),
            (S.PAUSED, S.SHUTDOWN, P),
            (S.PAUSED, S.SHUTDOWN, Q),
            (S.SHUTDOWN, S.PAUSED, P),
        )
    ),
    *(
        Cell(f"{off.word} and {state.word}", paused_beside(state, off), Action.TAKE_BACK, P, True, ("normal", "normal"))
        for off, state in ((S.PAUSED, S.RECOVER_DONE), (S.SHUTDOWN, S.RECOVER_DONE))
    ),
    Cell("paused, link cut", paused_and_cut, Action.TAKE_BACK, P, False),
    Cell("shutdown, link cut", shut_and_cut, Action.TAKE_BACK, P, False),
    Cell("paused, partner dead", orphaned(S.PAUSED), Action.TAKE_BACK, P, False),
    Cell("paused, partner dead", orphaned(S.PAUSED), Action.PARTNER_DOWN, P, True, ("partner-down", DOWN)),
    Cell(
        "paused beside a dead paused one",
        orphaned(S.PAUSED, S.PAUSED),
        Action.PARTNER_DOWN,
        P,
        True,
        ("partner-down", DOWN),
    ),
    Cell("paused, recorded partner-down", orphaned(S.PAUSED, S.PARTNER_DOWN), Action.PARTNER_DOWN, P, False),
    Cell(
        "paused, recorded partner-down",
        orphaned(S.PAUSED, S.PARTNER_DOWN),
        Action.RESCUE,
        P,
        True,
        ("communications-interrupted", DOWN),
    ),
    Cell("paused, partner dead", orphaned(S.PAUSED), Action.RESCUE, P, False),
    Cell("dead", crashed, Action.START, Q, True, ("normal", "normal")),
    Cell("running", healthy, Action.START, Q, False),
    Cell("stopped, still there", stopped, Action.START, Q, False),
    Cell("one dead", crashed, Action.SYNC_RESTART, P, False),
    Cell("link cut", cut, Action.SYNC_RESTART, P, False),
    Cell("drained", drained, Action.SYNC_RESTART, P, False),
    Cell("both normal", healthy, Action.RESCUE, P, False),
    Cell("comm-int, serving", crashed, Action.RESCUE, P, False),
    Cell("drained, partner alive", drained, Action.RESCUE, P, False),
    *(
        Cell(f"trapped in {s.word}", trapped(s), Action.RESCUE, P, True, ("communications-interrupted", DOWN))
        for s in [S.SHUTDOWN, S.PARTNER_DOWN, S.COMMUNICATIONS_INTERRUPTED, *REBUILT]
    ),
]


def moves(server: Server, since: int) -> list[str]:
    """Transitions of its own that dhcpd logged since an offset."""
    return re.findall(r"I move from \S+ to \S+", server.log_text(since))


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.action.value} {cell.acting.value}: {cell.name}")
def test_cell(cell: Cell) -> None:
    """The pair is brought there; the table's answer is what the engine gives, and dhcpd's log agrees."""
    with Lab(mclt=20, max_response_delay=3, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        with driving(lab) as driver:
            driver.settled()
            cell.setup(lab, driver)
            driver.until(
                lambda: all(
                    view.process is not None and assess(view, driver.now()).visibility is not Visibility.UNSEEN
                    for view in driver.engine.snapshot().servers
                ),
                5,
                "evidence",
            )
            if cell.allowed:  # what each has heard of the other is read a moment later than what it says of itself
                allowed = lambda: driver.plan(cell.action, cell.acting).allowed  # noqa: E731
                driver.until(allowed, 10, f"allowed: {driver.plan(cell.action, cell.acting).ruling.reasons}")
            plan = driver.plan(cell.action, cell.acting)
            before = lab.primary.log_offset(), lab.secondary.log_offset()
            if not cell.allowed:
                assert not plan.allowed, plan.ruling
                told = driver.run(cell.action, cell.acting)
                assert told.outcome is Outcome.REFUSED
                time.sleep(0.3)
                assert moves(lab.primary, before[0]) == moves(lab.secondary, before[1]) == []
                if cell.setup is stopped:
                    lab.secondary.resume()
                return
            assert plan.allowed, plan.ruling.reasons
            told = driver.run(cell.action, cell.acting, timeout=90)
            assert told.outcome is Outcome.VERIFIED, told
            if cell.ends != ("", ""):
                driver.until_words(*cell.ends, 30)


def test_enough_cells() -> None:
    """At least 25 cells, with every action allowed once and refused once."""
    assert len(CELLS) >= 25
    for action in Action:
        refused = [cell for cell in CELLS if cell.action is action and not cell.allowed]
        assert refused
        if action is not Action.SYNC_RESTART:  # shown at length in test_sync_restart.py
            assert [cell for cell in CELLS if cell.action is action and cell.allowed]
