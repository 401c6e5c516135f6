"""`dhcptui audit`: what was done from here."""

from __future__ import annotations

import argparse
import json

from dhcptui.config.loading import ConfigError


def run(args: argparse.Namespace) -> int:
    """Print the entries. Returns the exit code."""
    import time

    from dhcptui.act.audit import AuditError, AuditLog, entry
    from dhcptui.engine.audit_report import line, parse_since

    log, count = AuditLog(), 0
    try:
        for record in log.records(parse_since(args.since, time.time()) if args.since else 0.0):
            shown = entry(record)
            if shown is not None:
                print(json.dumps(record) if args.json else line(shown))
                count += 1
    except AuditError as error:
        raise ConfigError(str(error)) from error
    if not count and not args.json:
        print(f"nothing is written in {log.path}" + (f" since {args.since}" if args.since else ""))
    return 0
