"""`dhcptui scaffold`: two dhcpd.conf of a new pair."""

from __future__ import annotations

import argparse

from dhcptui.config.loading import ConfigError


def run(args: argparse.Namespace) -> int:
    """Write both files and check them. Returns the exit code."""
    from pathlib import Path

    from dhcptui.conf.scaffold import ScaffoldError
    from dhcptui.setup.scaffold_files import check, from_arguments, next_steps, write

    try:
        scaffold = from_arguments(args)
        directory = args.out or Path(scaffold.peer)
        print("\n".join(write(scaffold, directory, args.force)))
    except ScaffoldError as error:
        raise ConfigError(str(error)) from error
    good, lines = check(scaffold, directory)
    print("\n".join([*lines, *next_steps(scaffold, directory)]))
    return 0 if good else 1
