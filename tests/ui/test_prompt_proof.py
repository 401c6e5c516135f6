"""What cannot be proven, what is attached, what is copied, and how an action can end otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from dhcptui.act.plan import Outcome, StepState
from dhcptui.act.script import plan_as_script
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.ui.panes.plan_view import PlanView
from dhcptui.ui.panes.text_sheet import Sheet
from tests.ui.feed import DIFF, DIFFERENT, MONO, ScriptedConsole, cut_off, healthy, one_down
from tests.ui.test_main_screen import picture, row, screen
from tests.ui.test_prompt import confirm, entry, start
from tests.ui.waiting import until

P, Q = Role.PRIMARY, Role.SECONDARY
SENTENCE = "I know that dhcp2 is off"


async def test_what_is_not_proven_is_marked_as_such() -> None:
    """What was not seen has a sign of its own, neither a tick nor a cross; the prompt is not a refusal."""
    async with screen(cut_off()) as (app, pilot, _console):
        await pilot.press("P")
        await pilot.pause()
        shown = app.screen.query_one(PlanView).shown
        assert "▲ Not proven: dhcp2 is unreachable from here and from dhcp1" in shown
        assert "? dhcp2's dhcpd is proven gone · not proven" in shown
        assert "✗" not in shown
        assert "Type dhcp2 and press Enter, Esc to leave" in row(app, "prompt-hint")


async def test_the_sentence_is_asked_for_after_the_name() -> None:
    """Name, then sentence, each exactly; only then it runs, and both reach the engine."""
    async with screen(cut_off(), (80, 24)) as (app, pilot, console):
        await pilot.press("P")
        await confirm(pilot, "dhcp2")
        assert console.ran == []
        assert entry(app).value == ""
        assert f"Not proven. To answer for it, type: {SENTENCE}" in row(app, "prompt-hint")
        for wrong in ("", "dhcp2", SENTENCE.lower(), SENTENCE + "."):
            entry(app).value = wrong
            await pilot.press("enter")
            await pilot.pause()
            assert console.ran == []
            assert f"Expected exactly {SENTENCE}" in row(app, "prompt-hint")
        entry(app).value = SENTENCE
        await pilot.press("enter")
        await pilot.pause()
        assert [(plan.action, typed) for plan, typed in console.ran] == [(Action.PARTNER_DOWN, "dhcp2")]
        assert console.swore == [SENTENCE]


async def test_a_change_voids_name_and_sentence() -> None:
    """dhcp2's machine answers while the sentence is typed: all of it counts no more."""
    async with screen(cut_off()) as (app, pilot, console):
        await pilot.press("P")
        await confirm(pilot, "dhcp2")
        entry(app).value = SENTENCE
        console.show(one_down())
        await pilot.pause()
        assert entry(app).value == ""
        assert "The situation changed; read again." in row(app, "prompt-hint")
        await confirm(pilot, "dhcp2")
        assert console.swore == [""]


async def test_proof_needs_no_sentence() -> None:
    """Where all is proven the engine gets an empty one."""
    async with screen(one_down()) as (_app, pilot, console):
        await pilot.press("P")
        await confirm(pilot, "dhcp2")
        assert console.swore == [""]


async def test_what_is_gathered_opens_the_prompt() -> None:
    """dhcp1 has not tried dhcp2 yet: looking, not refused; the answer lets type at once, without an alarm."""
    async with screen(cut_off(tried=False)) as (app, pilot, console):
        await pilot.press("P")
        await pilot.pause()
        assert console.prepared == [(Action.PARTNER_DOWN, P)]
        assert "Refused" not in app.screen.query_one(PlanView).shown
        assert "Looking" in row(app, "prompt-hint")
        console.show(cut_off())
        await pilot.pause()
        assert app.screen.focused is entry(app)
        assert row(app, "prompt-hint").startswith("Type dhcp2")
        await confirm(pilot, "dhcp2")
        await confirm(pilot, SENTENCE)
        assert console.swore == [SENTENCE]


async def test_news_long_after_opening_is_a_change() -> None:
    """Nobody has typed, but somebody may have read: it is said that something differs."""
    async with screen(one_down()) as (app, pilot, console):
        await pilot.press("P")
        console.clock.forward(60)
        console.show(healthy(MONO + 60))
        await pilot.pause()
        assert "The situation changed; read again." in row(app, "prompt-hint")


