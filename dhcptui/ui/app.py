"""The application: one screen, two themes, the bridge to the engine, the terminal's title."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.filter import LineFilter, Monochrome

from dhcptui.engine.api import Console
from dhcptui.engine.clocks import moment
from dhcptui.model.snapshot import Moment, Role
from dhcptui.ui.bridge import Bridge, Wake
from dhcptui.ui.look import ASCII, UNICODE
from dhcptui.ui.plain import NoColour
from dhcptui.ui.screens.main import ActScreen, LookScreen
from dhcptui.ui.theme import DHCPTUI, SIXTEEN

LOG_PERIOD = 0.25
"""Logs are painted at most this often, in seconds: one appended line repaints a pane."""


class DhcptuiApp(App[None]):
    """The console of one pair. It starts the engine after its first frame and never waits for it."""

    CSS_PATH = Path(__file__).parent.parent / "styles.tcss"
    TITLE = "dhcptui"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        console: Console,
        label: str,
        *,
        read_only: bool = False,
        ascii_only: bool = False,
        sync_from: Role = Role.PRIMARY,
        clock: Callable[[], Moment] = moment,
        theme: str | None = None,
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.register_theme(DHCPTUI)
        self.register_theme(SIXTEEN)
        self._theme_name = theme or self._fitting_theme()
        self._no_colour = NoColour()
        self.engine = console
        self.bridge = Bridge(self.post_message)
        self.told_title = ""
        """The title the terminal was given last."""
        self._log_timer_set = False
        kind = LookScreen if read_only or console.read_only else ActScreen
        self.main = kind(
            console,
            label=label,
            clock=clock,
            glyphs=ASCII if ascii_only else UNICODE,
            tell_title=self.tell_title,
            sync_from=sync_from,
        )

    def _fitting_theme(self) -> str:
        """The terminal's own colours where it has sixteen or none; TEXTUAL_THEME has the last word."""
        if wanted := os.environ.get("TEXTUAL_THEME"):
            return wanted if self.get_theme(wanted) else DHCPTUI.name
        poor = self.no_color or self.console.color_system in {None, "standard"}
        return SIXTEEN.name if poor else DHCPTUI.name

    def get_line_filters(self) -> Sequence[LineFilter]:
        """NO_COLOR with the terminal's own colours: no colour at all, rather than shades of grey."""
        plain = self._no_colour if self.native_ansi_color else None
        return [plain if plain and isinstance(each, Monochrome) else each for each in super().get_line_filters()]

    def on_load(self) -> None:
        """Before the first frame."""
        self.theme = self._theme_name

    async def on_mount(self) -> None:
        """Paint first, then let the engine begin."""
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, self.exit)
            loop.add_signal_handler(signal.SIGHUP, self.hang_up)
        await self.push_screen(self.main)
        self.call_after_refresh(self.engine.start, self.bridge)
        self.set_interval(1.0, self.look_at_engine)

    def look_at_engine(self) -> None:
        """A dead engine would leave a screen of old values: rather none."""
        if self.engine.failure is not None:
            self.exit()

    def on_wake(self, _: Wake) -> None:
        """News: snapshot and progress at once, logs at most four times a second."""
        news = self.bridge.take()
        self.main.receive(news.snapshot, news.progress, news.audit)
        if self.bridge.has_logs and not self._log_timer_set:
            self._log_timer_set = True
            self.set_timer(LOG_PERIOD, self.flush_logs)

    def flush_logs(self) -> None:
        """Show the log lines that have come."""
        self._log_timer_set = False
        for role in Role:
            lines, dropped = self.bridge.take_logs(role)
            if lines:
                self.main.log_view(role).add(lines, dropped)

    def tell_title(self, title: str) -> None:
        """Tell the terminal, once per change (OSC 2). The text has passed the sanitiser."""
        if title == self.told_title:
            return
        self.told_title = title
        if self._driver is not None and os.environ.get("TERM") not in {"linux", "dumb"}:
            self._driver.write(f"\x1b]2;{title}\x07")

    def hang_up(self) -> None:
        """The terminal has gone: leave in order, so that the engine ends its step and writes its audit log."""
        if sys.__stderr__ is not None:  # nobody reads any more; a writer stuck on a dead terminal would never end
            with open(os.devnull, "w") as nowhere:  # noqa: PTH123
                os.dup2(nowhere.fileno(), sys.__stderr__.fileno())
        self.exit()

    async def action_quit(self) -> None:
        """Leave; while an action runs, only when asked twice."""
        if self.main.prompt.may_quit():
            self.exit()
