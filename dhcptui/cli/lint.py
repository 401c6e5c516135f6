"""`dhcptui lint`: both configurations held against each other."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dhcptui.cli.common import one_object, pairs_of
from dhcptui.config.loading import ConfigError
from dhcptui.model.role import Role
from dhcptui.model.words import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dhcptui.config.settings import PairSettings


def run(args: argparse.Namespace) -> int:
    """Read both of each pair and compare. Returns the exit code."""
    if args.files and (args.pair or args.all or args.group or args.machine):
        raise ConfigError("either a pair or --files")
    pairs = () if args.files else pairs_of(args)
    looked = [_look(args, couple, heading=len(pairs) > 1) for couple in _couples(pairs)] or [_look(args)]
    if args.json:
        found = [each for _, each in looked if each]
        if found:
            print(json.dumps(found[0] if args.files or one_object(args, pairs) else found, indent=2))
    return max(code for code, _ in looked)


def _couples(pairs: Sequence[PairSettings]) -> list[list[PairSettings]]:
    """The pairs by the two machines they are on: each couple of files is read, and compared, once."""
    found: dict[object, list[PairSettings]] = {}
    for pair in pairs:
        # All that lint compares counts, the shared directory and the OMAPI key too; not how a pair calls a server.
        servers = frozenset(replace(pair[role], role=Role.PRIMARY, name="", machine="") for role in Role)
        found.setdefault((servers, pair.lint), []).append(pair)
    return list(found.values())


def _look(
    args: argparse.Namespace, couple: Sequence[PairSettings] = (), *, heading: bool = False
) -> tuple[int, dict[str, Any] | None]:
    """Two files, printed where no JSON is wanted: the exit code, and what they are as JSON; None where unread.

    `couple`: every pair that is on these two machines; none for two files of this one.
    """
    import asyncio

    from dhcptui.conf.lint.grouping import without_silenced
    from dhcptui.conf.lint.rules import lint
    from dhcptui.engine.lint_report import COULD_NOT_READ, as_json, as_text, exit_code
    from dhcptui.setup.read import LintError, from_files, missing, over_ssh

    settings = couple[0] if couple else None
    names = [each.name for each in couple]
    name = names[0] if names else ""
    try:
        pair = asyncio.run(
            over_ssh(settings, args.wait) if settings else from_files(args.files[0], args.files[1], args.peer)
        )
    except LintError as error:
        print(f"dhcptui: {f'{joined(names)}: ' if heading else ''}{error}", file=sys.stderr)
        return COULD_NOT_READ, None
    findings, silenced = without_silenced(lint(pair), settings.lint.reasons if settings else {})
    if not args.json:
        head = f"== {', '.join(names)}\n" if heading else ""
        print(
            f"{head}{as_text(name, pair, findings, silenced, everything=args.ungrouped)}",
            end="\n\n" if heading else "\n",
        )
    unread = [missing(pair[role], node) for role in Role for node in pair[role].absent]
    for line in unread:
        print(f"dhcptui: {line}", file=sys.stderr)
    return exit_code(findings, unread=bool(unread)), {**as_json(name, pair, findings, silenced), "pairs": names}
