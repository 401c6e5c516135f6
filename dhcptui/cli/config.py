"""`dhcptui config`: where the configuration is, what it says, whether it is valid."""

from __future__ import annotations

import argparse

from dhcptui.cli.common import settings_of
from dhcptui.config.loading import default_path


def run(args: argparse.Namespace) -> int:
    """Path, names, validity or content. Returns the exit code."""
    path = args.config or default_path()
    if args.what == "path":
        print(path)
        return 0
    config = settings_of(args)
    if args.what == "names":
        for name, pair in config.pairs.items():
            print(name, pair.primary.name, pair.secondary.name, sep="\t")
        return 0
    if args.what == "validate":
        for pair in config.pairs.values():
            for server in (pair.primary, pair.secondary):
                if server.omapi_key:
                    server.omapi_key.read_secret()
        count = len(config.pairs)
        print(f"{path}: valid, {count} pair{'' if count == 1 else 's'}: {', '.join(config.pairs) or 'none'}")
        return 0
    from dhcptui.config.show import show

    print(show(config), end="")
    return 0
