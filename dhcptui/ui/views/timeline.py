"""What happened to both servers, on one clock: a log of its own, the newest at the bottom, live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.content import Content

from dhcptui.assess.history.timeline import Event
from dhcptui.logs.lines import FoldResult, LogRow
from dhcptui.model.log_line import LineKind
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.ui.keymap import Commands
from dhcptui.ui.panes.finding_pane import FindingPane
from dhcptui.ui.render.timeline import known, lines
from dhcptui.ui.style import Glyphs
from dhcptui.ui.views.view import Lines, ViewHost


class TimelinePane(FindingPane):
    """Shows the engine's events; every row can be read to its end."""

    WRAPPED_KINDS: ClassVar[frozenset[LineKind]] = frozenset(LineKind)

    def __init__(self, snapshot: PairSnapshot, *, glyphs: Glyphs, commands: Commands) -> None:
        super().__init__(id="timeline", hint="nothing is known yet", ascii_only=glyphs.ascii, commands=commands)
        self.caption = "timeline"
        self._names = {role: snapshot[role].name for role in Role}
        self._peer = snapshot.peer
        self._events: Sequence[Event] | None = None
        self._unread: Sequence[str] = ()
        self._signs = {LineKind.LINK: glyphs.run, LineKind.ROUTINE: "~"}

    def glyph(self, kind: LineKind) -> str:
        """An action of an operator has the sign of a step that runs; a line about the link, that of a link."""
        return self._signs.get(kind) or super().glyph(kind)

    def show(self, events: Sequence[Event], now: float, unread: Sequence[str] = ()) -> None:
        """Show these events, unless they are shown already or the view is held.

        `now`: epoch seconds of the console; `unread`: servers whose log is not read.
        """
        if (events is self._events and unread == self._unread) or self.paused:
            return
        self._unread = unread
        title, sources = known(events, now, unread)
        if str(self.border_title or "") != title:
            self.border_title = Content(title)
        if str(self.border_subtitle or "") != sources:
            self.border_subtitle = Content(sources)
        new = [FoldResult(LogRow(line, 1, line), 0) for line in lines(events, self._names, self._peer, now)]
        old = [row.line for row in self.rows]
        self._events = events
        if old and [each.row.line for each in new[: len(old)]] == old:
            self.append(new[len(old) :])
        else:
            self.refill(new)

    def server_of(self, row: LogRow) -> str:
        """The server of its event, or the pair."""
        return row.line.server


class TimelineView(Lines):
    """State changes of both servers and actions of operators."""

    command = "look.timeline"

    def __init__(self, host: ViewHost) -> None:
        super().__init__(host)
        self.widget: TimelinePane = TimelinePane(
            self.session.snapshot, glyphs=self.session.glyphs, commands=self.session.commands
        )

    def renew(self) -> None:
        """What has happened since, and whose log is missing."""
        session = self.session
        unread = [view.name for view in session.snapshot.servers if not view.log.ok]
        self.widget.show(session.engine.timeline(), session.now().wall, unread)
