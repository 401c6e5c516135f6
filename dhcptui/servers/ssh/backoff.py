"""How long to wait before the next try."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Growing delays in seconds: `first`, times `factor` each time, at most `limit`, each shifted by up to +-`jitter`.

    `jitter` is a share of the delay (0.1: 10 %), so that two watchers do not knock in step.
    """

    def __init__(
        self,
        first: float = 0.5,
        factor: float = 2.0,
        limit: float = 10.0,
        jitter: float = 0.1,
        rand: Callable[[], float] = random.random,
    ) -> None:
        self._first, self._factor, self._limit, self._jitter, self._rand = first, factor, limit, jitter, rand
        self._next = first

    def next_delay(self) -> float:
        """Seconds to wait now; the following call answers more."""
        delay = self._next
        self._next = min(delay * self._factor, self._limit)
        return delay * (1 + self._jitter * (2 * self._rand() - 1))

    def reset(self) -> None:
        """It worked: start again from `first`."""
        self._next = self._first
