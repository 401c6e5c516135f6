"""Both logs as one, in the order of their corrected times: each line with the name of its server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual.content import Content

from dhcptui.logs.lines import Folder, FoldResult, LogRow, beginning
from dhcptui.logs.view import Entry, MergedView
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.model.words import clock
from dhcptui.ui.keymap import Commands
from dhcptui.ui.panes.finding_pane import FindingPane
from dhcptui.ui.panes.log_filter import EVERYTHING, LogFilter
from dhcptui.ui.style import Glyphs
from dhcptui.ui.views.view import Lines, ViewHost

MAX_LINES = 10_000
"""Lines of both together that are put in order."""
STEADY_SECONDS = 0.5
"""A clock offset that changed by less moves no line."""


class MergedLog(FindingPane):
    """Takes both logs when it is opened and costs nothing while it is closed. Times are those of the console's clock."""

    def __init__(self, snapshot: PairSnapshot, *, glyphs: Glyphs, commands: Commands) -> None:
        super().__init__(id="log-merged", ascii_only=glyphs.ascii, commands=commands)
        self.caption = "both logs"
        names = {role: snapshot[role].name for role in Role}
        width = max(map(len, names.values()))
        self._names, self._width = names, width
        self._drop_peer = beginning(snapshot.peer)
        self._filter, self._match = EVERYTHING, EVERYTHING.match()
        self._offsets: dict[Role, float] = {}
        self._view = MergedView(MAX_LINES)
        self._folder = Folder()
        self._stale = False
        self._retitle()

    def open(
        self, logs: Mapping[Role, Iterable[LogLine]], offsets: Mapping[Role, float], wanted: LogFilter = EVERYTHING
    ) -> None:
        """Begin with these lines. `offsets`: each server's clock minus the console's, in seconds; 0 where missing."""
        if self.paused:
            self.resume()
        self._cursor = None
        self.clear()
        self._merge(logs, offsets)
        self._filter, self._match = wanted, wanted.match()
        self._put_in_order()
        self._retitle()

    def add(self, batch: Sequence[tuple[Role, Sequence[LogLine]]]) -> None:
        """Lines of both servers that have come."""
        entries = [self._view.add(role, line) for role, lines in batch for line in lines]
        if not entries:
            return
        newest = len(entries)
        if self._view.entries[-newest:] == entries:  # each at the end, as they came
            self.append(self._fold(self._folder, entries))
        elif self.paused:
            self._stale = True
            self.append(self._fold(self._folder, entries))
        else:
            self._put_in_order()

    def correct(self, logs: Mapping[Role, Iterable[LogLine]], offsets: Mapping[Role, float]) -> None:
        """The clocks were measured anew: where one has moved, every line finds its place again."""
        if self.paused:
            return
        if all(abs(offsets.get(role, 0.0) - self._offsets.get(role, 0.0)) <= STEADY_SECONDS for role in Role):
            return
        self._merge(logs, offsets)
        self._put_in_order()

    def filter(self, wanted: LogFilter) -> None:
        """Show only what passes; the border says so."""
        if wanted != self._filter:
            self._filter, self._match = wanted, wanted.match()
            self._put_in_order()
            self._retitle()

    def hold(self, still: bool) -> None:
        """Pause or follow."""
        super().hold(still)
        if self._stale and not still:
            self._put_in_order()

    def server_of(self, row: LogRow) -> str:
        """Whose log it stands in."""
        return row.line.server

    def line_of(self, row: LogRow) -> LogLine:
        """The line without the name of its server."""
        return row.line._replace(text=row.line.words)

    def _merge(self, logs: Mapping[Role, Iterable[LogLine]], offsets: Mapping[Role, float]) -> None:
        self._offsets = dict(offsets)
        self._view = MergedView(MAX_LINES)
        for role, seconds in offsets.items():
            self._view.set_offset(role, seconds)
        self._view.fill(logs.items())

    def _put_in_order(self) -> None:
        self._stale = False
        self._folder = Folder()
        results = self._fold(self._folder, self._view.entries)
        self.refill(results, results)
        words = self._filter.words or ("of dhcpd" if self._view.entries else "")
        self.hint = f"no line of both logs: {words}" if words else "no lines yet"

    def _fold(self, folder: Folder, entries: Iterable[Entry]) -> list[FoldResult]:
        return [folder.add(self._named(entry)) for entry in entries if self._match(entry.line)]

    def _named(self, entry: Entry) -> LogLine:
        """The line with its server's name, on the console's clock. Lines of two servers are never folded into one."""
        line, name = entry.line, self._names[entry.role]
        words = line.text.removeprefix(self._drop_peer)
        text = f"{name.ljust(self._width)} {words}"
        # Most stamps are whole seconds: a few hundredths of offset must not show them a second earlier.
        apart = round(self._offsets.get(entry.role, 0.0))
        at = clock(line.stamp - apart) if apart and line.stamp is not None else line.clock
        key = None if line.fold_key is None else f"{name} {line.fold_key}"
        stamp = None if line.stamp is None else entry.place[0]
        return line._replace(text=text, clock=at, fold_key=key, stamp=stamp, server=name, words=words)

    def _retitle(self) -> None:
        words = f": {self._filter.words}" if self._filter.words else ", by the clock of this console"
        self.border_title = Content(self.caption + words)


class MergedLogView(Lines):
    """Both logs as one; follows the filter of the two."""

    command, filtered = "look.merged", True

    def __init__(self, host: ViewHost) -> None:
        super().__init__(host)
        self.widget: MergedLog = MergedLog(
            self.session.snapshot, glyphs=self.session.glyphs, commands=self.session.commands
        )

    def open(self) -> None:
        """With the lines there are."""
        self.widget.open(self._lines(), self._offsets(), self.session.log_filter)

    def renew(self) -> None:
        """The filter, or a clock, may be another."""
        self.widget.filter(self.session.log_filter)
        self.widget.correct(self._lines(), self._offsets())

    def add_lines(self, batches: Mapping[Role, Sequence[LogLine]]) -> None:
        """To their places."""
        self.widget.add(list(batches.items()))

    def _lines(self) -> dict[Role, Iterable[LogLine]]:
        return {role: self.host.log_view(role).lines for role in Role}

    def _offsets(self) -> dict[Role, float]:
        """Each server's clock minus the console's, in seconds, where it was read."""
        clocks = {role: self.session.snapshot[role].clock for role in Role}
        return {role: clock.value.seconds for role, clock in clocks.items() if clock is not None}
