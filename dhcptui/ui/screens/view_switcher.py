"""What stands where: views take the place of logs and prompt, one at a time; the panels above stay live."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from textual.widget import Widget

from dhcptui.engine.api import Console
from dhcptui.model.role import Role
from dhcptui.ui.panes.log_pane import LogPane
from dhcptui.ui.screens.frame import Frame, Setup
from dhcptui.ui.views.drill_menu import DrillMenu
from dhcptui.ui.views.find_bar import FindBar
from dhcptui.ui.views.log_explanation import LogExplanation
from dhcptui.ui.views.log_merged import MergedLog
from dhcptui.ui.views.timeline_view import TimelineView


class Over(Enum):
    """What stands where the logs or the prompt would."""

    NOTHING = "nothing"
    AUDIT = "audit"
    MERGED = "merged"
    TIMELINE = "timeline"
    INCIDENT = "incident"
    HELP = "help"
    PALETTE = "palette"
    DRILLS = "drills"
    EXPLANATION = "explanation"
    REVIEW = "review"
    NETWORK = "network"
    POOLS = "pools"
    LEASE = "lease"
    CONFIGURATION = "configuration"


PAGES = {Over.NETWORK, Over.POOLS, Over.CONFIGURATION}
"""Those that are sheets that follow what is known."""
READ = {Over.HELP, Over.INCIDENT, Over.EXPLANATION, Over.REVIEW, *PAGES}
"""Those that are sheets to read."""
LOGS = {Over.AUDIT, Over.MERGED, Over.TIMELINE}
"""Those that are logs: lines to select, find and copy."""


class Places(Frame):
    """Opens and closes views. A new view: a member of `Over`, and its widget in `overs`."""

    def __init__(self, console: Console, setup: Setup) -> None:
        super().__init__(console, setup)
        self._server = Role.PRIMARY
        """The server whose pane had the focus last."""
        self._over = Over.NOTHING
        self._finding = False
        """A line to type in stands in the place of the advice."""
        self._explaining = False
        """The lower part of the logs explains the selected line."""

    def overs(self) -> dict[Over, Widget]:
        """The widget of each view."""
        return {
            Over.AUDIT: self.command_log, Over.PALETTE: self.palette, Over.DRILLS: self.view(DrillMenu),
            Over.MERGED: self.view(MergedLog), Over.TIMELINE: self.view(TimelineView),
            Over.LEASE: self.lease,
            **dict.fromkeys(READ, self.reading),
        }  # fmt: skip

    def rearrange(self) -> None:
        """One log at a time where there is no room for two; what is open takes the place of logs and advice."""
        shown = self.overs().get(self._over)
        for widget in set(self.overs().values()):
            widget.display = widget is shown
        prompting = self.prompt.is_open and shown is None
        self.prompt.display = prompting
        self.query_one("#logs").display = not prompting and shown is None
        self.view(LogExplanation).display = self._explaining
        self.view(FindBar).display = self._finding
        self.row("what-now").display = not prompting and not self._finding
        for role in Role:
            self.log_view(role).display = not self.is_compact or role is self._server

    def show_over(self, over: Over) -> None:
        """Open one of them, or lead back to what it hides; nothing in a prompt is lost."""
        self.leave_line()
        self._over = over
        self.rearrange()
        shown = self.overs().get(over)
        if isinstance(shown, LogPane):
            shown.focus()
        elif over is Over.NOTHING:
            self.focus_below()
        self.show_keys()

    def toggle(self, over: Over, fill: Callable[[], None] | None = None) -> None:
        """Open a view and let `fill` fill it, or close it."""
        if self._over is over:
            self.show_over(Over.NOTHING)
        else:
            self.show_over(over)
            if fill is not None:
                fill()

    def focus_below(self) -> None:
        """The focus goes to what stands below the panels when no view is open."""
        if self.prompt.is_open:
            self.prompt.take_focus()
        else:
            self.log_view(self._server).focus()

    def leave_line(self) -> None:
        """End what was only for the view that is left: the search, the explanation."""

    def show_keys(self) -> None:
        """What every key does now."""
