"""Filters of the logs: what passes, what the border says, what stays."""

from __future__ import annotations

import pytest

from dhcptui.logs.lines import parse
from dhcptui.ui.app import DhcptuiApp
from dhcptui.ui.panes.log_filter import EVERYTHING, Kinds, LogFilter, trouble
from tests.ui.feed import LINES, healthy
from tests.ui.test_main_screen import P, Q, picture, row, screen
from tests.ui.waiting import lines_shown, until

MOVED = "failover peer foo: I move from {} to {}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MOVED.format("normal", "communications-interrupted"), True),
        (MOVED.format("recover-wait", "recover-done"), False),
        (MOVED.format("communications-interrupted", "normal"), False),
        (MOVED.format("normal", "potential-conflict"), True),
        ("failover peer foo: peer moves from normal to normal", False),
        ("Lease conflict at 10.0.0.7", True),
        ("exiting.", True),
        ("DHCPACK on 10.0.0.7 to 52:54:00:00:00:01 via eth0", False),
    ],
)
def test_what_is_a_problem(text: str, expected: bool) -> None:
    """Warnings and worse, and moves to a state that deserves one."""
    assert trouble(parse(f"Nov 22 11:33:05 dhcp1 dhcpd[1]: {text}", 1_795_348_000.0)) is expected


def test_the_kinds_go_round() -> None:
    """All, state changes, warnings and worse, all."""
    seen = [EVERYTHING]
    for _ in range(3):
        seen.append(seen[-1].next_kinds())
    assert [each.words for each in seen] == ["", "state changes", "warnings and worse", ""]
    assert LogFilter(Kinds.TRANSITIONS, "0016.3E11.2233").words == "state changes, only 00:16:3e:11:22:33"
    assert "\x1b" not in LogFilter(only="\x1b[31m").words


def shown(app: DhcptuiApp) -> list[str]:
    """The texts in the first log."""
    return [each.line.text for each in app.main.log_view(P).rows]


async def test_f_goes_round_and_the_border_says_so() -> None:
    """Both logs at once; what passed comes back with the rest."""
    async with screen(healthy()) as (app, pilot, console):
        console.log(P, *LINES[P])
        console.log(Q, *LINES[Q])
        await lines_shown(app, pilot)
        before = shown(app)
        await pilot.press("f")
        assert shown(app) == ["failover peer foo: I move from normal to communications-interrupted"]
        assert "log dhcp1: state changes" in picture(app)
        assert "log dhcp2: state changes" in picture(app)
        assert "Shown: state changes." in row(app, "what-now")
        console.log(P, "Nov 22 10:59:00 dhcp1 dhcpd[812]: failover peer foo: peer moves from normal to shutdown")
        console.log(P, "Nov 22 10:59:00 dhcp1 dhcpd[812]: DHCPACK on 10.0.0.117 to 52:54:00:12:34:56 via eth1")
        await lines_shown(app, pilot)
        assert [text[-8:] for text in shown(app)] == ["errupted", "shutdown"]
        await pilot.press("f", "f")
        assert shown(app)[: len(before)] == before
        assert len(shown(app)) == len(before) + 2
        assert "log dhcp1 ─" in picture(app)


