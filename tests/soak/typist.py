"""An operator at the real program in a pseudo-terminal: presses capitals, types what the prompt asks for, is killed."""

from __future__ import annotations

import os
import random
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState
from dhcptui.watch.clocks import mono
from tests.soak.history import NOT_RUNNING, History, LockRequest
from tests.soak.operators import FAULT
from tests.terminal import ENTER, ESC, Terminal

SCREEN_SECONDS = 10.0
"""What a console takes for the present may be six seconds old on the worst link, and a frame late on a busy machine."""
SIGHTING_SECONDS = 6.0
"""What the process table told counts for so long."""
COLUMNS = 120
WORDS = {state.word for state in FailoverState}
_CAPTION = re.compile(r"dhcp1 . primary")
_STATE = re.compile(r"^│\s*(?:\S+|~|<|\*) ([a-z-]+)(?: {2,}|,|│|$)")
_TYPE = re.compile(r"(?:Type|Type:|type:) (\S.*?)(?: {2,}| and press|│|$)", re.MULTILINE)
EMPTY = "\x15"
"""Deletes what stands in a field."""
_PYTHON = "Traceback (most recent call last)"


def said(lines: list[str], at: float) -> Iterator[LockRequest]:
    """What the two panels of a screen say, as claims: a state is said to be so now."""
    row = next((index for index, line in enumerate(lines) if _CAPTION.search(line)), None)
    if row is None or row + 1 >= len(lines):
        return
    line = lines[row + 1].ljust(COLUMNS)
    for role, half in zip(Role, (line[: COLUMNS // 2], line[COLUMNS // 2 :]), strict=True):
        found = _STATE.search(half)
        if found is not None and found[1] in WORDS:
            yield LockRequest(at, at - SCREEN_SECONDS, role, "screen", found[1], True)
        elif NOT_RUNNING in half:
            yield LockRequest(at, at - SCREEN_SECONDS - SIGHTING_SECONDS, role, "screen", NOT_RUNNING, True)


class Typist:
    """Sits at the real program until told to stop."""

    def __init__(self, config: Path, history: History, chance: random.Random, tally: Counter[str]) -> None:
        self._argv = [sys.executable, "-m", "dhcptui", "--config", str(config)]
        self._history, self.chance, self._tally = history, chance, tally
        self.broken: list[str] = []

    def run(self, stopped: threading.Event) -> None:
        """Open the console again and again."""
        while not stopped.is_set():
            with Terminal(self._argv, columns=COLUMNS, rows=40) as terminal:
                self._tally["screen: opened"] += 1
                self._sit(terminal, stopped)
                if FAULT.search(terminal.received.decode("utf-8", "replace")):
                    self.broken.append(f"a fault of the console on the screen:\n{terminal.text()}")
                if _PYTHON in terminal.received.decode("utf-8", "replace"):
                    self.broken.append(f"a traceback on the screen:\n{terminal.text()}")

    def _sit(self, terminal: Terminal, stopped: threading.Event) -> None:
        while not stopped.wait(self.chance.uniform(0.15, 0.4)):
            if terminal.process.poll() is not None:
                self.broken.append(f"the console ended by itself ({terminal.process.returncode}):\n{terminal.text()}")
                return
            lines, at = terminal.lines(), mono()
            if terminal.process.poll() is None:
                told = list(said(lines, at))
                self._tally["screen: states read"] += len(told)
                self._history.claims.extend(told)
            if self._press(terminal, "\n".join(lines)):
                return

    def _press(self, terminal: Terminal, text: str) -> bool:
        """One thing; True when the program was killed for it."""
        wanted = _TYPE.search(text)
        number = self.chance.random()
        if number < 0.004:
            return self._kill(terminal)
        if wanted is not None and number < 0.75:
            right = self.chance.random() < 0.8
            terminal.send(EMPTY)
            time.sleep(0.1)
            terminal.send((wanted[1] if right else "no-such-name") + ENTER)
            self._tally["screen: confirmed" if right else "screen: wrong name typed"] += 1
            return self.chance.random() < 0.1 and not self._later(terminal)
        if re.search(r"1 dhcp1\s+2 dhcp2", text):
            terminal.send(self.chance.choice("12"))
        elif number > (0.2 if "esc leave" in text else 0.9):
            terminal.send(ESC)
        else:
            terminal.send(self.chance.choice("PSHUXR"))
        return False

    def _later(self, terminal: Terminal) -> bool:
        """Killed in the midst of what was confirmed."""
        time.sleep(self.chance.uniform(0.05, 1.5))
        return not self._kill(terminal)

    def _kill(self, terminal: Terminal) -> bool:
        self._history.killed.add(terminal.process.pid)
        if terminal.process.poll() is None:
            os.killpg(terminal.process.pid, signal.SIGKILL)
        self._tally["screen: killed"] += 1
        return True
