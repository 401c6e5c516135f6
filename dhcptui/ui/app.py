"""The application of one pair: its screen, its keys, the bridge to its engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from textual import events

from dhcptui.engine.api import Console, Drills
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.ui import gc_tuning
from dhcptui.ui.bridge import Bridge, Wake
from dhcptui.ui.handlers import HANDLERS
from dhcptui.ui.keymap import Commands
from dhcptui.ui.screens.main import MainScreen
from dhcptui.ui.session import Setup
from dhcptui.ui.style import ASCII, UNICODE
from dhcptui.ui.terminal_app import LEFT, Feed, TerminalApp
from dhcptui.watch.clocks import moment


class DhcptuiApp(TerminalApp):
    """The console of one pair. It starts the engine after its first frame and never waits for it."""

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
        production: bool = False,
    ) -> None:
        super().__init__(console, ascii_only=ascii_only, theme=theme)
        self.engine = console
        self.bridge = Bridge(self.post_message)
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
            production=production,
        )
        self.main = MainScreen(console, setup)
        self._feed = Feed(self.bridge, self.main)

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
        """A key that no widget took; before it means anything else it may belong to a prompt or a line that has just opened."""
        if self.main.is_whole and (self.main.prompt.take(event) or self.take_typed(event)):
            event.prevent_default()

    def on_wake(self, _: Wake) -> None:
        """News of the pair."""
        self._feed.wake()

    def flush_logs(self) -> None:
        """Show the log lines that have come."""
        self._feed.flush_logs()

    async def leave_now(self) -> None:
        """As by `q`."""
        await self.main.action_leave()

    async def action_quit(self) -> None:
        """Leave; while an action runs, only when asked twice."""
        if self.main.prompt.may_quit():
            self.engine.leave(self._why)
            self.exit()
        self._why = LEFT
