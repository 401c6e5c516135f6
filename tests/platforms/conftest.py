"""One pair a look-alike, for all tests of a file on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.platforms.look_alike import LookAlike
from tests.platforms.looks import LOOKS


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest) -> Iterator[LookAlike]:
    """A pair that looks like the platform, healthy, and with the configuration that `init` wrote."""
    with LookAlike(LOOKS[request.param]) as pair:
        pair.wait_settled()
        pair.told = pair.init()
        yield pair
