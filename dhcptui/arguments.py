"""The command line as a table: what may be given, in what order, and the words of `--help`.

Kept apart from `cli` so that the man page and the shell completions are made from it without running anything.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from dhcptui import __version__

ACTIONS = ("sync-restart", "partner-down", "shutdown", "hand-over", "take-back", "start", "rescue")


def with_command(argv: list[str]) -> list[str]:
    """`dhcptui [PAIR]` is `dhcptui console [PAIR]`: argparse wants the command's name."""
    skip = False
    for index, word in enumerate(argv):
        if skip:
            skip = False
        elif word == "--config":
            skip = True
        elif word in {"-h", "--help", "--version"}:
            return argv
        elif not word.startswith("-"):
            return argv if word in NAMES else [*argv[:index], "console", *argv[index:]]
    return [*argv, "console"]


def _seconds(text: str) -> int:
    """Whole seconds from 1 to a day."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 1 to 86400")
    return int(text)


def _factor(text: str) -> float:
    """A factor from 0.1 to 100."""
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0.1 <= factor <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no factor from 0.1 to 100")
    return factor


def _looks(parser: argparse.ArgumentParser) -> None:
    """How the screen looks."""
    parser.add_argument("--theme", metavar="NAME", help="colours: dhcptui, dhcptui-16, dhcptui-contrast")
    parser.add_argument(
        "--ascii", action="store_true", help="no character beyond ASCII; the default where the locale is not UTF-8"
    )


def _globals(parser: argparse.ArgumentParser, *, again: bool) -> None:
    """The options that may stand before or after the command."""
    unset: Any = argparse.SUPPRESS if again else None
    parser.add_argument("--config", metavar="FILE", type=Path, default=unset, help="the configuration file")
    parser.add_argument(
        "--read-only", action="store_true", default=argparse.SUPPRESS if again else False, help="bind no acting key"
    )


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; `command` in what it parses names the command."""
    parser = argparse.ArgumentParser(
        prog="dhcptui",
        description="A terminal console for an ISC DHCP failover pair. Without a command: the full-screen console.",
        usage="dhcptui [--config FILE] [--read-only] [PAIR | COMMAND ...]",
    )
    parser.add_argument("--version", action="version", version=f"dhcptui {__version__}")
    _globals(parser, again=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    console = commands.add_parser("console", help="the full-screen console (the default)")
    console.add_argument("pair", nargs="?", metavar="PAIR")
    _looks(console)
    console.set_defaults(command="console")

    demo = commands.add_parser("demo", help="the console on a practice pair; needs no root, no dhcpd, no network")
    demo.add_argument("--mclt", type=_seconds, default=60, metavar="SECONDS", help="the pair's MCLT (60)")
    demo.add_argument(
        "--speed", type=_factor, default=1.0, metavar="FACTOR", help="how much faster dhcpd's own timers run (1)"
    )
    demo.add_argument("--drill", metavar="NAME", help="begin with this drill; `list` names them")
    _looks(demo)
    demo.set_defaults(command="demo")

    status = commands.add_parser(
        "status", help="verdict and both servers, once; exit 0 ok, 1 warning, 2 critical, 3 unknown"
    )
    status.add_argument("pair", nargs="?", metavar="PAIR")
    status.add_argument("--json", action="store_true", help="machine-readable, schema 1")
    status.set_defaults(command="status")

    for name, words in (
        ("plan", "the plan of an action and each precondition; changes nothing; exit 0 allowed, 1 refused"),
        ("do", "the same plan, run; exit 0 verified, 1 refused, 2 failed"),
    ):
        acting = commands.add_parser(name, help=words)
        acting.add_argument("action", metavar="ACTION", choices=ACTIONS, help=", ".join(ACTIONS))
        acting.add_argument("pair", metavar="PAIR")
        acting.add_argument("--server", metavar="NAME", help="the server that acts (for partner-down: the survivor)")
        if name == "plan":
            acting.add_argument("--json", action="store_true", help="machine-readable, schema 1")
        else:
            acting.add_argument("--confirm", metavar="TEXT", required=True, help="what the plan asks to be typed")
            acting.add_argument(
                "--sentence", metavar="TEXT", default="", help="what the plan asks for where proof is impossible"
            )
            acting.add_argument("--break-lock", metavar="OWNER@HOST", help="first remove the lock of this operator")
        acting.add_argument("--rollback", action="store_true", help="sync-restart: undo an interrupted run instead")
        acting.add_argument("--after", metavar="TIME", help="start: later (90s, 5m, 2h), by a timer of the server")
        acting.set_defaults(command=name)
        _globals(acting, again=True)

    audit = commands.add_parser("audit", help="what was done, by whom, and how it ended")
    audit.add_argument("--since", metavar="TIME", help="30m, 2h, 3d, or a time as in 2026-11-22T10:00 (UTC)")
    audit.add_argument("--json", action="store_true", help="the records as they are kept, one a line")
    audit.set_defaults(command="audit")
    _globals(audit, again=True)

    config = commands.add_parser("config", help="where the configuration is, what it says, whether it is valid")
    config.add_argument("what", choices=["path", "show", "validate"])
    config.set_defaults(command="config")

    for each in (console, demo, status, config):
        _globals(each, again=True)
    return parser


NAMES = ("console", "demo", "status", "plan", "do", "audit", "config")
"""Every command there is."""
