"""Findings for a reader: equal ones as one, those that the configuration silences counted apart. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dhcptui.conf.lint.findings import Finding

PLACES = 3
"""As many places of a group are named."""
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one rule on one server that differ in their place, and in numbers and addresses, only."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The one that stands for all."""
        return self.findings[0]

    @property
    def place(self) -> str:
        """`FILE:LINE`, of a few; empty where it stands in no file."""
        named: list[str] = []
        file = ""
        for each in self.findings[:PLACES]:
            if each.file:
                where = f"{each.line}" if each.file == file else f"{each.file}:{each.line}"
                named.append(where if each.line else each.file)
                file = each.file
        more = len(self.findings) - PLACES
        words = ", ".join(dict.fromkeys(named))
        return f"{words} and {more} more" if more > 0 and words else words

    @property
    def sentence(self) -> str:
        """What is wrong; how often, where it is not the same everywhere."""
        same = len({each.sentence for each in self.findings}) == 1
        return self.first.sentence if same else f"{self.first.sentence} (and {len(self.findings) - 1} like it)"


def grouped(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Each group at the place of its first finding."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for each in findings:
        groups.setdefault((each.id, each.role, _NUMBERS.sub("#", each.sentence)), []).append(each)
    return tuple(Group(tuple(each)) for each in groups.values())


@dataclass(frozen=True, slots=True)
class Silenced:
    """A rule that the configuration silences. `count`: what it found; `refused`: how much of it was told all the same."""

    id: str
    reason: str
    count: int
    refused: int = 0


def without_silenced(
    findings: Sequence[Finding], silence: Mapping[str, str]
) -> tuple[tuple[Finding, ...], tuple[Silenced, ...]]:
    """What is told, and what is not; what dhcpd itself refuses is told, whatever the configuration says."""
    kept = tuple(each for each in findings if each.id not in silence or each.refused)
    quiet = Counter(each.id for each in findings if each.id in silence and not each.refused)
    loud = Counter(each.id for each in kept if each.id in silence)
    return kept, tuple(Silenced(rule, reason, quiet[rule], loud[rule]) for rule, reason in silence.items())


def silenced_words(silenced: Iterable[Silenced]) -> list[str]:
    """A line for what was silenced, and one for what cannot be."""
    every = list(silenced)
    quiet = [f"{each.id} {_times(each.count)} ({each.reason})" for each in every if each.count]
    loud = [each.id for each in every if each.refused]
    lines = [f"silenced in the configuration: {', '.join(quiet)}"] if quiet else []
    return lines + ([f"not silenced, since dhcpd itself refuses it: {', '.join(loud)}"] if loud else [])


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
