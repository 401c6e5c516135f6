"""The thread that writes to the terminal. Frames that come faster than the line takes them are never queued: the newest counts."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from dhcptui.ui.terminal.cell_buffer import CellBuffer, is_frame
from dhcptui.ui.terminal.flow_control import QUERY, FlowControl

SYNC_BEGIN, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
_GOODBYE_SECONDS = 1.0
"""So long is waited for the last answer: else it would be typed into the shell."""


class TerminalWriter:
    """Takes what Textual writes, and writes what is needed to `fd`. `size` tells the terminal's columns and rows."""

    def __init__(self, fd: int, size: Callable[[], tuple[int, int]], *, erases: bool, asks: bool) -> None:
        self._fd, self._size, self._asks = fd, size, asks
        self._sheet = CellBuffer(*size(), erases=erases)
        self._pace = FlowControl()
        self._controls: list[str] = []
        self._synchronised = False
        self._forget = self._leaving = self._ended = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="dhcptui-output", daemon=True)
        self._thread.start()

    def write(self, data: str) -> None:
        """A frame, a mode, a title. Never waits for the terminal."""
        with self._news:
            if data in {SYNC_BEGIN, SYNC_END}:
                self._synchronised = True
            elif is_frame(data):
                if (size := self._size()) != (self._sheet.columns, self._sheet.rows):
                    self._sheet.resize(*size)
                self._sheet.draw(data)
            else:
                self._controls.append(data)
            self._news.notify()

    def forget(self) -> None:
        """The terminal's picture may be gone: all of it is sent again. The lock is one that a signal handler may take again."""
        with self._news:
            self._forget = True
            self._news.notify()

    def probe(self) -> None:
        """Ask how long an empty line takes, and whether the terminal answers at all."""
        with self._news:
            if self._asks:
                self._controls.append(QUERY)
                self._pace.sent(time.monotonic(), 0)
                self._news.notify()

    def touched(self) -> None:
        """A key was pressed."""
        with self._news:
            self._pace.touched(time.monotonic())
            self._news.notify()

    def answered(self) -> None:
        """The terminal has answered the query behind a piece."""
        with self._news:
            self._pace.answered(time.monotonic())
            self._news.notify()

    def leave(self) -> None:
        """No frame goes out any more; the last answer is waited for, not for ever."""
        deadline = time.monotonic() + _GOODBYE_SECONDS
        with self._news:
            self._leaving = True
            while self._pace.waiting and (left := deadline - time.monotonic()) > 0:
                self._news.wait(left)

    def close(self) -> None:
        """Write the last modes and end. A terminal that takes nothing is not waited for."""
        with self._news:
            self._ended = True
            self._news.notify()
        self._thread.join(_GOODBYE_SECONDS)

    def _run(self) -> None:
        while True:
            with self._news:
                while not (data := self._next()) and not self._ended:
                    self._news.wait(self._idle_seconds())
            try:
                _write_all(self._fd, data.encode("utf-8", "replace"))
            except OSError:  # the terminal has gone, and with it everybody who would read
                return
            if not data:
                return

    def _next(self) -> str:
        """What is to be written now."""
        controls, self._controls = "".join(self._controls), []
        if self._forget:
            self._forget = False
            self._sheet.forget()
            self._pace.lost()
        if self._leaving or not self._sheet.behind or time.monotonic() < self._pace.ready_at():
            return controls
        changes = self._sheet.changes(self._pace.window)
        if not changes:
            return controls
        if self._synchronised:
            changes = SYNC_BEGIN + changes + SYNC_END
        if self._asks:
            changes += QUERY
            self._pace.sent(time.monotonic(), len(changes))
        return controls + changes

    def _idle_seconds(self) -> float | None:
        if not self._sheet.behind or self._leaving:
            return None
        return max(0.001, self._pace.ready_at() - time.monotonic())


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
