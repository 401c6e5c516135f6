"""Arguments in, exit code out. Each command imports what it needs: `status` never loads textual."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dhcptui.cli.arguments import build_parser, with_command
from dhcptui.config.loading import COMMANDS, Config, ConfigError, default_path, load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dhcptui.act.plan import Plan, Progress
    from dhcptui.config.console import ConsoleSettings
    from dhcptui.config.loading import PairSettings
    from dhcptui.model.action import Action
    from dhcptui.model.role import Role

MAX_DELAY_SECONDS = 7 * 24 * 3600
CONFIG_ERROR_EXIT = {"status": 3, "lint": 3, "lease": 3}
"""The exit code for a configuration that cannot be used, where it is not 1."""

EXIT_USAGE = 64
"""A command line that cannot be understood (sysexits.h); 0 to 3 are answers of `status`."""


def main(argv: Sequence[str], *, last: bool = False) -> int:
    """Run one command line; returns its exit code. Errors go to stderr as one sentence.

    `last`: the program ends with it, so that a signal that comes late need not be given back its meaning.
    """
    parser = build_parser()
    try:
        args = parser.parse_args(with_command(list(argv)))
    except SystemExit as leaving:
        return EXIT_USAGE if leaving.code not in {0, None} else 0
    args.last = last
    try:
        return _RUN[args.command](args)
    except ConfigError as error:
        print(f"dhcptui: {error}", file=sys.stderr)
        return CONFIG_ERROR_EXIT.get(args.command, 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has left; nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        from dhcptui.engine.faults import keep

        print(f"dhcptui: a fault of its own: {keep(error)}", file=sys.stderr)
        return CONFIG_ERROR_EXIT.get(args.command, 1)


def _settings(args: argparse.Namespace) -> Config:
    config = load(args.config)
    if args.read_only:
        return replace(config, pairs={name: replace(pair, read_only=True) for name, pair in config.pairs.items()})
    return config


def _console(args: argparse.Namespace) -> int:
    if args.pair in COMMANDS:
        raise ConfigError(f"{args.pair!r} is not available in this version")
    terminal = sys.stdin.isatty() and sys.stderr.isatty()
    try:
        config = _settings(args)
        if not config.pairs:
            config.pair(None)
    except ConfigError as error:
        if not terminal:
            raise
        return _welcome(args, error)
    settings = config.pair(args.pair)
    if not terminal:
        raise ConfigError("the console needs a terminal; for scripts there is `dhcptui status --json`")
    from dhcptui.ui.splash import opening

    with opening(f"{settings.name}: asking {settings.primary.name} and {settings.secondary.name} ..."):
        from dhcptui.engine.thread import EngineThread
        from dhcptui.ui.run import run_console

        return run_console(
            EngineThread(settings),
            settings,
            looks=config.console,
            theme=args.theme,
            ascii_only=args.ascii,
            place=f"{config.path} (`dhcptui config show` prints it with every default)",
            last=args.last,
        )


def _welcome(args: argparse.Namespace, error: ConfigError) -> int:
    """A screen instead of a sentence, where the configuration is missing or broken; it may lead to the practice pair."""
    from dhcptui.ui.run import run_welcome

    path = (args.config or default_path()).expanduser()
    if not run_welcome(path, str(error), theme=args.theme, ascii_only=args.ascii):
        return 1
    options = ["--theme", args.theme] if args.theme else []
    options += ["--config", str(args.config)] if args.config else []
    options += ["--ascii"] * args.ascii + ["--read-only"] * args.read_only
    return _demo(build_parser().parse_args(["demo", *options]))


def _demo(args: argparse.Namespace) -> int:
    from dhcptui.practice.scenarios import SCENARIOS, named

    if args.drill == "list":
        print("\n".join(f"{each.name:18} {each.title}" for each in SCENARIOS))
        return 0
    if args.drill is not None and (problem := named(args.drill)):
        raise ConfigError(problem)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError("the practice pair is shown in a terminal, and this is none")
    from dhcptui.practice.demo import DemoEngine, practice
    from dhcptui.practice.drills import PracticeDrills
    from dhcptui.ui.run import run_console

    looks = _own_looks(args)  # before HOME is the practice pair's
    with practice(mclt=args.mclt, speed=args.speed) as demo:
        settings = replace(load(demo.config).pair(None), read_only=args.read_only)
        drills = PracticeDrills(demo.pair, demo.wait)
        if args.drill is not None:
            drills.begin(args.drill)
        try:
            return run_console(
                DemoEngine(settings, demo),
                settings,
                looks=looks,
                drills=drills,
                theme=args.theme,
                ascii_only=args.ascii,
                place=f"{demo.config}, for as long as the demo runs",
            )
        finally:
            drills.close()


def _own_looks(args: argparse.Namespace) -> ConsoleSettings:
    """The user's colours and keys; a configuration that is missing or broken keeps nobody from practising."""
    from dhcptui.config.console import ConsoleSettings

    try:
        return load(args.config).console
    except ConfigError:
        return ConsoleSettings()


