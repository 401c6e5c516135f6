"""Arguments in, exit code out. Each command has a file, and imports what it needs when it runs: `status` never loads textual."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from dhcptui.cli import audit, config, console, demo, do, init, lease, lint, plan, report, scaffold, status
from dhcptui.cli.arguments import build_parser, with_command
from dhcptui.config.loading import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


CONFIG_ERROR_EXIT = {"status": 3, "lint": 3, "lease": 3}
"""The exit code for a configuration that cannot be used, where it is not 1."""

EXIT_USAGE = 64
"""A command line that cannot be understood (sysexits.h); 0 to 3 are answers of `status`."""


def main(argv: Sequence[str], *, last: bool = False) -> int:
    """Run one command line; returns its exit code. Errors go to stderr as one sentence.

    `last`: the program ends with it, so that a signal that comes late need not be given back its meaning.
    """
    parser = build_parser()
    try:
        args = parser.parse_args(with_command(list(argv)))
    except SystemExit as leaving:
        return EXIT_USAGE if leaving.code not in {0, None} else 0
    args.last = last
    try:
        return _RUN[args.command](args)
    except ConfigError as error:
        print(f"dhcptui: {error}", file=sys.stderr)
        return CONFIG_ERROR_EXIT.get(args.command, 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has left; nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        from dhcptui.engine.faults import keep

        print(f"dhcptui: a fault of its own: {keep(error)}", file=sys.stderr)
        return CONFIG_ERROR_EXIT.get(args.command, 1)


_RUN: dict[str, Callable[[argparse.Namespace], int]] = {
    "console": console.run,
    "demo": demo.run,
    "status": status.run,
    "plan": plan.run,
    "do": do.run,
    "audit": audit.run,
    "config": config.run,
    "report": report.run,
    "lease": lease.run,
    "lint": lint.run,
    "init": init.run,
    "scaffold": scaffold.run,
}
