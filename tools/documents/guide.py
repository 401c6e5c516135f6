"""docs/guide.md: written by hand, but for the tables of states and incidents and the steps of the actions, which the code gives."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from dhcptui.act.actions import make_script
from dhcptui.assess.delayed_start import after
from dhcptui.assess.guards import RULES
from dhcptui.assess.return_path import ReturnPath
from dhcptui.config.loading import PairSettings, load
from dhcptui.model.action import Action
from dhcptui.model.commands import key_of
from dhcptui.model.role import Role
from dhcptui.model.states import LEADS_TO, FailoverState
from tools.documents import incidents
from tools.documents.configuration import EXAMPLE

GUIDE = Path(__file__).parents[2] / "docs" / "guide.md"
_S = FailoverState
TO_DO = {
    _S.UNKNOWN: "Look at its log. Write nothing.",
    _S.STARTUP: "Wait 15 s. Never write partner-down into it.",
    _S.NORMAL: "Nothing.",
    _S.COMMUNICATIONS_INTERRUPTED: "Find out why the two do not hear each other. Partner-down only if the other is dead.",
    _S.PARTNER_DOWN: "Bring the other one back when it can reach this one. Until then this one is alone.",
    _S.POTENTIAL_CONFLICT: "Wait, write nothing. It should end within seconds; read both logs if it does not.",
    _S.RECOVER: "Wait while its partner serves. Without a partner it never serves: partner-down, or rescue.",
    _S.PAUSED: "Take back: nothing else ends it, a restart neither. Read its log, and check that both versions are equal.",
    _S.SHUTDOWN: "Take back, or stop its dhcpd. A restart alone changes nothing.",
    _S.RECOVER_DONE: "Wait for the link to its partner.",
    _S.RESOLUTION_INTERRUPTED: "Mend the link: it goes on sorting out. Write nothing.",
    _S.CONFLICT_DONE: "Wait. A state written to its partner now makes this dhcpd exit.",
    _S.RECOVER_WAIT: "Wait for the countdown. Its partner serves meanwhile.",
}


def states() -> list[str]:
    """Each state: what it means, who serves, where it leads, what to do."""
    rows = [
        "| state | glyph | what the server does | who answers clients | goes to, by itself | what to do |",
        "|---|---|---|---|---|---|",
    ]
    for state in FailoverState:
        info, leads = state.info, LEADS_TO[state]
        ways = ", ".join(each.word for each in FailoverState if each in leads) or "nowhere"
        if len(leads) > 7:
            ways = "the state on its disk, or where its partner sends it"
        # A bar in a cell of a table would end it.
        glyphs = f"`{info.glyph}` `{info.ascii_glyph}`"
        rows.append(
            f"| **{state.word}** ({state.number}) | {glyphs} | {info.meaning} | {info.serving} | {ways} | {TO_DO[state]} |"
        )
    return rows


def actions() -> list[str]:
    """The actions at a glance."""
    rows = ["| key | action | what you type | what it does |", "|---|---|---|---|"]
    pair = example()
    for action in RULES:
        script = make_script(action, Role.PRIMARY, pair)
        rows.append(
            f"| `{key_of(action)}` | [{action.value}](#{action.value}) | `{script.confirm_text}` | {script.headline} |"
        )
    return rows


def steps(action: Action, variant: str = "") -> list[str]:
    """What one action does, step by step, on the pair of the example."""
    rows = ["| step | on | what runs | goes on when |", "|---|---|---|---|"]
    for each in make_script(action, Role.PRIMARY, example(), variant=variant).steps:
        step = each.planned
        runs = step.brief or (f"`{step.command}`" if step.command else "it looks")
        rows.append(
            "| " + " | ".join(text.replace("|", "\\|") for text in (step.title, step.where, runs, step.until)) + " |"
        )
    return rows


def example() -> PairSettings:
    """The pair of the example in the README."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "config.toml")
        path.write_text(EXAMPLE)
        return load(path).pair(None)


BLOCKS: dict[str, Callable[[], list[str]]] = {
    "states": states,
    "actions": actions,
    "incidents": incidents.index,
    **{f"steps of {action.value}": lambda action=action: steps(action) for action in RULES},  # type: ignore[misc]
    "steps of take-back from paused": lambda: steps(Action.TAKE_BACK, ReturnPath.BY_SHUTDOWN.value),
    "steps of take-back of both": lambda: steps(Action.TAKE_BACK, ReturnPath.TOGETHER.value),
    "steps of start --after 5m": lambda: steps(Action.START, after(300)),
}
"""Name of a block in the guide -> its lines."""


def guide() -> str:
    """The guide with every block as the code gives it. Each block must stand in it once."""
    text = GUIDE.read_text()
    for name, make in BLOCKS.items():
        pattern = rf"(<!-- {re.escape(name)}: written by `make docs` -->\n).*?(\n<!-- end -->)"
        block = "\n".join(make())
        text, count = re.subn(pattern, lambda found, block=block: found[1] + block + found[2], text, flags=re.DOTALL)  # type: ignore[misc]
        if count != 1:
            raise ValueError(f"{GUIDE} has {count} blocks {name!r}")
    return text
