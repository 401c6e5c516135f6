"""Who took which address, from the lines of one server's log: bounded, the latest win."""

from __future__ import annotations

from collections.abc import Iterable

from dhcptui.logs.lines import given_out
from dhcptui.model.holders import Holders, summarise
from dhcptui.model.log_line import LogLine
from dhcptui.model.messages import MessageId

MOST_ADDRESSES = 4096
SUMMARY_SECONDS = 5.0


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
        """Take new lines; most of them are looked at for no longer than their id takes."""
        for line in lines:
            if line.message is MessageId.SERVER_STARTING:
                self.before, self._taken = len(self._taken) or self.before, {}
                self.kept = self._wrote[1] if self._wrote and self._wrote[0] == line.pid else None
            elif line.message is MessageId.LEASES_WRITTEN:
                self._wrote = line.pid, int(line.slot("n"))
            elif found := given_out(line):
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
