"""What every command needs: the configuration, as the options change it."""

from __future__ import annotations

import argparse
from dataclasses import replace

from dhcptui.config.loading import Config, load


def settings_of(args: argparse.Namespace) -> Config:
    """The configuration that the options name; read-only where they say so. Raises ConfigError."""
    config = load(args.config)
    if args.read_only:
        return replace(config, pairs={name: replace(pair, read_only=True) for name, pair in config.pairs.items()})
    return config
