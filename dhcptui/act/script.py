"""A plan as a script a person can run without the console: omshell for OMAPI writes, ssh for commands.

It is made from the plan, so it knows server labels (taken as ssh hosts) and no secret. It stops before each
step until somebody presses Enter, because a shell does not verify; and a refused plan comes as comments only.
"""

from __future__ import annotations

import shlex

from dhcptui.act.operations import OmapiShutdown, OmapiWrite, Run, as_omshell
from dhcptui.act.plan import Plan, PlannedStep
from dhcptui.model.action import Action
from dhcptui.model.sanitize import clean

_PAUSE = 'go_on() { printf "%s\\n  [Enter: next, Ctrl-C: stop] " "$1"; read -r _ </dev/tty; }'


def plan_as_script(plan: Plan) -> str:
    """The plan as a shell script; one subshell, so that it may be pasted as well as saved."""
    lines = ["(", "set -e", _PAUSE]
    for number, step in enumerate(plan.steps, 1):
        lines += ["", *_step(number, step)]
    lines += ["", "echo done", ")"]
    body = "\n".join(lines)
    return "\n".join([*map(_comment, _notes(plan)), body if plan.allowed else _comment(body), ""])


def _notes(plan: Plan) -> list[str]:
    about = plan.pair if plan.action is Action.SYNC_RESTART else plan.acting_name
    unproven = [each for each in plan.ruling.findings if each.seen and not each.ok and each.sentence]
    unseen = [each for each in plan.ruling.findings if not each.seen and (each.holds or each.sentence)]
    return [
        f"dhcptui: {plan.action.value} of {about}. {plan.headline}",
        *(f"REFUSED by dhcptui, so every line is a comment: {reason}" for reason in plan.ruling.reasons),
        *(f"WARNING: {warning}" for warning in plan.ruling.warnings),
        *(f"WARNING: not proven: {finding.observed}" for finding in unproven),
        *(f"WARNING: not seen: {finding.observed}" for finding in unseen),
        "Host names are the labels of dhcptui's configuration. Where OMAPI has a key, add `key NAME SECRET` before",
        "each `connect`. Nothing is verified for you: look after each step whether it did what its `until` says.",
    ]


def _step(number: int, step: PlannedStep) -> list[str]:
    title = clean(f"{number} {step.title} ({step.where})")
    until = [_comment(f"until: {clean(step.verified_by)}")] if step.verified_by else []
    pause = f"go_on {shlex.quote(title)}"
    host, operation = shlex.quote(step.where), step.operation
    if isinstance(operation, OmapiWrite | OmapiShutdown):
        return [pause, f"ssh {host} omshell <<'END'", *as_omshell(operation), "END", *until]
    if isinstance(operation, Run) and not operation.by_hand:
        return [pause, f"ssh {host} {shlex.quote(step.command)}", *until]
    by_hand = [_comment(f"by hand on {step.where}: {step.command}")] if step.command else []
    return [*by_hand, *until, f"go_on {shlex.quote(title + ': look, or do it by hand')}"]


def _comment(text: str) -> str:
    """Every line of `text` behind a `#`: a comment must not end before its text does."""
    return "\n".join(f"# {clean(line)}".rstrip() for line in text.splitlines())
