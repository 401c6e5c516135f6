"""Find in the logs, while they flow and while they stand still."""

from __future__ import annotations

import pytest

from dhcptui.model.audit import AuditEvent
from dhcptui.ui.app import DhcptuiApp
from dhcptui.ui.views.command_log import CommandLogView
from tests.ui.feed import LINES, healthy
from tests.ui.test_main_screen import P, Q, picture, row, screen
from tests.ui.waiting import lines_shown

SIZES = [(80, 24), (120, 40), (200, 60)]


def dhcp(number: int, word: str = "DHCPACK") -> str:
    """A log line, different from its neighbours."""
    minute, second = divmod(number, 60)
    return f"Nov 22 10:{minute:02d}:{second:02d} dhcp1 dhcpd[{number + 1}]: {word} on 10.0.0.{number % 200} to 52:54:00:00:00:{number % 100:02d} via eth{number}"


def marked(app: DhcptuiApp, part: str) -> list[str]:
    """The texts that stand in the style of a hit on the first log."""
    pane = app.main.log_view(P)
    style = pane._style(part)
    height = pane.content_size.height
    return [
        each.text for y in range(height) for each in pane.render_line(y) if each.style == style and each.text.strip()
    ]


@pytest.mark.parametrize("size", SIZES)
async def test_hits_are_counted_marked_and_stepped_through(size: tuple[int, int]) -> None:
    """Whatever the case; the newest first, then older ones, and around."""
    async with screen(healthy(), size) as (app, pilot, console):
        console.log(P, *LINES[P])
        console.log(Q, *LINES[Q])
        await lines_shown(app, pilot)
        await pilot.press("/", *"dhcpre")
        assert row(app, "find-count") == "1 of 1 in log dhcp1 · 1 in log dhcp2"
        await pilot.press(*["backspace"] * 2)
        assert row(app, "find-count").startswith("3 of 3 in log dhcp1 · 3 in log dhcp2")
        assert marked(app, "current") == ["DHCP"]
        assert len(marked(app, "hit")) == 2
        await pilot.press("enter")
        assert row(app, "find-count").startswith("2 of 3")
        await pilot.press("up", "up")
        assert row(app, "find-count").startswith("3 of 3")
        await pilot.press("down")
        assert row(app, "find-count").startswith("1 of 3")
        await pilot.press("escape")
        assert marked(app, "hit") == marked(app, "current") == []
        assert not app.main.query_one("#find").display
        assert app.screen.focused is app.main.log_view(P)


async def test_a_hit_out_of_view_is_brought_into_view() -> None:
    """An old line among hundreds; the pane leaves the tail for it, and the count goes on as lines come."""
    async with screen(healthy(), (80, 24)) as (app, pilot, console):
        console.log(P, dhcp(0, "DHCPNAK"), *(dhcp(number) for number in range(1, 300)))
        await lines_shown(app, pilot)
        await pilot.press("/", *"nak")
        pane = app.main.log_view(P)
        assert row(app, "find-count") == "1 of 1 in log dhcp1 · 0 in log dhcp2"
        assert marked(app, "current") == ["NAK"]
        assert pane.top == 0
        console.log(P, dhcp(301, "DHCPNAK"))
        await lines_shown(app, pilot)
        assert row(app, "find-count").startswith("1 of 2")
        assert marked(app, "current") == ["NAK"]
        await pilot.press("down")
        assert pane.following
        assert row(app, "find-count").startswith("2 of 2")


async def test_find_while_paused() -> None:
    """What stands there is searched, not what waits."""
    async with screen(healthy()) as (app, pilot, console):
        console.log(P, *(dhcp(number) for number in range(40)))
        await lines_shown(app, pilot)
        await pilot.press("space", "/", *"dhcpack")
        console.log(P, dhcp(41))
        await lines_shown(app, pilot)
        assert row(app, "find-count").startswith("40 of 40")
        await pilot.press("escape", "space", "/", "up")
        await pilot.pause()
        assert row(app, "find-count").startswith("40 of 41")


async def test_no_pattern_language() -> None:
    """What a regular expression would choke on is text like any other; space and : are letters here."""
    async with screen(healthy()) as (app, pilot, console):
        console.log(P, *LINES[P])
        await lines_shown(app, pilot)
        await pilot.press("/", *"(printer-3)")
        assert row(app, "find-count").startswith("2 of 2")
        await pilot.press(*["backspace"] * 11, *"[(*")
        assert row(app, "find-count").startswith("not found")
        await pilot.press("enter", "up", "down")
        assert app.is_running


async def test_tab_goes_on_in_the_other_log() -> None:
    """At 80x24 it is the one that is shown then; the line to type in keeps the focus."""
    async with screen(healthy(), (80, 24)) as (app, pilot, console):
        console.log(Q, *LINES[Q])
        await lines_shown(app, pilot)
        await pilot.press("/", *"normal", "tab")
        assert row(app, "find-count") == "2 of 2 in log dhcp2 · 0 in log dhcp1"
        assert app.main.log_view(Q).display
        assert app.screen.focused is app.main.query_one("#find-input")
        await pilot.press("up")
        assert row(app, "find-count").startswith("1 of 2")


async def test_find_in_the_command_log() -> None:
    """It is a log too."""
    async with screen(healthy()) as (app, pilot, console):
        for number in range(5):
            console.audit(AuditEvent.INTENT, 1, f"command {number}")
        await pilot.press("a", "/", *"command 3")
        assert row(app, "find-count").startswith("1 of 1 in command log")
        await pilot.press("escape")
        assert app.main.views[CommandLogView].widget.display
        assert app.screen.focused is app.main.views[CommandLogView].widget


async def test_find_opens_where_there_is_a_log() -> None:
    """Not over the help, not over a prompt."""
    async with screen(healthy()) as (app, pilot, _console):
        await pilot.press("?", "/")
        assert not app.main.query_one("#find").display
        await pilot.press("escape", "P", "/")
        assert not app.main.query_one("#find").display


async def test_the_layout_stays() -> None:
    """The line takes the place of the advice: neither log moves by a row."""
    async with screen(healthy()) as (app, pilot, _console):
        before = app.main.log_view(P).region
        await pilot.press("/")
        await pilot.pause()
        assert app.main.log_view(P).region == before
        assert "What now" not in picture(app)
        await pilot.press("escape")
        await pilot.pause()
        assert app.main.log_view(P).region == before
