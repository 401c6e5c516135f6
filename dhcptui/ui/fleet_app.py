"""The application of several pairs: the fleet, and a console for each pair that is opened from it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from textual import events

from dhcptui.config.loading import PairSettings
from dhcptui.engine.api import Fleet
from dhcptui.engine.farewell import step_under_way
from dhcptui.model.moments import Moment
from dhcptui.ui import gc_tuning
from dhcptui.ui.bridge import FleetBridge, FleetWake, Wake
from dhcptui.ui.fleet_board import Board
from dhcptui.ui.handlers import FLEET_HANDLERS, HANDLERS
from dhcptui.ui.keymap import Commands
from dhcptui.ui.line import say
from dhcptui.ui.neighbours import Others
from dhcptui.ui.panes.menu import Entry
from dhcptui.ui.render.fleet import fleet_title
from dhcptui.ui.screens.fleet import FleetScreen, FleetSetup, pair_entries
from dhcptui.ui.screens.main import MainScreen
from dhcptui.ui.session import Setup
from dhcptui.ui.style import ASCII, UNICODE, WARNING
from dhcptui.ui.terminal_app import LEFT, Feed, TerminalApp
from dhcptui.watch.clocks import moment

NEWS_PERIOD, AGE_PERIOD = 0.2, 0.5
"""Snapshots of all pairs are taken together, so many seconds after the first of them has come; and what grows old where
none comes is looked for as often."""
ASKED_SECONDS = 15.0
"""For so long a second press says yes."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The console of a pair that is on the screen, or whose action goes on behind it."""

    main: MainScreen
    feed: Feed


