"""NO_COLOR: no colour at all, and what was grey becomes dim."""

from __future__ import annotations

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_GREY = RichColor.parse("bright_black")
_NONE = Style(color="default", bgcolor="default")
_DIM = _NONE + Style(dim=True)


class NoColour(LineFilter):
    """Strips colours; a stale value must look stale all the same."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments without colour."""
        return [
            Segment(
                text, style and style + (_DIM if style.color and style.color.number == _GREY.number else _NONE), control
            )
            for text, style, control in segments
        ]
