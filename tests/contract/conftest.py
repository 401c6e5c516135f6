"""Each contract test runs on the practice pair and on two real dhcpd; a difference is a bug of the practice pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.contract.subject import Subject
from tests.lab.pair import Lab
from tests.practice.pair import WatchedPair

Make = Callable[..., Subject]
KINDS = ("practice", pytest.param("real", marks=pytest.mark.lab))
SPEED = 5.0
"""For tests that wait for dhcpd's fixed timers; the practice pair then gets through in a fifth of the time."""


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Make a pair: make(mclt=15, speed=5, ...); both normal and settled unless settled=False."""
    with ExitStack() as stack:

        def one(*, speed: float = 1.0, settled: bool = True, mclt: int = 15, **settings: Any) -> Subject:
            settings = {"key_algorithm": "hmac-sha256", "mclt": mclt, **settings}
            subject = stack.enter_context(one_pair(request.param, speed, **settings))
            if settled:
                subject.settle()
            return subject

        yield one


@contextmanager
def one_pair(kind: str, speed: float, **settings: Any) -> Iterator[Subject]:
    """A running pair of one kind."""
    if kind == "real":
        with Lab(**settings) as lab:
            yield Subject(lab, 1.0)
    else:
        with WatchedPair(speed=speed, **settings) as practice:
            yield Subject(practice, speed)


@pytest.fixture(scope="module", params=KINDS)
def calm(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """One pair for a whole file: for tests that change nothing."""
    with one_pair(request.param, 1.0, key_algorithm="hmac-sha256", mclt=15) as subject:
        subject.settle()
        yield subject


@pytest.fixture
def pair(make: Make) -> Subject:
    """Both normal, nothing under way, mclt 15 s."""
    return make()
