"""What `dhcptui plan` and `dhcptui do` print: the reason first, what would help, and commands instead of keys."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dhcptui.act.actions import make_script
from dhcptui.act.plan import Outcome, Progress, StepReport, StepState
from dhcptui.assess import delayed_start as delayed
from dhcptui.assess.return_path import ReturnPath
from dhcptui.engine.plan_report import StepPrinter, helps, in_commands, plan_text
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Lock, LockFiles, ServerView
from tests.unit.making import NOW, down, live, never, pair
from tests.unit.test_script import HEALTHY, SETTINGS, plan

P, Q = Role.PRIMARY, Role.SECONDARY
KEY = re.compile(r"(?<![\w/.-])[RPSHUX](?![\w/.-])")
"""A key, as it would stand in a sentence."""


def locked(view: ServerView) -> ServerView:
    """A server on which somebody else is at work."""
    lock = Lock("t", "bob", "ws9", "office", "shutdown", "1 of 3", NOW.wall - 5, NOW.wall + 40)
    return replace(view, lock_files=Seen(LockFiles(lock=lock), NOW.mono - 1))


def test_the_reason_of_a_refusal_stands_first() -> None:
    """Before evidence and steps, and again at the end of nothing."""
    lines = plan_text(plan(Action.PARTNER_DOWN)).splitlines()
    assert lines[0].startswith("Refused: dhcp2 answers and reads normal; ")
    assert lines[1].startswith("partner-down on dhcp1: ")
    assert sum(line.startswith("Refused: ") for line in lines) == 1
    brief = plan_text(plan(Action.PARTNER_DOWN), steps=False)
    assert brief.splitlines()[0] == lines[0]
    assert "Evidence" in brief
    assert "/bin/sh" not in brief
    assert "Steps" not in brief


def test_the_option_that_helps_is_named() -> None:
    """--wait for evidence that is still to come, --break-lock for a lock, and none where neither helps."""
    assert helps(plan(Action.PARTNER_DOWN), HEALTHY, NOW) == []
    snapshot = pair(locked(live(P)), live(Q))
    (told,) = helps(plan(Action.SHUTDOWN, snapshot), snapshot, NOW)
    assert "--break-lock bob@ws9" in told
    assert "40 s" in told
    coming = pair(live(P), never(Q))
    (told,) = helps(plan(Action.PARTNER_DOWN, coming), coming, NOW)
    assert told.startswith("--wait SECONDS")
    text = plan_text(plan(Action.PARTNER_DOWN, coming), [told]).splitlines()
    assert text[1] == f"  {told}"
    assert helps(plan(Action.START, pair(live(P, S_COMM), down(Q)), Q), pair(live(P, S_COMM), down(Q)), NOW) == []


S_COMM = live(P).status.value.local_state.COMMUNICATIONS_INTERRUPTED  # type: ignore[union-attr]


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("acting", Role)
def test_what_comes_next_is_a_command(action: Action, acting: Role) -> None:
    """No key in what is said after any action or its interruption, and nothing that stands "above"."""
    variants = {
        Action.START: ["", delayed.AT_ONCE, delayed.CANCEL, "after 60"],
        Action.SYNC_RESTART: ["", "rollback"],
        Action.TAKE_BACK: [way.value for way in ReturnPath],
    }
    made = plan(action, acting=acting)
    for variant in variants.get(action, [""]):
        script = make_script(action, acting, SETTINGS, variant=variant)
        for text in (script.next, script.if_interrupted):
            told = in_commands(text, made)
            assert not KEY.search(told), told
            assert "above" not in text


def test_keys_become_commands_that_can_be_run() -> None:
    """With the pair and the server; a letter that is part of something else, or a server's name, is none."""
    made = plan(Action.SHUTDOWN)
    put = {
        "H on dhcp2 takes it back.": "`dhcptui do take-back office --server dhcp2` takes it back.",
        "To bring dhcp1 back: U, or sudo -H X/y on dhcp1.":
            "To bring dhcp1 back: `dhcptui do start office`, or sudo -H X/y on dhcp1.",
        "Mend it, then H again.": "Mend it, then `dhcptui do take-back office` again.",
        "U brings dhcp2 up first: it was the last to serve.":
            "`dhcptui do start office --server dhcp2` brings dhcp2 up first: it was the last to serve.",
        "R resumes.": "`dhcptui do sync-restart office` resumes.",
        "Look at the states of both servers.": "Look at `dhcptui status office`.",
    }  # fmt: skip
    assert {text: in_commands(text, made) for text in put} == put
    named = replace(made, acting_name="S", partner_name="P")
    assert in_commands("Look at the log of S.", named) == "Look at the log of S."


def test_the_last_lines_of_a_run() -> None:
    """A refusal is said once, and what comes next in commands."""
    made = plan(Action.START, pair(live(P, S_COMM), down(Q)), Q)
    steps = tuple(StepReport(StepState.SKIPPED) for _ in made.steps)
    told = StepPrinter().lines(
        Progress(made, steps, Outcome.REFUSED, "Refused: it cannot be.", "H on dhcp2 takes it back.")
    )
    assert told[-2:] == ["REFUSED: it cannot be.", "Next: `dhcptui do take-back office --server dhcp2` takes it back."]
