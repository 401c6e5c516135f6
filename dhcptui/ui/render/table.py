"""Columns of a page: cells padded to the widest of their column, the last one free to wrap."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from dhcptui.ui.style import Paragraph

GAP = "  "


def table(rows: Sequence[Sequence[Content]], *, widths: Sequence[int] = ()) -> list[Paragraph]:
    """One paragraph a row. `widths`: the least width of each column, so that a page holds still while values change."""
    columns = max((len(row) for row in rows), default=1) - 1
    least = [*widths, *[0] * columns][:columns]
    wide = [max(least[at], *(row[at].cell_length for row in rows if at < len(row) - 1)) for at in range(columns)]
    return [Paragraph(_joined(row, wide), 4, 2) for row in rows]


def _joined(row: Sequence[Content], wide: Sequence[int]) -> Content:
    padded = [cell.pad_right(wide[at] - cell.cell_length) for at, cell in enumerate(row[:-1])]
    return Content(GAP).join([*padded, row[-1]])
