"""Start the screen. Textual reads its switches when it is imported: they are set here, before."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dhcptui.config import PairSettings
from dhcptui.console_settings import ConsoleSettings, check_theme
from dhcptui.engine.api import Console, Drills
from dhcptui.faults import keep
from dhcptui.ui import collector
from dhcptui.ui.lifeline import watch_terminal

EXIT_FAULT = 70
"""EX_SOFTWARE of sysexits.h."""
PLAIN = ConsoleSettings()


def run_console(
    console: Console,
    settings: PairSettings,
    *,
    looks: ConsoleSettings = PLAIN,
    theme: str | None = None,
    ascii_only: bool | None = None,
    drills: Drills | None = None,
    place: str = "",
) -> int:
    """Run the console until it is left; returns the exit code. The engine is stopped whatever happens.

    `looks`: the tables [console] and [keys]; `theme` and `ascii_only` come from the command line and go first (a false
    `ascii_only` is no wish). `place`: where the configuration is, in words. Raises ConfigError for an unknown theme.
    """
    theme = chosen_theme(theme, looks)
    _set_switches()
    collector.hold()
    from dhcptui.ui.app import DhcptuiApp  # noqa: PLC0415  textual: 190 ms

    app = DhcptuiApp(
        console,
        settings.name,
        read_only=settings.read_only,
        ascii_only=bool(ascii_only or looks.ascii or wants_ascii()),
        sync_from=settings.sync_from,
        theme=theme,
        keys=looks.keys,
        drills=drills,
        place=place,
    )
    watch_terminal(sys.stderr.fileno())
    try:
        with _title_kept():
            app.run(mouse=False)  # any-event tracking costs kilobytes per mouse move, and takes native selection away
    finally:
        with _hang_up_ignored():  # the step under way ends first, also when the terminal goes now
            console.stop()
    if console.failure is not None:
        print(f"dhcptui: the engine stopped by a fault of its own: {keep(console.failure)}", file=sys.stderr)  # noqa: T201
        return EXIT_FAULT
    return app.return_code or 0


def run_welcome(path: Path, problem: str, *, theme: str | None = None, ascii_only: bool = False) -> bool:
    """The screen for whoever has no usable configuration at `path`; true: the practice pair was asked for."""
    theme = chosen_theme(theme, PLAIN)
    _set_switches()
    from dhcptui.ui.welcome import DEMO, Welcome  # noqa: PLC0415  textual: 190 ms

    watch_terminal(sys.stderr.fileno())
    return Welcome(path, problem, ascii_only=ascii_only or wants_ascii(), theme=theme).run(mouse=False) == DEMO


def chosen_theme(wanted: str | None, looks: ConsoleSettings) -> str | None:
    """The command line's theme, else TEXTUAL_THEME's (None: it is looked up later), else the configuration's."""
    if wanted is not None:
        return check_theme(wanted, "--theme")
    return None if os.environ.get("TEXTUAL_THEME") or os.environ.get("NO_COLOR") else looks.theme


def wants_ascii(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal's locale cannot show more than ASCII."""
    ctype = environ.get("LC_CTYPE", "")
    if ctype == "C.UTF-8":  # Python itself sets this where the locale is plain C (PEP 538)
        ctype = ""
    name = environ.get("LC_ALL") or ctype or environ.get("LANG") or ""
    return "utf" not in name.lower()


def _set_switches() -> None:
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")  # scrolling by frames costs 25-50 times the bytes
    os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")


@contextmanager
def _title_kept() -> Iterator[None]:
    """The terminal keeps its title on its own stack (XTWINOPS 22, 23) and gets it back, whatever happens."""
    titled = sys.stderr.isatty() and os.environ.get("TERM") not in {"linux", "dumb"}
    if titled:
        _tell("\x1b[22;2t")
    try:
        yield
    finally:
        if titled:
            _tell("\x1b[23;2t")


@contextmanager
def _hang_up_ignored() -> Iterator[None]:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _tell(sequence: str) -> None:
    try:
        sys.__stderr__.write(sequence) if sys.__stderr__ else None
        sys.__stderr__.flush() if sys.__stderr__ else None
    except OSError:  # the terminal has gone; nothing to give back
        return
