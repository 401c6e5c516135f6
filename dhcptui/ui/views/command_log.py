"""The command log: every write and command of this console, as it goes into the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.content import Content

from dhcptui.logs.lines import FoldResult, LogRow
from dhcptui.model.audit import AuditEntry, AuditEvent, Interrupted
from dhcptui.model.log_line import LineKind, LogLine
from dhcptui.model.sanitize import clean
from dhcptui.model.words import clock
from dhcptui.ui.keymap import Commands
from dhcptui.ui.panes.finding_pane import FindingPane
from dhcptui.ui.style import Glyphs
from dhcptui.ui.views.view import Lines, ViewHost

MAX_ENTRIES = 1000


class CommandLog(FindingPane):
    """A pane in the place of the logs; one row per entry, wrapped, because a command must be read to its end."""

    WRAPPED_KINDS: ClassVar[frozenset[LineKind]] = frozenset(LineKind)

    def __init__(self, *, glyphs: Glyphs, commands: Commands) -> None:
        super().__init__(
            id="command-log",
            max_rows=MAX_ENTRIES,
            hint="nothing was done from this console yet",
            ascii_only=glyphs.ascii,
            commands=commands,
        )
        self.caption = "command log"
        self.border_title = Content(self.caption)
        self._told: set[tuple[str, ...]] = set()
        self._signs = {
            LineKind.STATE: glyphs.run,
            LineKind.LINK: glyphs.wait,
            LineKind.ROUTINE: glyphs.ok,
            LineKind.ERROR: glyphs.bad,
            LineKind.WARNING: glyphs.warn,
        }

    def glyph(self, kind: LineKind) -> str:
        """Begun, intended, done, failed, interrupted."""
        return self._signs.get(kind, " ")

    def add(self, entries: Sequence[AuditEntry]) -> None:
        """Append what was written to the audit log."""
        self.append([_result(each.at, _words(each), _kind(each)) for each in entries])

    def recall(self, run: Interrupted | None) -> None:
        """Say once what an earlier console left half-done."""
        if run is None:
            return
        # Each server's lock tells of the same run, and the time by our clock differs a little from look to look.
        known = (run.run,) if run.run else (run.action, run.acting, run.by)
        if known in self._told:
            return
        self._told.add(known)
        done = f"{run.action} on {run.acting} by {run.by}: interrupted after step {run.step} of {run.steps}"
        self.append([_result(run.at, f"{done}; last: {run.last}", LineKind.WARNING)])


class CommandLogView(Lines):
    """The command log; it fills while it is closed, too."""

    command, pauses = "look.audit", False

    def __init__(self, host: ViewHost) -> None:
        super().__init__(host)
        self.widget: CommandLog = CommandLog(glyphs=self.session.glyphs, commands=self.session.commands)


def _result(at: float, words: str, kind: LineKind) -> FoldResult:
    line = LogLine(at, clock(at), clean(words.replace("\n", "; ")), None, kind)
    return FoldResult(LogRow(line, 1, line), 0)


def _words(entry: AuditEntry) -> str:
    where = (
        f"{entry.step}/{entry.steps}" if entry.step else f"{entry.action}{' ends' * (entry.event is AuditEvent.END)}"
    )
    return "  ".join(part for part in (where, entry.server, entry.text) if part)


def _kind(entry: AuditEntry) -> LineKind:
    if entry.event is AuditEvent.BEGIN:
        return LineKind.STATE
    if entry.event is AuditEvent.INTENT:
        return LineKind.LINK
    return {True: LineKind.ROUTINE, False: LineKind.ERROR, None: LineKind.WARNING}[entry.ok]
