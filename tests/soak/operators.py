"""Operators at random, each at a console (an engine) of its own: one careful, one who presses anything and fumbles."""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from dhcptui.act.plan import Outcome, Plan, Progress
from dhcptui.assess.verdict import Level, derive
from dhcptui.assess.visibility import Visibility, assess
from dhcptui.config.loading import PairSettings
from dhcptui.engine.thread import EngineThread
from dhcptui.model.action import Action
from dhcptui.model.audit import AuditEntry
from dhcptui.model.log_line import LogLine
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.sentence import in_keys
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.watch.clocks import moment, mono
from tests.soak.history import NOT_RUNNING, History, LockRequest

FRESHEST_SECONDS = 6.0
"""What is said to be so now was so within this, however the age is told."""
LOOSE_SECONDS = 0.05
RUN_SECONDS = 180.0
FAULT = re.compile(r"a fault (?:of the console|in dhcptui)")
"""How a console names a fault of its own: what it caught, and goes on after."""
_DIGITS = re.compile(r"\d+(\.\d+)?")
_RESTART = re.compile(r"(?:Restart|Start) (dhcp\d)(?:'s dhcpd| again)")


def claims(snapshot: PairSnapshot, now: Moment, by: str) -> Iterator[LockRequest]:
    """What a console that shows this snapshot says of both servers."""
    for view in snapshot.servers:
        each = assess(view, now)
        if view.status is not None:
            since = view.status.at - LOOSE_SECONDS
            if each.live:
                since = max(since, now.mono - FRESHEST_SECONDS)
            yield LockRequest(now.mono, since, view.role, by, view.status.value.local_state.word, each.live)
        if each.visibility is Visibility.DOWN and view.process is not None:
            yield LockRequest(now.mono, view.process.at - LOOSE_SECONDS, view.role, by, NOT_RUNNING, True)


class Seat:
    """One console: an engine, what it says, and one action at a time."""

    def __init__(self, name: str, settings: PairSettings, history: History, tally: Counter[str]) -> None:
        self.name, self._settings, self._history, self._tally = name, settings, history, tally
        self.engine = EngineThread(settings)
        self._told = threading.Condition()
        self._last: Progress | None = None
        self.faults: set[str] = set()
        """What it says of itself that no console should have to say."""
        self.refusals: Counter[str] = Counter()

    def open(self) -> None:
        """Sit down."""
        self.engine.start(self)

    def close(self) -> None:
        """Leave; a step under way is finished."""
        self.engine.stop()
        if self.engine.failure is not None:
            self.faults.add(f"its engine ended: {self.engine.failure!r}")

    def reopen(self) -> None:
        """Leave, whatever is under way, and come back."""
        self.close()
        self.engine = EngineThread(self._settings)
        self.open()

    # -- what it is told -------------------------------------------------------------------------------------------

    def on_snapshot(self, snapshot: PairSnapshot) -> None:
        """Every frame is a claim."""
        self._history.claims.extend(claims(snapshot, moment(), self.name))
        for view in snapshot.servers:
            self.faults |= {each.detail for each in (view.omapi, view.ssh, view.log) if FAULT.search(each.detail)}

    def look(self) -> None:
        """A frame without news: the values have aged."""
        self.on_snapshot(self.engine.snapshot())

    def on_log(self, role: Role, lines: Sequence[LogLine]) -> None:
        """Not judged."""

    def on_audit(self, entry: AuditEntry) -> None:
        """Read from the file instead."""

    def on_progress(self, progress: Progress) -> None:
        """Remember."""
        with self._told:
            self._last = progress
            self._told.notify_all()

    def orphans(self) -> set[str]:
        """Actions whose console was killed in their midst, unless another console is at the same."""
        begun: dict[str, tuple[str, int]] = {}
        for record in tuple(self._history.audit):
            if record["event"] == "begin":
                begun[record["run"]] = record["action"], record["pid"]
            elif record["event"] == "end":
                begun.pop(record["run"], None)
        killed = self._history.killed
        return {each for each, pid in begun.values() if pid in killed} - {
            each for each, pid in begun.values() if pid not in killed
        }

    def tell(self, what: str) -> None:
        """Count something."""
        self._tally[f"{self.name}: {what}"] += 1

    # -- hands -----------------------------------------------------------------------------------------------------

    def begin(self, plan: Plan, typed: str, sentence: str = "") -> None:
        """Confirm a plan."""
        with self._told:
            self._last = None
        self.engine.run(plan, typed, sentence)

    def wait(self, plan: Plan) -> Outcome:
        """Its end, counted."""
        deadline = mono() + RUN_SECONDS
        with self._told:
            while self._last is None or self._last.outcome is Outcome.RUNNING:
                if mono() > deadline:
                    raise AssertionError(f"{self.name}: {plan.action.value} has not ended within {RUN_SECONDS} s")
                self._told.wait(0.1)
            outcome, result = self._last.outcome, self._last.result
        self._tally[f"{self.name}: {plan.action.value} {outcome.value}"] += 1
        if FAULT.search(result):
            self.faults.add(result)
        if outcome is Outcome.REFUSED:
            self.refusals[_DIGITS.sub("N", result)[:90]] += 1
        return outcome


