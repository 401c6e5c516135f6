"""Wrapped paragraphs with hanging indents that lay out again only when their height changes."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from dhcptui.ui.style import UNICODE, Glyphs, Paragraph, ascii_only


class Sheet(Widget, can_focus=False):
    """A block of paragraphs. Showing the same again costs nothing."""

    def __init__(self, *, glyphs: Glyphs = UNICODE, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._glyphs = glyphs
        self._paragraphs: tuple[Paragraph, ...] = ()

    def show(self, paragraphs: Sequence[Paragraph]) -> None:
        """Show `paragraphs`."""
        new = tuple(paragraphs)
        old = self._paragraphs
        if len(new) == len(old) and all(
            a.indent == b.indent and a.content.is_same(b.content) for a, b in zip(new, old, strict=True)
        ):
            return
        width = self.content_size.width
        self._paragraphs = new
        self.refresh(layout=not width or len(self._lines(width)) != self.content_size.height)

    @property
    def shown(self) -> str:
        """The text on screen, unwrapped."""
        return "\n".join(paragraph.content.plain for paragraph in self._paragraphs)

    def _lines(self, width: int) -> list[Content]:
        lines: list[Content] = []
        for each in self._paragraphs:
            content = ascii_only(each.content) if self._glyphs.ascii else each.content
            wrapped = _wrap(content, max(8, width - each.indent), each.hang)
            lines += [
                (part if not number else part.pad_left(each.hang)).pad_left(each.indent - each.hang)
                for number, part in enumerate(wrapped)
            ]
        return lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as the wrapped text needs."""
        return len(self._lines(width))

    def render(self) -> Content:
        """The text, wrapped to the width there is now."""
        return Content("\n").join(self._lines(self.content_size.width))


def _wrap(content: Content, room: int, hang: int) -> list[Content]:
    """Lines of `room` cells, the first of them `hang` cells longer."""
    if not content.plain:
        return [content]
    if not hang or "\n" in content.plain:
        return content.wrap(room)
    first, *more = content.wrap(room + hang)
    if not more:
        return [first]
    rest = content.plain[len(first) :]
    return [first, *content[len(content) - len(rest.lstrip()) :].wrap(room)]
