"""Every transition the lab can provoke by hand: the two logs in order, and how long it takes."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from tests.contract.conftest import SPEED, Make
from tests.contract.subject import CI, DOWN, LESS_CRITICAL, ROLES, Subject

pytestmark = pytest.mark.second_try("each transition is held against a clock")

BALANCE = "balancing\nbalanced\n"
FRESH_START = """I move from recover to startup
peer moves from unknown-state to recover
requesting full update from peer
I move from startup to recover
Sent update request all message to foo
peer moves from recover to recover
requesting full update from peer
Sent update request all message to foo
Update request all from foo: sending update
Received update request while old update still flying!  Silently discarding old request.
Update request all from foo: sending update
"""
BACK = f"""peer moves from partner-down to normal
I move from recover-done to normal
Both servers normal
{BALANCE}"""
TAKEN_BACK = f"""I move from partner-down to normal
{BALANCE}peer moves from recover-done to normal
Both servers normal
"""
CONFLICT_ON_PRIMARY = f"""Sent update request message to foo
peer update completed.
I move from potential-conflict to conflict-done
Sent update done message to foo
Update request from foo: nothing pending
peer moves from potential-conflict to normal
I move from conflict-done to normal
Both servers normal
{BALANCE}"""
CONFLICT_ON_SECONDARY = f"""Sent update done message to foo
Update request from foo: nothing pending
peer moves from potential-conflict to conflict-done
Sent update request message to foo
peer update completed.
I move from potential-conflict to normal
{BALANCE}peer moves from conflict-done to normal
Both servers normal
"""


def other(role: str) -> str:
    """The partner's role."""
    return "secondary" if role == "primary" else "primary"


def until(subject: Subject, acting: str, acting_word: str | None, other_word: str | None, timeout: float = 40) -> float:
    """Wait for the own states of the acting server and of its partner."""
    words = {acting: acting_word, other(acting): other_word}
    return subject.until(words["primary"], words["secondary"], timeout)


def test_fresh_pair(make: Make) -> None:
    """Two servers with empty lease files, the secondary first: normal at once, after one rejected update per address."""
    subject = make(settled=False)
    subject.normal(timeout=3)
    subject.settle()
    zero = dict.fromkeys(ROLES, 0)
    subject.tells(
        "primary",
        zero,
        FRESH_START
        + "peer update completed.\nI move from recover to recover-done\nSent update done message to foo\n"
        + "peer moves from recover to recover-done\nBoth servers have entered recover-done!\n"
        + f"I move from recover-done to normal\n{BALANCE}Sending updates to foo.\n"
        + "peer moves from recover-done to normal\nBoth servers normal\n",
    )
    subject.tells(
        "secondary",
        zero,
        FRESH_START
        + "Sent update done message to foo\npeer moves from recover to recover-done\npeer update completed.\n"
        + "I move from recover to recover-done\npeer moves from recover-done to normal\n"
        + f"I move from recover-done to normal\nBoth servers normal\n{BALANCE}",
    )
    duels = [sum(bool(LESS_CRITICAL.match(line)) for line in subject.lines(role, zero)) for role in ROLES]
    assert duels == [0, 101]
    balances = [line.partition("  ")[2] for line in subject.lines("primary", zero) if "pool" in line]
    assert balances == [
        "total 101  free 101  backup 0  lts 50  max-own (+/-)10",
        "total 101  free 51  backup 50  lts 0  max-misbal 15",
    ]


@pytest.fixture
def pair_with_short_mclt(make: Make) -> Subject:
    """mclt 8 s: more than a resync takes."""
    return make(mclt=8)


def test_return_with_wait(pair_with_short_mclt: Subject) -> None:
    """Killed soon after it became normal, partner set to partner-down: it waits until stos + mclt, to the second."""
    recover_wait_contract(pair_with_short_mclt)


