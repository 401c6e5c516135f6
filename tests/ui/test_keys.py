"""Keys that were given to other commands: what they do, and every place that names them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dhcptui.act.actions import make_script
from dhcptui.act.plan import Outcome, StepState
from dhcptui.model.action import Action
from dhcptui.model.commands import COMMANDS, Where, read_key, twice
from dhcptui.ui.keymap import Commands
from dhcptui.ui.panes.prompt import Stage
from dhcptui.ui.views.palette import PaletteView
from tests.ui.feed import HALF_DONE, healthy, one_down
from tests.ui.test_command_log import on_view
from tests.ui.test_drills import ScriptedDrills, is_drills
from tests.ui.test_main_screen import P, Q, picture, row, screen
from tests.ui.test_prompt import entry, start
from tests.ui.waiting import lines_shown
from tests.unit.test_script import SETTINGS

OTHER = {
    "act.shutdown": ("f5",),
    "act.start": ("u",),
    "look.help": ("f1", "h"),
    "look.next-pane": ("f6",),
    "look.back": ("f10",),
    "look.audit": ("A",),
    "log.head": (",",),
    "prompt.copy": ("f9",),
    "quit": ("Q",),
}


def test_no_key_is_bound_twice() -> None:
    """By default, and every action has a key of its own."""
    assert twice({}) is None
    assert {command.action for command in COMMANDS if command.action} == set(Action) - {Action.TAKE_BACK}
    assert all(read_key(key) == key for command in COMMANDS for key in command.keys)
    assert Commands().acting_key(Action.TAKE_BACK) == "H"


async def test_the_new_key_works_and_the_old_one_does_not() -> None:
    """For actions, for looking, for scrolling a log."""
    async with screen(healthy(), keys=OTHER) as (app, pilot, console):
        console.log(P, *(f"Nov 22 10:12:01 dhcp1 dhcpd[{number}]: line {number}" for number in range(90)))
        await lines_shown(app, pilot)
        await pilot.press("S", "a", "?", "tab", "g")
        assert on_view(app) == ["logs"]
        assert app.main.log_view(P).following
        await pilot.press(",")
        assert app.main.log_view(P).top == 0
        await pilot.press("f6")
        assert app.screen.focused is app.main.log_view(Q)
        await pilot.press("f1")
        assert on_view(app) == []
        await pilot.press("h")
        assert on_view(app) == ["logs"]
        await pilot.press("f5")
        assert app.main.prompt.stage is Stage.CHOOSING
        await pilot.press("f10")
        assert not app.main.prompt.is_open
        await pilot.press("Q")
        await pilot.pause()
    assert app.return_code == 0


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_every_place_names_the_new_key(size: tuple[int, int]) -> None:
    """Advice, key bar, help, palette, prompt and banner: nobody is sent to a key that does nothing."""
    async with screen(healthy(), size, keys=OTHER) as (app, pilot, console):
        assert "use f5 (clean" in row(app, "what-now")
        assert "f5 s" in row(app, "keys")
        assert row(app, "keys").rstrip().endswith(("Q", "Q quit"))
        await pilot.press("f1")
        assert "f5          shutdown." in app.main.reading.shown
        assert "f1 h " in app.main.reading.shown
        await pilot.press(":")
        assert "f5" in {each.key for each in app.main.views[PaletteView].widget.menu.entries}
        await pilot.press("f10", "f5", "1")
        assert "f10 to leave" in row(app, "prompt-hint")
        assert "f10 leave" in row(app, "keys")
        assert "f9 copy as script" in row(app, "keys")
        await pilot.press("f10")
        console.broken_off = replace(HALF_DONE, action="shutdown")
        app.main.tick()
        assert "command log A" in row(app, "countdown") or "A tells" in row(app, "countdown")
        console.show(one_down())
        await pilot.pause()
        assert "u brings dhcp2 up" in row(app, "what-now")
        assert "S (" not in picture(app)


async def test_a_result_names_the_new_key() -> None:
    """What comes next after an action: the key that the user has for it."""
    async with screen(one_down(), keys={"act.hand-over": ("k",), "act.start": ("u",)}) as (app, pilot, console):
        await start(pilot, console)
        for action, said in ((Action.HAND_OVER, "k on dhcp1 takes it back"), (Action.SHUTDOWN, "dhcp1 back: u, or")):
            then = make_script(action, P, SETTINGS).next
            console.report(StepState.DONE, StepState.DONE, outcome=Outcome.VERIFIED, result="It is so.", then=then)
            await pilot.pause()
            assert said in re.sub(r"\s+", " ", picture(app))


async def test_a_letter_given_to_a_command_can_still_be_typed() -> None:
    """In the line of a prompt every printable key is text, whatever it does elsewhere."""
    async with screen(one_down(), keys=OTHER) as (app, pilot, console):
        await pilot.press("P", *"hunQ,")
        assert entry(app).value == "hunQ,"
        assert app.is_running
        assert console.ran == []


async def test_an_interrupted_run_is_dismissed_by_asking_twice() -> None:
    """One press asks, a second one says so, a late one asks again; the palette offers it only while there is such a run."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press(":")
        assert "I" not in {each.key for each in app.main.views[PaletteView].widget.menu.entries}
        await pilot.press("escape", "I")
        assert "There is no interrupted run" in row(app, "what-now")
        console.broken_off = HALF_DONE
        await pilot.press(":")
        assert "I" in {each.key for each in app.main.views[PaletteView].widget.menu.entries}
        await pilot.press("escape", "I")
        assert "Dealt with? I again says so" in row(app, "what-now")
        console.clock.forward(60)
        await pilot.press("I")
        assert console.interrupted() is HALF_DONE
        await pilot.press("I")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert console.interrupted() is None
        assert "sync-restart is dismissed" in row(app, "what-now")


async def test_read_only_dismisses_nothing() -> None:
    """It writes the audit log, so it is an acting key."""
    async with screen(healthy(), read_only=True) as (app, pilot, console):
        console.broken_off = HALF_DONE
        await pilot.press("I")
        assert "Dealt with" not in row(app, "what-now")
        assert console.broken_off is HALF_DONE


async def test_every_key_of_the_table_can_be_pressed() -> None:
    """Each of its own place, on the real screen: nothing falls over, and esc leads back."""
    drills = ScriptedDrills()
    async with screen(healthy(), drills=is_drills(drills)) as (app, pilot, console):
        console.log(P, *(f"Nov 22 10:12:01 dhcp1 dhcpd[{number}]: line {number}" for number in range(90)))
        await lines_shown(app, pilot)
        ways: dict[Where, tuple[str, ...]] = {
            "screen": (),
            "drill": (),
            "log": (),
            "page": ("n",),
            "prompt": ("S", "1"),
        }
        for command in (each for each in COMMANDS if each.name != "quit" and each.where in ways):
            for key in command.keys:
                if command.where == "prompt" and len(key) == 1:
                    continue  # it belongs to the text that is typed there
                await pilot.press(*ways[command.where], key, *["escape"] * 2)
                assert on_view(app) == ["logs"], command.name
                assert not app.main.prompt.is_open, command.name
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == 0


async def test_a_key_without_a_purpose_says_so() -> None:
    """The drills' other keys, before there was a drill; on a pair of one's own they do not exist."""
    async with screen(healthy(), drills=is_drills(ScriptedDrills())) as (app, pilot, _):
        await pilot.press("w")
        assert "There is no drill." in row(app, "what-now")
    async with screen(healthy()) as (app, pilot, _):
        await pilot.press("w")
        assert "There is no drill." not in row(app, "what-now")
