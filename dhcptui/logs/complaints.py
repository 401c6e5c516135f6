"""What dhcpd complains of, without what it prints before and after it: a banner, and four lines about reporting bugs. Pure.

This is what it prints when it is run, or refuses to: of the lines of its log the lexicon knows which are which.
"""

from __future__ import annotations

import re

from dhcptui.model.sanitize import clean

LETTERS = 300
FAREWELL = (
    "If you think you have received this message", "than a configuration issue please", "bugs on either our",
    "before submitting a bug", "process and the information",
)  # fmt: skip
"""Beginnings of the lines about reporting bugs, which dhcpd prints after the reason for its end."""
_LAST = (*FAREWELL, "exiting.")
_BANNER = (
    "Internet Systems", "Copyright", "All rights", "For info", "Config file:", "Database file:", "PID file:",
    "WARNING:", "Server starting", "Configuration file errors",
)  # fmt: skip
_NAMED = re.compile(r" line \d+: ")


def spoken(text: str) -> list[str]:
    """The lines that tell something, in their order; those of another program are all kept."""
    lines = (clean(line, LETTERS).strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith((*_LAST, *_BANNER))]


def complaints(text: str) -> list[str]:
    """The lines that name a file and a line in it; where none does, all that tell something."""
    lines = spoken(text)
    return [line for line in lines if _NAMED.search(line)] or lines


def complaint(text: str) -> str:
    """The first complaint in what dhcpd printed: the first line that names a file and a line, or else the first one."""
    return next(iter(complaints(text)), "it ends with exit status 1")


def is_kept_out(text: str) -> bool:
    """Whether what dhcpd complains of is that it may not read its files."""
    return "Permission denied" in text or "Can't open" in text


def without_farewell(text: str) -> str:
    """The same text without what dhcpd always says at its end, for whoever shows only the end of it."""
    return "\n".join(line for line in text.splitlines() if not line.strip().startswith(_LAST))
