"""A console of its own process that runs sync-restart and kills itself with -9 when a step is done.

`python -m tests.lab.sync_console CONFIG STEP`: STEP is a word of that step's title.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from dhcptui.act.plan import Progress, StepState
from dhcptui.config.loading import load
from dhcptui.engine.thread import EngineThread
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.driving import Driver


class Mortal(Driver):
    """Dies on the engine's own thread, the moment a step is told as done: no later step can have begun."""

    def __init__(self, engine: EngineThread, title: str) -> None:
        super().__init__(engine)
        self.title = title

    def on_progress(self, progress: Progress) -> None:
        """Die when it is time."""
        for planned, report in zip(progress.plan.steps, progress.steps, strict=True):
            if planned.title == self.title and report.state is StepState.DONE:
                os.kill(os.getpid(), signal.SIGKILL)
        super().on_progress(progress)


def main(config: str, title: str) -> None:
    """Run it; never returns normally."""
    engine = EngineThread(load(Path(config)).pair(None))
    driver = Mortal(engine, title)
    engine.start(driver)
    driver.settled()
    engine.prepare(Action.SYNC_RESTART, Role.PRIMARY)
    driver.until(lambda: driver.plan(Action.SYNC_RESTART, Role.PRIMARY).allowed, 15, "an allowed plan")
    plan = driver.plan(Action.SYNC_RESTART, Role.PRIMARY)
    engine.run(plan, plan.confirm_text)
    time.sleep(120)


if __name__ == "__main__":
    main(*sys.argv[1:])
