"""The fleet on a fake terminal: a row a pair, the worst first; Enter, esc and the neighbouring pairs."""

from __future__ import annotations

import pytest

from dhcptui.ui.fleet_app import FleetApp
from tests.ui.feed import both_stopped, healthy, one_down
from tests.ui.fleet_feed import fleet
from tests.ui.test_main_screen import SIZES, picture, row


def names(app: FleetApp) -> list[str]:
    """The pairs of the table, from above."""
    return app.fleet.table.names


def is_fleet(app: FleetApp) -> bool:
    """Whether the table is on the screen."""
    return app.screen is app.fleet


@pytest.mark.parametrize("size", SIZES)
async def test_the_worst_pair_stands_first_at_every_size(size: tuple[int, int]) -> None:
    """Level, name and headline of each pair; the title tells the worst; a pair that was not read is not ok."""
    pairs = {"lan": healthy(), "opt1": one_down(), "opt2": None, "wan": both_stopped()}
    async with fleet(pairs, size) as (app, _, _engine):
        assert names(app) == ["wan", "opt2", "opt1", "lan"]
        shown = picture(app).splitlines()
        rows = {name: next(line for line in shown if f" {name} " in line) for name in pairs}
        assert "✗ CRITICAL" in rows["wan"]
        assert "? UNKNOWN" in rows["opt2"]
        assert "▲ WARNING" in rows["opt1"]
        assert "✓ OK" in rows["lan"]
        assert "✗ 1 critical  ? 1 unknown  ▲ 1 warning  ✓ 1 ok" in row(app, "header")
        assert app.told_title == "✗ wan CRITICAL, 3 of 4 not ok"
        assert "enter open" in row(app, "keys")


async def test_enter_opens_a_pair_and_escape_goes_back() -> None:
    """The console of the pair under the cursor, whose header tells of the others."""
    async with fleet({"lan": healthy(), "opt1": one_down(), "opt2": healthy()}) as (app, pilot, _):
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.current == "lan"
        assert "lan" in row(app, "header")
        assert "1 other not ok, worst: ▲ opt1 WARNING" in row(app, "header")
        await pilot.press("escape")
        await pilot.pause()
        assert is_fleet(app)
        assert app.opened == {}
        chosen = app.fleet.table.chosen
        assert chosen is not None
        assert chosen.name == "lan"
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == 0


async def test_a_pair_that_falls_moves_up_and_is_told_in_the_open_console() -> None:
    """Within a moment of its snapshot: in the header of the console that is looked at, the title, and the table."""
    async with fleet({"lan": healthy(), "opt1": healthy()}) as (app, pilot, engine):
        assert app.told_title == "✓ fleet: 2 pairs ok"
        await pilot.press("enter")
        await pilot.pause()
        assert "not ok" not in row(app, "header")
        engine.show("opt1", both_stopped())
        await pilot.pause(0.4)
        assert "1 other not ok, worst: ✗ opt1 CRITICAL" in row(app, "header")
        assert app.told_title == "✗ opt1 CRITICAL, 1 of 2 not ok"
        await pilot.press("q")
        await pilot.pause()
        assert is_fleet(app)
        assert names(app) == ["opt1", "lan"]


async def test_brackets_go_to_the_neighbouring_pair() -> None:
    """In the order of the table; after the last comes the first."""
    async with fleet({"lan": healthy(), "opt1": healthy(), "opt2": healthy()}) as (app, pilot, _):
        await pilot.press("enter")
        await pilot.pause()
        for key, pair in (("]", "opt1"), ("]", "opt2"), ("]", "lan"), ("[", "opt2")):
            await pilot.press(key)
            await pilot.pause()
            assert app.current == pair
            assert pair in row(app, "header")
            assert list(app.opened) == [pair]
            assert len(app.screen_stack) == 3
