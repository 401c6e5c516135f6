"""The border for outside text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.model.sanitize import MAX_MARKS, clean

ANY_TEXT = st.text(st.characters(codec=None))  # lone surrogates included
NASTY = st.text(
    st.sampled_from("a \t\x00\x1b\x9b\x7f\r\n\u200b\u202e\u2066\u2028\u0301\u0489\ufe0f\u00ad\ue000\ud800é漢")
)


def harmless(text: str) -> bool:
    """Nothing in it that a terminal obeys, hides or turns round."""
    return all(
        unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}
        and char not in "\ufe0f\u034f\u3164"
        for char in text
    )


@given(ANY_TEXT | NASTY, st.integers(0, 60))
def test_text_comes_out_harmless_and_bounded(raw: str, limit: int) -> None:
    """No control or format character passes, and the limit holds."""
    text = clean(raw, limit)
    assert harmless(text)
    assert len(text) <= limit
    assert len(text.splitlines()) <= 1


def test_every_character_behind_a_letter() -> None:
    """All of Unicode, one by one: also what looks like a mark, or is none in this version of it."""
    points = [chr(point) for point in range(0x110000)]
    for start in range(0, len(points), 1000):
        text = clean("".join("a" + char for char in points[start : start + 1000]), 20_000)
        assert harmless(text), hex(start)
        assert text.isprintable(), hex(start)


@given(st.binary(max_size=200), st.integers(0, 60))
def test_bytes_come_out_harmless_and_bounded(raw: bytes, limit: int) -> None:
    """The same for bytes, valid UTF-8 or not."""
    text = clean(raw, limit)
    assert harmless(text)
    assert len(text) <= limit


@given(ANY_TEXT | NASTY, st.integers(1, 60))
def test_clean_text_stays_as_it_is(raw: str, limit: int) -> None:
    """Cleaning twice changes nothing."""
    once = clean(raw, limit)
    assert clean(once, limit) == once


@given(NASTY)
def test_marks_do_not_pile_up(raw: str) -> None:
    """No base character carries more than MAX_MARKS marks, and no mark stands without a base."""
    run = 0
    for i, char in enumerate(clean(raw)):
        run = run + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        assert run <= MAX_MARKS
        assert run == 0 or i > 0


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("DHCPDISCOVER from 00:16:3e:11:22:33 via eth0\n", "DHCPDISCOVER from 00:16:3e:11:22:33 via eth0"),
        ("\x1b[31mred\x1b]0;title\x07", r"\x1b[31mred\x1b]0;title\x07"),
        ("c1 \x9b31m del \x7f", r"c1 \x9b31m del \x7f"),
        ("a\tb\u3000c\xa0d", "a b c d"),
        ("two\nlines\r\n", r"two\x0alines"),
        ("abc\u202egpj.exe", r"abc\u202egpj.exe"),
        ("a\u200bb\U000e0001", r"a\u200bb\U000e0001"),
        ("\ud800", r"\ud800"),
        (b"caf\xc3\xa9 \xff\xfe\r\n", r"café \xff\xfe"),
        ("e" + "\u0301" * 9 + "x", "e" + "\u0301" * 4 + "{+5}x"),
        ("\u0301x", r"\u0301x"),
        ("[/x][bold]", "[/x][bold]"),
        ("", ""),
    ],
)
def test_what_is_shown(raw: str | bytes, shown: str) -> None:
    """Examples, one per rule."""
    assert clean(raw) == shown


@pytest.mark.parametrize(
    "raw", ["x" * 11, b"x" * 5000, "x" * 10 + "\x1b", "x" + "\u0301" * 5000, b"x" + b"\n" * 500 + b"y"]
)
def test_a_cut_can_be_seen(raw: str | bytes) -> None:
    """Over-long text ends in an ellipsis; text of just the limit does not."""
    assert clean(raw, 10).endswith("…")
    assert clean("x" * 10, 10) == "x" * 10
