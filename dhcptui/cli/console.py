"""`dhcptui [PAIR]`: the console, or the screen that says what its configuration lacks."""

from __future__ import annotations

import argparse
import sys

from dhcptui.cli import demo
from dhcptui.cli.arguments import build_parser
from dhcptui.cli.common import settings_of
from dhcptui.config.command_names import NO_PAIR_NAMES
from dhcptui.config.loading import Config, ConfigError, default_path


def run(args: argparse.Namespace) -> int:
    """Open the console. Returns the exit code."""
    if args.pair in NO_PAIR_NAMES:
        raise ConfigError(f"{args.pair!r} is not available in this version")
    terminal = sys.stdin.isatty() and sys.stderr.isatty()
    try:
        config = settings_of(args)
        if not config.pairs:
            config.pair(None)
    except ConfigError as error:
        if not terminal:
            raise
        return _welcome(args, error)
    fleet = args.pair is None and len(config.pairs) > 1
    settings = next(iter(config.pairs.values())) if fleet else config.pair(args.pair)
    if not terminal:
        raise ConfigError("the console needs a terminal; for scripts there is `dhcptui status --json`")
    if fleet:
        return _fleet(args, config)
    from dhcptui.ui.splash import opening

    with opening(f"{settings.name}: asking {settings.primary.name} and {settings.secondary.name} ..."):
        from dhcptui.engine.thread import EngineThread
        from dhcptui.ui.run import run_console

        return run_console(
            EngineThread(settings),
            settings,
            looks=config.console,
            theme=args.theme,
            ascii_only=args.ascii,
            place=_place(config),
            last=args.last,
        )


def _fleet(args: argparse.Namespace, config: Config) -> int:
    """All pairs of the configuration."""
    from dhcptui.ui.splash import opening

    with opening(f"asking both servers of {len(config.pairs)} pairs ..."):
        from dhcptui.engine.fleet import FleetEngine
        from dhcptui.ui.run import run_fleet

        pairs = tuple(config.pairs.values())
        return run_fleet(
            FleetEngine(pairs),
            pairs,
            looks=config.console,
            theme=args.theme,
            ascii_only=args.ascii,
            place=_place(config),
            last=args.last,
        )


def _place(config: Config) -> str:
    """Where the configuration is, in words, for the help."""
    return f"{config.path} (`dhcptui config show` prints it with every default)"


def _welcome(args: argparse.Namespace, error: ConfigError) -> int:
    """A screen instead of a sentence, where the configuration is missing or broken; it may lead to the practice pair."""
    from dhcptui.ui.run import run_welcome

    path = (args.config or default_path()).expanduser()
    if not run_welcome(path, str(error), theme=args.theme, ascii_only=args.ascii):
        return 1
    options = ["--theme", args.theme] if args.theme else []
    options += ["--config", str(args.config)] if args.config else []
    options += ["--ascii"] * args.ascii + ["--read-only"] * args.read_only
    return demo.run(build_parser().parse_args(["demo", *options]))
