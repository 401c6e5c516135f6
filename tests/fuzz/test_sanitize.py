"""The one border for text from outside: every code point there is, and every attack we know."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.markup import render
from rich.text import Text

from dhcptui.model.sanitize import MAX_MARKS, clean, masked
from tests.fuzz.hostile import ATTACKS, foreign, lines

HARMFUL = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}
POINTS = [*range(0x40000), *range(0xE0000, 0xE1000), 0xF0000, 0x10FFFD, 0x10FFFF]
"""All that is assigned, and some that is not."""
MARKS = {"Mn", "Me", "Mc"}


def test_every_code_point() -> None:
    """Alone it comes out as something one can see: no control, nothing without width, and never nothing at all."""
    escaped = passed = 0
    for point in POINTS:
        char = chr(point)
        text = clean(f"{char}|")
        if point in {0x0A, 0x0D}:
            assert text in {r"\x0a|", r"\x0d|"}
            continue
        assert text.isprintable(), hex(point)
        assert not any(unicodedata.category(each) in HARMFUL for each in text), hex(point)
        assert cell_len(text) >= 2, f"{point:#x} cannot be seen"
        escaped += text.startswith("\\")
        passed += text == f"{char}|"
    print(f"{escaped} escaped, {passed} passed")
    assert escaped > 50_000
    assert passed > 100_000


def test_every_mark_stays_on_its_own() -> None:
    """A combining mark never sits on what the screen shows before the text, and no pile of them grows."""
    for point in POINTS:
        if unicodedata.category(chr(point)) in MARKS:
            assert clean(chr(point))[0] == "\\", hex(point)
            assert clean("a" + chr(point) * 100).count(chr(point)) <= MAX_MARKS, hex(point)


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_is_text(attack: bytes) -> None:
    """Whole, cut, doubled, inside of a line: what is left is plain text, and still says what it was."""
    for raw in (attack, attack * 3, attack[1:], b"before " + attack + b" after", attack[:-1] + b" x"):
        for limit in (1, 5, 40, 2000):
            text = clean(raw, limit)
            assert foreign(text.encode(), 120, 40) == []
            assert len(text) <= limit
    assert clean(attack) == clean(attack.decode("utf-8", "backslashreplace"))
    if attack.startswith((b"\x1b", b"\x9b", b"\xc2")):
        assert clean(attack).startswith("\\")


def test_hostile_lines_stay_lines() -> None:
    """Each of ten thousand is one line, with its beginning and its end."""
    for number, raw in enumerate(lines(10_000, "sanitize")):
        text = clean(raw)
        assert text.startswith("2026-11-22T11:33:05.")
        assert text.endswith(f" #{number}")
        assert len(text.splitlines()) == 1


@given(st.text(st.sampled_from("[]/\\=@ab() '\"") | st.characters(codec=None)))
def test_markup_stays_text(raw: str) -> None:
    """Shown the way the console shows it, markup is text; parsed it would not be, which is why it never is."""
    text = clean(raw)
    shown = Text(text)
    assert shown.plain == text
    assert not shown.spans


def test_markup_would_be_parsed() -> None:
    """The test above tests something."""
    assert render(clean("[bold]x[/]")).spans


@given(
    st.text("ABCxyz019+/=", min_size=4, max_size=80), st.sampled_from(('secret "%s"', "secret %s oops;", "SECRET=%s"))
)
def test_secrets_are_masked(secret: str, form: str) -> None:
    """A quoted line of a configuration keeps its words and loses its secret."""
    text = masked("line 4: " + form % secret)
    assert secret not in text.replace("line 4: ", "").replace("[not shown]", "")
    assert "secret" in text.lower()
    assert masked(text) == text
