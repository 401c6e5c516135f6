"""Start the screen. Textual reads its switches when it is imported: they are set here, before."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from dhcptui.config import PairSettings
from dhcptui.engine.api import Console
from dhcptui.faults import keep

EXIT_FAULT = 70
"""EX_SOFTWARE of sysexits.h."""


def run_console(console: Console, settings: PairSettings, *, ascii_only: bool | None = None) -> int:
    """Run the console until it is left; returns the exit code. The engine is stopped whatever happens."""
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")  # scrolling by frames costs 25-50 times the bytes
    os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    from dhcptui.ui.app import DhcptuiApp  # noqa: PLC0415  textual: 190 ms

    app = DhcptuiApp(
        console,
        settings.name,
        read_only=settings.read_only,
        ascii_only=wants_ascii() if ascii_only is None else ascii_only,
        sync_from=settings.sync_from,
    )
    titled = sys.stderr.isatty() and os.environ.get("TERM") not in {"linux", "dumb"}
    if titled:
        _tell("\x1b[22;2t")  # the terminal keeps its old title ...
    try:
        app.run(mouse=False)  # any-event tracking costs kilobytes per mouse move, and takes native selection away
    finally:
        if titled:
            _tell("\x1b[23;2t")  # ... and gets it back
        console.stop()
    if console.failure is not None:
        print(f"dhcptui: the engine stopped by a fault of its own: {keep(console.failure)}", file=sys.stderr)  # noqa: T201
        return EXIT_FAULT
    return app.return_code or 0


def wants_ascii(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal's locale cannot show more than ASCII."""
    ctype = environ.get("LC_CTYPE", "")
    if ctype == "C.UTF-8":  # Python itself sets this where the locale is plain C (PEP 538)
        ctype = ""
    name = environ.get("LC_ALL") or ctype or environ.get("LANG") or ""
    return "utf" not in name.lower()


def _tell(sequence: str) -> None:
    try:
        sys.__stderr__.write(sequence) if sys.__stderr__ else None
        sys.__stderr__.flush() if sys.__stderr__ else None
    except OSError:  # the terminal has gone; nothing to give back
        return
