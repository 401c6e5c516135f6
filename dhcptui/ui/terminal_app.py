"""What every application of ours has: themes, the terminal's title, the engine's life, the ways to leave."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.widgets import Input

from dhcptui.act.leaving import CTRL_C, silence
from dhcptui.engine.api import Engine
from dhcptui.model.role import Role
from dhcptui.ui.bridge import Bridge
from dhcptui.ui.monochrome import AsciiOnly, filters
from dhcptui.ui.screens.main import MainScreen
from dhcptui.ui.terminal.driver import TerminalDriver
from dhcptui.ui.theme import ELSEWHERE, THEMES, fitting

LEFT = "the console was left"
LOG_PERIOD = 0.25
"""Logs are painted at most this often, in seconds: one appended line repaints a pane."""


class TerminalApp(App[None]):
    """Shows an engine that it starts after its first frame and never waits for."""

    CSS_PATH = Path(__file__).parent.parent / "styles.tcss"
    TITLE = "dhcptui"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, engine: Engine, *, ascii_only: bool, theme: str | None) -> None:
        super().__init__(driver_class=TerminalDriver)
        self.animation_level = "none"
        for each in THEMES.values():
            self.register_theme(each)
        self._begin_with(theme or fitting(self))
        self._ascii = AsciiOnly() if ascii_only else None
        self.watched: Engine = engine
        self.told_title = ""
        """The title the terminal was given last."""
        self._screens_loop: asyncio.AbstractEventLoop | None = None
        self._why = LEFT

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Names of our stylesheet that other themes lack."""
        return ELSEWHERE

    def get_line_filters(self) -> Sequence[LineFilter]:
        """NO_COLOR with the terminal's own colours: no colour at all, rather than shades of grey. ASCII last."""
        return filters(super().get_line_filters(), self._ascii)

    def _begin_with(self, name: str) -> None:
        """The first theme, as if it had been there always: a change of theme reads the stylesheet once more."""
        self.set_reactive(App.theme, name)
        self.set_class(self.current_theme.dark, "-dark-mode", update=False)
        self.set_class(not self.current_theme.dark, "-light-mode", update=False)
        self.add_class(f"-theme-{name}", update=False)
        self._refresh_truecolor_filter(self.ansi_theme)
        self.stylesheet.set_variables(self.get_css_variables())

    def look_at_engine(self) -> None:
        """A dead engine would leave a screen of old values: rather none."""
        if self.watched.failure is not None:
            self.exit()

    def take_typed(self, event: events.Key) -> bool:
        """Take a letter that was on its way to something else when the line opened that has the focus now."""
        line = self.focused  # one that has the focus takes its letters itself, and none comes here
        if not (isinstance(line, Input) and event.is_printable and event.character):
            return False
        line.replace(event.character, *line.selection)
        return True

    def tell_title(self, title: str) -> None:
        """Tell the terminal, once per change (OSC 2). The text has passed the sanitiser."""
        if title == self.told_title:
            return
        self.told_title = title
        if self._driver is not None and os.environ.get("TERM") not in {"linux", "dumb"}:
            self._driver.write(f"\x1b]2;{title}\x07")

    def signalled(self, number: int) -> None:
        """One of leaving.SIGNALS came; the engine knows already. From a signal handler, or from another thread."""
        if self._screens_loop is not None:
            with suppress(RuntimeError):  # the screen has just ended
                self._screens_loop.call_soon_threadsafe(self._leave_by, number)

    def _leave_by(self, number: int) -> None:
        if number == signal.SIGHUP and sys.__stderr__ is not None:
            silence(sys.__stderr__)  # nobody reads any more; a writer stuck on a dead terminal would never end
        self.exit()

    def action_help_quit(self) -> None:
        """Ctrl-C leaves, as everywhere; Textual's own answer is a note on how to leave instead."""
        self._why = CTRL_C
        self.call_next(self.leave_now)

    async def leave_now(self) -> None:
        """Leave, whatever is open."""
        raise NotImplementedError


class Feed:
    """Brings what a bridge holds to a pair's screen: snapshots and progress at once, logs at most four times a second."""

    def __init__(self, bridge: Bridge, screen: MainScreen) -> None:
        self.bridge, self.screen = bridge, screen
        self._log_timer_set = False

    def wake(self) -> None:
        """There is news."""
        news = self.bridge.take()
        self.screen.receive(news.snapshot, news.progress, news.audit)
        if self.bridge.has_logs and not self._log_timer_set:
            self._log_timer_set = True
            self.screen.set_timer(LOG_PERIOD, self.flush_logs)

    def flush_logs(self) -> None:
        """Show the log lines that have come."""
        self._log_timer_set = False
        if not self.screen.children:  # the console is being left
            return
        self.screen.logs.add({role: self.bridge.take_logs(role) for role in Role})
