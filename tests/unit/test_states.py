"""The table of states."""

from __future__ import annotations

import itertools

import pytest

from dhcptui.model.states import (
    CONFLICT,
    LEADS_TO,
    SERVING,
    SILENCING,
    FailoverState,
    from_wire,
    from_word,
    serves,
)

S = FailoverState

# dhcpd.8 of 4.4.3 and includes/failover.h.
WIRE_4 = {
    0: "unknown-state", 1: "startup", 2: "normal", 3: "communications-interrupted", 4: "partner-down",
    5: "potential-conflict", 6: "recover", 7: "paused", 8: "shutdown", 9: "recover-done",
    10: "resolution-interrupted", 11: "conflict-done", 254: "recover-wait",
}  # fmt: skip
# dhcpd.8 of 3.0.x.
WIRE_3 = {
    1: "partner-down", 2: "normal", 3: "communications-interrupted", 4: "resolution-interrupted",
    5: "potential-conflict", 6: "recover", 7: "recover-done", 8: "shutdown", 9: "paused", 10: "startup",
    11: "recover-wait",
}  # fmt: skip


@pytest.mark.parametrize(("number", "word"), WIRE_4.items())
def test_numbers_of_4(number: int, word: str) -> None:
    """Numbers and words are those of dhcpd 4.x, both ways."""
    state = from_wire(number)
    assert state.word == word
    assert state.number == number
    assert from_word(word) is state


@pytest.mark.parametrize(("number", "word"), WIRE_3.items())
def test_numbers_of_3_0(number: int, word: str) -> None:
    """The same number meant something else on 3.0.x."""
    assert from_wire(number, version_3_0=True).word == word


def test_undefined_numbers_are_unknown() -> None:
    """A number dhcpd does not define is an honest unknown, never a neighbour."""
    assert {from_wire(number) for number in range(12, 254)} == {S.UNKNOWN}
    assert from_word("no-such-state") is S.UNKNOWN


def test_every_state_is_told_apart_without_colour() -> None:
    """Words are unique; a state that serves never shares its glyph with one that does not."""
    assert len({state.info.word for state in S}) == len(S)
    for kind in ("glyph", "ascii_glyph"):
        serving = {getattr(state.info, kind) for state in SERVING}
        idle = {getattr(state.info, kind) for state in set(S) - SERVING}
        assert not serving & idle
        assert all(len(glyph) == 1 for glyph in serving | idle)
    assert all(state.info.ascii_glyph.isascii() for state in S)


@pytest.mark.parametrize("partner", S)
@pytest.mark.parametrize("local", S)
def test_who_serves(local: FailoverState, partner: FailoverState) -> None:
    """Serving is the rule of failover.c:1655-1744, over the whole product of states."""
    assert serves(local, partner) == (local.number in {2, 3, 4} and partner.number not in {4, 5, 10, 11})
    assert (partner in SILENCING) == (partner.number in {4, 5, 10, 11})


# Ways seen on a real pair, as its logs tell them ("I move from ... to ...").
SEEN = (
    (S.NORMAL, S.COMMUNICATIONS_INTERRUPTED, S.NORMAL),
    (S.NORMAL, S.PARTNER_DOWN, S.NORMAL),
    (S.NORMAL, S.POTENTIAL_CONFLICT, S.NORMAL),
    (S.PARTNER_DOWN, S.POTENTIAL_CONFLICT, S.CONFLICT_DONE, S.NORMAL),
    (S.STARTUP, S.RECOVER, S.RECOVER_WAIT, S.RECOVER_DONE, S.NORMAL),
    (S.SHUTDOWN, S.RECOVER),
    (S.STARTUP, S.RECOVER, S.RECOVER_DONE, S.NORMAL),
    (S.STARTUP, S.COMMUNICATIONS_INTERRUPTED, S.NORMAL),
    (S.STARTUP, S.PARTNER_DOWN, S.NORMAL),
)


@pytest.mark.parametrize("way", SEEN)
def test_ways_that_were_seen_are_legal(way: tuple[S, ...]) -> None:
    """Each step of a way that dhcpd took by itself stands in the table."""
    assert all(after in LEADS_TO[before] for before, after in itertools.pairwise(way))


def test_transitions() -> None:
    """Every state has a row; none leads to itself, to startup or to unknown; only startup leads to all the others."""
    assert set(LEADS_TO) == set(S)
    for state, ways in LEADS_TO.items():
        assert not ways & {state, S.STARTUP, S.UNKNOWN}
    assert {state for state, ways in LEADS_TO.items() if not ways} == {S.PAUSED}


def test_who_comes_back_to_normal_by_itself() -> None:
    """From everywhere but pause there is a way to normal: what looks stuck elsewhere waits for something."""
    reached = {S.NORMAL}
    while more := {state for state, ways in LEADS_TO.items() if ways & reached} - reached:
        reached |= more
    assert set(S) - reached == {S.PAUSED}


def test_a_returning_server_never_skips_its_resynchronisation() -> None:
    """recover leads to normal only through recover-done; out of a conflict serves only who is normal or alone."""
    assert S.NORMAL not in LEADS_TO[S.RECOVER] | LEADS_TO[S.RECOVER_WAIT]
    assert all(LEADS_TO[state] & SERVING <= {S.NORMAL, S.PARTNER_DOWN} for state in CONFLICT)


def test_serving_phrases() -> None:
    """Who serves, in words: a state that serves nobody never says that the server itself does."""
    for state in S:
        assert state.info.serving
        if not state.info.serves:
            assert not state.info.serving.startswith(("it ", "both"))