def recover_wait_contract(pair: Subject) -> None:
    """On a pair that has just become normal."""
    mark = pair.mark()
    pair.kill("secondary")
    assert pair.until(CI, "no-answer", 2) < 1
    assert pair.state("primary").partner_state == "normal"
    written = pair.write("primary", DOWN)
    assert written.local_state == DOWN
    assert abs(written.local_stos - time.time()) <= 2
    pair.start("secondary")
    pair.until(DOWN, "recover-wait", 5)
    waiting = pair.state("secondary")
    ends = waiting.local_stos + waiting.mclt
    pair.until("normal", "normal", 20)
    assert 0 <= stamp(pair, "secondary", "I move from recover-wait to recover-done", mark) - ends < 1.2
    pair.tells(
        "primary",
        mark,
        f"""peer foo: disconnected
        I move from normal to communications-interrupted
        I move from communications-interrupted to partner-down
        peer moves from normal to normal
        peer moves from normal to recover
        Update request all from foo: sending update
        Sent update done message to foo
        peer moves from recover to recover-wait
        peer moves from recover-wait to recover-done
        {TAKEN_BACK}""",
    )
    pair.tells(
        "secondary",
        mark,
        f"""I move from normal to startup
        peer moves from normal to partner-down
        I move from startup to recover
        Sent update request all message to foo
        peer update completed.
        I move from recover to recover-wait
        I move from recover-wait to recover-done
        {BACK}""",
    )


def stamp(subject: Subject, role: str, text: str, mark: dict[str, int]) -> float:
    """Epoch seconds of the first line with that text."""
    line = next(each for each in subject.servers[role].log_lines(mark[role]) if text in each)
    return datetime.fromisoformat(line.split()[0]).astimezone(UTC).timestamp()


def test_crash_after_more_than_mclt_does_not_wait(make: Make) -> None:
    """Normal for longer than mclt before the crash: no recover-wait, back two seconds after the start."""
    subject = make(mclt=3)
    time.sleep(4.5)
    mark = subject.mark()
    subject.kill("primary")
    subject.until("no-answer", CI, 2)
    subject.write("secondary", DOWN)
    subject.start("primary")
    assert subject.normal(timeout=6) < 4
    subject.tells(
        "primary",
        mark,
        f"""I move from normal to startup
        peer moves from normal to partner-down
        I move from startup to recover
        Sent update request all message to foo
        peer update completed.
        I move from recover to recover-done
        {BACK}Sending updates to foo.""",
        f"""I move from normal to startup
        peer moves from normal to partner-down
        I move from startup to recover
        Sent update request all message to foo
        peer update completed.
        I move from recover to recover-done
        {BACK}""",
    )


@pytest.mark.parametrize("acting", ROLES)
def test_shutdown_then_recover(pair: Subject, acting: str) -> None:
    """8 then 6 on the same server: back in about two seconds, without a wait."""
    mark = pair.mark()
    assert pair.write(acting, "shutdown").local_state == "shutdown"
    until(pair, acting, "shutdown", DOWN, 2)
    while pair.state(acting).partner_state != DOWN:  # not heard yet: it would have to wait
        time.sleep(0.01)
    assert pair.write(acting, "recover").local_state == "recover"
    assert 0.5 < pair.normal(timeout=6) < 4
    tail = "Sending updates to foo.\n" if acting == "primary" else ""
    pair.tells(
        acting,
        mark,
        f"""I move from normal to shutdown
        peer moves from normal to partner-down
        I move from shutdown to recover
        Sent update request all message to foo
        peer update completed.
        I move from recover to recover-done
        {BACK}{tail}""",
    )
    pair.tells(
        other(acting),
        mark,
        f"""peer moves from normal to shutdown
        I move from normal to partner-down
        peer moves from shutdown to recover
        Update request all from foo: sending update
        Sent update done message to foo
        peer moves from recover to recover-done
        {TAKEN_BACK}""",
    )


