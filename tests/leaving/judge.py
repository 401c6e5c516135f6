"""What is promised of every cell, as functions that return what is broken."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from tests.lab.pair import Lab
from tests.leaving.cells import SYNC_BAD, Cell
from tests.leaving.program import LOCK_SECONDS
from tests.leaving.scene import contents
from tests.leaving.trail import Lateness, Trail
from tests.leaving.ways import CTRL_C, Left

STEP_SECONDS = 0.1
"""No step begins later than this after the leaving."""
LATENESS_FACTOR = 3
"""A key or a signal wakes several threads, one after the other: each may wait as long as ours had to."""
COMPLAINTS = re.compile(
    r"Traceback \(most recent|Task was destroyed|exception was never retrieved|Exception ignored in|\[?asyncio\]? (?:ERROR|WARNING)"
    r"|Unhandled exception|a fault of its own|coroutine '.*' was never awaited"
)
_WINDOW_SECONDS = 2.0


def late_steps(cell: Cell, trail: Trail, left: Left, lateness: Lateness) -> list[str]:
    """Steps that began though it had been left."""
    if not left.leaves:
        return []
    told_at = left.at
    if left.at_next_word:
        words = [each["epoch"] for each in trail.find(event="outcome", what="step") if each["epoch"] >= left.at]
        told_at = min(words, default=left.at)
    margin = STEP_SECONDS + LATENESS_FACTOR * lateness.worst(told_at - 0.1, told_at + _WINDOW_SECONDS)
    return [
        f"step {each['step']} ({each['text']}) began {each['epoch'] - told_at:.3f} s after it was left ({cell.way};"
        f" {margin:.3f} s allowed on this machine)"
        for each in trail.find(event="intent", what="step")
        if each["epoch"] > told_at + margin
    ]


def whole(cell: Cell, trail: Trail) -> list[str]:
    """The audit log of one run: lines, begin first, each act after its intent, each step ended, end last."""
    records = trail.look()
    broken = [f"a torn line in the audit log: {each}" for each in trail.torn]
    if not records or records[0]["event"] != "begin":
        return [*broken, "the audit log does not start with a begin"]
    if len(trail.find(event="begin")) > 1:
        broken.append("more than one run is in the audit log")
    records = [each for each in records if each["run"] == records[0]["run"]]  # tidying up is no part of the run
    if cell.way == "SIGKILL":
        return broken
    if trail.end is None:
        return [*broken, "no end in the audit log"]
    if records[-1]["event"] != "end":
        broken.append(f"something was written after the end: {records[-1]}")
    begun = {each["step"] for each in trail.find(event="intent", what="step")}
    over = {each["step"] for each in trail.find(event="outcome", what="step")}
    if begun != over and cell.way != "SIGINT three times":
        broken.append(f"steps {sorted(begun - over)} have no outcome")
    return broken


def lock_files(lab: Lab) -> list[Path]:
    """Where locks would lie."""
    return [server.lib / ".dhcptui-lock" for server in lab.servers.values()]


def held(lab: Lab) -> list[str]:
    """Locks that are not expired."""
    found = []
    for path in lock_files(lab):
        try:
            lock = json.loads(path.read_text())
        except (OSError, ValueError):
            continue
        if lock["expires"] > time.time():
            found.append(f"{path.parent.parent.parent.parent.name}: {lock['action']} ({lock['step']})")
    return found


def locks_let_go(lab: Lab) -> list[str]:
    """Nobody is kept out for longer than the minute of a lock (here a few seconds), and it is never renewed again."""
    deadline = time.monotonic() + LOCK_SECONDS + 2
    while held(lab) and time.monotonic() < deadline:
        time.sleep(0.1)
    return [f"the lock is still held: {each}" for each in held(lab)]


def exit_code(cell: Cell, trail: Trail, code: int | None) -> list[str]:
    """0, 2 or 130; None: it could not be seen."""
    if code is None:
        return []
    wanted = allowed_codes(cell, trail)
    return [] if code in wanted else [f"exit code {code}, not one of {sorted(wanted)}"]


def held_only(trail: Trail, left: Left) -> list[str]:
    """Who was held for a moment has not left: the run goes on to its own end."""
    if left.leaves or trail.end is None or trail.end["outcome"] != "interrupted":
        return []
    return [f"it was held for a moment only, and the run says: {trail.end['text']}"]


def allowed_codes(cell: Cell, trail: Trail) -> set[int]:
    """By how the run ended."""
    if cell.way == "SIGKILL":
        return {-9}
    outcome = trail.end["outcome"] if trail.end else ""
    interrupt = {130} if cell.way in CTRL_C else set()
    if outcome == "verified":
        return {0} | interrupt
    if outcome == "failed":
        return {2} | interrupt | ({0} if cell.program == "console" else set())
    return interrupt or {2}


def complaints(said: str) -> list[str]:
    """What no program should say to whoever used it."""
    return [f"it said: {said[max(0, found.start() - 200) : found.end() + 600]}" for found in COMPLAINTS.finditer(said)][
        :1
    ]


def rolled_back(cell: Cell, lab: Lab, trail: Trail, old: dict[str, bytes]) -> list[str]:
    """A restart that fails on the new files is rolled back by its own step, also when it was left in its midst."""
    if cell.job is not SYNC_BAD or cell.way in {"SIGKILL", "SIGINT three times"}:
        return []
    if not trail.find(event="intent", what="step", step=cell.job.steps):
        return []
    broken = []
    if contents(lab.secondary) != old:
        broken.append("the files that dhcpd refused are still there")
    if not lab.secondary.is_running():
        broken.append("dhcp2 is down: the restart that failed was not rolled back")
    if lab.states() != {"primary": "normal", "secondary": "normal"}:
        broken.append(f"after the roll-back the pair reads {lab.states()}")
    return broken


def stopped_half_way(cell: Cell, trail: Trail) -> bool:
    """Whether the next console has something to tell: a run that was cut short after it had begun."""
    if trail.end is not None:
        done = trail.find(event="outcome", what="step", ok=True)
        return trail.end["outcome"] == "interrupted" and bool(done)
    return bool(trail.find(event="intent", what="act"))
