"""A plan as a script a person can run without the console: omshell for OMAPI writes, ssh for commands.

It is made from what the plan shows, so it knows server labels (taken as ssh hosts) and no secret. It stops before each
step until somebody presses Enter, because a shell does not verify; and a refused plan comes as comments only.
"""

from __future__ import annotations

import re
import shlex

from dhcptui.act.plan import Plan, PlannedStep
from dhcptui.model.action import Action
from dhcptui.model.sanitize import clean

_STATE = re.compile(r'OMAPI .+?: open failover-state "([^"]*)", set local-state = (\d+)\b.*')
_CONTROL = re.compile(r"OMAPI .+?: open control, set state = (\d+)\b.*")
_BY_HAND = re.compile(r"\n|^(sudo -n )?(/bin/sh|tar|xargs) | <- |\b(PID|STAMP)\b")
"""Signs of a command that wants input from elsewhere, or values known only then: to be read, not run as it stands."""
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
    host, command = shlex.quote(step.where), step.command
    if omshell := _omshell(command):
        return [pause, f"ssh {host} omshell <<'END'", *omshell, "END", *until]
    if not command or _BY_HAND.search(command) or command.startswith("OMAPI "):
        by_hand = [_comment(f"by hand on {step.where}: {command}")] if command else []
        return [*by_hand, *until, f"go_on {shlex.quote(title + ': look, or do it by hand')}"]
    return [pause, f"ssh {host} {shlex.quote(command)}", *until]


def _comment(text: str) -> str:
    """Every line of `text` behind a `#`: a comment must not end before its text does."""
    return "\n".join(f"# {clean(line)}".rstrip() for line in text.splitlines())


def _omshell(command: str) -> list[str]:
    """What omshell is told on the server itself; empty where `command` is no OMAPI write."""
    server = ["server 127.0.0.1", "port 7911", "connect"]
    if found := _STATE.fullmatch(command):
        peer, number = found.groups()
        return [*server, "new failover-state", f'set name = "{peer}"', "open", f"set local-state = {number}", "update"]
    if found := _CONTROL.fullmatch(command):
        return [*server, "new control", "open", f"set state = {found[1]}", "update"]
    return []