@pytest.mark.parametrize("acting", ROLES)
def test_partner_down_while_both_normal(pair: Subject, acting: str) -> None:
    """4 on a healthy pair: both pass potential-conflict, and are normal well within two seconds."""
    mark = pair.mark()
    assert pair.write(acting, DOWN).local_state == DOWN
    assert pair.normal(timeout=6) < 2
    if acting == "primary":
        ours = """I move from normal to partner-down
        peer moves from normal to potential-conflict
        I move from partner-down to potential-conflict
        """
        theirs = """peer moves from normal to partner-down
        I move from normal to potential-conflict
        peer moves from partner-down to potential-conflict
        """
        pair.tells("primary", mark, ours + CONFLICT_ON_PRIMARY)
        pair.tells("secondary", mark, theirs + CONFLICT_ON_SECONDARY)
        return
    asks, *rest = CONFLICT_ON_PRIMARY.splitlines()
    begin = ["peer moves from normal to partner-down", "I move from normal to potential-conflict", asks]
    pair.tells("primary", mark, [*begin, "peer moves from partner-down to potential-conflict", *rest])
    ours = """I move from normal to partner-down
    peer moves from normal to potential-conflict
    I move from partner-down to potential-conflict
    """
    pair.tells("secondary", mark, ours + CONFLICT_ON_SECONDARY)


@pytest.mark.parametrize("acting", ROLES)
def test_quick_restart(pair: Subject, acting: str) -> None:
    """SIGTERM is no goodbye: the partner is communications-interrupted, and both are normal at once after the start."""
    mark = pair.mark()
    pair.servers[acting].terminate()
    until(pair, acting, "no-answer", CI, 2)
    pair.start(acting)
    assert pair.normal(timeout=6) < 2
    pair.tells(
        acting,
        mark,
        f"""I move from normal to startup
        peer moves from normal to communications-interrupted
        I move from startup to normal
        {BALANCE}peer moves from communications-interrupted to normal
        Both servers normal""",
    )
    pair.tells(
        other(acting),
        mark,
        f"""peer foo: disconnected
        I move from normal to communications-interrupted
        peer moves from normal to normal
        I move from communications-interrupted to normal
        Both servers normal
        {BALANCE}""",
    )


@pytest.mark.parametrize("acting", ROLES)
def test_empty_lease_file(make: Make, acting: str) -> None:
    """A server without its lease file starts in recover and waits a full mclt from its start."""
    subject = make(mclt=6)
    mark = subject.mark()
    subject.kill(acting)
    until(subject, acting, "no-answer", CI, 2)
    subject.servers[acting].leases.write_text("")
    began = time.time()
    subject.start(acting)
    until(subject, acting, "recover-wait", DOWN, 5)
    subject.normal(timeout=12)
    assert time.time() - began == pytest.approx(6, abs=1.5)
    tail = "" if acting == "secondary" else "Sending updates to foo.\n"
    begin = """I move from recover to startup
        peer moves from unknown-state to communications-interrupted
        I move from startup to recover
        Sent update request all message to foo
        peer moves from communications-interrupted to partner-down
        Sent update request all message to foo
        peer update completed.
        I move from recover to recover-wait
        I move from recover-wait to recover-done
        """
    subject.tells(acting, mark, begin + BACK, begin + BACK + tail)
    subject.tells(
        other(acting),
        mark,
        f"""peer foo: disconnected
        I move from normal to communications-interrupted
        peer moves from normal to recover
        I move from communications-interrupted to partner-down
        peer moves from recover to recover
        Update request all from foo: sending update
        Received update request while old update still flying!  Silently discarding old request.
        Update request all from foo: sending update
        Sent update done message to foo
        peer moves from recover to recover-wait
        peer moves from recover-wait to recover-done
        {TAKEN_BACK}""",
    )