def _status(args: argparse.Namespace) -> int:
    import asyncio

    from dhcptui.assess.verdict import derive, worst
    from dhcptui.engine.read_once import look
    from dhcptui.engine.status_report import EXIT_CODES, as_json, as_text
    from dhcptui.watch.clocks import moment

    config = _settings(args)
    pairs: list[PairSettings] = (
        [config.pair(args.pair)] if args.pair or not config.pairs else list(config.pairs.values())
    )

    async def every() -> list[Any]:
        return await asyncio.gather(*(look(pair) for pair in pairs))

    # Each pair is judged at the moment it was looked at: waiting for a slower one must not age it.
    looked = [(snapshot, derive(snapshot, at)) for snapshot, at in asyncio.run(every())]
    now = moment()
    if args.json:
        print(json.dumps(as_json(looked, now), indent=2))
    else:
        print("\n\n".join(as_text(snapshot, verdict, now) for snapshot, verdict in looked))
    return EXIT_CODES[worst(verdict.level for _, verdict in looked)]


def _roles(settings: PairSettings, action: Action, server: str | None) -> list[Role]:
    """The acting servers to consider: the named one, or both."""
    from dhcptui.model.action import Action
    from dhcptui.model.role import Role

    names = {settings[role].name: role for role in Role}
    if server is not None:
        if server not in names:
            raise ConfigError(f"pair {settings.name} has no server {server!r}; it has {' and '.join(names)}")
        return [names[server]]
    return [settings.sync_from] if action is Action.SYNC_RESTART else list(Role)


def _variant(args: argparse.Namespace) -> str:
    """The variant of an action that the options ask for."""
    if args.rollback and args.action != "sync-restart":
        raise ConfigError("--rollback goes with sync-restart")
    if args.cancel:
        if args.action != "start" or args.after is not None:
            raise ConfigError("--cancel goes with start, without --after")
        return "cancel"
    if args.after is None:
        return "rollback" if args.rollback else ""
    if args.action != "start":
        raise ConfigError("--after goes with start")
    found = re.fullmatch(r"(\d{1,6})(s|m|h)", args.after)
    seconds = int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]] if found else 0
    if not 1 <= seconds <= MAX_DELAY_SECONDS:
        raise ConfigError("--after wants a time such as 90s, 5m or 2h, at most seven days")
    return f"after {seconds}"


def _choose(plans: list[Plan]) -> Plan:
    """The one plan that is allowed, or the first refusal."""
    allowed = [plan for plan in plans if plan.allowed]
    if len(allowed) > 1:
        raise ConfigError(
            f"both servers could act: name one with --server {' or '.join(p.acting_name for p in allowed)}"
        )
    return allowed[0] if allowed else plans[0]


def _plan(args: argparse.Namespace) -> int:
    from dhcptui.engine.headless import Headless
    from dhcptui.engine.plan_report import helps, plan_json, plan_text
    from dhcptui.model.action import Action
    from dhcptui.watch.clocks import moment

    settings, action = _settings(args).pair(args.pair), Action(args.action)
    with Headless(settings, wait=args.wait) as engine:
        engine.look()
        plan = _choose(engine.plans(action, _roles(settings, action, args.server), _variant(args)))
        helping = helps(plan, engine.engine.snapshot(), moment())
    print(json.dumps(plan_json(plan), indent=2) if args.json else plan_text(plan, helping))
    return 0 if plan.allowed else 1


def _do(args: argparse.Namespace) -> int:
    from dhcptui.act.leaving import READER_GONE, Output, left_code, on_signals, when_gone
    from dhcptui.act.plan import Outcome
    from dhcptui.engine.headless import Headless, Left
    from dhcptui.engine.plan_report import EXIT_CODES, StepPrinter, helps, plan_text
    from dhcptui.model.action import Action
    from dhcptui.watch.clocks import moment

    settings, action = _settings(args).pair(args.pair), Action(args.action)
    printer = StepPrinter()

    def show(progress: Progress) -> None:
        for line in printer.lines(progress):
            say(line)

    with Headless(settings, show, args.wait) as engine:
        departure = engine.engine.departure
        say = Output(sys.stdout, lambda: departure.leave(READER_GONE)).line
        warn = Output(sys.stderr).line
        when_gone(1, lambda: departure.leave(READER_GONE))
        with on_signals(departure.signalled, last=args.last):
            try:
                engine.look()
                for line in engine.break_lock(args.break_lock) if args.break_lock else ():
                    say(line)
                plan = _choose(engine.plans(action, _roles(settings, action, args.server), _variant(args)))
            except Left as left:
                warn(f"dhcptui: {left}: nothing was begun")
                return left_code(departure)
            if not plan.allowed:
                warn(plan_text(plan, helps(plan, engine.engine.snapshot(), moment()), steps=False))
                return 1
            outcome = engine.run(plan, args.confirm, args.sentence, lambda line: warn(f"dhcptui: {line}")).outcome
            for line in helps(plan, engine.engine.snapshot(), moment()) if outcome is Outcome.REFUSED else ():
                say(line)
    return left_code(departure) if outcome is Outcome.INTERRUPTED else EXIT_CODES[outcome]


