"""Times in words."""

from __future__ import annotations

import pytest

from dhcptui.model import words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<1 min"),
        (0, "<1 min"),
        (59, "<1 min"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1h 00m"),
        (93_900, "1d 02h"),
    ],
)
def test_span(seconds: float, text: str) -> None:
    """Coarse, so that a quiet screen stays quiet."""
    assert words.span(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00"), (-3, "00:00"), (0.01, "00:01"), (44.0, "00:44"), (3723, "1:02:03")]
)
def test_timer(seconds: float, text: str) -> None:
    """Rounded up: 00:00 means over."""
    assert words.timer(seconds) == text


def test_clocks() -> None:
    """UTC everywhere."""
    assert words.clock(1_795_348_000) == "11:46:40"
    assert words.iso(1_795_348_000.9) == "2026-11-22T11:46:40Z"
    assert words.iso(None) is None
    assert words.day_clock(1_795_348_000, 1_795_348_100) == "11:46:40"
    assert words.day_clock(1_795_248_000, 1_795_348_100) == "21 Nov 08:00"
