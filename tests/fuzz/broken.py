"""Texts as they are, broken in ways of their own: what a torn file, a stranger or another program makes of them."""

from __future__ import annotations

from hypothesis import strategies as st

BITS = (
    "", " ", "\n", "\t", "\r", "\0", "\x1b[2J", "\x9b", "\u202e", "\u200b", "\ud800", "\U0010ffff", "²", "٣", "๙", "é",
    "{", "}", "{{", ";", '"', "\\", '\\"', "#", "=", "(", ")", ",", "~~", "!", "\\x4", "\\777", "-", "-1", "--:--", ":",
    "0", "00", "9" * 12, "9" * 400, "9" * 5000, "1e999", "nan", "99/99/99", "0000/00/00", "[31m", "[bold]", "[/]", "%s",
    "never", "epoch", "a" * 3000, "lease", "state", "state {", "Feb 30 25:61:61", "2026-13-45T25:61:61", "+99:99",
)  # fmt: skip
"""What is put into a text, or in the place of a part of it."""


@st.composite
def broken(draw: st.DrawFn, *samples: str) -> str:
    """One of the samples after up to five accidents; or a text of nothing but bits; or any text at all."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.text(st.characters(codec=None), max_size=200))
    if kind == 1:
        return draw(st.lists(st.sampled_from(BITS), max_size=30).map("".join))
    text = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        # Mostly a small part of it, sometimes a whole piece, sometimes nothing: an insertion.
        end = start + draw(st.sampled_from((0, 0, 1, 2, 5, 20, 200)))
        text = text[:start] + draw(st.sampled_from(BITS)) + text[end:]
    return text
