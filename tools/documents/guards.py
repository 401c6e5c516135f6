"""docs/guards.md: the guard table as the engine uses it."""

from __future__ import annotations

from collections.abc import Callable

from dhcptui.assess.evidence import ALWAYS
from dhcptui.assess.guards import RESUMED, RULES
from dhcptui.assess.not_seen import STATE, UNSEEN, Unseen
from dhcptui.model.action import Action
from dhcptui.model.states import FailoverState

ACTS = {
    Action.PARTNER_DOWN: "the survivor writes local-state 4",
    Action.SHUTDOWN: "local-state 8, then control 2",
    Action.HAND_OVER: "local-state 8",
    Action.TAKE_BACK: "local-state 6; from paused 8 first; on both servers where neither serves",
    Action.START: "runs the restart command",
    Action.SYNC_RESTART: "copies, tests, restarts one after the other",
    Action.RESCUE: "edits the lease file with dhcpd stopped",
}


def _check(check: Callable[..., object]) -> str:
    """One check, and what it means that it was not seen."""
    return f"- {(check.__doc__ or '').strip().splitlines()[0]}{_unseen(UNSEEN[check])}"


def _unseen(row: Unseen) -> str:
    words = " or ".join(meaning.value for meaning in row.meanings)
    return f"<br>Not seen: **{words}** ({row.why})."


def guards() -> str:
    """docs/guards.md: the table as the engine uses it."""
    lines = [
        "# Guards",
        "",
        "<!-- written by `make docs` from dhcptui/assess/guards.py -->",
        "",
        "dhcpd accepts every state write from every state. What may be written is decided here, by what both servers say",
        "and by what else was observed. `dhcptui plan ACTION PAIR` shows the findings for a pair as it is now.",
        "",
        "Every action is refused on dhcpd 3.0.x (its numbers mean other states), when a server's role is not the configured",
        "one, while somebody else holds the lock of a server, and for a read-only pair. *yes* below means: this state",
        "allows it, if the checks hold too.",
        "",
        "A dhcpd is *proven gone* when nobody holds its server's lease file or its ports, and all of that could be looked at:",
        "see [the guide](guide.md#what-proven-gone-means). Where a look could not see everything, partner-down, rescue and",
        "start want a typed sentence; while somebody holds one of them, or OMAPI has just answered, they are refused.",
        "",
        "Each check has three outcomes: seen and fine (`ok`), seen and not (`NO`, or `!!` where it can be answered for), and",
        '*not seen* (`?`; in JSON `"seen": false` beside `"ok": false`). What *not seen* means is decided for each: the plan',
        "is refused, somebody must type a sentence and so answer for it, or it is said and is no matter.",
        "",
        "Of every action:",
        "",
        *(_check(check) for check in ALWAYS),
        f"- The states of the tables below.{_unseen(STATE)}",
    ]
    for action, rule in RULES.items():
        lines += [
            "",
            f"## {action.value}",
            "",
            f"{ACTS[action].capitalize()}. Facts: {rule.source}.",
            "",
            "Checks:",
            "",
        ]
        lines += [_check(check) for check in (*rule.checks, rule.others)]
        if rule.acting is None:
            lines += ["", "The acting server's dhcpd does not run, so it has no state; its partner may be in any."]
            continue
        lines += ["", "| state | acting server | partner |", "|---|---|---|"]
        for state in FailoverState:
            partner = "need not answer" if rule.partner is None else rule.partner[state] or "yes"
            lines.append(f"| {state.word} | {rule.acting[state] or 'yes'} | {partner} |")
    lines += ["", "## Going on with a run that stopped half-way", ""]
    lines += [
        "Where a sync-restart stopped while it restarted a server, or a rescue after it had stopped dhcpd, the pair is not",
        "normal because of that run. These rows judge the same action then; its own files and records must be as it left them.",
    ]
    for action, rule in RESUMED.items():
        lines += ["", f"{action.value}. Facts: {rule.source}.", ""]
        lines += [_check(check) for check in rule.checks]
    return "\n".join(lines) + "\n"
