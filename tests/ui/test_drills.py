"""Drills on the practice pair, with keys only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from dhcptui.engine.api import Drill, Drills
from dhcptui.model.action import Action
from dhcptui.model.sentence import Sentence
from dhcptui.ui.views.palette import PaletteView
from tests.ui.feed import healthy, one_down
from tests.ui.test_main_screen import picture, row, screen

SIZES = [(80, 24), (120, 40), (200, 60)]


@dataclass
class ScriptedDrills:
    """Drills that happen as the test says."""

    now: str | None = None
    over: bool = False
    begun: list[str] = field(default_factory=list)

    def list(self) -> Sequence[Drill]:
        """Three of them."""
        return [
            Drill("secondary-crashes", "The secondary crashes"),
            Drill("link-cut", "The link is cut"),
            Drill("clock-off", "A clock is 90 s off at boot"),
        ]

    def begin(self, name: str) -> None:
        """It happens."""
        self.begun.append(name)
        self.now, self.over = name, False

    def running(self) -> str | None:
        """The one under way."""
        return self.now

    def explain(self) -> Sentence:
        """The secret."""
        return ("dhcpd on dhcp2 was killed with signal 9.",)

    def review(self) -> Sequence[Sentence]:
        """How it went."""
        said = ("Nobody brought dhcp2 up: ", Action.START, " does that."), ("Clients were not served for 12 s.",)
        return said if self.over else ()

    def end(self) -> None:
        """Stop."""
        self.now, self.over = None, True

    def state(self) -> str:
        """The line on screen."""
        return f"drill: {self.now} - 0:42" if self.now else "drill over" if self.over else ""


def is_drills(drills: Drills) -> Drills:
    """The script keeps to the protocol."""
    return drills


@pytest.mark.parametrize("size", SIZES)
async def test_a_drill_from_its_beginning_to_its_review(size: tuple[int, int]) -> None:
    """Chosen with the arrows, asked about, ended, reviewed; the pair is in view all the time."""
    drills = ScriptedDrills()
    async with screen(healthy(), size, drills=is_drills(drills)) as (app, pilot, console):
        assert "D" in row(app, "keys")
        await pilot.press("D")
        assert "3  A clock is 90 s off at boot" in picture(app)
        await pilot.press("down", "up", "enter")
        await pilot.pause()
        assert drills.begun == ["secondary-crashes"]
        console.show(one_down())
        await pilot.pause()
        assert row(app, "drill").startswith("drill: secondary-crashes - 0:42")
        assert "what happened? (w)" in row(app, "drill")
        assert "end and review (v)" in row(app, "drill")
        assert "signal 9" not in picture(app)
        await pilot.press("w")
        assert "signal 9" in picture(app)
        await pilot.press("escape", "v")
        assert drills.now is None
        assert "Clients were not served for 12 s." in picture(app)
        assert "dhcpd not running" in picture(app)
        await pilot.press("escape")
        assert not app.main.reading.display


async def test_a_number_chooses() -> None:
    """A number that none has does nothing."""
    drills = ScriptedDrills()
    async with screen(healthy(), (80, 24), drills=drills) as (app, pilot, _console):
        await pilot.press("D", "7")
        assert drills.begun == []
        await pilot.press("2")
        await pilot.pause()
        assert drills.begun == ["link-cut"]
        assert app.main.query_one("#logs").display


async def test_a_drill_that_ends_by_itself_offers_its_review() -> None:
    """The row says so; v shows it without ending anything, and it names the key that the user has."""
    drills = ScriptedDrills()
    async with screen(healthy(), (80, 24), drills=drills, keys={"act.start": ("u",)}) as (app, pilot, _console):
        await pilot.press("D", "1")
        drills.end()
        app.main.tick()
        await pilot.pause()
        assert "drill over" in row(app, "drill")
        assert " review (v)" in row(app, "drill")
        assert "end and review" not in row(app, "drill")
        await pilot.press("v")
        assert "Nobody brought dhcp2 up: u does that." in picture(app)


async def test_the_palette_knows_the_drills() -> None:
    """The menu always; the two questions only while there is a drill to ask about."""
    drills = ScriptedDrills()
    async with screen(healthy(), drills=drills) as (app, pilot, _console):
        await pilot.press(":")
        names = {each.value for each in app.main.views[PaletteView].widget.menu.entries}
        assert "drill.menu" in names
        assert "drill.explain" not in names
        await pilot.press(*"drills", "enter")
        await pilot.pause()
        await pilot.press("1")
        await pilot.pause()
        await pilot.press(":")
        assert {"drill.explain", "drill.review"} <= {
            each.value for each in app.main.views[PaletteView].widget.menu.entries
        }


async def test_without_drills_there_are_no_keys_for_them() -> None:
    """On a real pair D, w and v do nothing and are named nowhere."""
    async with screen(healthy(), (200, 60)) as (app, pilot, _console):
        before = picture(app)
        await pilot.press("D", "w", "v")
        await pilot.pause()
        assert picture(app) == before
        assert "drill" not in before
        await pilot.press("?")
        assert "drill" not in app.main.reading.shown


async def test_w_and_v_wait_for_a_drill() -> None:
    """Before the first one there is nothing to tell."""
    drills = ScriptedDrills()
    async with screen(healthy(), drills=drills) as (app, pilot, _console):
        await pilot.press("w", "v")
        assert not app.main.reading.display
