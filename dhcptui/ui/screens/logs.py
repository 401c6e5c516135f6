"""What the keys of the logs do: find, filter, go to a problem, explain, copy, both logs as one, the timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from textual import on
from textual.geometry import Size

from dhcptui.engine.api import Console
from dhcptui.logs.lines import NO_CLOCK, LogRow
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.words import iso
from dhcptui.ui.line import Line, say
from dhcptui.ui.panes.log_cursor import CursorPane
from dhcptui.ui.panes.log_filter import EVERYTHING, LogFilter, trouble
from dhcptui.ui.render.explanation import explanation, incident_view
from dhcptui.ui.screens.frame import Setup
from dhcptui.ui.screens.view_switcher import LOGS, Over, Places
from dhcptui.ui.style import MUTED, Paragraph
from dhcptui.ui.views.find_bar import FindBar
from dhcptui.ui.views.finding_pane import FindingPane
from dhcptui.ui.views.log_explanation import LogExplanation
from dhcptui.ui.views.log_merged import MergedLog
from dhcptui.ui.views.timeline_view import TimelineView

MOST_COPIED = 16_000
"""Characters of one copy: terminals drop what is much longer, tmux too."""
NOTE_SECONDS = 6.0


class LogScreen(Places):
    """Everything that works on lines: in the two logs, in both as one, in the timeline, in the command log."""

    def __init__(self, console: Console, setup: Setup) -> None:
        super().__init__(console, setup)
        self._filter: LogFilter = EVERYTHING
        self._asking_only = False
        """The line to type in takes a client or a text, instead of what to find."""

    # -- which log is meant

    @property
    def _logs_on_view(self) -> bool:
        return self._over in LOGS or (self._over is Over.NOTHING and not self.prompt.is_open)

    def _panes_of_lines(self) -> list[FindingPane]:
        """The logs that stand there now, the one looked at first."""
        shown = self.overs().get(self._over)
        if isinstance(shown, FindingPane):
            return [shown]
        return [self.log_view(self._server), self.log_view(self._server.other)]

    @property
    def _pane(self) -> FindingPane:
        return self._panes_of_lines()[0]

    # -- news

    def log_lines(self, batches: Mapping[Role, tuple[Sequence[LogLine], int]]) -> None:
        """Lines have come, and how many were dropped before them; what is looked for may stand in them."""
        for role, (lines, dropped) in batches.items():
            if lines:
                self.log_view(role).add(lines, dropped)
        if self._over is Over.MERGED:
            self.view(MergedLog).add([(role, lines) for role, (lines, _) in batches.items()])
        if self._finding and not self._asking_only:
            self._tell_found()

    def refresh_view(self) -> None:
        """Everything, and the view that is open."""
        super().refresh_view()
        if self._over is Over.TIMELINE:
            self._show_timeline()
        elif self._over is Over.MERGED:
            self.view(MergedLog).correct(self._raw(), self._offsets())
        elif self._over is Over.INCIDENT:
            self.reading.renew(self._incidents())

    # -- finding

    def action_find(self) -> None:
        """Look for text in what stands there, if it is a log."""
        if self._finding or not self._logs_on_view:
            return
        self._open_line(asking_only=False)
        self._look_for()

    def action_only(self) -> None:
        """Ask which client, or which text, the lines shown should name."""
        if self._finding or not self._logs_on_view or self._over not in {Over.NOTHING, Over.MERGED}:
            return
        self._open_line(asking_only=True)
        bar = self.view(FindBar)
        bar.set_words(self._filter.only)
        bar.say(say(("A MAC or IP address, or a text; enter shows only lines with it; empty: all lines.", MUTED)))

    def _open_line(self, *, asking_only: bool) -> None:
        self._explain(False)
        self._finding, self._asking_only = True, asking_only
        self.rearrange()
        self.view(FindBar).open("only" if asking_only else "/")
        self.show_keys()

    @on(FindBar.Changed)
    def _look_for(self) -> None:
        if self._finding and not self._asking_only:
            words = self.view(FindBar).words
            for pane in self._panes_of_lines():
                pane.look_for(words)
            self._tell_found()

    @on(FindBar.Entered)
    def _entered(self) -> None:
        if self._asking_only:
            only = self.view(FindBar).words.strip()
            self.show_over(self._over)
            self._set_filter(replace(self._filter, only=only))
        else:
            self._step(-1)

    @on(FindBar.Stepped)
    def _step_found(self, event: FindBar.Stepped) -> None:
        if not self._asking_only:
            self._step(event.step)

    def _step(self, step: int) -> None:
        self._pane.step_hit(step)
        self._tell_found()

    @on(FindBar.Paged)
    def _page_found(self, event: FindBar.Paged) -> None:
        self._pane.action_pages(event.pages)

    def _tell_found(self) -> None:
        here, *others = self._panes_of_lines()
        counts = tuple((pane.caption, pane.place[1]) for pane in others)
        self.view(FindBar).tell(here.caption, here.place, counts)

    def leave_line(self) -> None:
        """End the search and the explanation."""
        if self._finding:
            self._finding = False
            for pane in self.query(FindingPane):
                pane.look_for("")
        self._explain(False)

    # -- which lines are shown

    def action_filter(self) -> None:
        """All lines, state changes, warnings and worse, and all again."""
        if self._logs_on_view:
            self._set_filter(self._filter.next_kinds())

    def action_others(self) -> None:
        """The lines of other programs in a log that all share, or dhcpd's alone again."""
        if self._logs_on_view:
            self._set_filter(self._filter.next_others())

    def _set_filter(self, wanted: LogFilter) -> None:
        self._filter = wanted
        for role in Role:
            self.log_view(role).filter(wanted)
        if self._over is Over.MERGED:
            self.view(MergedLog).filter(wanted)
        keys = f"   {self._commands.key('look.filter')} and {self._commands.key('look.only')} change it"
        self.note(say((f"Shown: {wanted.words or 'all lines of dhcpd'}.", "bold"), (keys, MUTED)))

    # -- going to a problem

    def action_problem(self, step: int) -> None:
        """Select the next (1) or previous (-1) line that tells of a problem; with none selected, the newest."""
        if not self._logs_on_view:
            return
        pane, *others = self._panes_of_lines()
        numbers = pane.numbers_of(trouble)
        at = pane.cursor
        if at is None:
            found = numbers[-1:]
        elif step > 0:
            found = [number for number in numbers if number > at][:1]
        else:
            found = [number for number in numbers if number < at][-1:]
        if found:
            pane.select(found[0])
            pane.focus()
            place = numbers.index(found[0]) + 1
            self.note(say((f"Problem {place} of {len(numbers)} in {pane.caption}.", "bold"), self._how_to_explain()))
            return
        elsewhere = "; ".join(f"{len(other.numbers_of(trouble))} in {other.caption}" for other in others)
        which = "" if at is None else "newer " if step > 0 else "older "
        self.note(say((f"No {which}problem in {pane.caption}", "bold"), f"; {elsewhere}." if elsewhere else "."))

    def _how_to_explain(self) -> tuple[str, str]:
        return (f"   {self._commands.key('look.explain')} explains it", MUTED)

    # -- explaining

    def action_explain(self) -> None:
        """Explain the selected line, or the newest; again: no more."""
        if not self._logs_on_view:
            return
        self._explain(not self._explaining and bool(self._pane.rows))
        self.rearrange()
        self.show_keys()
        self.explain_here()

    def _explain(self, wanted: bool) -> None:
        """Whether the lower part explains; the page keys scroll it then."""
        self._explaining = wanted
        pager = self.view(LogExplanation).action_page if wanted else None
        for pane in self.query(FindingPane):
            pane.pager = pager

    def explain_here(self) -> None:
        """Explain the line that is selected in the log looked at now."""
        if self._explaining:
            pane = self._pane
            pane.select_newest()
            self.call_after_refresh(pane.reveal_selected)
            self._tell_explanation()

    @on(CursorPane.Selected)
    def _another_line(self, event: CursorPane.Selected) -> None:
        if self._explaining and event.pane is self._pane:
            self._tell_explanation()

    def _tell_explanation(self) -> None:
        pane = self._pane
        row = pane.selected
        if row is None:
            self._explain(False)
            self.rearrange()
            self.show_keys()
            return
        server, shown = pane.server_of(row), pane.line_of(row)
        title = " ".join(part for part in (server, shown.clock.strip(), row.summary) if part)
        self.view(LogExplanation).tell(title, explanation(shown))

    # -- copying

    def action_copy(self) -> None:
        """Give the selected line, or the screen, to the clipboard of the terminal (OSC 52)."""
        row = self._pane.selected if self._logs_on_view else None
        if row is not None:
            what, words = "the selected line", self._copied_line(row)
        else:
            strips = self._compositor.render_strips(Size(*self.app.size))
            lines = [clean(strip.text.rstrip()) for strip in strips]
            what, words = f"the screen, {len(lines)} lines", "\n".join(lines)
        kept = words[:MOST_COPIED]
        self.app.copy_to_clipboard(kept)
        cut = f", cut to {len(kept)} characters" if len(kept) < len(words) else f", {len(kept)} characters"
        said = (f"Copied {what}{cut}", "bold")
        self.note(say(said, (", if your terminal takes OSC 52 (tmux: set -g set-clipboard on).", MUTED)))

    def _copied_line(self, row: LogRow) -> str:
        pane = self._pane
        shown = pane.line_of(row)
        when = (iso(shown.stamp) or "") if shown.stamp is not None else shown.clock.replace(NO_CLOCK, "")
        parts = (when, pane.server_of(row), shown.text.strip(), row.summary)
        return clean(" ".join(part for part in parts if part))

    def note(self, said: Line) -> None:
        """Say something for a few seconds, in the place of the advice."""
        self._note = (said, self._clock().mono + NOTE_SECONDS)
        self.show_advice()

    # -- views

    def action_merged(self) -> None:
        """Both logs as one, or what it hides."""
        merged = self.view(MergedLog)
        self.toggle(Over.MERGED, lambda: merged.open(self._raw(), self._offsets(), self._filter))

    def _raw(self) -> dict[Role, Iterable[LogLine]]:
        return {role: self.log_view(role).lines for role in Role}

    def _offsets(self) -> dict[Role, float]:
        """Each server's clock minus the console's, in seconds, where it was read."""
        views = {role: self.snapshot[role] for role in Role}
        return {role: view.clock.value.seconds for role, view in views.items() if view.clock is not None}

    def action_timeline(self) -> None:
        """The timeline, or what it hides."""
        self.toggle(Over.TIMELINE, self._show_timeline)

    def _show_timeline(self) -> None:
        unread = [view.name for view in self.snapshot.servers if not view.log.ok]
        self.view(TimelineView).show(self._engine.timeline(), self._clock().wall, unread)

    def action_incident(self) -> None:
        """What it looks like, or what that hides."""
        self.toggle(Over.INCIDENT, lambda: self.reading.open("what it looks like", self._incidents()))

    def _incidents(self) -> list[Paragraph]:
        return incident_view(self.verdict.incidents, self.snapshot, self._commands)

    def action_pause(self) -> None:
        """Hold what stands there still, or follow again."""
        if self._logs_on_view:
            hold = not self._pane.paused
            for pane in self._panes_of_lines():
                pane.hold(hold)
