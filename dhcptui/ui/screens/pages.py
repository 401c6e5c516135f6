"""Pages: network, pools, lease look-up, configuration. What stands on them follows what is known; they never wait."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress

from textual.message import Message

from dhcptui.engine.api import Console
from dhcptui.setup.configuration_check import ConfigurationCheck
from dhcptui.ui.render.configuration_page import configuration_page
from dhcptui.ui.render.network import network_page
from dhcptui.ui.render.pool_page import pool_page
from dhcptui.ui.screens.frame import Setup
from dhcptui.ui.screens.view_switcher import PAGES, Over, Places
from dhcptui.ui.style import Paragraph

OLD_SECONDS = 60.0
"""A reading of the configuration that is older is read again when its page is opened."""
AGAIN = {Over.NETWORK: "look again", Over.CONFIGURATION: "read again"}
"""Pages that can be asked for news, and what that is called."""


class Pages(Places):
    """The pages, and what they ask of the engine."""

    class Checked(Message, bubble=False):
        """The configuration was read; posted from the engine's thread."""

        def __init__(self, future: Future[ConfigurationCheck]) -> None:
            super().__init__()
            self.future = future

    def __init__(self, console: Console, setup: Setup) -> None:
        super().__init__(console, setup)
        self._check: ConfigurationCheck | None = None
        self._checking: Future[ConfigurationCheck] | None = None

    def refresh_view(self) -> None:
        """The page that is open, too."""
        super().refresh_view()
        self._renew_page()

    def page_keys(self) -> list[tuple[str, str]] | None:
        """The keys of the page that is open, besides those that leave it; None: no page is open."""
        scroll = ("PgUp PgDn", "scroll")
        if self._over is Over.LEASE:
            return [("enter", "ask"), scroll]
        if self._over not in PAGES:
            return None
        words = AGAIN.get(self._over)
        return [(self._commands.key("page.again"), words), scroll] if words else [scroll]

    def action_page(self, over: Over) -> None:
        """Show a page, or what it hides."""
        self.toggle(over, lambda: self._open_page(over))

    def action_lease(self) -> None:
        """Show the lease look-up, or what it hides."""
        self.toggle(Over.LEASE, lambda: self.lease.open(self.snapshot))

    def action_again(self) -> None:
        """Ask for news of what the page shows."""
        if self._over is Over.NETWORK:
            self._engine.probe_links()
        elif self._over is Over.CONFIGURATION:
            self._read_configuration()

    def _open_page(self, over: Over) -> None:
        if over is Over.NETWORK:
            self._engine.probe_links()
        if over is Over.CONFIGURATION and self._is_old():
            self._read_configuration()
        self.reading.open(over.value, self._paragraphs(over))

    def _renew_page(self) -> None:
        if self._over in PAGES:
            self.reading.renew(self._paragraphs(self._over))

    def _paragraphs(self, over: Over) -> list[Paragraph]:
        now, glyphs = self._clock(), self._glyphs
        if over is Over.NETWORK:
            return network_page(self.snapshot, now, glyphs)
        if over is Over.POOLS:
            return pool_page(
                self.snapshot, self.verdict, self.forecast_cache.look(self.verdict, now), now=now, glyphs=glyphs
            )
        reading = self._checking is not None
        return configuration_page(self._check, reading=reading, now=now, glyphs=glyphs, commands=self._commands)

    # -- the configuration

    def _is_old(self) -> bool:
        return self._check is None or self._clock().mono - self._check.at > OLD_SECONDS

    def _read_configuration(self) -> None:
        if self._checking is not None:
            return
        self._checking = future = self._engine.check_configuration()
        self._renew_page()
        future.add_done_callback(self._tell_checked)

    def _tell_checked(self, future: Future[ConfigurationCheck]) -> None:
        """On the engine's thread."""
        with suppress(RuntimeError):  # the ui's loop has ended
            self.post_message(self.Checked(future))

    def on_pages_checked(self, event: Checked) -> None:
        """Show it, if its page is still open; else it is there when it is opened."""
        self._checking = None
        if not event.future.cancelled():
            self._check = event.future.result()
        self._renew_page()
