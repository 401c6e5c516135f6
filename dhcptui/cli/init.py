"""`dhcptui init`: a configuration from two hosts."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from dhcptui.config.loading import ConfigError, default_path


def run(args: argparse.Namespace) -> int:
    """Look at both hosts, write the configuration. Returns the exit code."""
    import asyncio

    from dhcptui.setup.init_pair import InitError, draft, look, targets
    from dhcptui.setup.init_write import existing, write

    def ask(question: str) -> bool:
        return bool(args.yes) or (sys.stdin.isatty() and input(f"{question} [y/N] ").strip().lower() in {"y", "yes"})

    def tell(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    path = (args.config or default_path()).expanduser().absolute()
    try:
        both = targets(args.hosts, args.user, args.identity, args.known_hosts)
        there = existing(path)
        made = draft(asyncio.run(look(both, args.peer, tell, args.wait)), args.pair, args.peer, path.parent, there)
        print("\n".join(made.report), end="\n\n")
        if args.read_only:
            raise InitError(f"--read-only: {path} was not written")
        print("\n".join(write(made, path, ask)))
    except InitError as error:
        raise ConfigError(*error.lines) from error
    print(next_commands(args.config, made.names))
    return 0


def next_commands(config: Path | None, names: tuple[str, ...]) -> str:
    """What to type next: with `--config` where that was given; each command once, the console for all."""
    program = f"dhcptui --config {shlex.quote(str(config))}" if config else "dhcptui"
    pair = shlex.quote(names[0])
    if len(names) > 1:
        return f"Now: {program} status, {program} lint {pair} (and each other), {program}"
    return f"Now: {program} status {pair}, {program} lint {pair}, {program} {pair}"
