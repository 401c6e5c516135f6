"""Who serves, sampled while something happens: the proof that at no moment nobody does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from dhcptui.model.role import Role
from dhcptui.model.states import from_word, serves
from tests.lab.pair import Lab, Server


class Sampler(threading.Thread):
    """Reads both servers at 20 Hz with the lab's own reader, and keeps who serves."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(daemon=True)
        self.lab = lab
        self.samples: list[tuple[bool, bool]] = []
        self.times: list[tuple[float, float]] = []
        """Of each sample: when it was begun and when it was there, in epoch seconds."""
        self.done = threading.Event()

    def run(self) -> None:
        """Sample until told to stop."""
        while not self.done.is_set():
            began = time.time()
            seen = (self._serves(self.lab.primary), self._serves(self.lab.secondary))
            self.times.append((began, time.time()))
            self.samples.append(seen)
            time.sleep(0.05)

    def hysteresis(self, role: Role, begin: float, end: float) -> bool | None:
        """Whether a server served at every look between two times, or at none; None: now and then, or it was not looked."""
        index = 0 if role is Role.PRIMARY else 1
        seen = {
            sample[index]
            for sample, (first, last) in zip(self.samples, self.times, strict=False)
            if first >= begin and last <= end
        }
        return seen.pop() if len(seen) == 1 else None

    @staticmethod
    def _serves(server: Server) -> bool:
        try:
            seen = server.state(timeout=0.5)
        except Exception:
            return False
        return serves(from_word(seen.local_state), from_word(seen.partner_state))


@contextmanager
def sampling(lab: Lab) -> Iterator[Sampler]:
    """Sample while the block runs."""
    sampler = Sampler(lab)
    sampler.start()
    try:
        yield sampler
    finally:
        sampler.done.set()
        sampler.join(5)
