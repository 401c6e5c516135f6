"""A moment of the story, held for the screen: what the engine told then is told again, on a clock that stands still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dhcptui.act.actions import make_plan
from dhcptui.act.plan import Plan
from dhcptui.engine.api import Drill, Listener
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.model.sentence import Sentence
from dhcptui.practice.scenarios import SCENARIOS
from tests.ui.feed import FakeClock, ScriptedConsole
from tools.pictures.story import Take


class Still(ScriptedConsole):
    """The `Console` of one take. Plans are made and ruled as the engine does it."""

    def __init__(self, take: Take) -> None:
        super().__init__(take.snapshot, FakeClock(take.wall), comparison=take.comparison)
        self._take = take

    def start(self, listener: Listener) -> None:
        """Tell everything at once."""
        super().start(listener)
        listener.on_snapshot(self._take.snapshot)
        for role, lines in self._take.logs.items():
            listener.on_log(role, lines)
        for entry in self._take.audit:
            listener.on_audit(entry)

    def plan(self, action: Action, acting: Role, variant: str = "") -> Plan:
        """On the take's snapshot."""
        comparison = self._take.comparison
        return make_plan(
            action, acting, self._take.settings, self.current, self.clock(), comparison=comparison, variant=variant
        )

    def run(self, plan: Plan, typed: str, sentence: str = "") -> None:
        """What came of it when it was run."""
        super().run(plan, typed, sentence)
        if self.listener is not None and self._take.progress is not None:
            self.listener.on_progress(replace(self._take.progress, plan=plan))


class StillDrills:
    """The drills, one of them just over."""

    def __init__(self, take: Take) -> None:
        self._review = take.review

    def list(self) -> Sequence[Drill]:
        """Every drill there is."""
        return [Drill(each.name, each.title) for each in SCENARIOS]

    def begin(self, name: str) -> None:
        """Nothing happens in a picture."""

    def running(self) -> str | None:
        """None is."""
        return None

    def explain(self) -> Sentence:
        """As the last review has it."""
        return self._review[1] if self._review else ()

    def review(self) -> Sequence[Sentence]:
        """Of the drill that was played."""
        return self._review

    def end(self) -> None:
        """It has ended."""

    def state(self) -> str:
        """As the real ones say it."""
        return f"drill over: {str(self._review[0][0]).partition(':')[0]}" if self._review else ""
