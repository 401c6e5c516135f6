"""The commands of the command line by name: the one list, which the parser, `main` and the names of pairs are held to."""

from __future__ import annotations

COMMAND_NAMES = (
    "console", "demo", "status", "plan", "do", "audit", "config", "report", "lease", "lint", "init", "scaffold",
)  # fmt: skip
NO_PAIR_NAMES = frozenset({*COMMAND_NAMES, "lab", "help", "probe", "watch", "replay"})
"""Names that a pair may not have: they are, or may become, commands."""
