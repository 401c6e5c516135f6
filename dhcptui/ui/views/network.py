"""The view of every way between console and servers, and of both clocks."""

from __future__ import annotations

from dhcptui.ui.render.network import network_page
from dhcptui.ui.style import Paragraph
from dhcptui.ui.views.view import Page


class NetworkView(Page):
    """Looks at every way when it is opened, and again when it is asked to."""

    command, title, again = "look.network", "network", "look again"

    def open(self) -> None:
        """What is known, while it is looked at anew."""
        self.look_again()
        super().open()

    def paragraphs(self) -> list[Paragraph]:
        """What is broken, the ways, the clocks."""
        return network_page(self.session.snapshot, self.session.now(), self.session.glyphs)

    def look_again(self) -> None:
        """Look now; the next snapshots show it."""
        self.session.engine.probe_links()
