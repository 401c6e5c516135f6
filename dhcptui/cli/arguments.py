"""The command line as a table: what may be given, in what order, and the words of `--help`.

Kept apart from `cli` so that the man page and the shell completions are made from it without running anything.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dhcptui import __version__
from dhcptui.config.command_names import COMMAND_NAMES
from dhcptui.config.console import THEMES
from dhcptui.config.settings import ALGORITHMS
from dhcptui.model.action import Action

ACTIONS = tuple(action.value for action in Action)
CONFIG_WORDS = ("path", "show", "validate", "names")


def with_command(argv: list[str]) -> list[str]:
    """`dhcptui [PAIR]` is `dhcptui console [PAIR]`: argparse wants the command's name."""
    skip = False
    for word in argv:
        if skip:
            skip = False
        elif word in {"--config", "--theme"}:
            skip = True
        elif word in {"-h", "--help", "--version"}:
            return argv
        elif not word.startswith("-"):
            return argv if word in COMMAND_NAMES else ["console", *argv]
    return ["console", *argv]


def _seconds(text: str) -> int:
    """Whole seconds from 1 to a day."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 1 to 86400")
    return int(text)


def _factor(text: str) -> float:
    """A factor from 0.1 to 100."""
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0.1 <= factor <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no factor from 0.1 to 100")
    return factor


def _looks(parser: argparse.ArgumentParser) -> None:
    """How the screen looks."""
    parser.add_argument("--theme", metavar="NAME", help=f"colours: {', '.join(THEMES)}")
    parser.add_argument(
        "--ascii", action="store_true", help="no character beyond ASCII; the default where the locale is not UTF-8"
    )


def _globals(parser: argparse.ArgumentParser, *, again: bool) -> None:
    """The options that may stand before or after the command."""
    unset: Any = argparse.SUPPRESS if again else None
    parser.add_argument("--config", metavar="FILE", type=Path, default=unset, help="the configuration file")
    parser.add_argument(
        "--read-only", action="store_true", default=argparse.SUPPRESS if again else False, help="bind no acting key"
    )


def _waits(parser: argparse.ArgumentParser, usual: str) -> None:
    """How long a look at both servers may take; a login under way has its own time, `login_timeout`."""
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        type=_seconds,
        help=f"how long the answers of both servers may take, a login not counted ({usual})",
    )


def _pair(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Which pair; `several`: or which pairs."""
    parser.add_argument("pair", nargs="?", metavar="PAIR", help="the pair's name in the configuration")
    if several:
        parser.add_argument("--all", action="store_true", help="every pair of the configuration")
        parser.add_argument("--group", metavar="NAME", help="the pairs of this group")
        parser.add_argument("--machine", metavar="NAME", help="the pairs with this server: its name or its host")


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; `command` in what it parses names the command."""
    parser = argparse.ArgumentParser(
        prog="dhcptui",
        description="A terminal console for ISC DHCP failover pairs. Without a command: the full-screen console of PAIR, or of all pairs.",
        usage="dhcptui [--config FILE] [--read-only] [PAIR | COMMAND ...]",
    )
    parser.add_argument("--version", action="version", version=f"dhcptui {__version__}")
    _globals(parser, again=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", prog="dhcptui", required=True)

    def command(name: str, words: str, description: str, exits: str) -> argparse.ArgumentParser:
        """A command with its `--help`; `words` is its line in the list of commands."""
        made = commands.add_parser(
            name,
            help=words,
            description=f"{words[0].upper()}{words[1:]}. {description}".strip(),
            epilog=f"exit: {exits}",
        )
        made.set_defaults(command=name)
        return made

    console = command(
        "console",
        "the full-screen console (the default)",
        "`dhcptui PAIR` does the same. Without PAIR, where the configuration has several, all of them are shown: the fleet.",
        "0, or 1 when the configuration cannot be used",
    )
    _pair(console)
    _looks(console)

    demo = command(
        "demo",
        "the console on a practice pair",
        "Two practice servers run inside the program, on loopback; it needs no root, no dhcpd and no network, and leaves"
        " nothing behind.",
        "0",
    )
    demo.add_argument("--mclt", type=_seconds, default=60, metavar="SECONDS", help="the pair's MCLT (60)")
    demo.add_argument(
        "--speed", type=_factor, default=1.0, metavar="FACTOR", help="how much faster dhcpd's own timers run (1)"
    )
    demo.add_argument("--drill", metavar="NAME", help="begin with this drill; `list` names them")
    _looks(demo)

    status = command(
        "status",
        "verdict and both servers, once",
        "Without PAIR: every pair of the configuration; the exit status is that of the worst one.",
        "0 ok, 1 warning, 2 critical, 3 unknown",
    )
    _pair(status, several=True)
    status.add_argument("--json", action="store_true", help="machine-readable, schema 1")
    _waits(status, "6")

    plan = command(
        "plan",
        "the plan of an action and each precondition",
        "It changes nothing. Without PAIR: on every pair. With --machine that server acts, or is declared down.",
        "0 allowed, 1 refused",
    )
    do = command(
        "do",
        "run the plan of an action",
        "Each step is printed as it is verified. TEXT of --confirm is what the plan asks for: for partner-down the name of"
        " the server that is declared down, for sync-restart the pair's name, else the acting server's name. With --machine:"
        " partner-down, hand-over or take-back for each relationship of that server, one after the other; the first surprise ends it.",
        "0 verified, 1 refused, 2 failed",
    )
    for acting in (plan, do):
        acting.add_argument("action", metavar="ACTION", choices=ACTIONS, help=", ".join(ACTIONS))
        _pair(acting, several=acting is plan)
        if acting is do:
            acting.set_defaults(all=False, group=None)
            acting.add_argument(
                "--machine",
                metavar="NAME",
                help="every relationship of this server, whose name is then the TEXT of --confirm",
            )
        acting.add_argument("--server", metavar="NAME", help="the server that acts (for partner-down: the survivor)")
        if acting is plan:
            acting.add_argument("--json", action="store_true", help="machine-readable, schema 1")
        else:
            acting.add_argument(
                "--confirm",
                metavar="TEXT",
                default="",
                help="what the plan asks to be typed; without it nothing is begun, and TEXT is said",
            )
            acting.add_argument(
                "--sentence", metavar="TEXT", default="", help="what the plan asks for where proof is impossible"
            )
            acting.add_argument("--break-lock", metavar="OWNER@HOST", help="first remove the lock of this operator")
        acting.add_argument(
            "--wait",
            metavar="SECONDS",
            type=_seconds,
            help="how long evidence may take to come; with do also a dhcpd that reads its leases (usually 30, and 900)",
        )
        acting.add_argument("--rollback", action="store_true", help="sync-restart: undo an interrupted run instead")
        acting.add_argument("--after", metavar="TIME", help="start: later (90s, 5m, 2h), by a timer of the server")
        acting.add_argument("--cancel", action="store_true", help="start: take a scheduled one off again")

    audit = command("audit", "what was done, by whom, and how it ended", "It reads this operator's audit log.", "0")
    audit.add_argument("--since", metavar="TIME", help="30m, 2h, 3d, or a time as in 2026-11-22T10:00 (UTC)")
    audit.add_argument("--json", action="store_true", help="the records as they are kept, one a line")

    config = command(
        "config",
        "where the configuration is, what it says, whether it is valid",
        "`names` prints one line a pair: its name and those of its servers, with tabs between them.",
        "0, or 1 when the configuration cannot be used",
    )
    config.add_argument("what", choices=CONFIG_WORDS, help="what to print")

    new = (*_asking_commands(command), *_configuration_commands(command))
    for each in (console, demo, status, plan, do, audit, config, *new):
        _globals(each, again=True)
    return parser


def _asking_commands(
    command: Callable[[str, str, str, str], argparse.ArgumentParser],
) -> Iterator[argparse.ArgumentParser]:
    """What looks closer and changes nothing."""
    report = command(
        "report",
        "an incident as Markdown, for the post-mortem",
        "Made from both servers' logs and lease files and from this operator's audit log; no console needs to run."
        " Without PAIR: one report a pair.",
        "0",
    )
    _pair(report, several=True)
    report.add_argument("--since", metavar="TIME", default="24h", help="as for audit (24h)")
    report.add_argument("--json", action="store_true", help="machine-readable, schema 1")
    _waits(report, "8")
    yield report

    lease = command(
        "lease",
        "one lease as both servers hold it",
        "Asked over OMAPI, side by side, with what the two disagree on.",
        "0 found, 1 not found, 3 no answer",
    )
    _pair(lease)
    lease.add_argument("address", metavar="ADDRESS", help="an IPv4 address, a hardware address, or a host name")
    lease.add_argument("--json", action="store_true", help="machine-readable, schema 1")
    _waits(lease, "6")
    yield lease


def _configuration_commands(
    command: Callable[[str, str, str, str], argparse.ArgumentParser],
) -> Iterator[argparse.ArgumentParser]:
    """What deals with dhcpd.conf: lint, init, scaffold."""
    lint = command(
        "lint",
        "what is wrong between the two servers' dhcpd.conf",
        "It reads both servers over SSH and changes nothing; with --files it reads two files of this machine instead."
        " Without PAIR: every pair of the configuration; the exit status is that of the worst one.",
        "0 nothing or only info, 1 warnings, 2 errors, 3 could not be read",
    )
    _pair(lint, several=True)
    lint.add_argument("--files", nargs=2, type=Path, metavar=("PRIMARY", "SECONDARY"), help="two dhcpd.conf")
    lint.add_argument("--peer", metavar="NAME", default="", help="with --files: the failover peer to look at")
    lint.add_argument("--ungrouped", action="store_true", help="every finding by itself, however many there are")
    lint.add_argument("--json", action="store_true", help="machine-readable, schema 1")
    _waits(lint, "15 for each command")
    yield lint

    init = command(
        "init",
        "find out how dhcpd is set up on two servers, and write the configuration",
        "It changes nothing on the servers. The order of the hosts does not matter. HOST may be USER@HOST:PORT. Of several"
        " failover peers that both declare, each becomes a pair; what is there already is left as it is.",
        "0, or 1 when nothing was written",
    )
    init.add_argument(
        "hosts", nargs=2, metavar="HOST", help="a server, as ssh would take it; localhost: this machine, without SSH"
    )
    init.add_argument(
        "--name",
        "--pair",
        dest="pair",
        metavar="NAME",
        help="what to call the pair (the failover peer's name); of several pairs, what each name begins with",
    )
    init.add_argument("--peer", metavar="NAME", help="this failover peer alone, where the servers share several")
    init.add_argument("--user", metavar="NAME", help="the account on both servers, but for localhost")
    init.add_argument("--identity", metavar="FILE", type=Path, help="the private key to log in with")
    init.add_argument("--known-hosts", metavar="FILE", type=Path, help="where the servers' host keys are")
    init.add_argument(
        "--wait",
        metavar="SECONDS",
        type=_seconds,
        help="how long the login of each server may take, and then its answers (20, and 15 for each command)",
    )
    init.add_argument("--yes", action="store_true", help="replace what is there without asking")
    yield init

    scaffold = command(
        "scaffold",
        "write the dhcpd.conf of a new pair",
        "One file for each server with what differs, one for both with the rest, and a new OMAPI key.",
        "0, or 1 when it was not written or is not good",
    )
    for name, metavar, words in (
        ("--peer", "NAME", "the failover peer's name"),
        ("--primary", "ADDRESS", "the primary's address"),
        ("--secondary", "ADDRESS", "the secondary's address"),
        ("--subnet", "NETWORK", "as in 10.0.0.0/24"),
        ("--range", "FIRST-LAST", "the addresses for clients"),
    ):
        scaffold.add_argument(name, metavar=metavar, required=True, help=words)
    for name, default, words in (
        ("--mclt", 1800, "maximum client lead time, in seconds"),
        ("--split", 128, "the primary's share of the clients, in 256ths"),
        ("--port", 647, "the failover port"),
        ("--omapi-port", 7911, "the OMAPI port"),
    ):
        scaffold.add_argument(name, metavar="NUMBER", type=int, default=default, help=f"{words} ({default})")
    scaffold.add_argument("--router", metavar="ADDRESS", action="append", default=[], help="may be repeated")
    scaffold.add_argument("--dns", metavar="ADDRESS", action="append", default=[], help="may be repeated")
    scaffold.add_argument(
        "--key-algorithm", choices=ALGORITHMS, default="hmac-sha256", help="of the OMAPI key (hmac-sha256)"
    )
    scaffold.add_argument("--out", metavar="DIR", type=Path, help="where to write (a directory called as the peer)")
    scaffold.add_argument("--force", action="store_true", help="write over what is there")
    yield scaffold