def test_both_restarted(pair: Subject) -> None:
    """Both killed, both started: each comes up from what it last wrote, and they meet without a wait."""
    mark = pair.mark()
    pair.kill("primary")
    pair.until("no-answer", CI, 2)
    pair.kill("secondary")
    pair.start("secondary")
    pair.start("primary")
    assert pair.normal(timeout=8) < 2
    pair.tells(
        "primary",
        mark,
        f"""I move from normal to startup
        peer moves from normal to communications-interrupted
        I move from startup to normal
        {BALANCE}peer moves from communications-interrupted to normal
        Both servers normal""",
    )
    pair.tells(
        "secondary",
        mark,
        f"""peer foo: disconnected
        I move from normal to communications-interrupted
        I move from communications-interrupted to startup
        I move from startup to communications-interrupted
        peer moves from normal to normal
        I move from communications-interrupted to normal
        Both servers normal
        {BALANCE}""",
    )


def test_starts_alone_and_is_declared_survivor(make: Make) -> None:
    """Alone it leaves startup after 15 s; set to partner-down, the partner's return is a conflict for a moment."""
    subject = make(speed=SPEED)
    subject.kill("primary")
    subject.until("no-answer", CI, 2)
    subject.kill("secondary")
    mark = subject.mark()
    began = time.monotonic()
    subject.start("primary")
    assert subject.words()[0] == "startup"
    subject.until(CI, None, 20)
    assert time.monotonic() - began == pytest.approx(subject.seconds(15), abs=1.2)
    subject.tells("primary", mark, "I move from normal to startup\nI move from startup to communications-interrupted")
    subject.write("primary", DOWN)
    mark = subject.mark()
    subject.start("secondary")
    assert subject.normal(timeout=8) < 4
    subject.tells(
        "primary",
        mark,
        f"""peer moves from normal to communications-interrupted
        peer moves from communications-interrupted to potential-conflict
        I move from partner-down to potential-conflict
        {CONFLICT_ON_PRIMARY}""",
    )
    subject.tells(
        "secondary",
        mark,
        f"""I move from communications-interrupted to startup
        peer moves from normal to partner-down
        I move from startup to potential-conflict
        peer moves from partner-down to potential-conflict
        {CONFLICT_ON_SECONDARY}""",
    )


def test_partner_dies_during_recover_wait(make: Make) -> None:
    """It ends in recover-done and answers nobody until the partner is back."""
    subject = make(mclt=6)
    subject.kill("secondary")
    subject.until(CI, "no-answer", 2)
    subject.write("primary", DOWN)
    mark = subject.mark()
    subject.start("secondary")
    subject.until(DOWN, "recover-wait", 5)
    subject.kill("primary")
    subject.until(None, "recover-done", 8)
    subject.start("primary")
    subject.normal(timeout=8)
    subject.tells(
        "secondary",
        mark,
        f"""I move from normal to startup
        peer moves from normal to partner-down
        I move from startup to recover
        Sent update request all message to foo
        peer update completed.
        I move from recover to recover-wait
        peer foo: disconnected
        I move from recover-wait to recover-done
        {BACK}""",
    )
    subject.tells(
        "primary",
        mark,
        f"""peer moves from normal to normal
        peer moves from normal to recover
        Update request all from foo: sending update
        Sent update done message to foo
        peer moves from recover to recover-wait
        I move from partner-down to startup
        peer moves from recover-wait to recover-done
        I move from startup to normal
        {BALANCE}peer moves from recover-done to normal
        Both servers normal""",
    )


def test_partner_down_during_recover_wait_does_not_last(make: Make) -> None:
    """4.4.3 does not cancel the wait: at its end the server leaves partner-down for recover-done."""
    subject = make(mclt=6)
    subject.kill("secondary")
    subject.until(CI, "no-answer", 2)
    subject.write("primary", DOWN)
    subject.start("secondary")
    subject.until(DOWN, "recover-wait", 5)
    subject.kill("primary")
    time.sleep(0.2)
    mark = subject.mark()
    assert subject.write("secondary", DOWN).local_state == DOWN
    subject.until(None, "recover-done", 8)
    subject.tells(
        "secondary",
        mark,
        "I move from recover-wait to partner-down\nI move from partner-down to recover-done",
    )
