"""One booted pair for all tests of a worker: it takes five seconds, and each test leaves both normal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.platforms.booted.pair import BootedPair, can_boot

MCLT = 10


@pytest.fixture(scope="session")
def _pair() -> Iterator[BootedPair]:
    """Booted when first asked for; taken down whatever happens."""
    can_boot()
    with BootedPair(mclt=MCLT, key_algorithm="hmac-sha256") as pair:
        yield pair


@pytest.fixture
def pair(_pair: BootedPair) -> BootedPair:
    """Both normal, and nothing owed."""
    _pair.wait_states(timeout=90)
    _pair.wait_settled()
    return _pair
