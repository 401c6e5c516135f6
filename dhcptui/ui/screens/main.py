"""The one screen. Whatever is opened stands in the place of the logs; the panels stay live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget

from dhcptui.act.plan import Progress
from dhcptui.engine.api import Console
from dhcptui.model.audit import AuditEntry
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.ui.keymap import bind
from dhcptui.ui.line import say
from dhcptui.ui.panes.log_cursor import CursorPane
from dhcptui.ui.panes.log_view import LogView
from dhcptui.ui.panes.prompt import Prompt
from dhcptui.ui.panes.reading import Reading
from dhcptui.ui.panes.server_panel import ServerPanel
from dhcptui.ui.render.header import title
from dhcptui.ui.screens.actions import ActionController
from dhcptui.ui.screens.frame import Frame
from dhcptui.ui.screens.key_bar import KeyBar
from dhcptui.ui.screens.logs import LogController
from dhcptui.ui.screens.view_switcher import ViewSwitcher
from dhcptui.ui.session import Session, Setup
from dhcptui.ui.style import MUTED
from dhcptui.ui.terminal.driver import TerminalDriver
from dhcptui.ui.views.catalogue import VIEWS
from dhcptui.ui.views.command_log import CommandLogView
from dhcptui.ui.views.view import Answer, Lines

COMPACT_COLUMNS, COMPACT_ROWS = 100, 30


class MainScreen(Screen[None], inherit_bindings=False):
    """Owns the parts, gives them the news, and says what stands where."""

    def __init__(self, console: Console, setup: Setup) -> None:
        super().__init__()
        bind(self, setup.commands, "screen", "drill", "page", "neighbour")
        self.session = session = Session(console, setup)
        glyphs, commands, snapshot = setup.glyphs, setup.commands, session.snapshot
        self.is_compact = False
        self.is_whole = False
        """Every view has its place; before that no key opens one."""
        self.reading = Reading(glyphs=glyphs)
        self.prompt = Prompt(console, setup.clock, glyphs=glyphs, commands=commands)
        self.frame = Frame(session)
        self._logs = {
            role: LogView(role, snapshot[role].name, snapshot.peer, ascii_only=glyphs.ascii, commands=commands)
            for role in Role
        }
        self._log_box = Horizontal(*self._logs.values(), id="logs")
        self.views = ViewSwitcher((kind(self) for kind in VIEWS), changed=self._view_changed)
        self.logs = LogController(
            session, self._logs, self.views, self.prompt, arrange=self.rearrange, note=self.frame.note
        )
        self.actions = ActionController(session, self.prompt, self, note=self.frame.note)
        self._key_bar = KeyBar(session, self.frame.rows["keys"], self.views, self.logs, self.prompt)

    def compose(self) -> ComposeResult:
        """Fixed rows above and below, panels and logs between."""
        rows = self.frame.rows
        yield from (rows["header"], rows["headline"], self.frame.panel_box, rows["countdown"], self._log_box)
        yield from (rows["banner"], rows["incident"], rows["drill"], rows["what-now"], rows["keys"])

    def on_mount(self) -> None:
        """The first frame needs no network."""
        self.set_class(self.session.glyphs.ascii, "-ascii")
        self.rearrange()
        self.log_view(Role.PRIMARY).focus()
        self.refresh_view()
        self.set_interval(1.0, self.tick)

    async def mount_views(self) -> None:
        """Give them their places, once the first frame is painted: styling them takes as long as all that is on it."""
        if not self.is_attached:  # the console is being left
            return
        panes = [view.widget for view in self.views if isinstance(view, Lines)]
        rest = [widget for widget in self.views.widgets if widget not in panes]
        await self.mount_all([*panes, self.logs.explanation, *rest, self.prompt], after="#logs")
        await self.mount(self.logs.bar, before="#what-now")
        self.is_whole = True

    def log_view(self, role: Role) -> LogView:
        """One server's log."""
        return self._logs[role]

    # -- news from the engine, and time

    def receive(
        self, snapshot: PairSnapshot | None, progress: Progress | None, audit: Sequence[AuditEntry] = ()
    ) -> None:
        """Show what is new at once."""
        if not self.children:  # the console is being left
            return
        if audit:
            self.views[CommandLogView].widget.add(audit)
        if progress is not None:
            self.prompt.progress(progress)
        if snapshot is not None:
            self.session.snapshot = snapshot
            self.refresh_view()
        self.actions.pace()

    def when_done(self, future: Future[Answer], tell: Callable[[Future[Answer]], None]) -> None:
        """Call `tell` on this thread once an answer of the engine has come; never, where the screen has ended by then."""

        def done(answer: Future[Answer]) -> None:
            """On the engine's thread."""
            with suppress(RuntimeError):  # the ui's loop has ended
                self.call_later(tell, answer)

        future.add_done_callback(done)

    def tick(self) -> None:
        """A second has passed: ages and countdowns go on, the clock may show a new minute."""
        if self.children:
            self.refresh_view()

    def refresh_view(self) -> None:
        """Derive the verdict anew and show what differs."""
        session = self.session
        now = session.judge()
        self.frame.draw(now, self.size, compact=self.is_compact, acting=self.prompt.busy)
        for role, log in self._logs.items():
            log.tell(session.snapshot[role].log)
        self.views[CommandLogView].widget.recall(session.engine.interrupted())
        self.prompt.reconsider()
        session.setup.tell_title(title(session.setup.label, session.verdict, session.glyphs))
        self.views.renew()
        self._key_bar.show()

    # -- what stands where

    def on_resize(self, event: events.Resize) -> None:
        """Compact below 100 columns or 30 rows."""
        self.is_compact = event.size.width < COMPACT_COLUMNS or event.size.height < COMPACT_ROWS
        self.set_class(self.is_compact, "-compact")
        self.rearrange()
        self.call_after_refresh(self.refresh_view)

    def rearrange(self) -> None:
        """One log at a time where there is no room for two; what is open takes the place of logs and advice."""
        self.views.arrange()
        free = self.views.current is None
        prompting = self.prompt.is_open and free
        self.prompt.display = prompting
        self._log_box.display = not prompting and free
        self.logs.explanation.display = self.logs.is_explaining
        self.logs.bar.display = self.logs.is_finding
        self.frame.rows["what-now"].display = not prompting and not self.logs.is_finding
        for role, log in self._logs.items():
            log.display = not self.is_compact or role is self.session.looking_at
        self._key_bar.show()

    def _view_changed(self) -> None:
        """What stands there now, with the focus on it; what was only for the view that is left has ended."""
        self.logs.leave_line()
        self.rearrange()
        if isinstance(self.views.current, Lines):
            self.views.current.widget.focus()
        elif self.views.current is None and self.prompt.is_open:
            self.prompt.take_focus()
        elif self.views.current is None:
            self.log_view(self.session.looking_at).focus()

    def close_view(self) -> None:
        """Lead back to what the view hides."""
        self.views.show(None)

    def look_again(self) -> None:
        """Ask for news of what the view shows."""
        if self.views.current is not None:
            self.views.current.look_again()

    # -- commands

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key means anything before every view has its place."""
        return self.is_whole

    def refused(self, command: str) -> str:
        """Why a command does nothing at the moment; empty: it may run."""
        return self.session.commands.handler(command).refused(self)

    async def action_command(self, name: str) -> None:
        """Run a command of the table, or say why it does nothing now."""
        if not (why := self.refused(name)):
            await self.session.commands.handler(name).run(self)
        elif not self.prompt.is_open:  # else the prompt says it
            self.frame.note(say((why, MUTED)))

    def use_theme(self, name: str) -> None:
        """Other colours."""
        self.app.theme = name

    def redraw(self) -> None:
        """Write every cell again: a broadcast message, or another program, may stand on the terminal."""
        driver = self.app._driver
        if isinstance(driver, TerminalDriver):
            driver.redraw()

    def go_back(self) -> None:
        """Leave what was opened last: the search, what stands over the logs, the prompt; then for the fleet."""
        if self.logs.is_finding or self.logs.is_explaining:
            self.views.reopen()
        elif self.views.current is not None:
            self.close_view()
        elif self.prompt.is_open and not self.prompt.busy:
            self.prompt.leave()
        elif (fleet := self.session.setup.neighbours) is not None:
            fleet.back()
        elif self.prompt.is_open:
            self.prompt.leave()

    def step_pair(self, step: int) -> None:
        """Go to the console of the next (1) or previous (-1) pair."""
        if (fleet := self.session.setup.neighbours) is not None:
            fleet.step(step)

    async def action_close(self) -> None:
        """`q` while something is read: only that is left. A second `q` of the same moment finds it closed, and quits."""
        if self.views.current is not None and self.views.current.widget is self.reading:
            self.close_view()
        else:
            await self.action_leave()

    async def action_leave(self) -> None:
        """Quit, or go back to the fleet; quitting asks twice while an action runs, in the prompt."""
        if (fleet := self.session.setup.neighbours) is not None:
            fleet.back()
            return
        if self.views.current is not None and self.prompt.busy:
            self.close_view()
        await self.app.run_action("app.quit")

    # -- panes

    def step_pane(self, step: int) -> None:
        """Go to the next (1) or previous (-1) pane; while finding, to the other log."""
        if self.views.current is not None or self.prompt.is_open:
            return
        if self.logs.is_finding:
            self.logs.to_other_log()
            return
        panes: list[Widget] = [*self._logs.values(), *self.frame.panels.values()]
        at = panes.index(self.focused) if self.focused in panes else -1
        pane = panes[(at + step) % len(panes)]
        self._look_at(pane)
        self.rearrange()
        pane.focus()
        self.logs.explain_here()

    def _look_at(self, pane: Widget) -> None:
        """Remember which server is looked at."""
        if isinstance(pane, (ServerPanel, LogView)):
            self.session.looking_at = pane.role

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """By whatever way the focus came there."""
        self._look_at(event.widget)

    @on(CursorPane.Selected)
    def _line_selected(self, event: CursorPane.Selected) -> None:
        self.logs.selected(event.pane)

    @on(Prompt.Moved)
    def _prompt_moved(self) -> None:
        if not self.prompt.is_open and self.views.current is None and not self.logs.is_finding:
            self.rearrange()
            self.log_view(self.session.looking_at).focus()
        self._key_bar.show()
        self.actions.pace()
