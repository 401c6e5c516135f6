"""Textual's driver for Linux and macOS, with an output of our own behind it."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any

from textual import events
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from dhcptui.ui.terminal.intake import BoundedParser
from dhcptui.ui.terminal.writer import TerminalWriter

_NO_ERASE = ("screen", "vt", "dumb", "ansi", "cygwin", "sun")
"""Beginnings of TERM whose terminals may erase with their own background rather than the present one."""
_CLEAR = "\x1b[m\x1b[H\x1b[2J"


def erases_with_background(term: str) -> bool:
    """Whether a terminal of this TERM fills with the present background where it erases (bce)."""
    return bool(term) and not term.startswith(_NO_ERASE)


class TerminalDriver(LinuxDriver):
    """Writes only what changes, in pieces that the line takes; input and modes are Textual's."""

    _pump: TerminalWriter | None = None

    def write(self, data: str) -> None:
        """Hand over to the pump; never blocks."""
        if self._pump is not None:
            self._pump.write(data)

    def start_application_mode(self) -> None:
        """Take the terminal."""
        if self._pump is None:
            self._pump = TerminalWriter(
                self._file.fileno() if self._file else 2,
                self._get_terminal_size,
                erases=erases_with_background(os.environ.get("TERM", "")),
                asks=self.input_tty,
            )
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.write(_CLEAR)  # without an alternate screen (GNU screen) what the shell had written still stands there
        self._pump.probe()
        resized = signal.getsignal(signal.SIGWINCH)

        def forget_first(number: int, frame: FrameType | None) -> None:
            self.redraw()
            if callable(resized):
                resized(number, frame)

        signal.signal(signal.SIGWINCH, forget_first)

    def run_input_thread(self) -> None:
        """Read the terminal, with a bound on what it may say at once."""
        linux_driver.XTermParser = BoundedParser  # type: ignore[attr-defined]  # the driver makes its parser itself
        super().run_input_thread()

    def redraw(self) -> None:
        """What stands in the terminal may be damaged: send all of it with the next frame."""
        if self._pump is not None:
            self._pump.forget()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        if self._pump is not None:
            self._pump.leave()
        super().stop_application_mode()

    def close(self) -> None:
        """End the threads."""
        super().close()
        if self._pump is not None:
            self._pump.close()
            self._pump = None

    def process_message(self, message: Message) -> None:
        """Answers to our own queries go no further."""
        if self._pump is not None:
            if isinstance(message, events.CursorPosition):
                self._pump.answered()
                return
            self._pump.touched()
        super().process_message(message)

    def _sigcont_application(self, *args: Any) -> None:
        """After Ctrl-Z as Textual does it; after a SIGSTOP, which nobody announces, take the terminal anew."""
        if self._must_signal_resume or not self._auto_restart:
            super()._sigcont_application(*args)
            return
        before = self.attrs_before
        self.disable_input()
        super().close()
        self.start_application_mode()
        self.attrs_before = before
        self.redraw()
