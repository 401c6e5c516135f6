"""Faults of our own: a sentence for the user, the traceback into a private file."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

from dhcptui.model.sanitize import clean


def keep(fault: BaseException) -> str:
    """Keep the traceback for the report; returns one line that says where it is."""
    base = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "dhcptui"
    summary = clean(f"{type(fault).__name__}: {fault}", 300)
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = base / "fault.log"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as file:
            # Line by line through the sanitiser: a fault may quote what a server said.
            trace = "".join(traceback.format_exception(fault)).split("\n")
            file.writelines(f"{clean(line)}\n" for line in trace)
    except OSError:
        return summary
    return f"{summary}. What happened is in {path}; please report it."
