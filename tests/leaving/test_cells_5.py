"""A sixth of the cells: see `cells.py`. DHCPTUI_LEAVING_CELLS=300 and DHCPTUI_LEAVING_SEED=N for the soak."""

from __future__ import annotations

import pytest

from tests.leaving.cells import Cell, share
from tests.leaving.play import play

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]


@pytest.mark.parametrize("cell", share(4), ids=str)
def test_left(cell: Cell) -> None:
    """The step under way ends, no other begins, all is written down, and the way on leads out."""
    play(cell)
