"""What `dhcptui lint` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dhcptui.conf.lint.findings import Finding, Pair, Severity
from dhcptui.conf.lint.relations import shared
from dhcptui.conf.lint.rules import worst
from dhcptui.model.role import Role
from dhcptui.model.sanitize import clean
from dhcptui.model.sentence import in_commands

SCHEMA = 1
ANY = "PAIR"
"""The name of a pair that has none: two files."""
EXIT_CODES = {None: 0, Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}
COULD_NOT_READ = 3


def exit_code(findings: Sequence[Finding]) -> int:
    """0 nothing or only info, 1 warnings, 2 errors."""
    return EXIT_CODES[worst(findings)]


def as_json(name: str, pair: Pair, findings: Sequence[Finding]) -> dict[str, Any]:
    """For scripts."""
    return {
        "schema": SCHEMA,
        "pair": name or None,
        "peer": clean(pair.peer),
        "peers_compared": [clean(each) for each in shared(pair.meant)],
        "counts": {each.value: sum(found.severity is each for found in findings) for each in Severity},
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


def as_text(name: str, pair: Pair, findings: Sequence[Finding]) -> str:
    """For a person: the findings of each server, then the pair's, then the count."""
    said: list[str] = []
    for role in (*Role, None):
        own = [each for each in findings if each.role is role]
        if own:
            said += ["", f"{clean(pair[role].name)} ({role.value})" if role else "both"]
        for each in own:
            place = f"{each.file}:{each.line}: " if each.line else f"{each.file}: " if each.file else ""
            said += [
                f"  {each.severity.value:<7} {each.id}  {place}{each.sentence}",
                f"               {in_commands(each.fix, name or ANY)}",
            ]
    counts = [(sum(each.severity is severity for each in findings), severity.value) for severity in Severity]
    words = ", ".join(
        f"{number} {word}{'s' if number != 1 and word != 'info' else ''}" for number, word in counts if number
    )
    names = shared(pair.meant)
    peers = ", ".join(repr(clean(each)) for each in names)
    looked = f"{len(names)} failover peers compared ({peers}): " if len(names) > 1 else f"failover peer {peers}: "
    return "\n".join([*said, "", f"{looked if names else ''}{words or 'nothing found'}"]).lstrip("\n")
