"""One server's log pane with its folder: lines in, folded rows on screen, through the filter of the moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from textual.content import Content

from dhcptui.logs.lines import NO_CLOCK, Folder, FoldResult, LogRow, beginning
from dhcptui.model.log_line import LineKind, LogLine
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Channel, Link
from dhcptui.ui.keymap import Commands
from dhcptui.ui.panes.finding_pane import FindingPane
from dhcptui.ui.panes.log_filter import EVERYTHING, LogFilter

MAX_LINES = 10_000
"""Lines kept of each server, whatever the filter shows; about 5 MB."""


class LogView(FindingPane):
    """A `FindingPane` that knows whose log it shows, says why it is empty, and filters."""

    def __init__(self, role: Role, server: str, peer: str, *, ascii_only: bool, commands: Commands) -> None:
        # The header names the relationship; repeated on each line it would push the states out of view.
        super().__init__(id=f"log-{role.value}", drop=beginning(peer), ascii_only=ascii_only, commands=commands)
        self.role = role
        self._server = server
        self._folder = Folder()
        self.lines: deque[LogLine] = deque(maxlen=MAX_LINES)
        """The latest lines, shown or not, oldest first."""
        self._filter, self._match = EVERYTHING, EVERYTHING.match()
        self._since_pause = 0
        self.caption = f"log {server}"
        self.border_title = Content(self.caption)

    def server_of(self, row: LogRow) -> str:
        """Always the same."""
        return self._server

    def add(self, lines: Sequence[LogLine], dropped: int = 0) -> None:
        """Append a batch; lines that were lost on the way are named."""
        if dropped:
            words = f"{dropped} lines left out: they came faster than this terminal reads"
            lines = [LogLine(None, NO_CLOCK, words, None, LineKind.WARNING), *lines]
        self.lines.extend(lines)
        if self.paused:
            self._since_pause += len(lines)
        self.append([self._folder.add(line) for line in lines if self._match(line)])
        if not self.rows:
            self._say_why()

    def filter(self, wanted: LogFilter) -> None:
        """Show only what passes; the border says so."""
        if wanted == self._filter:
            return
        self._filter, self._match = wanted, wanted.match()
        lines = list(self.lines)
        held = lines[: len(lines) - self._since_pause] if self.paused else None
        self._folder = Folder()
        self.refill(self._fold(self._folder, lines), self._fold(Folder(), held) if held is not None else None)
        words = f"{self.caption}: {wanted.words}" if wanted.words else self.caption
        self.border_title = Content(words)
        self._say_why()

    def tell(self, channel: Channel) -> None:
        """Say why there are no lines, while there are none."""
        words = {Link.CONNECTING: "contacting the server", Link.OK: "no lines yet", Link.OFF: "no log"}
        self._why = words.get(channel.link, channel.detail or "the log cannot be read")
        self._say_why()

    _why = "no lines yet"

    def _say_why(self) -> None:
        words = self._filter.words or f"of dhcpd; {self._commands.key('look.others')} shows all programs"
        self.hint = f"{len(self.lines)} lines, none of them: {words}" if self.lines else self._why

    def hold(self, still: bool) -> None:
        """Pause or follow."""
        self._since_pause = 0
        super().hold(still)

    def _fold(self, folder: Folder, lines: Iterable[LogLine]) -> list[FoldResult]:
        return [folder.add(line) for line in lines if self._match(line)]
