"""A plan, to be read before anything is typed."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll

from dhcptui.act.plan import Plan
from dhcptui.ui.panes.text_sheet import Sheet
from dhcptui.ui.render import plan as paint
from dhcptui.ui.style import Glyphs


class PlanView(VerticalScroll, can_focus=False):
    """Headline, reasons or warnings, steps and evidence (side by side where there is room), and what is attached."""

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(id="plan")
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """Four sheets."""
        yield Sheet(glyphs=self._glyphs, id="plan-top")
        with Container(id="plan-columns"):
            with Vertical(id="plan-why"):  # what changes stands where it is seen without scrolling past long commands
                yield Sheet(glyphs=self._glyphs, id="plan-evidence")
                yield Sheet(glyphs=self._glyphs, id="plan-attachment")
            yield Sheet(glyphs=self._glyphs, id="plan-steps")

    def show(self, plan: Plan) -> None:
        """Show `plan`; what has not changed is not painted again."""
        self.query_one("#plan-top", Sheet).show(paint.top(plan, self._glyphs))
        self.query_one("#plan-steps", Sheet).show(paint.steps(plan, self._glyphs))
        self.query_one("#plan-evidence", Sheet).show(paint.evidence(plan, self._glyphs))
        self.query_one("#plan-attachment", Sheet).show(paint.attachment(plan))

    def offer(self, plans: Sequence[Plan]) -> None:
        """Show the servers to choose from."""
        self.query_one("#plan-top", Sheet).show(paint.choice(plans))
        for name in ("steps", "evidence", "attachment"):
            self.query_one(f"#plan-{name}", Sheet).show([])

    @property
    def shown(self) -> str:
        """The text on screen."""
        return "\n".join(sheet.shown for sheet in self.query(Sheet))
