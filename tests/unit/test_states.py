"""The table of states."""

from __future__ import annotations

import pytest

from dhcptui.model.states import (
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
