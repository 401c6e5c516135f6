"""The help: everything the console knows of itself, beside the live panels."""

from __future__ import annotations

import pytest

from dhcptui.act.plan import StepState
from dhcptui.assess.verdict import Level
from dhcptui.model.states import LEADS_TO, FailoverState
from dhcptui.ui.panes.prompt import Stage
from tests.ui.feed import healthy, one_down
from tests.ui.test_main_screen import P, Q, panel, picture, row, screen
from tests.ui.test_prompt import confirm, entry


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_help_can_be_read_to_its_end(size: tuple[int, int]) -> None:
    """Page by page every line is seen; the panels stay live meanwhile."""
    async with screen(healthy(), size, place="/x/config.toml") as (app, pilot, console):
        await pilot.press("?")
        seen = picture(app)
        assert "Keys that act" in seen
        for _ in range(40):
            await pilot.press("pagedown")
            seen += picture(app)
        assert "more below" not in picture(app)
        assert "/x/config.toml" in picture(app)
        for state in FailoverState:
            assert state.word in seen
            assert state.info.serving in seen
        for level in Level:
            assert level.value.upper() in seen
        assert "partner seen as normal" in panel(app, P)
        console.show(one_down())
        await pilot.pause()
        assert "dhcpd not running" in panel(app, Q)
        assert "more above" in picture(app)


async def test_the_line_of_a_key_is_as_wide_as_the_next_one() -> None:
    """Its column of keys takes no room a second time."""
    async with screen(healthy(), (80, 24)) as (app, pilot, _):
        await pilot.press("?")
        lines = [line.strip("│ ") for line in picture(app).splitlines()]
        first = next(at for at, line in enumerate(lines) if line.startswith("R "))
        assert lines[first].endswith("Copy the shared configuration, test it, and")
        assert lines[first + 1] == "restart both servers one after the other."


async def test_help_says_where_a_state_leads() -> None:
    """The same table that the model has."""
    async with screen(healthy()) as (app, pilot, _console):
        await pilot.press("?")
        shown = app.main.reading.shown
        assert "◔ recover-wait" in shown
        assert "leads to: recover-done" in shown
        assert LEADS_TO[FailoverState.RECOVER_WAIT] == {FailoverState.RECOVER_DONE}
        assert "leads to: nothing by itself" in shown


@pytest.mark.parametrize("key", ["escape", "question_mark", "q"])
async def test_three_keys_lead_back(key: str) -> None:
    """esc, ? and q all leave the help; q leaves nothing else."""
    async with screen(healthy()) as (app, pilot, _console):
        before = app.screen.focused
        await pilot.press("?")
        assert "esc back" in row(app, "keys")
        await pilot.press(key)
        assert not app.main.reading.display
        assert app.screen.focused is before
        assert app.is_running
        assert "? help" in row(app, "keys")


async def test_a_prompt_in_confirmation_keeps_its_letters() -> None:
    """While a name is typed, ? : and / are letters of it."""
    async with screen(one_down()) as (app, pilot, console):
        await pilot.press("P", *"dh", "?", ":", "/")
        assert entry(app).value == "dh?:/"
        assert app.main.prompt.display
        assert console.ran == []


async def test_help_over_a_prompt_loses_nothing() -> None:
    """A refused plan, or one half confirmed by way of a key that is no letter: both stand there again afterwards."""
    async with screen(one_down(), keys={"look.help": ("f1",)}) as (app, pilot, console):
        await pilot.press("P", *"dhc", "f1")
        assert app.main.reading.display
        assert not app.main.prompt.display
        await pilot.press("escape")
        assert app.main.prompt.stage is Stage.READING
        assert entry(app).value == "dhc"
        assert app.screen.focused is entry(app)
        await confirm(pilot, "p2")
        assert [typed for _, typed in console.ran] == ["dhcp2"]


async def test_help_while_an_action_runs() -> None:
    """It may be looked at and left; the action goes on, and q in the help leaves only the help."""
    async with screen(one_down()) as (app, pilot, console):
        await pilot.press("P")
        await confirm(pilot, "dhcp2")
        await pilot.press("?")
        console.report(StepState.RUNNING)
        await pilot.pause()
        assert app.main.reading.display
        await pilot.press("q")
        assert app.main.prompt.display
        assert app.main.prompt.stage is Stage.RUNNING
        assert app.screen.focused is app.main.prompt


async def test_read_only_help_names_no_acting_key() -> None:
    """What does not exist is not explained."""
    async with screen(healthy(), read_only=True) as (app, pilot, _console):
        await pilot.press("?")
        assert "this console is read-only" in app.main.reading.shown
        assert "partner-down. Tell" not in app.main.reading.shown
