"""What the selected line means, in the lower part of the logs; the keys stay with the log above."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from dhcptui.ui.panes.text_sheet import Sheet
from dhcptui.ui.style import Glyphs, Paragraph
from dhcptui.ui.views.reading import Reading


class LogExplanation(Reading, can_focus=False):
    """Follows the selection."""

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs, id="explanation")

    def tell(self, title: str, paragraphs: Sequence[Paragraph]) -> None:
        """Explain another line, from the beginning."""
        if str(self.border_title or "") != title:
            self.border_title = Content(title)
        self.query_one(Sheet).show(paragraphs)
        self.scroll_home(animate=False)
        self.call_after_refresh(self._mark_more)
