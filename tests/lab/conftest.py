"""A fresh real pair for each test: it takes a third of a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.pair import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Two servers, both normal; mclt 20 s, key hmac-sha256."""
    with Lab(mclt=20, key_algorithm="hmac-sha256") as running:
        running.wait_states()
        yield running
