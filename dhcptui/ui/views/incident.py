"""The view of what the pair looks like."""

from __future__ import annotations

from dhcptui.ui.render.explanation import incident_view
from dhcptui.ui.style import Paragraph
from dhcptui.ui.views.view import Page


class IncidentView(Page):
    """Every probable incident: evidence, what to do, and what not to do."""

    command, title = "look.incident", "what it looks like"

    def paragraphs(self) -> list[Paragraph]:
        """The heaviest first."""
        return incident_view(self.session.verdict.incidents, self.session.snapshot, self.session.commands)
