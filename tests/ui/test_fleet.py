"""The fleet on a fake terminal: a row a pair, the worst first; Enter, esc and the neighbouring pairs."""

from __future__ import annotations

import pytest

from dhcptui.act.plan import Outcome, StepState
from dhcptui.model.commands import COMMANDS
from dhcptui.ui.fleet_app import FleetApp
from dhcptui.ui.screens.main import MainScreen
from tests.ui.feed import MONO, both_stopped, busy_elsewhere, healthy, one_down, recovering
from tests.ui.fleet_feed import fleet, settings
from tests.ui.test_main_screen import SIZES, picture, row
from tests.ui.test_prompt import start
from tests.ui.waiting import type_at_once, until


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


async def test_the_pair_under_the_cursor_is_told_in_whole_sentences() -> None:
    """Where the table leaves rows free; a full table keeps its rows, and what does not fit is cut."""
    advice = {
        "wan": "Then start the other one.",
        "opt1": "U brings dhcp2 up.",
        "opt2": "goes back to normal by itself",
    }
    few = {"opt1": one_down(), "wan": both_stopped(), "opt2": recovering()}
    many = few | {f"pair{number}": both_stopped() for number in range(20)}
    for pairs, whole in ((few, True), (many, False)):
        configured = [settings(name, group="a group of pairs") for name in pairs]
        async with fleet(pairs, (80, 24), configured=configured) as (app, pilot, _):
            for _ in range(3):
                below = " ".join(picture(app).split()[:-1])
                words = row(app, "what-now")
                assert words.endswith("…") is not whole
                assert " ".join(words.split()) in below
                if whole:
                    assert advice[chosen(app)] in words
                await pilot.press("j")
                await pilot.pause()


async def test_an_empty_table_says_why() -> None:
    """That nothing matches is not that all is well."""
    async with fleet({"lan": healthy(), "opt1": healthy()}) as (app, pilot, _):
        await pilot.press("f")
        assert table(app) == ["every pair is ok"]
        await pilot.press("f", "/", *"xyz")
        assert table(app) == ["no pair matches the filter"]


async def test_the_cursor_begins_on_the_worst_pair() -> None:
    """At the start nothing was read, and all rows move as it comes; from the first key on it stays on its pair."""
    async with fleet({"lan": None, "opt1": None, "opt2": None}) as (app, pilot, engine):
        assert chosen(app) == "lan"
        for pair, snapshot in (("lan", healthy()), ("opt1", one_down()), ("opt2", healthy())):
            engine.show(pair, snapshot)
        await until(pilot, lambda: names(app)[0] == "opt1")
        assert chosen(app) == "opt1"
        await pilot.press("j")
        engine.show("opt2", both_stopped())
        app.fleet._still_until = 0.0
        await until(pilot, lambda: names(app)[0] == "opt2")
        assert chosen(app) == "lan"


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


def chosen(app: FleetApp) -> str:
    """The pair under the cursor."""
    standing = app.fleet.table.chosen
    return standing.name if standing else ""


def table(app: FleetApp) -> list[str]:
    """The rows of the table, headings among them."""
    return [line.strip() for line in app.fleet.table.shown.splitlines() if line.strip()]


async def test_what_is_wrong_stands_above_the_groups() -> None:
    """Within a level the configuration's order holds; `s` changes the order, and says so."""
    pairs = {"a": healthy(), "b": healthy(), "c": one_down(), "d": healthy(), "e": both_stopped()}
    groups = {"a": "hq", "b": "", "c": "hq", "d": "hq", "e": "plants"}
    configured = [settings(name, group=group) for name, group in groups.items()]
    async with fleet(pairs, configured=configured) as (app, pilot, _):
        assert names(app) == ["e", "c", "a", "d", "b"]
        rows = table(app)
        assert rows[0].startswith("▸ ✗ CRITICAL  e ")
        assert rows[2].startswith("hq (3)  ▲✓✓")
        assert rows[5].startswith("no group (1)  ✓")
        assert row(app, "what-now").startswith("✗ e (plants): nobody serves")
        await pilot.press("s")
        assert names(app) == ["e", "c", "a", "d", "b"]
        assert table(app)[2].startswith("hq (3)")
        assert "Sorted: worst first in each group." in row(app, "what-now")
        await pilot.press("s")
        assert names(app) == ["a", "b", "c", "d", "e"]
        assert not any("hq (" in line for line in table(app))
        await pilot.press("s", "s")
        assert names(app) == ["e", "c", "a", "d", "b"]