def _audit(args: argparse.Namespace) -> int:
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


def _config(args: argparse.Namespace) -> int:
    path = args.config or default_path()
    if args.what == "path":
        print(path)
        return 0
    config = _settings(args)
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
    from dhcptui.config.loading import show

    print(show(config), end="")
    return 0


def _report(args: argparse.Namespace) -> int:
    import asyncio
    import time

    from dhcptui.engine.audit_report import parse_since
    from dhcptui.engine.post_mortem import investigate
    from dhcptui.engine.post_mortem_report import as_json, as_markdown

    settings = _settings(args).pair(args.pair)
    incident = asyncio.run(investigate(settings, parse_since(args.since, time.time())))
    print(json.dumps(as_json(incident), indent=2) if args.json else as_markdown(incident))
    return 0


def _lease(args: argparse.Namespace) -> int:
    import asyncio

    from dhcptui.engine.lease_look_up import look_up_once
    from dhcptui.engine.lease_report import EXIT_CODES, lease_json, lease_text
    from dhcptui.model.leases import parse_question

    if parse_question(args.address) is None:
        raise ConfigError("ADDRESS: an IPv4 address, a hardware address such as 02:00:5e:10:00:01, or a host name")
    found, snapshot = asyncio.run(look_up_once(_settings(args).pair(args.pair), args.address))
    print(json.dumps(lease_json(found, snapshot), indent=2) if args.json else lease_text(found, snapshot))
    return EXIT_CODES[found.outcome]


def _lint(args: argparse.Namespace) -> int:
    import asyncio

    from dhcptui.conf.lint.rules import lint
    from dhcptui.engine.lint_report import COULD_NOT_READ, as_json, as_text, exit_code
    from dhcptui.setup.read import LintError, from_files, over_ssh

    if args.files and args.pair:
        raise ConfigError("either a pair or --files")
    settings = None if args.files else _settings(args).pair(args.pair)
    try:
        pair = asyncio.run(over_ssh(settings) if settings else from_files(args.files[0], args.files[1], args.peer))
    except LintError as error:
        print(f"dhcptui: {error}", file=sys.stderr)
        return COULD_NOT_READ
    findings = lint(pair)
    name = settings.name if settings else ""
    print(json.dumps(as_json(name, pair, findings), indent=2) if args.json else as_text(name, pair, findings))
    return exit_code(findings)


def _init(args: argparse.Namespace) -> int:
    import asyncio

    from dhcptui.setup.init_pair import InitError, draft, look, target
    from dhcptui.setup.init_write import write

    def ask(question: str) -> bool:
        return bool(args.yes) or (sys.stdin.isatty() and input(f"{question} [y/N] ").strip().lower() in {"y", "yes"})

    path = (args.config or default_path()).expanduser().absolute()
    try:
        one, two = (target(host, args.user, args.identity, args.known_hosts) for host in args.hosts)
        made = draft(asyncio.run(look((one, two), args.peer)), args.pair, args.peer, path.parent)
        print("\n".join(made.report), end="\n\n")
        if args.read_only:
            raise InitError(f"--read-only: {path} was not written")
        print("\n".join(write(made, path, ask)))
    except InitError as error:
        raise ConfigError(str(error)) from error
    print(f"Now: dhcptui status {made.name}, dhcptui lint {made.name}, dhcptui {made.name}")
    return 0


def _scaffold(args: argparse.Namespace) -> int:
    from pathlib import Path

    from dhcptui.conf.scaffold import ScaffoldError
    from dhcptui.setup.scaffold_files import check, from_arguments, next_steps, write

    try:
        scaffold = from_arguments(args)
        directory = args.out or Path(scaffold.peer)
        print("\n".join(write(scaffold, directory, args.force)))
    except ScaffoldError as error:
        raise ConfigError(str(error)) from error
    good, said = check(scaffold, directory)
    print("\n".join([*said, *next_steps(scaffold, directory)]))
    return 0 if good else 1


_RUN: dict[str, Callable[[argparse.Namespace], int]] = {
    "console": _console,
    "demo": _demo,
    "status": _status,
    "plan": _plan,
    "do": _do,
    "audit": _audit,
    "config": _config,
    "report": _report,
    "lease": _lease,
    "lint": _lint,
    "init": _init,
    "scaffold": _scaffold,
}
