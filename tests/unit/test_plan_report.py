"""What `dhcptui plan` and `dhcptui do` print: the reason first, what would help, and commands instead of keys."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dhcptui.act.actions import make_script
from dhcptui.act.plan import Outcome, Progress, StepReport, StepState
from dhcptui.assess import delayed_start as delayed
from dhcptui.assess.return_path import ReturnPath
from dhcptui.assess.verdict import derive
from dhcptui.engine.plan_report import StepPrinter, helps, plan_text
from dhcptui.engine.status_report import as_text
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.sentence import Look, On, Sentence, cleaned, in_commands, in_keys, sentence
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
            told = in_commands(sentence(text), made.pair)
            assert not KEY.search(told), told
            assert "above" not in told


def test_a_sentence_has_keys_on_the_screen_and_commands_on_the_line() -> None:
    """With the pair and the server; words are never looked into: a server may be called as a key."""
    back: Sentence = (Action.TAKE_BACK, On("dhcp2", said=True), " takes it back.")
    up: Sentence = ("To bring dhcp1 back: ", Action.START, On("dhcp1"), ", or sudo -H X/y on dhcp1.")
    rows = {
        back: ("h on dhcp2 takes it back.", "`dhcptui do take-back office --server dhcp2` takes it back."),
        up: (
            "To bring dhcp1 back: u, or sudo -H X/y on dhcp1.",
            "To bring dhcp1 back: `dhcptui do start office --server dhcp1`, or sudo -H X/y on dhcp1.",
        ),
        (Action.SYNC_RESTART, On("dhcp1"), " resumes."): ("r resumes.", "`dhcptui do sync-restart office` resumes."),
        ("Look at ", Look.BOTH_STATES, "."): (
            "Look at the states of both servers.",
            "Look at `dhcptui status office`.",
        ),
        ("Look at the log of S.",): ("Look at the log of S.", "Look at the log of S."),
    }
    keys = {Action.TAKE_BACK: "h", Action.START: "u", Action.SYNC_RESTART: "r"}
    for said, (screen, line) in rows.items():
        assert in_keys(said, keys.__getitem__) == screen
        assert in_commands(said, "office") == line
    assert in_commands(back, "new office") == "`dhcptui do take-back 'new office' --server dhcp2` takes it back."
    assert cleaned(("a\x1b[2J ", Action.START, On("S\x07")), 20) == ("a\\x1b[2J ", Action.START, On("S\\x07"))


def test_status_and_report_name_commands() -> None:
    """What now, on the command line: nobody can press a key there."""
    for snapshot, said in (
        (pair(live(P, S_COMM), down(Q)), "`dhcptui do start office --server dhcp2` brings dhcp2 up"),
        (HEALTHY, "use `dhcptui do shutdown office` (clean shutdown)"),
    ):
        text = as_text(snapshot, derive(snapshot, NOW), NOW)
        assert said in text
        assert not KEY.search(text.partition("What now: ")[2])


def test_the_last_lines_of_a_run() -> None:
    """A refusal is said once, and what comes next in commands."""
    made = plan(Action.START, pair(live(P, S_COMM), down(Q)), Q)
    steps = tuple(StepReport(StepState.SKIPPED) for _ in made.steps)
    told = StepPrinter().lines(
        Progress(
            made, steps, Outcome.REFUSED, "it cannot be.", (Action.TAKE_BACK, On("dhcp2", said=True), " takes it back.")
        )
    )
    assert told[-2:] == ["REFUSED: it cannot be.", "Next: `dhcptui do take-back office --server dhcp2` takes it back."]
