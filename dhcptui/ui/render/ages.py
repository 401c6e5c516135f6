"""Ages in steps: a page that stands open must not be painted anew every second."""

from __future__ import annotations

from dhcptui.model.words import span

NOW_SECONDS = 4.0
"""Younger is the present: everything live is read within this."""


def ago(seconds: float | None) -> str:
    """ "now", "10 s ago", "45 s ago", "3 min ago"; empty where it is not known."""
    if seconds is None:
        return ""
    if seconds < NOW_SECONDS:
        return "now"
    if seconds < 60:
        return f"{max(5, int(seconds // 5) * 5)} s ago"
    return f"{span(seconds)} ago"