class Follower:
    """Does what "what now" says first, after having looked at it for a moment; swears only to what is true."""

    def __init__(self, seat: Seat, is_off: Callable[[Role], bool], restart: Callable[[Role], None]) -> None:
        self.seat, self._is_off, self._restart = seat, is_off, restart
        self._seen: tuple[object, float] = (None, 0.0)
        self.advice = ""

    def run(self, stopped: threading.Event) -> None:
        """Until told to stop."""
        while not stopped.wait(0.25):
            self.seat.look()
            self._break_locks()
            if (plan := self.plan()) is not None:
                sentence = plan.ruling.sentence
                if "is off" in sentence and not self._is_off(plan.acting.other):
                    continue
                self.seat.begin(plan, plan.confirm_text, sentence)
                self.seat.wait(plan)
                self._seen = (None, 0.0)

    def _by_hand(self) -> None:
        """What is advised and no key does: somebody logs in and restarts dhcpd."""
        if (found := _RESTART.match(self.advice)) is not None:
            self.seat.tell("restarted by hand")
            self._restart(Role.PRIMARY if found[1] == "dhcp1" else Role.SECONDARY)
            self._seen = (None, 0.0)

    def _break_locks(self) -> None:
        """A console that was killed has left its lock: whoever knows that takes it away."""
        for view in self.seat.engine.snapshot().servers:
            lock = view.lock_files.value.lock if view.lock_files else None
            if lock is not None and lock.action in self.seat.orphans():
                answer = self.seat.engine.break_lock(view.role, f"{lock.owner}@{lock.host}").result(30)
                self.seat.tell(f"break-lock {'done' if answer.done else 'not done'}")

    def plan(self) -> Plan | None:
        """The first action of the advice, once it has stood for a second."""
        verdict = derive(self.seat.engine.snapshot(), moment())
        advised = verdict.advised
        self.advice = in_keys(advised, lambda action: action.value)
        if advised != self._seen[0]:
            self._seen = advised, mono()
        action = next((part for part in advised if isinstance(part, Action)), None)
        if verdict.level is Level.OK or mono() - self._seen[1] < 1.0:
            return None
        if action is None:
            self._by_hand()
            return None
        plans = [self.seat.engine.plan(action, role) for role in Role]
        return next((plan for plan in plans if plan.allowed), None)


class Masher:
    """Any action on any server: right names, wrong names, false oaths, and it leaves in the midst of things."""

    def __init__(self, seat: Seat, chance: random.Random) -> None:
        self.seat, self.chance = seat, chance
        self.broken: list[str] = []

    def run(self, stopped: threading.Event) -> None:
        """Until told to stop."""
        while not stopped.wait(self.chance.uniform(0.05, 0.5)):
            self.seat.look()
            plan = self._choose(stopped)
            if self.chance.random() < 0.1:
                self._fumble(plan)
            elif plan.allowed or self.chance.random() < 0.3:
                self._press(plan)

    def _choose(self, stopped: threading.Event) -> Plan:
        """Mostly one that is allowed, if there is one."""
        engine = self.seat.engine
        if self.chance.random() < 0.07:
            engine.prepare(Action.SYNC_RESTART, Role.PRIMARY)
            stopped.wait(1.5)
            variant = "rollback" if self.chance.random() < 0.2 else ""
            return engine.plan(Action.SYNC_RESTART, Role.PRIMARY, variant)
        plans = [engine.plan(action, role) for action in Action for role in Role]
        allowed = [plan for plan in plans if plan.allowed]
        pool = allowed if allowed and self.chance.random() < 0.9 else plans
        return self.chance.choices(pool, [1 if plan.action is Action.START else 3 for plan in pool])[0]

    def _fumble(self, plan: Plan) -> None:
        wrong = self.chance.choice(["", plan.confirm_text.upper(), plan.confirm_text + " ", plan.partner_name, "yes"])
        if wrong == plan.confirm_text:
            return
        self.seat.begin(plan, wrong, plan.ruling.sentence)
        outcome = self.seat.wait(plan)
        if outcome is not Outcome.REFUSED:
            self.broken.append(f"{plan.action.value} was {outcome.value} with {wrong!r} for {plan.confirm_text!r}")

    def _press(self, plan: Plan) -> None:
        """Confirmed as it wants to be, and a refused one too."""
        swears = self.chance.random() < 0.7
        self.seat.begin(plan, plan.confirm_text, plan.ruling.sentence if swears else "")
        if self.chance.random() < 0.1:
            time.sleep(self.chance.uniform(0.0, 2.0))
            self.seat.reopen()
        self.seat.wait(plan)
