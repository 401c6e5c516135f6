"""Start the screen. Textual reads its switches when it is imported: they are set here, before."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dhcptui.act.leaving import Output, left_code, on_signals, silence, when_gone
from dhcptui.act.plan import Outcome
from dhcptui.config.console import ConsoleSettings, check_theme
from dhcptui.config.loading import PairSettings
from dhcptui.engine.api import Console, Drills, Engine, Fleet
from dhcptui.engine.farewell import Farewell
from dhcptui.engine.faults import keep
from dhcptui.model.sentence import in_commands
from dhcptui.ui import gc_tuning

if TYPE_CHECKING:
    from dhcptui.ui.terminal_app import TerminalApp

EXIT_FAULT = 70
"""EX_SOFTWARE of sysexits.h."""
PLAIN = ConsoleSettings()
GONE, CLOSED = "the terminal has gone", "the console was closed"
_WAIT_SECONDS = 0.05


def run_console(
    console: Console,
    settings: PairSettings,
    *,
    looks: ConsoleSettings = PLAIN,
    theme: str | None = None,
    ascii_only: bool | None = None,
    drills: Drills | None = None,
    place: str = "",
    last: bool = False,
) -> int:
    """Run the console until it is left; returns the exit code. The engine is stopped whatever happens.

    `looks`: the tables [console] and [keys]; `theme` and `ascii_only` come from the command line and go first (a false
    `ascii_only` is no wish). `place`: where the configuration is, in words; `last`: see `on_signals`. Raises ConfigError for an unknown theme.
    """
    theme = _begin(theme, looks)
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
        production=settings.production,
    )
    return _run(app, console, last=last)


def run_fleet(
    fleet: Fleet,
    pairs: Sequence[PairSettings],
    *,
    looks: ConsoleSettings = PLAIN,
    theme: str | None = None,
    ascii_only: bool | None = None,
    place: str = "",
    last: bool = False,
) -> int:
    """The same for several pairs."""
    theme = _begin(theme, looks)
    from dhcptui.ui.fleet_app import FleetApp  # noqa: PLC0415  textual: 190 ms

    app = FleetApp(
        fleet,
        pairs,
        ascii_only=bool(ascii_only or looks.ascii or wants_ascii()),
        theme=theme,
        keys=looks.keys,
        place=place,
    )
    return _run(app, fleet, last=last)


def _begin(theme: str | None, looks: ConsoleSettings) -> str | None:
    """Before textual is loaded: the theme, or None where it is looked up later. Raises ConfigError for an unknown one."""
    theme = chosen_theme(theme, looks)
    _set_switches()
    gc_tuning.hold()
    return theme


def _run(app: TerminalApp, console: Engine, *, last: bool) -> int:
    def signalled(number: int) -> None:
        console.departure.signalled(number)  # first, and without the screen's help: it may wait for a terminal
        app.signalled(number)

    def gone() -> None:
        console.leave(GONE)
        forget_terminal()
        app.signalled(signal.SIGHUP)

    when_gone(sys.stderr.fileno(), gone)
    with on_signals(signalled, last=last):
        try:
            with _title_kept():
                app.run(
                    mouse=False
                )  # any-event tracking costs kilobytes per mouse move, and takes native selection away
        finally:
            wind_up(console, Output(sys.__stderr__))
    if console.failure is not None:
        print(f"dhcptui: the engine stopped by a fault of its own: {keep(console.failure)}", file=sys.stderr)  # noqa: T201
        return EXIT_FAULT
    if console.cut_short is not None:
        return left_code(console.departure)
    return app.return_code or 0


def wind_up(console: Engine, output: Output) -> None:
    """Wait for the end of the step under way, and say what is waited for and how it ended to whoever can read it."""
    console.leave(CLOSED)
    farewell = Farewell(console.departure, lambda: console.acting)
    while console.acting is not None:
        for line in farewell.news():
            output.line(f"dhcptui: {line}")
        time.sleep(_WAIT_SECONDS)
    console.stop()
    for result in console.ended_leaving:
        begins = result.outcome is Outcome.INTERRUPTED  # its text begins with that word
        outcome = "" if begins else f"{result.outcome.value.upper()}: "
        next_ = in_commands(result.next, result.plan.pair)
        output.line(f"dhcptui: {result.plan.action.value}: {outcome}{result.result} {next_}".rstrip())


def run_welcome(path: Path, problem: str, *, theme: str | None = None, ascii_only: bool = False) -> bool:
    """The screen for whoever has no usable configuration at `path`; true: the practice pair was asked for."""
    theme = chosen_theme(theme, PLAIN)
    _set_switches()
    from dhcptui.ui.welcome import DEMO, Welcome  # noqa: PLC0415  textual: 190 ms

    when_gone(sys.stderr.fileno(), hang_up)
    return Welcome(path, problem, ascii_only=ascii_only or wants_ascii(), theme=theme).run(mouse=False) == DEMO


def hang_up() -> None:
    """A terminal that has gone does not always say so: without a controlling terminal there is no SIGHUP."""
    forget_terminal()
    os.kill(os.getpid(), signal.SIGHUP)


def forget_terminal() -> None:
    """What is still written goes nowhere: Textual would block in its queue of writes, and its reader would spin."""
    if sys.__stderr__ is not None:
        silence(sys.__stderr__)


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


def _tell(sequence: str) -> None:
    try:
        sys.__stderr__.write(sequence) if sys.__stderr__ else None
        sys.__stderr__.flush() if sys.__stderr__ else None
    except OSError:  # the terminal has gone; nothing to give back
        return
