"""Which lines of the logs are shown, and which of them tell of a problem."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from dhcptui.assess.incidents.catalogue import Weight
from dhcptui.assess.incidents.explanation import explain
from dhcptui.logs.mixed import of_dhcpd
from dhcptui.logs.view import Match, client, client_words, containing, problems, transitions
from dhcptui.model.log_line import LogLine
from dhcptui.model.sanitize import clean


def trouble(line: LogLine) -> bool:
    """Whether a line is a warning or worse, or tells of a state that deserves one."""
    return problems(line) or (transitions(line) and (explain(line).weight or 0) >= Weight.WARNING)


class Kinds(Enum):
    """What `f` goes through; the value is what the border says."""

    ALL = ""
    TRANSITIONS = "state changes"
    PROBLEMS = "warnings and worse"


_NEXT = dict(zip(Kinds, [*list(Kinds)[1:], Kinds.ALL], strict=True))
_KINDS: dict[Kinds, Match] = {Kinds.TRANSITIONS: transitions, Kinds.PROBLEMS: trouble}


@dataclass(frozen=True, slots=True)
class LogFilter:
    """A line is shown when it is of these kinds and names this client, or has this text in it."""

    kinds: Kinds = Kinds.ALL
    only: str = ""
    """A MAC or IPv4 address in any spelling, or a text, in the lines of all programs; empty: everything."""
    others: bool = False
    """Lines of other programs too, that say nothing of dhcpd."""

    @property
    def words(self) -> str:
        """For the border: "state changes, only 10.0.0.7"; empty where everything is shown."""
        only = clean(client_words(self.only) or self.only, 40)
        others = "all programs" if self.others else ""
        return ", ".join(part for part in (self.kinds.value, f"only {only}" if only else "", others) if part)

    def next_kinds(self) -> LogFilter:
        """The same with the next kinds."""
        return replace(self, kinds=_NEXT[self.kinds])

    def next_others(self) -> LogFilter:
        """The same with the lines of other programs, or without."""
        return replace(self, others=not self.others)

    def match(self) -> Match:
        """The test of a line. Made once, it is cheap for many."""
        kinds = _KINDS.get(self.kinds)
        only = (client(self.only) or containing(self.only)) if self.only else None
        if kinds is None or only is None:
            return kinds or only or (_every if self.others else of_dhcpd)
        return lambda line: kinds(line) and only(line)


def _every(_: LogLine) -> bool:
    return True


EVERYTHING = LogFilter()
"""Of dhcpd: in a log that all programs share, its own lines and those that explain them."""
