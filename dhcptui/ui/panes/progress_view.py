"""The steps of a running action, and its outcome."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll

from dhcptui.act.plan import Outcome, Plan, Progress, StepReport, StepState
from dhcptui.model.moments import Moment
from dhcptui.ui.keymap import Commands
from dhcptui.ui.panes.row import Row
from dhcptui.ui.panes.text_sheet import Sheet
from dhcptui.ui.render import progress as paint
from dhcptui.ui.style import Glyphs


class ProgressView(VerticalScroll, can_focus=False):
    """Two rows per step, so that a running clock repaints one row and no more."""

    def __init__(self, *, glyphs: Glyphs, commands: Commands) -> None:
        super().__init__(id="progress")
        self._glyphs, self._commands = glyphs, commands
        self._rows: list[tuple[Row, Row]] = []
        self._progress: Progress | None = None
        self._began = 0.0
        """Mono time at which the action began, as near as reports tell."""

    def compose(self) -> ComposeResult:
        """The outcome stands on top, where it is seen without scrolling."""
        yield Sheet(glyphs=self._glyphs, id="outcome")
        yield Vertical(id="step-rows")

    async def begin(self, plan: Plan, now: Moment) -> None:
        """Make room for the plan's steps."""
        self._rows = [(Row(glyphs=self._glyphs), Row(glyphs=self._glyphs)) for _ in plan.steps]
        self._began = now.mono
        container = self.query_one("#step-rows", Vertical)
        await container.remove_children()
        await container.mount_all(row for pair in self._rows for row in pair)
        self.scroll_home(animate=False)
        self.show(Progress(plan, tuple(StepReport() for _ in plan.steps)), now)

    def show(self, progress: Progress, now: Moment) -> None:
        """Show how far it has come."""
        reported = max(
            (
                time
                for step in progress.steps
                for time in (step.started_seconds, step.ended_seconds)
                if time is not None
            ),
            default=None,
        )
        if progress is not self._progress and reported is not None:
            self._began = min(self._began, now.mono - reported)
        self._progress = progress
        self.tick(now)
        self.query_one("#outcome", Sheet).show(paint.outcome(progress, self._glyphs, self._commands.acting_key))
        running = next(
            (rows for rows, step in zip(self._rows, progress.steps, strict=False) if step.state is StepState.RUNNING),
            None,
        )
        if progress.outcome is not Outcome.RUNNING:
            self.scroll_home(animate=False)
        elif running is not None and self.max_scroll_y:
            running[1].scroll_visible(animate=False)

    def tick(self, now: Moment) -> None:
        """Let the running step's time go on."""
        if self._progress is None:
            return
        reports = zip(self._rows, self._progress.plan.steps, self._progress.steps, strict=False)
        for number, ((first, second), planned, report) in enumerate(reports, 1):
            head, detail = paint.step(number, planned, report, self._elapsed(report, now), self._glyphs)
            first.show(head)
            second.show(detail)

    def _elapsed(self, report: StepReport, now: Moment) -> float | None:
        if report.started_seconds is None:
            return None
        if report.ended_seconds is not None:
            return max(0.0, report.ended_seconds - report.started_seconds)
        return max(0.0, now.mono - self._began - report.started_seconds)