async def test_the_diff_is_read_before_confirming() -> None:
    """First it is being compared; then size, lines with their signs, and the finding that says what differs."""
    async with screen(healthy()) as (app, pilot, console):
        console.comparison = None
        await pilot.press("R")
        await pilot.pause()
        assert row(app, "prompt-hint").startswith("… Looking: the shared directories are being compared;")
        console.comparison = DIFFERENT
        console.show(healthy())
        await pilot.pause()
        shown = app.screen.query_one(PlanView).shown
        assert "1 file differs: +2 -2 lines, below" in shown
        assert all(line in shown for line in DIFF)
        assert "4 files on dhcp1; 1 changed: subnets.conf" in shown
        await confirm(pilot, "office")
        assert len(console.ran) == 1


async def test_nothing_to_copy_is_said() -> None:
    """A restart is possible all the same."""
    async with screen(healthy()) as (app, pilot, _console):
        await pilot.press("R")
        await pilot.pause()
        assert "nothing to copy: both have the same 4 files" in app.screen.query_one(PlanView).shown
        assert "differs" not in app.screen.query_one(PlanView).shown


async def test_the_diff_can_be_scrolled_at_80x24() -> None:
    """PgDn leads to its last line while the entry keeps the focus."""
    async with screen(healthy(), (80, 24)) as (app, pilot, console):
        console.comparison = replace(DIFFERENT, diff=(*DIFF, *(f"+line {n}" for n in range(600))))
        await pilot.press("R")
        await until(pilot, lambda: "more below" in picture(app))
        seen = ""
        for _ in range(8):
            await pilot.press("pagedown")
            await pilot.pause()
            seen += picture(app)
        assert "+  option domain-name-servers 10.0.0.2, 10.0.0.3;" in seen
        assert "more lines: dhcptui plan shows all" in app.screen.query_one(PlanView).shown
        assert app.screen.focused is entry(app)


async def end(pilot: Pilot[None], console: ScriptedConsole, outcome: Outcome, *off_script: str) -> None:
    """The running partner-down ends."""
    states = (StepState.DONE, StepState.DONE if outcome is Outcome.VERIFIED else StepState.SKIPPED)
    console.report(*states, outcome=outcome, result="Told.", off_script=off_script)
    await pilot.pause()


@pytest.mark.parametrize(
    ("outcome", "off_script", "words"),
    [
        (Outcome.VERIFIED, (), ["✓ VERIFIED   as expected · Told."]),
        (
            Outcome.VERIFIED,
            ("dhcp2: normal -> potential-conflict",),
            ["✓ VERIFIED", "▲ off script: dhcp2: normal -> pot"],
        ),
        (Outcome.FAILED, ("dhcp1: normal -> startup",), ["✗ FAILED   Told.", "▲ off script: dhcp1: normal -> startup"]),
        (Outcome.INTERRUPTED, (), ["▲ INTERRUPTED   Told."]),
        (Outcome.REFUSED, (), ["▲ REFUSED   Told."]),
    ],
)
async def test_how_it_ended(outcome: Outcome, off_script: tuple[str, ...], words: list[str]) -> None:
    """As expected or off script, by word and sign; an interrupted run is neither verified nor failed."""
    async with screen(one_down()) as (app, pilot, console):
        await start(pilot, console)
        await end(pilot, console, outcome, *off_script)
        shown = app.screen.query_one("#outcome", Sheet).shown
        assert all(each in shown for each in words)
        assert ("as expected" in shown) == (outcome is Outcome.VERIFIED and not off_script)


async def test_off_script_shows_while_it_runs() -> None:
    """A transition nobody expected is told at once."""
    async with screen(one_down()) as (app, pilot, console):
        await start(pilot, console)
        console.report(StepState.DONE, StepState.RUNNING, off_script=["dhcp2: normal -> startup"])
        await pilot.pause()
        assert app.screen.query_one("#outcome", Sheet).shown == "▲ off script: dhcp2: normal -> startup"


async def test_the_plan_is_copied_as_a_script() -> None:
    """ctrl+y while typing, y otherwise: OSC 52 carries the script, and the typed text is left alone."""
    async with screen(one_down()) as (app, pilot, console):
        await pilot.press("P", *"dhc")
        assert "ctrl+y copy as script" in row(app, "keys")
        await pilot.press("y")
        assert entry(app).value == "dhcy"
        assert app.clipboard == ""
        await pilot.press("ctrl+y")
        assert entry(app).value == "dhcy"
        assert app.clipboard == plan_as_script(console.plan(Action.PARTNER_DOWN, P))
        assert "Copied as a script" in row(app, "prompt-hint")
        assert console.ran == []
    async with screen(healthy()) as (app, pilot, _):
        await pilot.press("P")
        assert "y copy as script" in row(app, "keys")
        await pilot.press("y")
        assert "REFUSED" in app.clipboard
