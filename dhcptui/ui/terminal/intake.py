"""What a terminal sends, bounded before it is parsed.

Textual gives a sequence that it does not know back as keys, one event for each character: a terminal's long answer (a
clipboard, a title, a colour table) that nobody asked for would cost seconds and press every key in it. Answers are
dropped here, and of plain text no more is taken than anybody types. A bracketed paste passes whole.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable

from textual._xterm_parser import XTermParser
from textual.message import Message

LONGEST = 32
"""A sequence of keys, mouse or modes is shorter than this."""
TYPED_A_SECOND = 1000
"""Plain characters: more a second is nobody's typing."""
GAP_SECONDS = 0.5
"""A string that has not gone on for so long has no end: what comes now is typed."""
_STRING_END = re.compile(r"\x1b\\|\x07|\x18|\x1a|\x9c")
_PASTE_END = "\x1b[201~"
_PART = re.compile(
    r"(?P<paste>\x1b\[200~)|(?P<string>\x1b[]P_^X])|(?P<csi>\x1b\[[0-?]*[@-~]?)|(?P<plain>[^\x1b]+)|(?P<other>\x1b)"
)
_CSI_REST = re.compile(r"[0-?]*")


class Intake:
    """Passes on what keys, mouse, modes and pastes send; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._inside = ""
        """ "string", "csi" (too long a one) or "paste": where the last piece ended."""
        self._last = clock()
        self._left = float(TYPED_A_SECOND)

    def take(self, data: str) -> str:
        """What of one piece goes on to the parser; it may be nothing."""
        now = self._clock()
        if self._inside in {"string", "csi"} and now - self._last > GAP_SECONDS:
            self._inside = ""
        self._left = min(TYPED_A_SECOND, self._left + TYPED_A_SECOND * (now - self._last))
        self._last = now
        taken: list[str] = []
        at = 0
        while at < len(data):
            at = self._next(data, at, taken)
        return "".join(taken)

    def _next(self, data: str, at: int, taken: list[str]) -> int:
        """Take one part from `at`; returns where the next one begins."""
        if self._inside == "paste":
            end = data.find(_PASTE_END, at)
            until = len(data) if end < 0 else end + len(_PASTE_END)
            self._inside = "paste" if end < 0 else ""
            taken.append(data[at:until])
            return until
        if self._inside == "string":
            end_of = _STRING_END.search(data, at)
            self._inside = "" if end_of else "string"
            return end_of.end() if end_of else len(data)
        if self._inside == "csi":
            rest = _CSI_REST.match(data, at)
            until = rest.end() if rest else at
            self._inside = "csi" if until == len(data) else ""
            return min(until + 1, len(data))  # its last byte goes with it
        return self._begin(data, at, taken)

    def _begin(self, data: str, at: int, taken: list[str]) -> int:
        part = _PART.match(data, at)
        if part is None:
            return len(data)
        kind, text = part.lastgroup, part[0]
        if kind == "string" and (_STRING_END.search(data, part.end()) or len(data) - at > LONGEST):
            self._inside = "string"  # else it is alt with that letter
        elif kind == "csi" and len(text) > LONGEST:
            self._inside = "" if "@" <= text[-1] <= "~" else "csi"
        elif kind == "plain":
            room = max(0, int(self._left))
            taken.append(text[:room])
            self._left -= min(room, len(text))
        else:
            self._inside = "paste" if kind == "paste" else ""
            taken.append(text)
        return part.end()


class BoundedParser(XTermParser):
    """Textual's parser behind an intake."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._intake = Intake()

    def feed(self, data: str) -> Iterable[Message]:
        """The events of what was sent; an empty text is the end."""
        if not data:
            return super().feed(data)
        taken = self._intake.take(data)
        return super().feed(taken) if taken else ()
