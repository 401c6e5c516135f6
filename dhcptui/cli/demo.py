"""`dhcptui demo`: the console on its practice pair."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from dhcptui.config.loading import ConfigError, load

if TYPE_CHECKING:
    from dhcptui.config.console import ConsoleSettings


def run(args: argparse.Namespace) -> int:
    """Practise. Returns the exit code."""
    from dhcptui.practice.scenarios import SCENARIOS, named

    if args.drill == "list":
        print("\n".join(f"{each.name:18} {each.title}" for each in SCENARIOS))
        return 0
    if args.drill is not None and (problem := named(args.drill)):
        raise ConfigError(problem)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError("the practice pair is shown in a terminal, and this is none")
    from dhcptui.practice.demo import DemoEngine, practice
    from dhcptui.practice.drills import PracticeDrills
    from dhcptui.ui.run import run_console

    looks = _own_looks(args)  # before HOME is the practice pair's
    with practice(mclt=args.mclt, speed=args.speed) as demo:
        settings = replace(load(demo.config).pair(None), read_only=args.read_only)
        drills = PracticeDrills(demo.pair, demo.wait)
        if args.drill is not None:
            drills.begin(args.drill)
        try:
            return run_console(
                DemoEngine(settings, demo),
                settings,
                looks=looks,
                drills=drills,
                theme=args.theme,
                ascii_only=args.ascii,
                place=f"{demo.config}, for as long as the demo runs",
            )
        finally:
            drills.close()


def _own_looks(args: argparse.Namespace) -> ConsoleSettings:
    """The user's colours and keys; a configuration that is missing or broken keeps nobody from practising."""
    from dhcptui.config.console import ConsoleSettings

    try:
        return load(args.config).console
    except ConfigError:
        return ConsoleSettings()
