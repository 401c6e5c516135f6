"""Faults and operators at random on the practice pair: whatever they do, the invariants of judge.py hold throughout.

Three minutes in CI; DHCPTUI_SOAK_SECONDS=1800 for the long run. DHCPTUI_SOAK_SEED=N repeats one, as far as real time does.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dhcptui.act.audit import default_path
from dhcptui.config.loading import load
from dhcptui.model.role import Role
from dhcptui.watch.clocks import mono
from tests.practice.pair import WatchedPair
from tests.soak import judge, judge_audit, summary
from tests.soak.faults import BY_HAND, Faults
from tests.soak.history import CONSOLE, History, Sample
from tests.soak.operators import Follower, Masher, Seat
from tests.soak.tap import Tap
from tests.soak.typist import Typist

SECONDS = float(os.environ.get("DHCPTUI_SOAK_SECONDS", "140"))
SEED = int(os.environ.get("DHCPTUI_SOAK_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
LAG_SECONDS = 5.0
"""So much later is judged: by then everything has been written down, by everybody."""
HEAL_SECONDS = 120.0
MOST_BROKEN = 5
MASHERS = ("masher", "other masher")


class Soak:
    """One run: who takes part, and the judge."""

    def __init__(self, pair: WatchedPair, tap: Tap, history: History) -> None:
        self.pair, self.tap, self.history = pair, tap, history
        self.tally: Counter[str] = Counter()
        chance = [random.Random(f"{SEED} {who}") for who in ("faults", "typist", *MASHERS)]  # noqa: S311
        config = pair.write_config()
        settings = load(config).pair(None)
        self.seats = [Seat(name, settings, history, self.tally) for name in ("follower", *MASHERS)]
        self.faults = Faults(tap, chance[0])
        self.follower = Follower(self.seats[0], lambda role: not history.truths[-1].servers[role].running, self.restart)
        self.mashers = [Masher(*each) for each in zip(self.seats[1:], chance[2:], strict=True)]
        self.typist = Typist(config, history, chance[1], self.tally)
        self.audit = judge_audit.Reader(default_path(), [pair.settings.key_secret])
        self.broken: list[str] = []
        self._judged = mono()
        self.rough, self.end = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []

    def restart(self, role: Role) -> None:
        """By hand, as the careful operator is told to."""
        self.faults.strike(BY_HAND, role)

    def begin(self, what: Callable[[threading.Event], None], until: threading.Event) -> None:
        """Somebody begins, on a thread of his own; what he throws breaks the soak."""

        def work() -> None:
            try:
                what(until)
            except BaseException:
                self.broken.append(traceback.format_exc())

        thread = threading.Thread(target=work, name="soak")
        self._threads.append(thread)
        thread.start()

    def watch(self, seconds: float, done: Callable[[], bool] = lambda: False) -> bool:
        """Judge until then; False when it is not `done` by then."""
        end = mono() + seconds
        while mono() < end and len(self.broken) < MOST_BROKEN:
            if done():
                return True
            time.sleep(0.5)
            self.judge(mono() - LAG_SECONDS)
        return False

    def judge(self, until: float) -> None:
        """Everything that happened since the last time."""
        self.history.samples.append(Sample(mono(), self.held()))
        self.broken += self.audit.read(self.history, torn=len(self.history.killed))
        for law in judge.LIVE:
            self.broken += law(self.history, self._judged, until)
        self._judged = until
        self.broken += [f"{seat.name}: {fault}" for seat in self.seats for fault in seat.faults.copy()]
        claims = self.history.claims
        del claims[: next((index for index, claim in enumerate(claims) if claim.at > until), 0)]
        self.broken += [
            f"the engine of {seat.name} ended: {seat.engine.failure!r}" for seat in self.seats if seat.engine.failure
        ]

    def held(self) -> dict[str, int]:
        """What is open now, in this process and at the servers."""
        found = {"descriptors": len(list(Path("/proc/self/fd").iterdir())), "threads": threading.active_count()}
        for seat in self.seats:
            loop = seat.engine._home.loop
            if loop is not None and not loop.is_closed():
                found[f"tasks of {seat.name}"] = len(asyncio.all_tasks(loop))
        return found | self.pair.run(self.tap.held)

    def join(self) -> None:
        """Wait for everybody who was told to stop."""
        for thread in self._threads:
            thread.join(200)
            if thread.is_alive():
                self.broken.append("somebody did not stop")


@pytest.mark.timeout(SECONDS + HEAL_SECONDS + 240)
def test_it_holds_under_fire() -> None:
    """Nothing of ours leaves clients unserved, writes outside a plan, lies, grows or falls over; then all is healed."""
    print(f"seed {SEED}, {SECONDS:.0f} s")
    history = History(wall_minus_mono=time.time() - mono())
    pair = WatchedPair(mclt=6, speed=10.0, max_response_delay=20, range=("10.0.0.100", "10.0.0.139"))
    tap = Tap(pair, history)
    with tap.listening(), pair:
        pair.wait_settled()
        pair.clients.rate_per_minute = 30
        soak = Soak(pair, tap, history)
        for seat in soak.seats:
            seat.open()
        try:
            soak.begin(soak.follower.run, soak.end)
            for masher in soak.mashers:
                soak.begin(masher.run, soak.rough)
            soak.begin(soak.typist.run, soak.rough)
            soak.begin(lambda _stop: soak.faults.run(), soak.rough)
            soak.watch(SECONDS)
            soak.faults.stop()
            soak.rough.set()
            soak.watch(LAG_SECONDS)
            healed = bool(soak.broken) or heal(soak)
        finally:
            soak.faults.stop()
            soak.rough.set()
            soak.end.set()
            soak.join()
            for seat in soak.seats:
                seat.close()
        time.sleep(LAG_SECONDS)
        soak.judge(mono())
        soak.broken += judge_audit.runs(history, mono())
        soak.broken += [each for masher in soak.mashers for each in masher.broken] + soak.typist.broken
        refusals = sum((seat.refusals for seat in soak.seats), Counter[str]())
        print(summary.text(history, soak.tally, refusals, mono()))
    assert not soak.broken, f"seed {SEED}\n" + "\n".join(soak.broken[:20])
    assert not blind(history, soak.tally), blind(history, soak.tally)
    assert healed, f"seed {SEED}: not normal again by following {soak.follower.advice!r}: {history.truths[-1]}"


def blind(history: History, tally: Counter[str]) -> list[str]:
    """What a soak that proves anything has seen, and this one has not."""
    seen = {
        "faults": len(history.faults) >= SECONDS / 10,
        "states read from a screen": tally["screen: states read"] >= SECONDS,
        "writes to a server": any(act.what == "local-state" and act.by == CONSOLE for act in history.acts),
        "a refused action": any("refused" in each for each in tally),
        "a verified action": any("verified" in each for each in tally),
    }
    return [what for what, there in seen.items() if not there]


def heal(soak: Soak) -> bool:
    """All faults are mended; whoever follows "what now" has both in normal again."""
    soak.faults.mend_all()
    soak.faults.undo_strangers()
    normal = {"primary": "normal", "secondary": "normal"}
    return soak.watch(HEAL_SECONDS, lambda: soak.pair.states() == normal)
