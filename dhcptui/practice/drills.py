"""Drills: an incident happens on the practice pair, the operator acts, and afterwards it is told how it went."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dhcptui.act.audit import AuditLog
from dhcptui.act.plan import Outcome
from dhcptui.engine.api import Drill
from dhcptui.model.action import Action
from dhcptui.model.sentence import Sentence, sentence
from dhcptui.model.words import age, timer
from dhcptui.practice.scenarios import SCENARIOS, Deed, Scenario, scenario

if TYPE_CHECKING:
    from dhcptui.practice.pair import PracticePair

LOOK_SECONDS = 0.25
STEADY_SECONDS = 2.0
"""Both must read normal for so long before a drill is over."""
NORMAL = {"primary": "normal", "secondary": "normal"}


@dataclass(frozen=True, slots=True)
class Service:
    """Seconds of a stretch of time in which so many servers answered clients."""

    nobody: float
    one: float


def service_between(record: Sequence[tuple[float, frozenset[str]]], start: float, end: float) -> Service:
    """Add up a record of (epoch seconds, who answers from then on) between two times."""
    nobody = one = 0.0
    for (begin, who), (until, _) in zip(record, [*record[1:], (end, frozenset[str]())], strict=True):
        seconds = max(0.0, min(until, end) - max(begin, start))
        nobody += seconds if not who else 0.0
        one += seconds if len(who) == 1 else 0.0
    return Service(nobody, one)


def told(served: Service) -> str:
    """How clients fared, in a sentence."""
    gap, alone = round(served.nobody), round(served.one)
    first = f"Nobody answered clients for {age(gap)}" if gap else "Clients were answered all the time"
    return f"{first}; one server alone did for {age(alone)}." if alone else f"{first}."


class PracticeDrills:
    """The `Drills` of a practice pair. One at a time, each on a thread of its own; no method waits for the pair."""

    def __init__(self, pair: PracticePair, ready: Callable[[], None] = lambda: None, audit: Path | None = None) -> None:
        """`ready` returns when the pair is up, and raises what kept it from coming up."""
        self._pair, self._ready, self._audit = pair, ready, audit
        self._scenario: Scenario | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._struck: float | None = None
        self._review: tuple[Sentence, ...] = ()
        self._words = ""

    def list(self) -> Sequence[Drill]:
        """Every drill there is."""
        return [Drill(each.name, each.title) for each in SCENARIOS]

    def begin(self, name: str) -> None:
        """Set the pair to healthy, then let it happen. Raises ValueError for a name that is none."""
        found = scenario(name)
        if found is None:
            raise ValueError(f"there is no drill {name!r}; there are {', '.join(each.name for each in SCENARIOS)}")
        self.end()
        self._scenario, self._struck, self._review, self._words = found, None, (), "preparing a healthy pair"
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._play, args=(found, self._stop, self._thread), name="dhcptui-drill", daemon=True
        )
        self._thread.start()

    def running(self) -> str | None:
        """The name of the drill under way."""
        alive = self._thread is not None and self._thread.is_alive() and not self._stop.is_set()
        return self._scenario.name if self._scenario and alive else None

    def explain(self) -> Sentence:
        """What happened, for who asks."""
        if self._scenario is None:
            return ("No drill has been begun.",)
        return (self._scenario.happened if self._struck else "Nothing has happened yet: the pair is being prepared.",)

    def review(self) -> Sequence[Sentence]:
        """How the last drill went; empty while it is under way."""
        return self._review

    def end(self) -> None:
        """Stop the drill under way; its review follows at once."""
        if self.running() and self._scenario is not None:
            self._stop.set()
            self._review = self._judge(self._scenario, time.time(), ended_by_itself=False)

    def state(self) -> str:
        """One line for the screen; empty when there is nothing to say."""
        if self._scenario is None:
            return ""
        if self._review:
            return f"drill over: {self._scenario.title}"
        if self._struck is None:
            return f"drill: {self._words}"
        return f"drill: {timer(time.time() - self._struck)}"

    def close(self) -> None:
        """End for good: the pair is about to go."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    # -- the drill's own thread

    def _play(self, play: Scenario, stop: threading.Event, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()
        from dhcptui.practice.pair import PracticeError  # noqa: PLC0415 - heavy, and only drills need it

        try:
            for step in self._steps(play, stop):
                if stop.is_set():
                    return
                step()
        except (PracticeError, OSError) as error:  # OSError: the pair took too long to answer, or its files have gone
            if not stop.is_set():
                self._review = ((f"The drill stopped: {error or 'the practice pair does not answer'}",),)
                stop.set()

    def _steps(self, play: Scenario, stop: threading.Event) -> Iterator[Callable[[], None]]:
        """Prepare, strike, mend, wait for both to be normal, judge."""
        pair = self._pair
        yield from self._healthy(stop)
        self._words = "something is about to happen"
        stop.wait(1.5)
        yield lambda: self._strike(play)
        mended, steady_since = False, None
        while True:
            stop.wait(LOOK_SECONDS)
            passed = time.time() - (self._struck or 0.0)
            if not mended and play.mended_when(pair, passed * pair.place.speed):
                mended = True
                yield lambda: play.mend(pair)
                continue
            if not mended or pair.states() != NORMAL or passed < STEADY_SECONDS:
                steady_since = None
            elif steady_since is None:
                steady_since = time.time()
            elif time.time() - steady_since >= STEADY_SECONDS:
                break
            yield lambda: None
        yield lambda: self._finish(play, stop, steady_since or time.time())

    def _healthy(self, stop: threading.Event) -> Iterator[Callable[[], None]]:
        """Both normal, clocks right, nothing cut; a pair that is not so gets a fresh start."""
        pair = self._pair
        self._ready()
        if pair.states() != NORMAL or not pair.is_untouched():
            yield pair.reset
        while pair.states() != NORMAL and not stop.is_set():
            stop.wait(LOOK_SECONDS)
            yield lambda: None

    def _strike(self, play: Scenario) -> None:
        self._struck = time.time()
        play.strike(self._pair)

    def _finish(self, play: Scenario, stop: threading.Event, end: float) -> None:
        self._review = self._judge(play, end, ended_by_itself=True)
        stop.set()

    # -- the review

    def _judge(self, play: Scenario, end: float, *, ended_by_itself: bool) -> tuple[Sentence, ...]:
        if self._struck is None:
            return ((f"{play.title}: ended before anything happened.",),)
        deeds = self._deeds(self._struck)
        served = service_between(self._pair.service, self._struck, end)
        how = "both servers were normal again" if ended_by_itself else "ended by you"
        lines = [f"{play.title}: {how} after {age(end - self._struck)}.", play.happened]
        lines += [f"You ran {deed.action.value} on {deed.server}: {deed.outcome.value}." for deed in deeds]
        right = ("What is right: ", *play.right)
        return (*map(sentence, lines), play.judge(deeds), right, sentence(told(served)))

    def _deeds(self, since: float) -> Sequence[Deed]:
        """The actions that ended since then, from the audit log."""
        found = []
        for record in AuditLog(self._audit).records(since):
            if record.get("event") == "end" and record.get("action") in {action.value for action in Action}:
                outcome = next((each for each in Outcome if each.value == record.get("outcome")), Outcome.FAILED)
                found.append(
                    Deed(Action(record["action"]), str(record.get("server", "")), outcome, float(record["epoch"]))
                )
        return found
