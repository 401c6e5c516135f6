"""The engine without a screen: what `dhcptui plan` and `dhcptui do` run."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from dhcptui.act.leaving import Departure
from dhcptui.act.plan import Outcome, Plan, Progress
from dhcptui.assess.visibility import assess
from dhcptui.config.loading import PairSettings
from dhcptui.engine.farewell import Farewell
from dhcptui.engine.loop import EngineLoop
from dhcptui.engine.pair_console import PairConsole
from dhcptui.engine.read_once import settled
from dhcptui.engine.thread import EngineThread
from dhcptui.model.action import Action
from dhcptui.model.audit import Answer, AuditEntry
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot, ServerView
from dhcptui.watch.clocks import moment

LOOK_SECONDS = 12.0
STALE_SECONDS = 4.0
EVIDENCE_SECONDS = 30.0
"""For what takes a moment: two places that meet silence, two directories compared."""


class Left(Exception):
    """Somebody left before anything was begun; the text is the reason."""


@contextmanager
def together(pairs: Sequence[PairSettings], wait: float | None = None) -> Iterator[list[Headless]]:
    """An engine of each pair on one loop: they share what is open to their machines, and the wish to leave."""
    home, departure = EngineLoop(), Departure()
    with ExitStack() as stack:
        stack.callback(home.stop)
        yield [stack.enter_context(Headless(pair, wait=wait, beside=(home, departure))) for pair in pairs]


class Headless:
    """An engine thread and its listener. Use it with `with`; it stops the engine at the end."""

    def __init__(
        self,
        settings: PairSettings,
        show: Callable[[Progress], None] = lambda progress: None,
        wait: float | None = None,
        beside: tuple[EngineLoop, Departure] | None = None,
    ) -> None:
        """`wait`: so many seconds for evidence to come, and for a dhcpd that works and does not answer yet.

        `beside`: the loop of several pairs, and the wish to leave that they share; None: both of its own.
        """
        self.settings = settings
        self.engine: PairConsole
        if beside is None:
            self.engine = EngineThread(settings, tidy=False, patience=wait or 0.0)
        else:
            home, departure = beside
            self.engine = PairConsole(settings, home, departure=departure, tidy=False, patience=wait or 0.0)
        self._wait = wait
        self.show = show
        self._change = threading.Condition()
        self._moves: deque[Progress] = deque()

    def __enter__(self) -> Headless:
        self.engine.start(self)
        return self

    def __exit__(self, *error: object) -> None:
        self.engine.stop()

    def on_snapshot(self, snapshot: PairSnapshot) -> None:
        """Something is known."""
        with self._change:
            self._change.notify_all()

    def on_log(self, role: Role, lines: Sequence[LogLine]) -> None:
        """Logs are not shown."""

    def on_audit(self, entry: AuditEntry) -> None:
        """The steps are shown instead."""

    def on_progress(self, progress: Progress) -> None:
        """The action moved on."""
        with self._change:
            self._moves.append(progress)
            self._change.notify_all()

    def look(self) -> PairSnapshot:
        """Wait until each server was reached, or is known not to answer."""
        began = moment().mono
        self._until(
            lambda: all(settled(view, moment(), began) for view in self.engine.snapshot().servers),
            max(LOOK_SECONDS, self._wait or 0.0),
        )
        return self.engine.snapshot()

    def break_lock(self, owner: str) -> list[Answer]:
        """Remove the locks of `owner` (owner@host, as a refusal names it); what happened on each server."""
        return [self.engine.break_lock(role, owner).result(LOOK_SECONDS) for role in Role]

    def plans(self, action: Action, roles: Sequence[Role], variant: str = "") -> list[Plan]:
        """The action's plan for each acting server, once the evidence it asks for is in."""
        for role in roles:
            self.engine.prepare(action, role)
        made: list[Plan] = []
        began = moment().mono

        def complete() -> bool:
            made[:] = [self.engine.plan(action, role, variant) for role in roles]
            if any(plan.allowed for plan in made):
                return True
            # On a busy machine an answer may just have grown old: a refusal waits for the next one.
            stale = self._stale() and moment().mono - began < STALE_SECONDS
            return not stale and not any(plan.ruling.pending for plan in made)

        self._until(complete, EVIDENCE_SECONDS if self._wait is None else self._wait)
        return made

    def again(self, plan: Plan) -> Plan:
        """The plan made anew, once it does what it did, and no lock is in sight that an action before this one has given back.

        What it says of other relationships may differ: they were acted on. As it was where it differs in more for long.
        """
        began, made = moment().mono, plan

        def same() -> bool:
            nonlocal made
            made = self.engine.plan(plan.action, plan.acting, plan.variant)
            looked = all(_locks_seen(view, began) for view in self.engine.snapshot().servers)
            return looked and made.allowed and made.does_as(plan)

        return made if self._until(same, LOOK_SECONDS) else plan

    def _stale(self) -> bool:
        """Whether a server that is connected has not answered lately."""
        now = moment()
        return any(view.omapi.ok and not assess(view, now).live for view in self.engine.snapshot().servers)

    def run(self, plan: Plan, typed: str, sentence: str, tell: Callable[[str], None] = lambda line: None) -> Progress:
        """Run a confirmed plan to its end, or to the end of a step where somebody leaves; `tell` gets a word for them."""
        farewell = Farewell(self.engine.departure, lambda: self.engine.acting)
        self.engine.run(plan, typed, sentence)
        while True:
            with self._change:
                if not self._moves:
                    self._change.wait(0.1)
                moves = list(self._moves)
                self._moves.clear()
            for progress in moves:
                self.show(progress)
            for line in farewell.news():
                tell(line)
            if moves and moves[-1].outcome is not Outcome.RUNNING:
                return moves[-1]
            if self.engine.failure is not None:
                raise self.engine.failure

    def _until(self, holds: Callable[[], bool], timeout: float | None) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._change:
            while not holds():
                if deadline is not None and time.monotonic() > deadline:
                    return False
                self._change.wait(0.1)
                if self.engine.failure is not None:
                    raise self.engine.failure
                if self.engine.departure.reason:
                    raise Left(self.engine.departure.reason)
        return True


def _locks_seen(view: ServerView, since: float) -> bool:
    """Whether its locks were looked at since then (mono seconds), or cannot be."""
    return not view.ssh.ok or (view.lock_files is not None and view.lock_files.at >= since)
