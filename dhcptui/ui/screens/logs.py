"""What the keys of the logs do: find, filter, go to a problem, explain, copy, pause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from textual.geometry import Size

from dhcptui.logs.lines import NO_CLOCK, LogRow
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.words import iso
from dhcptui.ui.line import Line, say
from dhcptui.ui.panes.find_bar import FindBar
from dhcptui.ui.panes.finding_pane import FindingPane
from dhcptui.ui.panes.log_cursor import CursorPane
from dhcptui.ui.panes.log_filter import LogFilter, trouble
from dhcptui.ui.panes.log_view import LogView
from dhcptui.ui.panes.prompt import Prompt
from dhcptui.ui.panes.reading import LogExplanation
from dhcptui.ui.render.explanation import explanation
from dhcptui.ui.screens.view_switcher import ViewSwitcher
from dhcptui.ui.session import Session
from dhcptui.ui.style import MUTED
from dhcptui.ui.views.view import Lines

MOST_COPIED = 16_000
"""Characters of one copy: terminals drop what is much longer, tmux too."""


class LogController:
    """Everything that works on lines: in the two logs, in both as one, in the timeline, in the command log."""

    def __init__(
        self,
        session: Session,
        logs: Mapping[Role, LogView],
        switcher: ViewSwitcher,
        prompt: Prompt,
        *,
        arrange: Callable[[], None],
        note: Callable[[Line], None],
    ) -> None:
        """`arrange`: what stands where has changed; `note`: say something for a few seconds."""
        self.session = session
        self.bar = FindBar(self, glyphs=session.glyphs)
        self.explanation = LogExplanation(glyphs=session.glyphs)
        self.is_finding = False
        """A line to type in stands in the place of the advice."""
        self.is_asking_only = False
        """That line takes a client or a text, instead of what to find."""
        self.is_explaining = False
        """The lower part of the logs explains the selected line."""
        self._logs, self._switcher, self._prompt = logs, switcher, prompt
        self._arrange, self._note = arrange, note

    # -- which log is meant

    @property
    def _logs_on_view(self) -> bool:
        current = self._switcher.current
        return isinstance(current, Lines) or (current is None and not self._prompt.is_open)

    def _panes_of_lines(self) -> list[FindingPane]:
        """The logs that stand there now, the one looked at first."""
        current, role = self._switcher.current, self.session.looking_at
        return [current.widget] if isinstance(current, Lines) else [self._logs[role], self._logs[role.other]]

    def _every_pane(self) -> list[FindingPane]:
        return [*self._logs.values(), *(view.widget for view in self._switcher if isinstance(view, Lines))]

    @property
    def _pane(self) -> FindingPane:
        return self._panes_of_lines()[0]

    # -- news

    def add(self, batches: Mapping[Role, tuple[Sequence[LogLine], int]]) -> None:
        """Lines have come, and how many were dropped before them; what is looked for may stand in them."""
        for role, (lines, dropped) in batches.items():
            if lines:
                self._logs[role].add(lines, dropped)
        if isinstance(current := self._switcher.current, Lines):
            current.add_lines({role: lines for role, (lines, _) in batches.items()})
        if self.is_finding and not self.is_asking_only:
            self._tell_found()

    # -- finding

    def find(self) -> None:
        """Look for text in what stands there, if it is a log."""
        if self.is_finding or not self._logs_on_view:
            return
        self._open_line(asking_only=False)
        self.look_for()

    def only(self) -> None:
        """Ask which client, or which text, the lines shown should name."""
        current = self._switcher.current
        if self.is_finding or not self._logs_on_view or (isinstance(current, Lines) and not current.filtered):
            return
        self._open_line(asking_only=True)
        bar = self.bar
        bar.set_words(self.session.log_filter.only)
        bar.say(say(("A MAC or IP address, or a text; enter shows only lines with it; empty: all lines.", MUTED)))

    def _open_line(self, *, asking_only: bool) -> None:
        self._explain(False)
        self.is_finding, self.is_asking_only = True, asking_only
        self._arrange()
        self.bar.open("only" if asking_only else "/")

    def look_for(self) -> None:
        """Look for what stands in the line now."""
        if self.is_finding and not self.is_asking_only:
            words = self.bar.words
            for pane in self._panes_of_lines():
                pane.look_for(words)
            self._tell_found()

    def enter(self) -> None:
        """Enter was pressed in the line."""
        if self.is_asking_only:
            only = self.bar.words.strip()
            self._switcher.reopen()
            self._set_filter(replace(self.session.log_filter, only=only))
        else:
            self.step(-1)

    def step(self, step: int) -> None:
        """To an older (-1) or newer (1) hit."""
        if not self.is_asking_only:
            self._pane.step_hit(step)
            self._tell_found()

    def page(self, pages: int) -> None:
        """Scroll the log by pages while something is typed."""
        self._pane.action_pages(pages)

    def to_other_log(self) -> None:
        """While finding: the hits of the other server's log."""
        self.session.looking_at = self.session.looking_at.other
        self._arrange()
        self._tell_found()

    def _tell_found(self) -> None:
        here, *others = self._panes_of_lines()
        counts = tuple((pane.caption, pane.place[1]) for pane in others)
        self.bar.tell(here.caption, here.place, counts)

    def leave_line(self) -> None:
        """End the search and the explanation."""
        if self.is_finding:
            self.is_finding = False
            for pane in self._every_pane():
                pane.look_for("")
        self._explain(False)

    # -- which lines are shown

    def filter(self) -> None:
        """All lines, state changes, warnings and worse, and all again."""
        if self._logs_on_view:
            self._set_filter(self.session.log_filter.next_kinds())

    def others(self) -> None:
        """The lines of other programs in a log that all share, or dhcpd's alone again."""
        if self._logs_on_view:
            self._set_filter(self.session.log_filter.next_others())

    def _set_filter(self, wanted: LogFilter) -> None:
        self.session.log_filter = wanted
        for role in Role:
            self._logs[role].filter(wanted)
        self._switcher.renew()
        keys = f"   {self.session.commands.key('look.filter')} and {self.session.commands.key('look.only')} change it"
        self._note(say((f"Shown: {wanted.words or 'all lines of dhcpd'}.", "bold"), (keys, MUTED)))

    # -- going to a problem

    def problem(self, step: int) -> None:
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
            self._note(say((f"Problem {place} of {len(numbers)} in {pane.caption}.", "bold"), self._how_to_explain()))
            return
        elsewhere = "; ".join(f"{len(other.numbers_of(trouble))} in {other.caption}" for other in others)
        which = "" if at is None else "newer " if step > 0 else "older "
        self._note(say((f"No {which}problem in {pane.caption}", "bold"), f"; {elsewhere}." if elsewhere else "."))

    def _how_to_explain(self) -> tuple[str, str]:
        return (f"   {self.session.commands.key('look.explain')} explains it", MUTED)

    # -- explaining

    def explain(self) -> None:
        """Explain the selected line, or the newest; again: no more."""
        if not self._logs_on_view:
            return
        self._explain(not self.is_explaining and bool(self._pane.rows))
        self._arrange()
        self.explain_here()

    def _explain(self, wanted: bool) -> None:
        """Whether the lower part explains; the page keys scroll it then."""
        self.is_explaining = wanted
        pager = self.explanation.action_page if wanted else None
        for pane in self._every_pane():
            pane.pager = pager

    def explain_here(self) -> None:
        """Explain the line that is selected in the log looked at now."""
        if self.is_explaining:
            pane = self._pane
            pane.select_newest()
            pane.call_after_refresh(pane.reveal_selected)
            self._tell_explanation()

    def selected(self, pane: CursorPane) -> None:
        """Another line was selected in a log."""
        if self.is_explaining and pane is self._pane:
            self._tell_explanation()

    def _tell_explanation(self) -> None:
        pane = self._pane
        row = pane.selected
        if row is None:
            self._explain(False)
            self._arrange()
            return
        server, shown = pane.server_of(row), pane.line_of(row)
        title = " ".join(part for part in (server, shown.clock.strip(), row.summary) if part)
        self.explanation.tell(title, explanation(shown))

    # -- copying

    def copy(self) -> None:
        """Give the selected line, or the screen, to the clipboard of the terminal (OSC 52)."""
        row = self._pane.selected if self._logs_on_view else None
        if row is not None:
            what, words = "the selected line", self._copied_line(row)
        else:
            strips = self.bar.screen._compositor.render_strips(Size(*self.bar.app.size))
            lines = [clean(strip.text.rstrip()) for strip in strips]
            what, words = f"the screen, {len(lines)} lines", "\n".join(lines)
        kept = words[:MOST_COPIED]
        self.bar.app.copy_to_clipboard(kept)
        cut = f", cut to {len(kept)} characters" if len(kept) < len(words) else f", {len(kept)} characters"
        part = (f"Copied {what}{cut}", "bold")
        self._note(say(part, (", if your terminal takes OSC 52 (tmux: set -g set-clipboard on).", MUTED)))

    def _copied_line(self, row: LogRow) -> str:
        pane = self._pane
        shown = pane.line_of(row)
        when = (iso(shown.stamp) or "") if shown.stamp is not None else shown.clock.replace(NO_CLOCK, "")
        parts = (when, pane.server_of(row), shown.text.strip(), row.summary)
        return clean(" ".join(part for part in parts if part))

    def pause(self) -> None:
        """Hold what stands there still, or follow again."""
        if self._logs_on_view:
            hold = not self._pane.paused
            for pane in self._panes_of_lines():
                pane.hold(hold)
