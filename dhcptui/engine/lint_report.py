"""What `dhcptui lint` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from dhcptui.conf.lint.findings import Finding, Pair, Severity
from dhcptui.conf.lint.grouping import Group, Silenced, grouped, silenced_words
from dhcptui.conf.lint.rules import worst
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.sentence import in_commands

SCHEMA = 1
ANY = "PAIR"
"""The name of a pair that has none: two files."""
EXIT_CODES = {None: 0, Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}
COULD_NOT_READ = 3
SHOWN = 25
"""As many groups of findings are printed; a person reads no more at once."""


def exit_code(findings: Sequence[Finding], *, unread: bool = False) -> int:
    """0 nothing or only info, 1 warnings, 2 errors, 3 where a file could not be read."""
    return COULD_NOT_READ if unread else EXIT_CODES[worst(findings)]


def as_json(name: str, pair: Pair, findings: Sequence[Finding], silenced: Sequence[Silenced] = ()) -> dict[str, Any]:
    """For scripts: every finding by itself."""
    return {
        "schema": SCHEMA,
        "pair": name or None,
        "peer": clean(pair.peer),
        "peers_compared": [clean(each) for each in pair.meant.shared],
        "peers_with_others": _with_others(pair),
        "not_seen": _not_seen(pair),
        "notes": [clean(each) for each in pair.notes],
        "counts": _counts(findings),
        "silenced": [{"id": each.id, "count": each.count, "reason": each.reason} for each in silenced],
        "findings": [
            {
                "id": each.id,
                "severity": each.severity.value,
                "server": each.server or None,
                "role": each.role.value if each.role else None,
                "file": each.file or None,
                "line": each.line or None,
                "sentence": each.sentence,
                "fix": in_commands(each.fix, name or ANY),
            }
            for each in findings
        ],
    }


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    return {each.value: sum(found.severity is each for found in findings) for each in Severity}


def _with_others(pair: Pair) -> list[str]:
    """Relationships with third servers, whose files nobody has read."""
    names = (each.name for role in Role for each in pair.meant[role].peers if each.name not in pair.meant.shared)
    return [clean(each) for each in dict.fromkeys(names)]


def _not_seen(pair: Pair) -> list[str]:
    """What of the configurations was not looked at, and where it is."""
    found = []
    for role in Role:
        subject = pair[role]
        found += [f"{clean(node.words[1])} of {clean(subject.name)}" for node in subject.absent]
        found += [f"LDAP of {clean(subject.name)}"] if subject.directory else []
    return found


def as_text(
    name: str, pair: Pair, findings: Sequence[Finding], silenced: Sequence[Silenced] = (), *, everything: bool = False
) -> str:
    """For a person: what was read, what matters most first, equal findings as one, no more than can be read; then the count."""
    severities, roles = list(Severity), [*Role, None]
    ordered = sorted(findings, key=lambda each: (severities.index(each.severity), roles.index(each.role)))
    groups = tuple(Group((each,)) for each in ordered) if everything else grouped(ordered)
    shown = groups if everything else groups[:SHOWN]
    lines = [clean(note) for note in pair.notes]
    for (_, role), own in groupby(shown, key=lambda each: (each.first.severity, each.first.role)):
        lines += ["", f"{clean(pair[role].name)} ({role.value})" if role else "both"]
        lines += [line for group in own for line in _lines(group, name)]
    if rest := [each for group in groups[len(shown) :] for each in group.findings]:
        lines += ["", f"{_number(rest)} more: `dhcptui lint --ungrouped` shows everything"]
    return "\n".join([*lines, "", *silenced_words(silenced), _summary(pair, findings)]).lstrip("\n")


def _lines(group: Group, name: str) -> Iterator[str]:
    first = group.first
    place = f"{group.place}: " if group.place else ""
    yield f"  {first.severity.value:<7} {first.id}  {place}{group.sentence}"
    yield f"               {in_commands(first.fix, name or ANY)}"


def _number(findings: Sequence[Finding]) -> str:
    """`1 error, 2 warnings`, those that there are."""
    return ", ".join(
        f"{number} {word}{'s' if number != 1 and word != 'info' else ''}"
        for word, number in _counts(findings).items()
        if number
    )


def _summary(pair: Pair, findings: Sequence[Finding]) -> str:
    names = pair.meant.shared
    peers = ", ".join(repr(clean(each)) for each in names)
    looked = f"{len(names)} failover peers compared ({peers}): " if len(names) > 1 else f"failover peer {peers}: "
    tail = ""
    if others := _with_others(pair):
        tail += f"; not compared, with other servers: {', '.join(map(repr, others))}"
    if unseen := _not_seen(pair):
        tail += f"; not seen, so not known: {', '.join(unseen)}"
    return f"{looked if names else ''}{_number(findings) or 'nothing found'}{tail}"
