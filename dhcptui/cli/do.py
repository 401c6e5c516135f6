"""`dhcptui do`: an action, confirmed on the command line, step by step."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from dhcptui.cli import do_machine
from dhcptui.cli.common import settings_of
from dhcptui.cli.plan import choose, roles, variant

if TYPE_CHECKING:
    from dhcptui.act.plan import Progress


def run(args: argparse.Namespace) -> int:
    """Do it. Returns the exit code."""
    from dhcptui.act.leaving import READER_GONE, Output, left_code, on_signals, when_gone
    from dhcptui.act.plan import Outcome
    from dhcptui.engine.headless import Headless, Left
    from dhcptui.engine.plan_report import EXIT_CODES, StepPrinter, helps, plan_text
    from dhcptui.model.action import Action
    from dhcptui.watch.clocks import moment

    if args.machine is not None:
        return do_machine.run(args)
    settings, action = settings_of(args).pair(args.pair), Action(args.action)
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
                for answer in engine.break_lock(args.break_lock) if args.break_lock else ():
                    say(answer.text)
                plan = choose(engine.plans(action, roles(settings, action, args.server), variant(args)))
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
