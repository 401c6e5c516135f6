"""Explaining, going to problems, copying, and both logs as one; the servers stay in view all the time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ClockOffset
from dhcptui.ui.app import DhcptuiApp
from dhcptui.ui.panes.reading import LogExplanation
from dhcptui.ui.screens.logs import MOST_COPIED
from dhcptui.ui.views.merged_log import MergedLog
from dhcptui.ui.views.palette import PaletteView
from tests.ui.feed import LINES, MONO, ScriptedConsole, healthy, one_down
from tests.ui.test_main_screen import P, Q, panel, picture, row, screen
from tests.ui.test_prompt import entry
from tests.ui.waiting import lines_shown

SIZES = [(80, 24), (120, 40), (200, 60)]
SYSLOG = "Nov 22 10:{:02d}:{:02d} {} dhcpd[1]: {}"


def explained(app: DhcptuiApp) -> str:
    """What the lower part says; empty while it is closed."""
    found = app.main.query_one(LogExplanation)
    return found.shown if found.display else ""


def merged(app: DhcptuiApp) -> list[str]:
    """Both logs as one, as shown."""
    return [f"{each.line.clock} {each.line.text}" for each in app.main.query_one(MergedLog).rows]


def fill(console: ScriptedConsole) -> None:
    """Both logs of an evening."""
    for role in Role:
        console.log(role, *LINES[role])


@pytest.mark.parametrize("size", SIZES)
async def test_e_goes_to_the_problem_and_enter_explains_it(size: tuple[int, int]) -> None:
    """Meaning, who serves, incident, remedy, where to look; esc leads back; the panels go on."""
    async with screen(one_down(), size) as (app, pilot, console):
        fill(console)
        await lines_shown(app, pilot)
        await pilot.press("e")
        selected = app.main.log_view(P).selected
        assert selected is not None
        assert selected.line.text.endswith("to communications-interrupted")
        assert "Problem 1 of 1 in log dhcp1" in row(app, "what-now")
        await pilot.press("enter")
        await pilot.pause()
        said = explained(app)
        for words in (
            "it does not hear its partner",
            "who serves",
            "One server alone",
            "Bring the partner back",
            "look at",
        ):
            assert words in said
        assert "dhcp1 10:58:51" in picture(app)
        assert "10:58:51▸" in picture(app)
        assert "dhcpd not running" in panel(app, Q)
        console.show(healthy())
        await pilot.pause()
        assert "● normal" in panel(app, Q)
        await pilot.press("escape")
        assert explained(app) == ""
        assert app.main.log_view(P).selected is not None


async def test_the_explanation_follows_the_selection() -> None:
    """Arrows and e move on; enter on nothing takes the newest line; leaving the line leaves the explanation."""
    async with screen(one_down()) as (app, pilot, console):
        fill(console)
        await lines_shown(app, pilot)
        await pilot.press("enter")
        assert "communications-interrupted" in explained(app)
        await pilot.press("up", "up")
        assert "more recent" in explained(app) or "less critical" in explained(app) or "update" in explained(app)
        await pilot.press("e")
        assert "communications-interrupted" in explained(app)
        await pilot.press("down")
        assert explained(app) == ""
        assert app.main.log_view(P).following


async def test_page_keys_read_a_long_explanation() -> None:
    """At 80x24 it does not fit; the page keys scroll it, and the selected line stays."""
    async with screen(one_down(), (80, 24)) as (app, pilot, console):
        fill(console)
        await lines_shown(app, pilot)
        await pilot.press("e", "enter")
        await pilot.pause()
        assert "more below: PgDn" in picture(app)
        await pilot.press("pagedown", "pagedown")
        await pilot.pause()
        assert "more above: PgUp" in picture(app)
        assert "10:58:51▸" in picture(app)
        await pilot.press("escape", "pageup")
        assert explained(app) == ""


async def test_tab_explains_in_the_other_log() -> None:
    """The lower part belongs to the log that is looked at."""
    async with screen(one_down()) as (app, pilot, console):
        fill(console)
        await lines_shown(app, pilot)
        await pilot.press("e", "enter", "tab")
        await pilot.pause()
        assert "dhcp2 10:58:49" in picture(app)


async def test_e_and_its_capital_walk_and_stop() -> None:
    """Newest first, then older, then newer; at each end it says so and stays. No capital acts here."""
    async with screen(healthy(), read_only=True) as (app, pilot, console):
        problems = [SYSLOG.format(at, 0, "dhcp1", "Lease conflict at 10.0.0.7") for at in (3, 9)]
        noise = [
            SYSLOG.format(at, 1, "dhcp1", f"DHCPACK on 10.0.0.{at} to 52:54:00:00:00:01 via eth0")
            for at in range(3, 50)
        ]
        console.log(P, *sorted([*problems, *noise]))
        await lines_shown(app, pilot)
        pane = app.main.log_view(P)
        await pilot.press("E")
        assert pane.selected is not None
        assert pane.selected.line.clock == "10:09:00"
        await pilot.press("E")
        assert pane.selected.line.clock == "10:03:00"
        await pilot.press("E")
        assert "No older problem in log dhcp1; 0 in log dhcp2." in row(app, "what-now")
        await pilot.press("e", "e")
        assert pane.selected.line.clock == "10:09:00"
        assert "No newer problem" in row(app, "what-now")
        console.clock.forward(10)
        app.main.tick()
        assert "What now" in row(app, "what-now")


async def test_a_log_without_problems_says_where_there_are_some() -> None:
    """Nobody is left with an empty answer."""
    async with screen(one_down()) as (app, pilot, console):
        fill(console)
        await lines_shown(app, pilot)
        await pilot.press("tab", "e")
        assert "No problem in log dhcp2; 1 in log dhcp1." in row(app, "what-now")


@pytest.mark.parametrize("theme", ["dhcptui", "dhcptui-16", "dhcptui-contrast"])
async def test_the_selection_stands_out_in_every_theme(theme: str) -> None:
    """By its ground, or reversed where there are no shades; and by its mark, which needs no colour."""
    async with screen(healthy(), theme=theme) as (app, pilot, console):
        fill(console)
        await lines_shown(app, pilot)
        pane = app.main.log_view(P)
        await pilot.press("up", "up")
        await pilot.pause()
        texts = [pane.render_line(y) for y in range(pane.content_size.height)]
        y = next(y for y, strip in enumerate(texts) if strip.text[8] == "▸")
        looks = [{(s.style.bgcolor, s.style.reverse) for s in texts[at] if s.style} for at in (y, y - 1)]
        assert not looks[0] & looks[1]


# -- copy


async def test_y_copies_the_selected_line() -> None:
    """With date and server, whole, whatever the pane cuts; hostile text comes out as text."""
    async with screen(healthy(), (80, 24)) as (app, pilot, console):
        console.log(
            P,
            SYSLOG.format(
                10, 1, "dhcp1", f"DHCPACK on 10.0.0.9 to 52:54:00:00:00:01 (\x1b]52;c;x\x07{'n' * 90}) via eth1"
            ),
        )
        await lines_shown(app, pilot)
        await pilot.press("up", "y")
        assert app.clipboard == (
            "2024-11-22T10:10:01Z dhcp1 DHCPACK on 10.0.0.9 to 52:54:00:00:00:01 "
            rf"(\x1b]52;c;x\x07{'n' * 90}) via eth1"
        )
        assert "Copied the selected line" in row(app, "what-now")
        assert "set-clipboard on" in row(app, "what-now")


async def test_y_copies_the_screen() -> None:
    """Without a selection: what stands there, line by line, bounded."""
    async with screen(one_down(), (200, 60)) as (app, pilot, console):
        fill(console)
        await lines_shown(app, pilot)
        await pilot.press("y")
        lines = app.clipboard.split("\n")
        assert len(lines) == 60
        assert lines[0].strip().startswith("office")
        assert any("dhcpd not running" in line for line in lines)
        assert len(app.clipboard) <= MOST_COPIED
        assert "Copied the screen, 60 lines" in row(app, "what-now")


async def test_y_in_a_prompt_copies_the_plan_or_is_a_letter() -> None:
    """The same key for the same thing."""
    async with screen(one_down()) as (app, pilot, _console):
        await pilot.press("P", "y")
        assert entry(app).value == "y"
        await pilot.press("ctrl+y")
        assert "partner-down" in app.clipboard
        assert "dhcptui do" in app.clipboard or "local-state" in app.clipboard


# -- both logs as one


@pytest.mark.parametrize("size", SIZES)
async def test_both_logs_as_one(size: tuple[int, int]) -> None:
    """In the order of time, with the server's name; m and esc lead back; the panels stay."""
    async with screen(one_down(), size) as (app, pilot, console):
        fill(console)
        await lines_shown(app, pilot)
        await pilot.press("m")
        lines = merged(app)
        assert [line[:8] for line in lines] == sorted(line[:8] for line in lines)
        assert "10:58:51 dhcp1 I move from normal to communications-interrupted" in lines
        assert lines[-3].startswith("10:58:49 dhcp2 Can't open")
        assert "dhcp1 I move from normal to" in picture(app)
        assert "dhcpd not running" in panel(app, Q)
        await pilot.press("e", "enter")
        assert "One server alone" in explained(app)
        await pilot.press("escape", "y")
        assert app.clipboard.endswith("dhcp1 I move from normal to communications-interrupted")
        await pilot.press("m")
        assert app.main.query_one("#logs").display