async def test_a_filter_only_problems_and_marks() -> None:
    """What is not shown is counted; a marked pair stands above all, whatever is filtered."""
    pairs = {"lan": healthy(), "opt1": one_down(), "opt2": healthy(), "wan": both_stopped()}
    async with fleet(pairs) as (app, pilot, _):
        await pilot.press("f")
        assert names(app) == ["wan", "opt1"]
        assert "only problems" in row(app, "header")
        assert "2 not shown" in row(app, "header")
        await pilot.press("f", "/", *"opt")
        assert names(app) == ["opt1", "opt2"]
        await pilot.press("enter", "j", "space")
        assert "1 marked" in row(app, "header")
        assert names(app) == ["opt2", "opt1"]
        await pilot.press("escape")
        assert names(app) == ["opt2", "wan", "opt1", "lan"]
        await pilot.press("/", *"critical q")
        assert app.is_running
        assert names(app) == ["opt2"]
        await pilot.press("escape", "/", *"critical", "enter", "j", "enter")
        await pilot.pause()
        assert app.current == "wan"


async def test_the_rows_hold_still_while_somebody_moves_about() -> None:
    """The cursor stays on its pair; ten seconds after a key what has become worse goes up."""
    async with fleet({"lan": healthy(), "opt1": healthy(), "opt2": healthy()}) as (app, pilot, engine):
        await pilot.press("down")
        assert chosen(app) == "opt1"
        engine.show("opt2", both_stopped())
        await pilot.pause(0.4)
        assert "✗ 1 critical" in row(app, "header")
        assert names(app) == ["lan", "opt1", "opt2"]
        engine.consoles["lan"].clock.forward(11)
        for pair in ("lan", "opt1"):
            engine.show(pair, healthy(MONO + 11))
        engine.show("opt2", both_stopped(MONO + 11))
        app.take_news()
        await pilot.pause()
        assert names(app) == ["opt2", "lan", "opt1"]
        assert chosen(app) == "opt1"


async def test_what_was_read_grows_old_without_any_news() -> None:
    """A pair that was ok and of which nothing comes any more is ok no longer."""
    async with fleet({"lan": healthy(), "opt1": healthy()}) as (app, _, engine):
        assert "✓ 2 ok" in row(app, "header")
        engine.consoles["lan"].clock.forward(60)
        engine.show("opt1", healthy(MONO + 60))
        app.take_news()
        assert "✓ OK" in next(line for line in table(app) if "opt1" in line)
        assert "OK" not in next(line for line in table(app) if "lan" in line)


async def test_a_fault_of_our_own_is_no_health() -> None:
    """Where the watching of one pair has ended the others go on; its own row says so, and is unknown."""
    async with fleet({"lan": healthy(), "opt1": healthy()}) as (app, pilot, engine):
        engine.consoles["lan"].failure = RuntimeError("boom")
        engine.consoles["lan"].clock.forward(5)
        engine.show("opt1", healthy(MONO + 5))
        app.take_news()
        app.look_at_engine()
        assert app.is_running
        assert "? UNKNOWN" in table(app)[0]
        assert "watches this pair no more" in table(app)[0]
        await pilot.press("enter")
        await pilot.pause()
        for _ in range(60):
            if not is_fleet(app):
                await pilot.pause(0.25)
        assert is_fleet(app)
        engine.failure = RuntimeError("boom")
        app.look_at_engine()
    assert not app.is_running


async def test_keys_that_act_do_nothing_in_the_fleet() -> None:
    """Nor does any other key of a pair's console."""
    pairs = {"lan": healthy(), "opt1": one_down()}
    async with fleet(pairs) as (app, pilot, engine):
        before = picture(app)
        for command in COMMANDS:
            if command.acting or command.where in {"log", "page", "prompt", "drill", "neighbour"}:
                for key in command.keys:
                    if not any(key in each.keys for each in app.fleet.setup.commands):
                        await pilot.press(key)
        assert picture(app) == before
        assert all(console.ran == [] and console.prepared == [] for console in engine.consoles.values())


async def test_the_palette_goes_to_a_pair_by_name() -> None:
    """From the fleet and from a pair's console, also when all is typed before the line is there."""
    async with fleet({"lan": healthy(), "opt1": one_down(), "opt2": healthy()}) as (app, pilot, _):
        await pilot.press(":", *"opt2", "enter")
        await pilot.pause()
        assert app.current == "opt2"
        await pilot.press(":", *"lan", "enter")
        await pilot.pause()
        assert app.current == "lan"
        await pilot.press("q", "?")
        assert "nothing here acts on a server" in app.fleet.reading.shown
        await pilot.press("s", "f", "q")
        assert is_fleet(app)
        assert app.is_running
        assert app.fleet.choice.only_problems is False


async def test_who_acts_is_told_at_every_width() -> None:
    """In a column of its own where there is room, else in the place of the headline."""
    for size in SIZES:
        async with fleet({"lan": healthy(), "opt1": busy_elsewhere()}, size) as (app, _, _engine):
            assert "sync-restart 2/5 anna@ops1" in next(line for line in table(app) if "opt1" in line)
            assert app.fleet.table.names == ["lan", "opt1"]


