"""The real program in a pseudo-terminal: keys in, screen out, bytes counted. The screen is read with pyte."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import pyte

ENTER, ESC, TAB, BACKSPACE = "\r", "\x1b", "\t", "\x7f"


class _Screen(pyte.Screen):
    """Answers what it is asked, as terminals do."""

    answer: Callable[[str], None] | None = None

    def write_process_input(self, data: str) -> None:
        """An answer, for the program to read."""
        if self.answer is not None:
            self.answer(data)


class Terminal:
    """One program in a terminal of its own. Use it with `with`; it is killed at the end if it still runs."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        env: Mapping[str, str] | None = None,
        term: str = "xterm-256color",
        answers: bool = True,
    ) -> None:
        self._reading = threading.Event()
        self._reading.set()
        self._gone = False
        self._rate = 0
        self._screen = _Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._change = threading.Condition()
        self.received = bytearray()
        """Every byte the program wrote."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        # COLUMNS and LINES would overrule the size of this terminal.
        environment = {**os.environ, "TERM": term, "LC_ALL": "C.UTF-8", **(env or {})}
        environment = {name: value for name, value in environment.items() if name not in {"COLUMNS", "LINES"}}
        self.process = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True, close_fds=True
        )
        os.close(slave)
        self._master = master
        if answers:
            self._screen.answer = self.send
        self._waking, self._wake = os.pipe()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.hang_up()
        if exc is not None:
            print(self.text())

    def _read(self) -> None:
        while True:
            self._reading.wait()
            if self._gone:
                return
            ready, _, _ = select.select([self._master, self._waking], [], [], 0.5)
            if self._waking in ready:  # the terminal goes
                return
            if self._master not in ready:
                if self.process.poll() is not None:
                    return
                continue
            if not self._reading.is_set():
                continue
            try:
                data = os.read(self._master, max(1, self._rate // 20) if self._rate else 65536)
            except OSError:
                return
            if not data:
                return
            with self._change:
                self.received += data
                self._stream.feed(data)
                self._change.notify_all()
            if self._rate:
                time.sleep(len(data) / self._rate)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Read nothing while the block runs: a link that hangs, a terminal stopped with ^S."""
        self._reading.clear()
        time.sleep(0.6)
        try:
            yield
        finally:
            self._reading.set()

    @contextmanager
    def throttled(self, bytes_per_second: int) -> Iterator[None]:
        """Read no faster than this while the block runs: a modem, a bad mobile link."""
        self._rate = bytes_per_second
        try:
            yield
        finally:
            self._rate = 0

    def answer_no_more(self) -> None:
        """From now on it only reads: a line that is lost brings no answer back, long before anybody is told so."""
        self._screen.answer = None

    def unread(self) -> int:
        """Bytes that wait for a terminal that does not read."""
        return int(struct.unpack("i", fcntl.ioctl(self._master, termios.FIONREAD, b"\0\0\0\0"))[0])

    def cooked(self) -> bool:
        """Whether the terminal hands over lines, as a shell leaves it; a full-screen program takes single keys."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ICANON)

    def resize(self, columns: int, rows: int) -> None:
        """Another size; the program is told, and paints everything."""
        with self._change:
            self._screen.resize(rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.killpg(self.process.pid, signal.SIGWINCH)

    def hang_up(self) -> float:
        """Close our end: the program's terminal is gone. Returns the moment (epoch seconds) just before."""
        self._gone = self.process.poll() is None  # what a program that has ended left behind is still read
        self._reading.set()
        if self._gone and self._master >= 0:
            os.write(self._wake, b"!")
        self._reader.join(5)
        at = time.time()
        if self._master >= 0:
            for each in (self._master, self._waking, self._wake):
                os.close(each)
            self._master = -1
        return at

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def lines(self) -> list[str]:
        """The screen, a string a row."""
        with self._change:
            return [line.rstrip() for line in self._screen.display]

    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines())

    def shows(self, pattern: str) -> bool:
        """Whether the screen matches a regular expression (rows are joined by newlines)."""
        return re.search(pattern, self.text()) is not None

    def until(self, pattern: str | Callable[[], bool], timeout: float = 10) -> float:
        """Wait for the screen to match; returns the seconds it took. Fails with the screen."""
        began = time.monotonic()
        holds = pattern if callable(pattern) else lambda: self.shows(pattern)
        while not holds():
            left = began + timeout - time.monotonic()
            if left <= 0 or (self.process.poll() is not None and not holds()):
                raise AssertionError(f"not on screen within {timeout} s: {pattern!r}\n{self.text()}")
            with self._change:
                self._change.wait(min(left, 0.02))
        return time.monotonic() - began

    def exit_code(self, timeout: float = 10) -> int:
        """Wait for the program to end."""
        return self.process.wait(timeout)
