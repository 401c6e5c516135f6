"""What a plain terminal gets: no colour under NO_COLOR, no character beyond ASCII where there are none."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter, Monochrome

from dhcptui.ui.style import TO_ASCII

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


_NO_COLOUR = NoColour()


class AsciiOnly(LineFilter):
    """Whatever was drawn, borders and names from outside included: not one byte above 0x7f leaves, and no cell moves."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments in ASCII."""
        return [
            each if each.text.isascii() else Segment(_plain(each.text), each.style, each.control) for each in segments
        ]


def _plain(text: str) -> str:
    return "".join(char if char.isascii() else "?" * cell_len(char) for char in text.translate(TO_ASCII))


def filters(given: Sequence[LineFilter], ascii_only: AsciiOnly | None) -> list[LineFilter]:
    """Textual's filters; but NO_COLOR means no colour at all, rather than shades of grey. ASCII comes last."""
    found = [_NO_COLOUR if isinstance(each, Monochrome) else each for each in given]
    return [*found, ascii_only] if ascii_only else found