async def test_lines_of_a_wrong_clock_stand_where_they_belong() -> None:
    """dhcp2's clock is 60 s ahead: its lines are shown at the console's time, also when the offset is learned later."""
    async with screen(healthy()) as (app, pilot, console):
        console.log(P, SYSLOG.format(10, 0, "dhcp1", "peer foo: disconnected"))
        console.log(Q, SYSLOG.format(10, 30, "dhcp2", "Lease conflict at 10.0.0.7"))
        await lines_shown(app, pilot)
        await pilot.press("m")
        assert [line[:14] for line in merged(app)] == ["10:10:00 dhcp1", "10:10:30 dhcp2"]
        snapshot = healthy()
        console.show(replace(snapshot, secondary=replace(snapshot.secondary, clock=Seen(ClockOffset(60.0, 0.1), MONO))))
        await pilot.pause()
        assert [line[:14] for line in merged(app)] == ["10:09:30 dhcp2", "10:10:00 dhcp1"]
        console.log(Q, SYSLOG.format(10, 59, "dhcp2", "peer foo: disconnected"))
        await lines_shown(app, pilot)
        assert [line[:14] for line in merged(app)] == ["10:09:30 dhcp2", "10:09:59 dhcp2", "10:10:00 dhcp1"]


async def test_merged_is_live_folds_filters_and_pauses() -> None:
    """Repeats of one server are one row, never those of two; a filter holds here too; space holds it still."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("m")
        assert "no lines yet" in picture(app)
        for role, name in ((P, "dhcp1"), (Q, "dhcp2")):
            console.log(role, *(SYSLOG.format(20, 5, name, "Lease conflict at 10.0.0.7") for _ in range(3)))
        await lines_shown(app, pilot)
        assert len(merged(app)) == 2
        assert picture(app).count("(3 times)") == 2
        await pilot.press("space")
        console.log(P, SYSLOG.format(20, 1, "dhcp1", "exiting."))
        await lines_shown(app, pilot)
        assert len(merged(app)) == 2
        assert "= paused, 1 waiting" in picture(app)
        await pilot.press("space")
        assert merged(app)[0] == "10:20:01 dhcp1 exiting."
        await pilot.press("f")
        assert merged(app) == []
        assert "both logs: state changes" in picture(app)


async def test_find_in_both_logs_as_one() -> None:
    """The server's name is text like any other."""
    async with screen(healthy()) as (app, pilot, console):
        fill(console)
        await lines_shown(app, pilot)
        await pilot.press("m", "/", *"dhcp2 DHCP")
        assert row(app, "find-count").startswith("2 of 2 in both logs")


async def test_nothing_of_it_over_a_prompt() -> None:
    """An open prompt keeps its place: e, f and y are letters there, and no log stands below."""
    async with screen(one_down()) as (app, pilot, _console):
        await pilot.press("P", *"efmtioy")
        assert entry(app).value == "efmtioy"
        assert app.main.prompt.display


async def test_help_and_palette_know_the_keys() -> None:
    """Every one of them has a row in both."""
    async with screen(healthy()) as (app, pilot, _console):
        await pilot.press("?")
        for words in (
            "enter       Explain",
            "m           Show both logs",
            "t           Show the state",
            "set-clipboard on",
        ):
            assert words in app.main.reading.shown
        await pilot.press(":")
        names = {each.value for each in app.main.views[PaletteView].widget.menu.entries}
        assert {"look.explain", "look.merged", "look.timeline", "look.incident", "look.filter", "look.copy"} <= names
