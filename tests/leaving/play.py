"""One cell, from a healthy pair to a healthy pair."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab
from tests.leaving import judge
from tests.leaving.cells import Cell
from tests.leaving.programs import AuditContext, Console, Do
from tests.leaving.scene import Scene
from tests.leaving.trail import Lateness
from tests.leaving.way_on import Walker, told
from tests.leaving.ways import Left, leave

END_SECONDS = 60.0
"""The longest step: a restart that fails, and the one that undoes it."""


def play(cell: Cell) -> None:
    """Leave it as the cell says, judge what it left, and take the way on that is offered."""
    with Lab(mclt=6, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        scene = Scene(lab, cell)
        scene.prepare()
        broken = _left(lab, scene, cell)
        scene.quick_again()
        broken += _way_on(lab, scene)
        assert not broken, "\n".join([f"{cell}:", *broken])


def _left(lab: Lab, scene: Scene, cell: Cell) -> list[str]:
    """Run the program and leave it; what it broke."""
    desk = AuditContext(lab)
    with ExitStack() as stack:
        lateness = stack.enter_context(Lateness())
        program = Console(desk, cell, stack) if cell.program == "console" else Do(desk, cell, stack)
        program.confirm()
        scene.confirmed()
        program.go()
        desk.trail.until(lambda: desk.trail.find(event="begin"), 40, "the run", program.alive)
        scene.begun()
        desk.trail.reach(cell, program.alive)
        left = leave(program, cell.way)
        healing = scene.left()
        stack.callback(healing.join)
        ended = _wait_end(program, desk, left)
        healing.join()
        scene.half_way = judge.stopped_half_way(cell, desk.trail)
        broken = [] if ended else [f"it has not ended within {END_SECONDS:.0f} s"]
        broken += judge.late_steps(cell, desk.trail, left, lateness)
        broken += judge.whole(cell, desk.trail)
        broken += judge.held_only(desk.trail, left)
        broken += judge.exit_code(cell, desk.trail, program.exit) if ended else []
        broken += judge.complaints(program.said())
        broken += judge.rolled_back(cell, lab, desk.trail, scene.old)
        broken += judge.locks_let_go(lab)
        return [*broken, str(desk.trail), f"it said:\n{program.said()[-1500:]!r}"] if broken else []


def _wait_end(program: Console | Do, desk: AuditContext, left: Left) -> bool:
    """Wait until it has ended; a console that was only held for a moment is left once its action is over."""
    if not left.leaves:
        desk.trail.until(lambda: desk.trail.end, END_SECONDS, "the end of the run", program.alive)
        time.sleep(0.3)
        program.quit()
    return program.wait_left(END_SECONDS)


@contextmanager
def _somebody_else(lab: Lab) -> Iterator[None]:
    """Ben has another home and another audit log: only what lies on the servers tells him."""
    home = lab.dir / "ben"
    home.mkdir()
    names = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "LOGNAME": "ben", "SUDO_USER": "ben"}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def _untold(driver: Driver, scene: Scene) -> list[str]:
    """The next console names what stopped, as long as there is something to do about it."""
    if not scene.half_way:
        return []
    try:
        driver.until(lambda: scene.job.action.value in told(driver) or not scene.to_do(), 15, "what stopped here")
    except AssertionError:
        return [f"the next console does not say what stopped here; it says: {told(driver)}"]
    return []


def _way_on(lab: Lab, scene: Scene) -> list[str]:
    """What the next console says, and where its advice leads; what was broken."""
    with _somebody_else(lab), driving(lab) as driver:
        walker = Walker(driver, scene)
        found: list[str] = []
        try:
            driver.until(lambda: all(view.lock_files for view in driver.engine.snapshot().servers), 20, "the marks")
            found += _untold(driver, scene)
            walker.walk()
        except AssertionError as error:
            found.append(str(error))
        return found
