"""Ben, on another machine: what his console says of the run that stopped, and whether following it leads out."""

from __future__ import annotations

import re
import time

from dhcptui.act.plan import Outcome, Plan, Progress
from dhcptui.assess.verdict import derive
from dhcptui.model.action import Action
from dhcptui.model.commands import key_of
from dhcptui.model.role import Role
from dhcptui.model.sentence import in_keys
from dhcptui.watch.clocks import moment
from tests.lab.driving import Driver
from tests.leaving.cells import SYNC, SYNC_BAD
from tests.leaving.scene import RECORD, Scene, contents

STANDS_SECONDS = 0.7
"""An advice is followed once it has stood for so long."""
WAY_ON_SECONDS = 120.0
_BY_HAND = re.compile(r"(?:[Rr]estart|[Ss]tart) (dhcp\d)(?:'s dhcpd| again)")


def told(driver: Driver) -> str:
    """What this console says of an action that stopped half-way: on the pair, or in the notices on the servers."""
    said = [derive(driver.engine.snapshot(), moment()).headline, derive(driver.engine.snapshot(), moment()).advice]
    run = driver.engine.interrupted()
    if run is not None:
        said.append(f"{run.action} on {run.acting} stopped after step {run.step} of {run.steps}")
    for view in driver.engine.snapshot().servers:
        lock = view.lock_files.value.lock if view.lock_files else None
        if lock is not None:
            said.append(f"{lock.action} by {lock.owner}: {lock.step}")
    return "\n".join(said)


class Walker:
    """Does what is advised, until both servers are normal and nothing of the run is left to do."""

    def __init__(self, driver: Driver, scene: Scene) -> None:
        self.driver, self.scene, self.engine = driver, scene, driver.engine
        self.story: list[str] = []
        self._seen: tuple[object, float] = (None, 0.0)
        self._began = time.monotonic()
        self._resolved = False

    def walk(self) -> None:
        """The whole way. Fails with its story."""
        deadline = self._began + WAY_ON_SECONDS
        while not self._arrived():
            assert time.monotonic() < deadline, f"no way on within {WAY_ON_SECONDS:.0f} s{self}"
            if (plan := self._plan()) is not None:
                self._run(plan)
            time.sleep(0.1)

    def _note(self, what: str) -> None:
        if not self.story or not self.story[-1].endswith(what):
            self.story.append(f"{time.monotonic() - self._began:6.1f} s  {what}")

    def _both_normal(self) -> bool:
        return self.driver.words() == ("normal", "normal")

    def _rest(self) -> bool:
        """Whether a sync-restart left something to resume or roll back."""
        if self.scene.job not in {SYNC, SYNC_BAD} or self._resolved:
            return False
        run = self.engine.interrupted()
        record = (self.scene.lab.secondary.etc / RECORD).exists()
        return record or (run is not None and run.action == Action.SYNC_RESTART.value)

    def _arrived(self) -> bool:
        return self._both_normal() and not self._rest()

    def _plan(self) -> Plan | None:
        """What is advised, once it has stood for a moment; a sync-restart whose rest is offered when both are normal."""
        verdict = derive(self.engine.snapshot(), moment())
        self._note(f"{'/'.join(self.driver.words())}: {verdict.headline} | {verdict.advice}")
        if verdict.advised != self._seen[0]:
            self._seen = verdict.advised, time.monotonic()
        if time.monotonic() - self._seen[1] < STANDS_SECONDS:
            return None
        if self._both_normal():
            return self._sync_plan() if self._rest() else None
        action = next((part for part in verdict.advised if isinstance(part, Action)), None)
        if action is Action.SYNC_RESTART:
            return self._sync_plan()
        if action is None:
            self._by_hand(verdict.advice)
            return None
        plans = [self.engine.plan(action, role) for role in Role]
        return next((plan for plan in plans if plan.allowed and "is off" not in plan.ruling.sentence), None)

    def _by_hand(self, advice: str) -> None:
        """What is advised and no key does: somebody logs in and restarts dhcpd."""
        if (found := _BY_HAND.search(advice)) is not None:
            self._note(f"restarted {found[1]} by hand")
            self.scene.lab.servers["primary" if found[1] == "dhcp1" else "secondary"].start()
            self._seen = (None, 0.0)

    def _sync_plan(self) -> Plan | None:
        """Resume or roll back, as this cell wants it; the other one where that is refused."""
        self.engine.prepare(Action.SYNC_RESTART, Role.PRIMARY)
        both = ("rollback", "") if self.scene.cell.roll_back or self.scene.job is SYNC_BAD else ("", "rollback")

        def plans() -> list[Plan]:
            return [self.engine.plan(Action.SYNC_RESTART, Role.PRIMARY, variant) for variant in both]

        self.driver.until(lambda: not any(self._comparing(plan) for plan in plans()), 30, "a comparison")
        for plan in plans():
            if plan.allowed:
                return plan
            self._note(f"sync-restart {plan.variant or 'again'} refused: {'; '.join(plan.ruling.reasons)}")
        return None

    @staticmethod
    def _comparing(plan: Plan) -> bool:
        return any("being compared" in reason for reason in plan.ruling.reasons)

    def _run(self, plan: Plan) -> None:
        self.driver.progress.clear()
        self.engine.run(plan, plan.confirm_text, plan.ruling.sentence)
        self.driver.until(self._over, WAY_ON_SECONDS, f"{plan.action.value} of the way on{self}")
        progress = self.driver.progress[-1][1]
        self._note(
            f"{plan.action.value} {plan.variant}: {progress.outcome.value}: {progress.result} {in_keys(progress.next, key_of)}"
        )
        self._seen = (None, 0.0)
        self._judge(plan, progress)

    def _over(self) -> bool:
        return bool(self.driver.progress) and self.driver.progress[-1][1].outcome is not Outcome.RUNNING

    def _judge(self, plan: Plan, progress: Progress) -> None:
        """After a sync-restart the files are as its result says."""
        if plan.action is not Action.SYNC_RESTART or progress.outcome in {Outcome.REFUSED, Outcome.INTERRUPTED}:
            return
        here, there = contents(self.scene.lab.primary), contents(self.scene.lab.secondary)
        if self.scene.job is SYNC_BAD or plan.variant == "rollback":
            assert there == self.scene.old, f"the old directory is not back{self}"
            self._resolved = True
        elif progress.outcome is Outcome.VERIFIED:
            assert here == there, f"resumed, and the directories differ{self}"

    def __str__(self) -> str:
        """For a failing test."""
        return "\nthe way on:\n" + "\n".join(f"  {line}" for line in self.story)
