"""The palette: every command by its name."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from dhcptui.act.plan import StepState
from dhcptui.ui.app import DhcptuiApp
from dhcptui.ui.panes.menu import Entry
from dhcptui.ui.panes.prompt import Stage
from dhcptui.ui.views.palette import PaletteView, rank
from tests.ui.feed import healthy, one_down
from tests.ui.test_main_screen import P, Q, panel, picture, row, screen
from tests.ui.test_prompt import confirm
from tests.ui.waiting import type_at_once, until

SIZES = [(80, 24), (120, 40), (200, 60)]


def names(app: DhcptuiApp) -> list[str]:
    """The labels on offer."""
    return [each.label for each in app.main.views[PaletteView].widget.menu.entries]


@pytest.mark.parametrize("size", SIZES)
async def test_typing_finds_a_command(size: tuple[int, int]) -> None:
    """Part of a name, words of the sentence or its letters in order; Enter runs it; the panels stay."""
    async with screen(healthy(), size) as (app, pilot, _console):
        await pilot.press(":", *"shut")
        assert names(app)[0] == "shutdown"
        assert "Stop one server cleanly" in picture(app)
        assert "● normal" in panel(app, P)
        await pilot.press("enter")
        await pilot.pause()
        assert app.main.prompt.stage is Stage.CHOOSING
        assert not app.main.views[PaletteView].widget.display


async def test_refused_actions_stay_and_say_why() -> None:
    """Greyed, with the reason; when it falls away while the list is open, so does the mark."""
    async with screen(healthy(), (80, 24)) as (app, pilot, console):
        await pilot.press(":", *"partner")
        assert "✗ dhcp2 answers and reads normal" in picture(app)
        console.show(one_down())
        await pilot.pause()
        assert "✗ dhcp2 answers" not in app.main.views[PaletteView].widget.menu.shown
        assert names(app)[0] == "partner-down"


async def test_read_only_offers_nothing_that_acts() -> None:
    """What does not exist is not on offer."""
    async with screen(one_down(), read_only=True) as (app, pilot, _console):
        await pilot.press(":")
        assert not {"partner-down", "shutdown", "sync+restart"} & set(names(app))
        assert {"help", "find", "quit", "theme: dhcptui-contrast"} <= set(names(app))


async def test_arrows_choose_and_esc_leaves() -> None:
    """The mark moves; at 80x24 the list scrolls with it."""
    async with screen(healthy(), (80, 24)) as (app, pilot, _console):
        before = app.screen.focused
        await pilot.press(":")
        for _ in range(40):
            await pilot.press("down")
        assert "▸ q" in app.main.views[PaletteView].widget.menu.shown
        assert "sync+restart" not in app.main.views[PaletteView].widget.menu.shown
        await pilot.press("pageup", "escape")
        assert not app.main.views[PaletteView].widget.display
        assert app.screen.focused is before


async def test_nothing_found_runs_nothing() -> None:
    """Enter on an empty list stays where it is."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press(":", *"zzzz", "enter")
        assert "no command is called so" in picture(app)
        assert app.main.views[PaletteView].widget.display
        assert console.ran == []


async def test_a_theme_is_chosen_by_name() -> None:
    """The colours change at once."""
    async with screen(healthy()) as (app, pilot, _console):
        await pilot.press(":", *"contrast", "enter")
        await pilot.pause()
        assert app.theme == "dhcptui-contrast"


async def test_it_can_be_looked_at_while_an_action_runs() -> None:
    """The acting commands say that one is under way; leaving leads back to the steps."""
    async with screen(one_down()) as (app, pilot, console):
        await pilot.press("P")
        await confirm(pilot, "dhcp2")
        console.report(StepState.RUNNING)
        await pilot.press(":")
        assert "✗ an action is under way" in picture(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.main.prompt.stage is Stage.RUNNING
        assert app.main.prompt.display
        assert len(console.ran) == 1


async def test_the_server_looked_at_is_remembered() -> None:
    """The palette takes the focus; the pane that had it gets it back."""
    async with screen(healthy()) as (app, pilot, _console):
        await pilot.press("tab", ":", "escape")
        assert app.screen.focused is app.main.log_view(Q)
        assert "? help" in row(app, "keys")


@pytest.mark.parametrize(
    ("typed", "found"), [("", 0), ("H", 0), ("hand", 0), ("over", 1), ("serve client", 2), ("hdov", 3), ("xyz", None)]
)
def test_rank(typed: str, found: int | None) -> None:
    """Beginning, middle, words of the sentence, letters in order, nothing."""
    entry = Entry("act.hand-over", "H", "hand over", "Let the partner serve every client.")
    assert rank(typed, entry) == found


@pytest.mark.parametrize(("opening", "line"), [(":", "#palette Input"), ("/", "#find-input"), ("l", "#lease Input")])
async def test_what_is_typed_at_once_belongs_to_the_line(opening: str, line: str) -> None:
    """All in one piece, as when the machine is slow: no letter of it opens a page or begins an action."""
    async with screen(healthy()) as (app, pilot, console):
        type_at_once(app, opening, *"tiPSx")
        await until(pilot, lambda: app.main.query_one(line, Input).value == "tiPSx")
        assert not app.main.prompt.is_open
        assert console.prepared == []
