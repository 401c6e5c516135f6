"""One server: a bordered panel of fixed rows."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from dhcptui.assess.visibility import ServerAssessment
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot, ServerView
from dhcptui.model.states import Severity
from dhcptui.ui.forecast_cache import Prospects
from dhcptui.ui.panes.row import Row
from dhcptui.ui.render import server as paint
from dhcptui.ui.style import Glyphs, ascii_only

WIDE_ROWS, COMPACT_ROWS, MOST_ROWS = 6, 4, 10
HEAD_ROWS, TALL = 4, 50
"""State, partner, links, clock; pools stand below."""


def rows_for(snapshot: PairSnapshot, height: int, *, compact: bool) -> int:
    """Rows of both panels: the same for both, and more than usual only for more pools on a tall terminal."""
    if compact:
        return COMPACT_ROWS
    pools = max(len(view.pools.value) if view.pools else 0 for view in snapshot.servers)
    return max(WIDE_ROWS, min(MOST_ROWS, HEAD_ROWS + pools)) if height >= TALL else WIDE_ROWS


class ServerPanel(Vertical, can_focus=True):
    """What one server says, and how we know."""

    def __init__(self, role: Role, *, glyphs: Glyphs) -> None:
        super().__init__(id=f"panel-{role.value}")
        self.role = role
        self._glyphs = glyphs
        self._memory = paint.Memory()
        self._rows = [Row(glyphs=glyphs) for _ in range(MOST_ROWS)]
        self._caption = ""

    def compose(self) -> ComposeResult:
        """The rows; the last ones are hidden in a compact terminal."""
        yield from self._rows

    def show(
        self,
        me: ServerAssessment,
        partner: ServerAssessment,
        now: Moment,
        *,
        rows: int,
        compact: bool,
        prospects: Prospects,
    ) -> None:
        """Show the server as it stands now."""
        self._retitle(me.view)
        severity = paint.severity(me)
        self.set_class(severity is Severity.CRITICAL, "-critical")
        self.set_class(severity is Severity.WARNING, "-warning")
        width = self._rows[0].content_size.width
        lines = paint.panel(
            me, partner, now, self._memory, self._glyphs, rows=rows, width=width, compact=compact, prospects=prospects
        )
        for row, line in zip(self._rows, lines, strict=False):
            row.show(line)

    @property
    def shown(self) -> str:
        """The text on screen, row by row."""
        return "\n".join(row.shown for row in self._rows if row.display and row.size.height)

    def _retitle(self, view: ServerView) -> None:
        caption = paint.caption(view, self._glyphs)
        if caption.plain != self._caption:
            self._caption = caption.plain
            self.border_title = ascii_only(caption) if self._glyphs.ascii else caption
