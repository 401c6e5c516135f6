"""The ways of leaving, each done for real. All return the moment (epoch seconds) just before the program could know."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

from tests.leaving.programs import Console, Do, tell

PAUSE_SECONDS = 0.15
"""Between two keys, or two Ctrl-C."""
STOPPED_SECONDS = 1.5
INTERRUPTS = {"SIGINT": 1, "SIGINT twice": 2, "SIGINT three times": 3}
CTRL_C = {*INTERRUPTS, "Ctrl-C twice"}
"""Ways that end with 130 when an action was cut short."""


@dataclass(frozen=True, slots=True)
class Left:
    """When it was left."""

    at: float
    leaves: bool = True
    """False: it was only held for a moment and goes on."""
    at_next_word: bool = False
    """It can only know when it wants to write its next line."""


def leave(program: Console | Do, way: str) -> Left:
    """Leave it."""
    pid = program.desk.program_pid()
    if way == "SIGSTOP and CONT":
        at = time.time()
        tell(pid, (signal.SIGSTOP, signal.SIGCONT), STOPPED_SECONDS)
        return Left(at, leaves=False)
    if way in INTERRUPTS:
        at = time.time()
        tell(pid, [signal.SIGINT] * INTERRUPTS[way], PAUSE_SECONDS)
        return Left(at)
    if (name := way.removeprefix("deaf, ").removeprefix("stalled, ")).startswith("SIG"):
        at = time.time()
        tell(pid, [signal.Signals[name]])
        return Left(at)
    return _leave_console(program, way) if isinstance(program, Console) else _leave_do(program, way)


def _leave_console(program: Console, way: str) -> Left:
    if way.endswith("twice"):
        return _press_twice(program, "q" if "q" in way else "\x03")
    if way == "closed pty":
        return Left(program.terminal.hang_up())
    at = time.time()
    if way == "lost line":
        tell(program.desk.program_pid(), (signal.SIGHUP,))
        program.terminal.hang_up()
        return Left(at)
    if way == "tmux kill-session":
        program.tmux("kill-session", "-t", "night")
    else:
        os.kill(program.terminal.process.pid, signal.SIGKILL)
    return Left(at)


def _press_twice(program: Console, key: str) -> Left:
    """The second one leaves; in a console whose action has just ended the first one may have done so."""
    program.terminal.send(key)
    time.sleep(PAUSE_SECONDS)
    at = time.time()
    program.terminal.send(key)
    return Left(at)


def _leave_do(program: Do, way: str) -> Left:
    if way.startswith("closed pipe"):
        return Left(program.close(both=way != "closed pipe"))
    at = time.time()
    if way == "full disk":
        program.fill_disk()
        return Left(at, at_next_word=True)
    os.kill(program.process.pid, signal.SIGKILL)
    return Left(at)
