"""`dhcptui report`: the post-mortem of one pair."""

from __future__ import annotations

import argparse
import json

from dhcptui.cli.common import settings_of


def run(args: argparse.Namespace) -> int:
    """Investigate and print. Returns the exit code."""
    import asyncio
    import time

    from dhcptui.engine.audit_report import parse_since
    from dhcptui.engine.post_mortem import LOOK_SECONDS, investigate
    from dhcptui.engine.post_mortem_report import as_json, as_markdown

    settings = settings_of(args).pair(args.pair)
    incident = asyncio.run(
        investigate(settings, parse_since(args.since, time.time()), seconds=args.wait or LOOK_SECONDS)
    )
    print(json.dumps(as_json(incident), indent=2) if args.json else as_markdown(incident))
    return 0
