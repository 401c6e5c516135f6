"""A quarter of the sequences: see `sample.py`. DHCPTUI_TRUTH_SECONDS=3600 and DHCPTUI_TRUTH_SEED=N for the soak."""

from __future__ import annotations

import pytest

from tests.truth.play import play
from tests.truth.sample import Case, share

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]


@pytest.mark.parametrize("case", share(2), ids=str)
def test_nothing_said_that_was_not_so(case: Case) -> None:
    """Console, status, report and timeline agree with what clients met."""
    play(case.row)
