"""Look up a lease: a line to type in, and below it what both servers say. Asked in the background."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from dhcptui.engine.insight import Insight
from dhcptui.model.leases import LookUp
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.ui.line import say
from dhcptui.ui.panes.row import Row
from dhcptui.ui.render.lease_page import lease_page
from dhcptui.ui.style import ACCENT, Glyphs
from dhcptui.ui.views.reading import Reading

LONGEST_QUESTION = 255


class LeaseView(Vertical, can_focus=False):
    """In the place of the logs; the pair stays in view. The last answer stays until the next one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "lines(-1)", show=False),
        Binding("down", "lines(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    class Answered(Message, bubble=False):
        """An answer has come; posted from the engine's thread."""

        def __init__(self, future: Future[LookUp]) -> None:
            super().__init__()
            self.future = future

    def __init__(self, engine: Insight, *, glyphs: Glyphs) -> None:
        super().__init__(id="lease")
        self._engine, self._glyphs = engine, glyphs
        self._asking: tuple[str, Future[LookUp]] | None = None
        self._found: LookUp | None = None
        self._snapshot: PairSnapshot | None = None
        self.border_title = Content("lease look-up")

    def compose(self) -> ComposeResult:
        """The line, and the answer."""
        with Horizontal(classes="entry"):
            yield Row(glyphs=self._glyphs, id="lease-mark")
            entry = Input(id="lease-input", compact=True, max_length=LONGEST_QUESTION)
            entry.cursor_blink = False
            yield entry
        answer = Reading(glyphs=self._glyphs, id="lease-answer")
        answer.can_focus = False
        yield answer

    def on_mount(self) -> None:
        """The mark before the line."""
        self.query_one("#lease-mark", Row).show(say((self._glyphs.run, f"bold {ACCENT}")))

    def open(self, snapshot: PairSnapshot) -> None:
        """Ready for typing; what was asked last stands there, and the first key replaces it."""
        self._snapshot = snapshot
        self._show(from_start=True)
        # At once: `focus` would leave it to the next turn, and a letter typed before that is a key of the screen.
        self.screen.set_focus(self.query_one(Input))

    @property
    def shown(self) -> str:
        """The answer's text, unwrapped."""
        return self._reading.shown

    @property
    def _reading(self) -> Reading:
        return self.query_one(Reading)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if question := event.value.strip():
            future = self._engine.look_up(question)
            self._asking = (question, future)
            self._show(from_start=True)
            future.add_done_callback(self._tell)

    def _tell(self, future: Future[LookUp]) -> None:
        """On the engine's thread."""
        with suppress(RuntimeError):  # the ui's loop has ended
            self.post_message(self.Answered(future))

    def on_lease_view_answered(self, event: Answered) -> None:
        """Show it, unless something else was asked since."""
        if self._asking is None or self._asking[1] is not event.future:
            return
        self._asking = None
        if not event.future.cancelled():
            self._found = event.future.result()
        self._show(from_start=True)

    def _show(self, *, from_start: bool = False) -> None:
        if self._snapshot is None:
            return
        asking = self._asking[0] if self._asking else ""
        self._reading.renew(lease_page(self._found, asking, self._snapshot, self._glyphs), from_start=from_start)

    def action_lines(self, rows: int) -> None:
        """Scroll the answer."""
        self._reading.action_lines(rows)

    def action_page(self, pages: int) -> None:
        """Scroll the answer by pages."""
        self._reading.action_page(pages)
