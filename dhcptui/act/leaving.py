"""Leaving: how the engine learns of it by itself, from a signal, a lost terminal or a lost reader.

Nothing here waits for a screen, a terminal or a lock: a signal handler may call it at any moment, and the runner asks
before each step. Between the wish and the answer there is one attribute.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TextIO

SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGINT)
ABANDONED_BY = 3
"""So many Ctrl-C end a step in its midst; the first one only ends the run behind it, the second one asks."""
CTRL_C = "Ctrl-C"
READER_GONE = "nobody reads the output any more"
_REASONS = {
    signal.SIGHUP: "hang-up",
    signal.SIGTERM: "SIGTERM",
    signal.SIGQUIT: "SIGQUIT",
    signal.SIGINT: CTRL_C,
}


class Departure:
    """The wish to leave. Every method may be called from any thread and from a signal handler, any number of times."""

    def __init__(self) -> None:
        self.reason = ""
        """Why no further step begins; empty while nobody wants to leave. The first reason stays."""
        self.interrupts = 0
        """How many times Ctrl-C came."""

    def leave(self, reason: str) -> None:
        """No further step begins."""
        self.reason = self.reason or reason

    def interrupt(self) -> None:
        """Ctrl-C was pressed."""
        self.interrupts += 1
        self.leave(CTRL_C)

    def signalled(self, number: int) -> None:
        """One of SIGNALS came."""
        if number == signal.SIGINT:
            self.interrupt()
        else:
            self.leave(_REASONS[signal.Signals(number)])

    @property
    def abandoned(self) -> bool:
        """Whether not even the end of the step under way is waited for."""
        return self.interrupts >= ABANDONED_BY


def left_code(departure: Departure) -> int:
    """The exit code of a program that was left before its end: 130 for Ctrl-C, else 2."""
    return 130 if departure.reason == CTRL_C else 2


class Output:
    """Lines for a reader who may go at any time. The first one that cannot be written calls `lost`; nothing is raised."""

    def __init__(self, file: TextIO | None, lost: Callable[[], None] = lambda: None) -> None:
        self._file, self._lost = file, lost

    def line(self, text: str) -> None:
        """Write a line at once, or drop it."""
        if self._file is None:  # closed before we were started
            return
        try:
            self._file.write(f"{text}\n")
            self._file.flush()
        except (OSError, ValueError):
            silence(self._file)
            self._file = None
            self._lost()


def silence(file: TextIO) -> None:
    """What is still in the buffer of a file that cannot be written goes nowhere: Python flushes it once more at its end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, file.fileno())
        os.close(nowhere)
    with suppress(OSError, ValueError):
        file.flush()


@contextmanager
def on_signals(tell: Callable[[int], None], *, last: bool = False) -> Iterator[None]:
    """Call `told` with the number of each signal that wants us to end, while the block runs. On the main thread only.

    A signal that was ignored when we were started (nohup, a job in the background) stays ignored. `last`: nothing but
    the end of the program follows the block, and no signal may change that end any more.
    """

    def handler(number: int, _frame: FrameType | None) -> None:
        tell(number)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, old in before.items():
        if old is not signal.SIG_IGN:
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, signal.SIG_IGN if last else signal.SIG_DFL if old is None else old)


def when_gone(fd: int, tell: Callable[[], None]) -> None:
    """Call `told`, on a thread of its own, once nobody is left at the other end of `fd`: a terminal, a pipe, a socket.

    A file has no other end, and is never reported; nor is what was closed before we were started.
    """
    if hasattr(select, "poll"):
        with suppress(OSError):
            watched = os.dup(fd)  # the number may be given to another file when we leave
            threading.Thread(target=_watch, args=(watched, tell), name="dhcptui-lifeline", daemon=True).start()


def _watch(watched: int, tell: Callable[[], None]) -> None:
    poll = select.poll()
    poll.register(watched, 0)  # an end of the other side is reported whether asked for or not
    while not any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll()):
        pass
    os.close(watched)
    tell()
