"""The engine on the real pair, as the console drives it, with everything it told kept for the test to judge."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dhcptui.act.plan import Outcome, Plan, Progress
from dhcptui.assess.peers import peers_read
from dhcptui.assess.verdict import derive
from dhcptui.assess.visibility import assess
from dhcptui.config.loading import load
from dhcptui.engine.pair_console import PairConsole
from dhcptui.engine.thread import EngineThread
from dhcptui.model.action import Action
from dhcptui.model.audit import AuditEntry
from dhcptui.model.log_line import LogLine
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.watch.clocks import moment
from tests.lab.net import namespace, thread_in
from tests.lab.pair import Lab


class Driver:
    """A listener that remembers, and hands for an engine."""

    def __init__(self, engine: PairConsole) -> None:
        self.engine = engine
        self.snapshots: list[tuple[float, PairSnapshot]] = []
        self.logs: dict[Role, list[LogLine]] = {Role.PRIMARY: [], Role.SECONDARY: []}
        self.progress: list[tuple[float, Progress]] = []
        self._change = threading.Condition()

    def on_snapshot(self, snapshot: PairSnapshot) -> None:
        """Remember."""
        with self._change:
            self.snapshots.append((time.monotonic(), snapshot))
            self._change.notify_all()

    def on_log(self, role: Role, lines: Sequence[LogLine]) -> None:
        """Remember."""
        with self._change:
            self.logs[role].extend(lines)
            self._change.notify_all()

    def on_audit(self, entry: AuditEntry) -> None:
        """Not shown yet."""

    def on_progress(self, progress: Progress) -> None:
        """Remember."""
        with self._change:
            self.progress.append((time.monotonic(), progress))
            self._change.notify_all()

    def until(self, holds: Callable[[], bool], timeout: float, what: str) -> float:
        """Wait for the engine to know something; returns the seconds it took. Fails the test with `what`."""
        began = time.monotonic()
        with self._change:
            while not holds():
                left = began + timeout - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"not within {timeout} s: {what}; last known: {self.words()}")
                self._change.wait(min(left, 0.1))
        return time.monotonic() - began

    def word(self, role: Role) -> str:
        """The state a server reads now, or its standing in words."""
        each = assess(self.engine.snapshot()[role], moment())
        return each.state.word if each.state else each.visibility.value

    @staticmethod
    def now() -> Moment:
        """Now, by the console's clocks."""
        return moment()

    def words(self) -> tuple[str, str]:
        """Primary, secondary."""
        return self.word(Role.PRIMARY), self.word(Role.SECONDARY)

    def until_words(self, primary: str, secondary: str, timeout: float = 30) -> float:
        """Wait until both servers read so."""
        return self.until(lambda: self.words() == (primary, secondary), timeout, f"{primary} / {secondary}")

    def settled(self, timeout: float = 30) -> None:
        """Both normal, and everything read that guards ask for."""
        self.until_words("normal", "normal", timeout)
        self.until(
            lambda: all(
                view.process
                and view.clock
                and view.ssh.ok
                and (view.other_peers is not None or view.configuration_note)
                and peers_read(view, 0.0)
                for view in self.engine.snapshot().servers
            ),
            10,
            "clock, process table and configuration of both servers",
        )

    def headline(self) -> str:
        """The verdict's sentence now."""
        return derive(self.engine.snapshot(), moment()).headline

    def plan(self, action: Action, acting: Role) -> Plan:
        """A plan on what is known now."""
        return self.engine.plan(action, acting)

    def until_read(self, action: Action, acting: Role, timeout: float = 10) -> None:
        """Wait until no evidence is only "not read yet"; what stays unread is the plan's to tell."""
        with self._change:
            self._change.wait_for(lambda: not self.plan(action, acting).ruling.pending, timeout)

    def run(
        self, action: Action, acting: Role, typed: str | None = None, timeout: float = 60, sentence: str = ""
    ) -> Progress:
        """Confirm and run an action to its end; what has only not been read yet is waited for, as the prompt does."""
        self.until_read(action, acting)
        plan = self.plan(action, acting)
        self.progress.clear()
        self.engine.run(plan, plan.confirm_text if typed is None else typed, sentence)
        self.until(
            lambda: bool(self.progress) and self.progress[-1][1].outcome is not Outcome.RUNNING, timeout, action.value
        )
        return self.progress[-1][1]


@contextmanager
def driving(lab: Lab, place: str = "op", **overrides: Any) -> Iterator[Driver]:
    """An engine in the operator's namespace, or on the network of a server ("primary")."""
    settings = load(lab.write_config(**overrides)).pair(None)
    with thread_in(namespace(lab.name, place)):
        engine = EngineThread(settings)
        driver = Driver(engine)
        engine.start(driver)
        try:
            yield driver
        finally:
            engine.stop()
    if engine.failure is not None:
        raise engine.failure
