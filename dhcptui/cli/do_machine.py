"""`dhcptui do ACTION --machine NAME`: the same action for every relationship of one machine, one after the other."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dhcptui.cli.common import acting_server, pairs_of
from dhcptui.cli.plan import choose, roles, variant
from dhcptui.config.loading import ConfigError
from dhcptui.model.action import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dhcptui.act.plan import Plan, Progress
    from dhcptui.config.settings import PairSettings
    from dhcptui.engine.headless import Headless

ACTIONS = (Action.PARTNER_DOWN, Action.HAND_OVER, Action.TAKE_BACK)
"""What is done to a relationship, not to the dhcpd that serves it with others."""


@dataclass(slots=True)
class Part:
    """One relationship's part. `result`: what became of it; None while it was not begun."""

    settings: PairSettings
    engine: Headless
    plan: Plan
    result: Progress | None = None

    @property
    def left_out(self) -> str:
        """Why it is not done with the others; empty where it is."""
        if not self.plan.allowed:
            return "; ".join(self.plan.ruling.reasons)
        return "not everything is proven: run it by itself, and answer for it" if self.plan.ruling.sentence else ""


def run(args: argparse.Namespace) -> int:
    """One list, one confirmation, one relationship after the other; the first surprise ends it. Returns the exit code."""
    from dhcptui.act.leaving import READER_GONE, Output, left_code, on_signals, when_gone
    from dhcptui.act.plan import Outcome
    from dhcptui.engine.headless import Left, together
    from dhcptui.engine.plan_report import EXIT_CODES

    action = _action(args)
    pairs = pairs_of(args)
    with together(pairs, args.wait) as engines:
        departure = engines[0].engine.departure
        say = Output(sys.stdout, lambda: departure.leave(READER_GONE)).line
        warn = Output(sys.stderr).line
        when_gone(1, lambda: departure.leave(READER_GONE))
        with on_signals(departure.signalled, last=args.last):
            try:
                parts = [_part(engine, action, args) for engine in engines]
            except Left as left:
                warn(f"dhcptui: {left}: nothing was begun")
                return left_code(departure)
            ready = [part for part in parts if not part.left_out]
            for line in listed(args.machine, action, parts):
                say(line)
            wanted = confirm_text(args.machine, ready)
            if not ready or args.confirm != wanted:
                warn("dhcptui: nothing was begun" + (f": confirm with --confirm {wanted!r}" if ready else ""))
                return 1
            _run(ready, say, warn)
            for line in results(parts):
                say(line)
    if any(part.result and part.result.outcome is Outcome.INTERRUPTED for part in ready):
        return left_code(departure)
    codes = [EXIT_CODES[part.result.outcome] if part.result else EXIT_CODES[Outcome.FAILED] for part in ready]
    return max([*codes, *(EXIT_CODES[Outcome.REFUSED] for part in parts if part.left_out)])


def _action(args: argparse.Namespace) -> Action:
    action = Action(args.action)
    if action not in ACTIONS:
        words = ", ".join(each.value for each in ACTIONS)
        raise ConfigError(f"{action.value} is of a whole dhcpd: name a PAIR. With --machine go {words}")
    if args.sentence or args.break_lock or args.rollback or args.after or args.cancel:
        raise ConfigError("--machine goes with --confirm, --server and --wait only; anything else needs a PAIR")
    return action


def _part(engine: Headless, action: Action, args: argparse.Namespace) -> Part:
    engine.look()
    server = acting_server(args, engine.settings, action)
    plan = choose(engine.plans(action, roles(engine.settings, action, server), variant(args)))
    return Part(engine.settings, engine, plan)


def confirm_text(machine: str, parts: Sequence[Part]) -> str:
    """What is typed: the machine's name, and in production each pair's name behind it."""
    return " ".join([machine, *(part.settings.name for part in parts if part.settings.production)])


def listed(machine: str, action: Action, parts: Sequence[Part]) -> list[str]:
    """The one plan: each relationship with its evidence, and those that are left out with the reason."""
    from dhcptui.engine.plan_report import plan_text

    ready = [part for part in parts if not part.left_out]
    lines = [f"{action.value}, {machine}: {len(ready)} of {len(parts)} relationships"]
    for part in ready:
        lines += ["", f"== {part.settings.name}", plan_text(part.plan, confirm=False)]
    lines += [""] * any(part.left_out for part in parts)
    lines += [f"== {part.settings.name}: left out: {part.left_out}" for part in parts if part.left_out]
    return lines


def _run(parts: Sequence[Part], say: Callable[[str], None], warn: Callable[[str], None]) -> None:
    from dhcptui.act.plan import Outcome
    from dhcptui.engine.plan_report import StepPrinter

    for part in parts:
        printer, name = StepPrinter(), part.settings.name

        def show(progress: Progress, printer: StepPrinter = printer, name: str = name) -> None:
            for line in printer.lines(progress):
                say(f"{name}: {line}")

        say("")
        part.engine.show = show
        plan = part.engine.again(part.plan)
        # The machine's name was typed for all of them; what each plan asks for is what was read and agreed to.
        part.result = part.engine.run(plan, plan.confirm_text, "", lambda line: warn(f"dhcptui: {line}"))
        if part.result.outcome is not Outcome.VERIFIED:
            return


def results(parts: Sequence[Part]) -> list[str]:
    """What became of each relationship."""
    lines = ["", "Result"]
    for part in parts:
        outcome = part.result.outcome.value if part.result else "left out" if part.left_out else "not begun"
        lines.append(f"  {part.settings.name}: {outcome}")
    return lines