class FleetApp(TerminalApp):
    """All pairs of a configuration. It is the `Neighbours` of each console."""

    def __init__(
        self,
        fleet: Fleet,
        pairs: Sequence[PairSettings],
        *,
        ascii_only: bool = False,
        clock: Callable[[], Moment] = moment,
        theme: str | None = None,
        keys: Mapping[str, tuple[str, ...]] | None = None,
        place: str = "",
    ) -> None:
        super().__init__(fleet, ascii_only=ascii_only, theme=theme)
        self.engine = fleet
        self._pairs = {each.name: each for each in pairs}
        self._clock, self._keys, self._place = clock, keys, place
        self._glyphs = ASCII if ascii_only else UNICODE
        self.bridge = FleetBridge(self.post_message, list(self._pairs))
        self.board = Board(fleet.consoles, pairs, clock)
        commands = Commands(keys, fleet=True, handlers=FLEET_HANDLERS)
        self.fleet = FleetScreen(FleetSetup(self.board, clock, self._glyphs, commands, self.open_pair, place))
        self.opened: dict[str, Opened] = {}
        self._news_timer_set = False
        self._asked_until = 0.0

    async def on_mount(self) -> None:
        """Paint first, then let the engine begin."""
        self._screens_loop = asyncio.get_running_loop()
        await self.push_screen(self.fleet)
        if not self.is_headless:
            self.call_after_refresh(gc_tuning.settle)
        self.call_after_refresh(self.engine.start, self.bridge)
        self.set_interval(1.0, self.look_at_engine)
        self.set_interval(AGE_PERIOD, self.take_news)
        self._tell_worst()

    async def on_key(self, event: events.Key) -> None:
        """A key that no widget took; it may belong to a prompt or a line that has just opened."""
        screen = self.screen
        if isinstance(screen, MainScreen):
            taken = screen.is_whole and (screen.prompt.take(event) or self.take_typed(event))
        else:
            taken = await self.fleet.take(event)
        if taken:
            event.prevent_default()

    def look_at_engine(self) -> None:
        """A console of old values would be believed: rather the fleet, whose row says that nobody watches the pair."""
        super().look_at_engine()
        pair = self.current
        # Not while it is still being made: its widgets would end before they have begun.
        if pair and self.engine.consoles[pair].failure is not None and self.opened[pair].main.is_whole:
            self.back()

    # -- news

    def on_fleet_wake(self, _: FleetWake) -> None:
        """Some pairs have news: it is taken together with what comes in the next moment."""
        if not self._news_timer_set:
            self._news_timer_set = True
            self.set_timer(NEWS_PERIOD, self.take_news)

    def on_wake(self, wake: Wake) -> None:
        """News for an open console."""
        if (opened := self.opened.get(wake.pair)) is not None:
            opened.feed.wake()

    def take_news(self) -> None:
        """Judge what has moved or grown old, and show it where it is looked at."""
        self._news_timer_set = False
        if not self.fleet.children:  # the console is being left
            return
        self.board.take(*self.bridge.take())
        before = self.board.worst, self.board.counts()
        judged = self.board.judge()
        if self.screen is self.fleet:
            self.fleet.renew(judged)
        else:
            self.fleet.forget(judged)
            if isinstance(self.screen, MainScreen) and before != (self.board.worst, self.board.counts()):
                self.screen.tick()  # what its header says of the others
        self._tell_worst()

    def _tell_worst(self) -> None:
        self.tell_title(fleet_title(self.board.worst, self.board.counts(), self._glyphs))

    # -- neighbours

    def others(self, pair: str) -> Others:
        """All pairs but this one."""
        return self.board.others(pair)

    def entries(self) -> list[Entry]:
        """Every pair, for the palette."""
        return pair_entries(self.board)

    # A console that is left waits for its own widgets to end, and one of them may be the one that asks for it: so
    # whoever asks does not wait, and one wish is done after the other, by the application itself.

    def open_pair(self, pair: str) -> None:
        """Go to the console of a pair, from the fleet or from another console."""
        self.call_next(self._open, pair)

    def step(self, step: int) -> None:
        """Go to the console of the next (1) or previous (-1) pair of the table; after the last comes the first."""
        self.call_next(self._step, step)

    def back(self) -> None:
        """Go back to the fleet."""
        self.call_next(self._close)

    async def _open(self, pair: str) -> None:
        if pair == self.current:
            return
        await self._close()
        self.fleet.table.go_to(pair)
        self.board.looked_at(pair)
        opened = self.opened.get(pair) or self._console(pair)
        self.opened[pair] = opened
        await self.push_screen(opened.main)
        if not opened.main.is_whole:
            await _whole(opened.main)
        opened.feed.wake()

    async def _step(self, step: int) -> None:
        if self.current:
            names = self.fleet.table.names or list(self._pairs)
            at = names.index(self.current) if self.current in names else -(step < 0)
            await self._open(names[(at + step) % len(names)])

    @property
    def current(self) -> str:
        """The pair whose console is on the screen; empty: the fleet is."""
        return next((name for name, each in self.opened.items() if each.main is self.screen), "")

    def _console(self, pair: str) -> Opened:
        """A new console of a pair, on its engine."""
        settings, console = self._pairs[pair], self.engine.consoles[pair]
        commands = Commands(self._keys, read_only=console.read_only, neighbours=True, handlers=HANDLERS)
        setup = Setup(
            label=pair,
            clock=self._clock,
            tell_title=_nobody,
            glyphs=self._glyphs,
            sync_from=settings.sync_from,
            commands=commands,
            place=self._place,
            production=settings.production,
            neighbours=self,
        )
        main = MainScreen(console, setup)
        return Opened(main, Feed(self.bridge.open(pair), main))

    async def _close(self) -> None:
        """The console on the screen goes; where its action is under way it goes on behind the screen."""
        pair = self.current
        if not pair:
            return
        opened = self.opened[pair]
        if opened.main.prompt.busy:
            if not self.is_screen_installed(opened.main):
                self.install_screen(opened.main, f"pair {pair}")
            await self.pop_screen()
        else:
            del self.opened[pair]
            self.bridge.close(pair)
            self.board.looked_at(pair)
            kept = self.is_screen_installed(opened.main)
            await self.pop_screen()
            if kept:
                self.uninstall_screen(opened.main)
                await opened.main.remove()
        self.take_news()
        self.fleet.renew(())

    # -- leaving

    async def leave_now(self) -> None:
        """The whole console, from wherever it is."""
        await self.run_action("app.quit")

    async def action_quit(self) -> None:
        """Leave; while an action runs on any pair, only when asked twice."""
        if self._may_quit():
            self.engine.leave(self._why)
            self.exit()
        self._why = LEFT

    def _may_quit(self) -> bool:
        screen = self.screen
        if isinstance(screen, MainScreen) and screen.prompt.busy:
            screen.close_view()
            return screen.prompt.may_quit()
        now, progress = self._clock().mono, self.engine.acting
        if progress is None or now < self._asked_until:
            return True
        self._asked_until = now + ASKED_SECONDS
        step = step_under_way(progress)
        what = f"{progress.plan.action.value} on {progress.plan.pair} is under way{f', {step}' if step else ''}. "
        again = "Once more leaves: its step ends, and no further one begins."
        line = say((what, WARNING), again)
        if isinstance(screen, MainScreen):
            screen.frame.note(line)
        else:
            self.fleet.note(line)
        return False


async def _whole(main: MainScreen) -> None:
    """Wait, the first frame painted, until keys mean something to it: what is typed meanwhile comes after."""
    mounted = asyncio.Event()

    async def mount() -> None:
        try:
            await main.mount_views()
        finally:
            mounted.set()

    main.call_after_refresh(mount)
    await mounted.wait()


def _nobody(_: str) -> None:
    """The fleet tells the terminal's title."""
