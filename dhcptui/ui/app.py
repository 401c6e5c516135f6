"""The application: one screen, its themes and keys, the bridge to the engine, the terminal's title."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.filter import LineFilter

from dhcptui.act.leaving import CTRL_C, silence
from dhcptui.engine.api import Console, Drills
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.ui import gc_tuning
from dhcptui.ui.bridge import Bridge, Wake
from dhcptui.ui.handlers import HANDLERS
from dhcptui.ui.keymap import Commands
from dhcptui.ui.monochrome import AsciiOnly, filters
from dhcptui.ui.screens.main import MainScreen
from dhcptui.ui.session import Setup
from dhcptui.ui.style import ASCII, UNICODE
from dhcptui.ui.terminal.driver import TerminalDriver
from dhcptui.ui.theme import ELSEWHERE, THEMES, fitting
from dhcptui.watch.clocks import moment

LEFT = "the console was left"
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
        keys: Mapping[str, tuple[str, ...]] | None = None,
        drills: Drills | None = None,
        place: str = "",
    ) -> None:
        super().__init__(driver_class=TerminalDriver)
        self.animation_level = "none"
        for each in THEMES.values():
            self.register_theme(each)
        self._begin_with(theme or fitting(self))
        self._ascii = AsciiOnly() if ascii_only else None
        self.engine = console
        self.bridge = Bridge(self.post_message)
        self.told_title = ""
        """The title the terminal was given last."""
        self._log_timer_set = False
        self._screens_loop: asyncio.AbstractEventLoop | None = None
        self._why = LEFT
        only_look = read_only or console.read_only
        commands = Commands(keys, read_only=only_look, drills=drills is not None, handlers=HANDLERS)
        setup = Setup(
            label=label,
            clock=clock,
            tell_title=self.tell_title,
            glyphs=ASCII if ascii_only else UNICODE,
            sync_from=sync_from,
            commands=commands,
            drills=drills,
            place=place,
        )
        self.main = MainScreen(console, setup)

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

    async def on_mount(self) -> None:
        """Paint first, then let the engine begin."""
        self._screens_loop = asyncio.get_running_loop()
        await self.push_screen(self.main)
        if not self.is_headless:
            self.call_after_refresh(gc_tuning.settle)
        self.call_after_refresh(self.engine.start, self.bridge)
        self.set_interval(1.0, self.look_at_engine)

    async def on_ready(self) -> None:
        """The first frame is out."""
        self.main.call_after_refresh(self.main.mount_views)

    def on_key(self, event: events.Key) -> None:
        """A key that no widget took; before it means anything else it may belong to a prompt that has just opened."""
        if self.main.is_whole and self.main.prompt.take(event):
            event.prevent_default()

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
        if not self.main.children:  # the console is being left
            return
        self.main.logs.add({role: self.bridge.take_logs(role) for role in Role})

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
        self.call_next(self.main.action_leave)

    async def action_quit(self) -> None:
        """Leave; while an action runs, only when asked twice."""
        if self.main.prompt.may_quit():
            self.engine.leave(self._why)
            self.exit()
        self._why = LEFT