async def test_an_action_goes_on_behind_the_fleet() -> None:
    """Its prompt is there again when its console is opened again; leaving all asks twice meanwhile."""
    async with fleet({"lan": one_down(), "opt1": healthy()}) as (app, pilot, engine):
        console = engine.consoles["lan"]
        await pilot.press("enter")
        await pilot.pause()
        await start(pilot, console)
        await pilot.pause(0.3)
        first = app.screen
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app.is_running
        assert "ctrl+c again leaves" in picture(app)
        await pilot.press("escape")
        await pilot.pause()
        assert is_fleet(app)
        assert "partner-down 2/" in next(line for line in table(app) if "lan" in line)
        await pilot.press("q")
        assert app.is_running
        assert "is under way" in row(app, "what-now")
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen is first
        assert isinstance(first, MainScreen)
        assert first.prompt.busy
        await pilot.press("]")
        await pilot.pause()
        assert app.current == "opt1"
        console.report(StepState.DONE, StepState.DONE, outcome=Outcome.VERIFIED, result="It is so.")
        await pilot.press("[")
        await pilot.pause(0.3)
        assert "It is so." in picture(app)
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert is_fleet(app)
        assert app.opened == {}
        assert "partner-down" not in next(line for line in table(app) if "lan" in line)
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == 0


async def test_lines_that_came_before_a_console_was_opened_are_in_it() -> None:
    """The last ones of each server are kept for it, and again when it is opened a second time."""
    async with fleet({"lan": healthy(), "opt1": healthy()}) as (app, pilot, engine):
        for console in engine.consoles.values():
            console.log(console.current.primary.role, "Nov 22 10:12:01 dhcp1 dhcpd[812]: a line of its own")
        for _ in range(2):
            await pilot.press("enter")
            await pilot.pause(0.5)
            assert "a line of its own" in picture(app)
            await pilot.press("escape")
            await pilot.pause()


async def test_two_hundred_pairs_scroll() -> None:
    """The cursor is always in view, with its heading; the last one is reached, and a countdown goes on."""
    pairs = {f"branch-{number:03}": healthy() for number in range(199)} | {"hub": recovering()}
    configured = [settings(name, group=f"g{at // 50}") for at, name in enumerate(pairs)]
    async with fleet(pairs, (80, 24), configured=configured) as (app, pilot, _):
        assert "hub" in picture(app)
        assert "00:44" in picture(app)
        await pilot.press("G")
        assert chosen(app) == "branch-198"
        assert "▸ ✓ OK        branch-198" in picture(app)
        await pilot.press("pageup", "pageup", "k")
        assert f" {chosen(app)} " in picture(app)
        await pilot.press("g")
        assert chosen(app) == "hub"
        assert table(app)[1].startswith("g0 (50)")


async def test_production_is_told_in_a_strong_colour_and_a_word() -> None:
    """In the header of the pair's console."""
    configured = [settings("lan", production=True), settings("opt1")]
    async with fleet({"lan": healthy(), "opt1": healthy()}, configured=configured) as (app, pilot, _):
        await pilot.press("enter")
        await pilot.pause()
        assert "lan · PRODUCTION" in row(app, "header")
        await pilot.press("]")
        await pilot.pause()
        assert "PRODUCTION" not in row(app, "header")


@pytest.mark.parametrize("size", SIZES)
async def test_an_ascii_terminal_gets_ascii_only(size: tuple[int, int]) -> None:
    """Every cell of the fleet, and the title."""
    async with fleet({"lan": healthy(), "opt1": one_down(), "opt2": None}, size, ascii_only=True) as (app, _, _engine):
        assert picture(app).isascii()
        assert app.told_title.isascii()


async def test_a_name_is_never_lost_beside_a_long_headline() -> None:
    """Whose console it is stands in its header at every width, with the word on the others."""
    for size in SIZES:
        async with fleet({"plant-2": both_stopped(), "opt1": one_down()}, size) as (app, pilot, _):
            await pilot.press("enter")
            await pilot.pause()
            assert "plant-2" in row(app, "header")
            assert "▲ opt1" in row(app, "header")


async def test_what_is_typed_behind_a_step_to_another_pair_belongs_to_its_console() -> None:
    """All in one piece, as when the machine is slow: no key is lost, and no letter of a name means a command."""
    async with fleet({"lan": healthy(), "opt1": healthy(), "opt2": healthy()}) as (app, pilot, _):
        type_at_once(app, "enter", "]", ":", *"opt2", "enter")
        await until(pilot, lambda: app.current == "opt2")
        type_at_once(app, "[", "t")
        await until(pilot, lambda: app.current == "opt1" and app.opened["opt1"].main.views.current is not None)
