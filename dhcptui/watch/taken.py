"""Who took which address, from the lines of one server's log: bounded, the latest win."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dhcptui.logs.lexicon import LineKind
from dhcptui.logs.lines import LogLine
from dhcptui.model.holders import Holders, given_out, summarise

MOST_ADDRESSES = 4096
STARTED = "Server starting service."
SUMMARY_SECONDS = 5.0
_WROTE = re.compile(r"Wrote (\d+) leases to leases file\.")


class Taken:
    """Address -> hardware address."""

    def __init__(self) -> None:
        self._taken: dict[str, str] = {}
        self._due = 0.0
        self.before = 0
        """How many addresses were given out before the last start that these lines tell of."""
        self.kept: int | None = None
        """How many leases were in the lease file at that start."""
        self._wrote: tuple[int | None, int] | None = None

    def add(self, lines: Iterable[LogLine]) -> None:
        """Take new lines; most of them are looked at for no longer than their kind takes."""
        for line in lines:
            if line.text == STARTED:
                self.before, self._taken = len(self._taken) or self.before, {}
                self.kept = self._wrote[1] if self._wrote and self._wrote[0] == line.pid else None
            elif line.kind is LineKind.ROUTINE and (wrote := _WROTE.fullmatch(line.text)):
                self._wrote = line.pid, int(wrote[1])
            elif line.kind is LineKind.CLIENT and (found := given_out(line.text)):
                address, hardware = found
                self._taken.pop(address, None)
                self._taken[address] = hardware
                if len(self._taken) > MOST_ADDRESSES:
                    del self._taken[next(iter(self._taken))]

    def due(self, now: float) -> bool:
        """Whether it is time for a summary (mono seconds); one that is asked for counts as made."""
        if now < self._due:
            return False
        self._due = now + SUMMARY_SECONDS
        return True

    @property
    def holders(self) -> Holders | None:
        """The summary."""
        return summarise(self._taken)
