"""`dhcptui lease`: what both servers know of one address or client."""

from __future__ import annotations

import argparse
import json

from dhcptui.cli.common import settings_of
from dhcptui.config.loading import ConfigError


def run(args: argparse.Namespace) -> int:
    """Look it up. Returns the exit code."""
    import asyncio

    from dhcptui.engine.lease_look_up import look_up_once
    from dhcptui.engine.lease_report import EXIT_CODES, lease_json, lease_text
    from dhcptui.engine.read_once import LOOK_SECONDS
    from dhcptui.model.leases import parse_question

    if parse_question(args.address) is None:
        raise ConfigError("ADDRESS: an IPv4 address, a hardware address such as 02:00:5e:10:00:01, or a host name")
    settings = settings_of(args).pair(args.pair)
    found, snapshot = asyncio.run(look_up_once(settings, args.address, args.wait or LOOK_SECONDS))
    print(json.dumps(lease_json(found, snapshot), indent=2) if args.json else lease_text(found, snapshot))
    return EXIT_CODES[found.outcome]
