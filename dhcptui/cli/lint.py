"""`dhcptui lint`: both configurations held against each other."""

from __future__ import annotations

import argparse
import json
import sys

from dhcptui.cli.common import settings_of
from dhcptui.config.loading import ConfigError
from dhcptui.model.role import Role


def run(args: argparse.Namespace) -> int:
    """Read both and compare. Returns the exit code."""
    import asyncio

    from dhcptui.conf.lint.grouping import without_silenced
    from dhcptui.conf.lint.rules import lint
    from dhcptui.engine.lint_report import COULD_NOT_READ, as_json, as_text, exit_code
    from dhcptui.setup.read import LintError, from_files, missing, over_ssh

    if args.files and args.pair:
        raise ConfigError("either a pair or --files")
    settings = None if args.files else settings_of(args).pair(args.pair)
    try:
        pair = asyncio.run(over_ssh(settings) if settings else from_files(args.files[0], args.files[1], args.peer))
    except LintError as error:
        print(f"dhcptui: {error}", file=sys.stderr)
        return COULD_NOT_READ
    silence = settings.lint.reasons if settings else {}
    findings, silenced = without_silenced(lint(pair), silence)
    name = settings.name if settings else ""
    if args.json:
        print(json.dumps(as_json(name, pair, findings, silenced), indent=2))
    else:
        print(as_text(name, pair, findings, silenced, everything=args.all))
    unread = [missing(pair[role], node) for role in Role for node in pair[role].absent]
    for line in unread:
        print(f"dhcptui: {line}", file=sys.stderr)
    return exit_code(findings, unread=bool(unread))
