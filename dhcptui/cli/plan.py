"""`dhcptui plan`: what an action would do, and whether it may."""

from __future__ import annotations

import argparse
import json
import re
from typing import TYPE_CHECKING

from dhcptui.cli.common import acting_server, one_object, pairs_of
from dhcptui.config.loading import ConfigError

if TYPE_CHECKING:
    from dhcptui.act.plan import Plan
    from dhcptui.config.loading import PairSettings
    from dhcptui.engine.headless import Headless
    from dhcptui.model.action import Action
    from dhcptui.model.role import Role


def run(args: argparse.Namespace) -> int:
    """Show the plan of each pair. Returns the exit code."""
    from dhcptui.engine.headless import together
    from dhcptui.engine.plan_report import plan_json, plan_text

    pairs = pairs_of(args)
    with together(pairs, args.wait) as engines:
        made = [_made(args, engine) for engine in engines]
    if args.json:
        found = [plan_json(plan) for plan, _ in made]
        print(json.dumps(found[0] if one_object(args, pairs) else found, indent=2))
    else:
        texts = [plan_text(plan, helping) for plan, helping in made]
        print(texts[0] if one_object(args, pairs) else "\n\n".join(map(_below_name, pairs, texts)))
    return 0 if all(plan.allowed for plan, _ in made) else 1


def _below_name(settings: PairSettings, text: str) -> str:
    """A pair's plan where several are shown: peers and servers of two pairs may be called the same."""
    return f"== {settings.name}\n{text}"


def _made(args: argparse.Namespace, engine: Headless) -> tuple[Plan, list[str]]:
    """The plan of one pair, and what helps where it is refused."""
    from dhcptui.engine.plan_report import helps
    from dhcptui.model.action import Action
    from dhcptui.watch.clocks import moment

    action = Action(args.action)
    server = acting_server(args, engine.settings, action)
    engine.look()
    plan = choose(engine.plans(action, roles(engine.settings, action, server), variant(args)))
    return plan, list(helps(plan, engine.engine.snapshot(), moment()))


def roles(settings: PairSettings, action: Action, server: str | None) -> list[Role]:
    """The acting servers to consider: the named one, or both."""
    from dhcptui.model.action import Action
    from dhcptui.model.role import Role

    names = {settings[role].name: role for role in Role}
    if server is not None:
        if server not in names:
            raise ConfigError(f"pair {settings.name} has no server {server!r}; it has {' and '.join(names)}")
        return [names[server]]
    return [settings.sync_from] if action is Action.SYNC_RESTART else list(Role)


def variant(args: argparse.Namespace) -> str:
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
    from dhcptui.act.actions.delayed import MAX_SECONDS
    from dhcptui.assess.delayed_start import after

    found = re.fullmatch(r"(\d{1,6})(s|m|h)", args.after)
    seconds = int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]] if found else 0
    if not 1 <= seconds <= MAX_SECONDS:
        raise ConfigError("--after wants a time such as 90s, 5m or 2h, at most seven days")
    return after(seconds)


def choose(plans: list[Plan]) -> Plan:
    """The one plan that is allowed, or the first refusal."""
    allowed = [plan for plan in plans if plan.allowed]
    if len(allowed) > 1:
        raise ConfigError(
            f"pair {plans[0].pair}: both servers could act: name one with --server"
            f" {' or '.join(p.acting_name for p in allowed)}"
        )
    return allowed[0] if allowed else plans[0]