@pytest.mark.parametrize("typed", ["10.0.0.117", "52:54:00:12:34:56", "5254.0012.3456", "printer-3"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_one_client(typed: str, size: tuple[int, int]) -> None:
    """By address in any spelling, or by a text; an empty line shows everything again."""
    async with screen(healthy(), size) as (app, pilot, console):
        console.log(P, *LINES[P])
        await lines_shown(app, pilot)
        everything = shown(app)
        await pilot.press("o", *typed)
        assert shown(app) == everything
        await pilot.press("enter")
        assert [text.split(" ")[0] for text in shown(app)] == ["DHCPREQUEST", "DHCPACK"]
        assert "log dhcp1: only " in picture(app)
        assert app.screen.focused is app.main.log_view(P)
        await pilot.press("o", "delete", "enter")
        assert shown(app) == everything


async def test_escape_leaves_the_filter_as_it_was() -> None:
    """Nothing is shown differently before enter."""
    async with screen(healthy()) as (app, pilot, console):
        console.log(P, *LINES[P])
        await lines_shown(app, pilot)
        before = shown(app)
        await pilot.press("o", *"10.0.0.117", "escape")
        assert shown(app) == before
        assert not app.main.query_one("#find").display


async def test_a_filter_that_lets_nothing_pass_says_so() -> None:
    """An empty pane is not an empty log."""
    async with screen(healthy()) as (app, pilot, console):
        console.log(P, *LINES[P])
        await lines_shown(app, pilot)
        await pilot.press("o", *"10.9.9.9", "enter")
        assert "8 lines, none of them: only 10.9.9.9" in picture(app)


async def test_a_filter_while_paused() -> None:
    """What stands still is filtered as it stood; what came since waits."""
    async with screen(healthy()) as (app, pilot, console):
        console.log(P, *LINES[P])
        await lines_shown(app, pilot)
        await pilot.press("space")
        console.log(P, "Nov 22 10:59:00 dhcp1 dhcpd[812]: failover peer foo: peer moves from normal to shutdown")
        await lines_shown(app, pilot)
        await pilot.press("f")
        assert len(shown(app)) == 1
        await pilot.press("space")
        assert len(shown(app)) == 2


async def test_find_looks_in_what_is_shown() -> None:
    """Filtered lines are not found, and are found again afterwards."""
    async with screen(healthy()) as (app, pilot, console):
        console.log(P, *LINES[P])
        await lines_shown(app, pilot)
        await pilot.press("f", "/", *"dhcp")
        assert row(app, "find-count").startswith("not found")
        await pilot.press("escape", "f", "f", "/")
        await pilot.pause()
        assert row(app, "find-count").startswith("3 of 3")


def syslog(*texts: str) -> list[str]:
    """Lines of a log that all programs share."""
    return [f"Nov 22 11:33:05 dhcp1 {text}" for text in texts]


OWN = "failover peer foo: Both servers normal"
CRASH = "isc-dhcp-server.service: Main process exited, code=killed, status=11/SEGV"
MIXED = syslog("cron[9]: (root) CMD (true)", f"dhcpd[7]: {OWN}", f"systemd[1]: {CRASH}", "sshd[8]: Accepted publickey")


async def test_a_syslog_of_all_programs_is_reduced() -> None:
    """To dhcpd's lines and those that explain them; one key shows all, and hides them again; the border says so."""
    async with screen(healthy()) as (app, pilot, console):
        console.log(P, *MIXED)
        await lines_shown(app, pilot)
        assert shown(app) == [OWN, f"systemd: {CRASH}"]
        await pilot.press("s")
        assert len(shown(app)) == 4
        assert "log dhcp1: all programs" in picture(app)
        assert "Shown: all programs." in row(app, "what-now")
        console.log(P, *syslog("cron[9]: again"))
        await lines_shown(app, pilot)
        assert shown(app)[-1] == "cron: again"
        await pilot.press("s")
        assert shown(app) == [OWN, f"systemd: {CRASH}"]
        assert "all programs" not in picture(app)


async def test_only_others_have_written() -> None:
    """That nothing of dhcpd is there is said, with the key that shows the rest."""
    async with screen(healthy()) as (app, pilot, console):
        console.log(P, *syslog("cron[9]: (root) CMD (true)"))
        await lines_shown(app, pilot)
        assert shown(app) == []
        assert "1 lines, none of them: of dhcpd; s shows all programs" in picture(app)


async def test_what_is_looked_for_may_stand_in_the_tag() -> None:
    """The program and its pid are found, and the time of the line is marked; `o` takes them too, of any program."""
    async with screen(healthy()) as (app, pilot, console):
        console.log(P, *MIXED, *syslog("dhcpd[17]: peer foo: disconnected"))
        await lines_shown(app, pilot)
        await pilot.press("/", *"dhcpd[7]")
        view = app.main.log_view(P)
        await until(pilot, lambda: len(view.hits) == 1)
        (number,) = view.hits
        assert view.rows[number - view._first].line.text == OWN
        first, *_ = view.decorated(number, view._row_strips(number)[0])
        assert (first.text, first.style) == ("11:33:05", view._style("current"))
        await pilot.press("escape", "o", *"cron[9]", "enter")
        await until(pilot, lambda: shown(app) == ["cron: (root) CMD (true)"])
