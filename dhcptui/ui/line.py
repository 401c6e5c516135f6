"""A line that knows shorter ways of saying the same: the widest that fits is shown."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from dhcptui.ui.style import Part, text

NOTHING = Content("")


@dataclass(frozen=True, slots=True)
class Line:
    """Ways to say one thing, best first: each a left and a right part (the right one stands at the right edge)."""

    ways: tuple[tuple[Content, Content], ...]

    def fit(self, width: int, ellipsis: str = "…") -> Content:
        """The first way that fits into `width` cells; if none does, the last, cut."""
        for left, right in self.ways:
            gap = width - left.cell_length - right.cell_length
            if right is NOTHING and gap >= 0:
                return left
            if right is not NOTHING and gap >= 1:
                return left.pad_right(gap) + right
        return cut(self.ways[-1][0], width, ellipsis)


BLANK = Line(((NOTHING, NOTHING),))


def line(*ways: Content | tuple[Content, Content]) -> Line:
    """A line of the given ways, best first."""
    return Line(tuple(way if isinstance(way, tuple) else (way, NOTHING) for way in ways))


def say(*parts: Part) -> Line:
    """A line with one way to say it."""
    return line(text(*parts))


def beside(first: Line, second: Line) -> Line:
    """Both in one row, the second shortened first; where there is no room for it, or either is blank, the other."""
    if first is BLANK or second is BLANK:
        return second if first is BLANK else first
    gap = Content("   ")
    both = [one + gap + two for one, _ in first.ways for two, _ in second.ways]
    return line(*both, *first.ways)


def cut(content: Content, width: int, ellipsis: str = "…") -> Content:
    """At most `width` cells of `content`, ending in `ellipsis` where something was cut."""
    if content.cell_length <= width:
        return content
    return content.truncate(max(0, width - len(ellipsis))) + Content(ellipsis[: max(0, width)])
