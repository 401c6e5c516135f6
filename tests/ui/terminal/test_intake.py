"""What a terminal sends is bounded before it becomes keys."""

from __future__ import annotations

import time

import pytest
from textual import events
from textual.message import Message

from dhcptui.ui.terminal.intake import TYPED_A_SECOND, BoundedParser, Intake

BULK = "QUJD" * 25_000


def events_of(*pieces: str) -> list[Message]:
    """What the driver's loop would hand to the app, in reads of 4096 as it reads."""
    parser = BoundedParser()
    found: list[Message] = []
    for piece in pieces:
        for at in range(0, len(piece), 4096):
            found += parser.feed(piece[at : at + 4096])
    return found


@pytest.mark.parametrize(
    "answer",
    [
        f"\x1b]52;c;{BULK}\x07",
        f"\x1b]52;c;{BULK}\x1b\\",
        f"\x1bP1$r{BULK}\x1b\\",
        f"\x1b_G{BULK}\x1b\\",
        f"\x1b[{'1;' * 50_000}R",
    ],
    ids=["OSC BEL", "OSC ST", "DCS", "APC", "CSI"],
)
def test_a_long_answer_presses_no_key(answer: str) -> None:
    """100 kB are dropped, quickly, and the key behind them counts."""
    began = time.process_time()
    found = events_of(answer, "x")
    assert time.process_time() - began < 1.0
    assert [each.key for each in found if isinstance(each, events.Key)] == ["x"]


def test_plain_text_is_taken_as_fast_as_somebody_types() -> None:
    """A flood without any sequence is cut to a second's worth; after a pause typing goes on."""
    now = 0.0
    intake = Intake(lambda: now)
    assert len("".join(intake.take("a" * 4096) for _ in range(25))) == TYPED_A_SECOND
    now = 2.0
    assert intake.take("hello") == "hello"


def test_a_paste_passes_whole() -> None:
    """Whatever stands in it, in however many pieces."""
    text = f"\x1b[200~{BULK}\x1b]0;x\x07\x1b[201~"
    intake = Intake()
    assert "".join(intake.take(text[at : at + 4096]) for at in range(0, len(text), 4096)) == text


@pytest.mark.parametrize(
    "keys",
    [
        "\x1b[A",
        "\x1b",
        "\x1bP",
        "\x1b]",
        "\x1b[<35;10;20M",
        "\x1b[24;80R",
        "\x1b[?2026;2$y",
        "\x1bOP",
        "é漢",
        "P\x1b[B",
    ],
)
def test_keys_and_short_answers_pass(keys: str) -> None:
    """Arrows, escape, alt with a letter, mouse, cursor position, modes: as they came."""
    assert Intake().take(keys) == keys


def test_a_string_without_an_end_does_not_swallow_what_is_typed_later() -> None:
    """After a moment of silence keys are keys again."""
    now = 0.0
    intake = Intake(lambda: now)
    assert not intake.take("\x1b]11;" + "rgb:" * 100)
    now = 0.2
    assert not intake.take("more of it")
    now = 1.0
    assert intake.take("q") == "q"
