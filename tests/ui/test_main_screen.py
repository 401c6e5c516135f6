"""The main screen on a fake terminal: what stands where, at three sizes, in every kind of trouble."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from textual.geometry import Size
from textual.pilot import Pilot
from textual.widget import Widget

from dhcptui.assess.guards import rule
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.pool_counters import PoolCounters
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Channel, Link, PairSnapshot
from dhcptui.model.states import FailoverState
from dhcptui.ui.app import DhcptuiApp
from dhcptui.ui.panes.log_view import LogView
from dhcptui.ui.panes.row import Row
from dhcptui.ui.panes.server_panel import ServerPanel
from dhcptui.ui.terminal_app import TerminalApp
from dhcptui.ui.views.command_log import CommandLogView
from tests.ui.feed import (
    LINES,
    MONO,
    FakeClock,
    ScriptedConsole,
    both_unreachable,
    first_frame,
    handed_over,
    healthy,
    one_down,
    pair,
    recovering,
    server,
)
from tests.ui.waiting import lines_shown

P, Q = Role.PRIMARY, Role.SECONDARY
SIZES = [(80, 24), (120, 40), (200, 60)]


@asynccontextmanager
async def screen(
    snapshot: PairSnapshot,
    size: tuple[int, int] = (120, 40),
    *,
    theme: str | None = "dhcptui",
    **options: Any,
) -> AsyncIterator[tuple[DhcptuiApp, Pilot[None], ScriptedConsole]]:
    """The app on a terminal of `size`, fed by hand."""
    clock = FakeClock()
    console = ScriptedConsole(snapshot, clock)
    app = DhcptuiApp(console, "office", clock=clock, theme=theme, **options)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot, console


def row(app: TerminalApp, name: str) -> str:
    """The text of a row."""
    return app.screen.query_one(f"#{name}", Row).shown


def panel(app: DhcptuiApp, role: Role) -> str:
    """The text of a panel."""
    return app.screen.query_one(f"#panel-{role.value}", ServerPanel).shown


def picture(app: TerminalApp) -> str:
    """Every cell on screen."""
    strips = app.screen._compositor.render_strips(Size(*app.size))
    return "\n".join(strip.text for strip in strips)


@pytest.mark.parametrize("size", SIZES)
async def test_healthy_pair_reads_well_at_every_size(size: tuple[int, int]) -> None:
    """Both states, the level and the headline are on screen, in words, whatever the size."""
    async with screen(healthy(), size) as (app, _, _console):
        shown = picture(app)
        assert "OK" in shown
        assert "both servers serve" in shown
        assert "● normal" in panel(app, P)
        assert "partner seen as normal" in panel(app, Q)
        assert "10:59Z" in shown
        assert "rw" in shown
        assert "? help" in shown.splitlines()[-1]
        assert app.told_title == "✓ office: both serve"


@pytest.mark.parametrize("size", SIZES)
async def test_one_down_shows_a_stale_state_as_stale(size: tuple[int, int]) -> None:
    """A dead dhcpd is named as such; its last state is told with its age, not as the present."""
    async with screen(one_down(), size) as (app, _, _console):
        text = panel(app, Q)
        assert "✗ dhcpd not running" in text
        assert "was normal, read 12 s ago" in text
        assert "● normal" not in text
        assert "connection refused" in text
        assert "◐ communications-interrupted" in panel(app, P)
        assert "WARNING" in picture(app)
        assert app.told_title == "▲ office: dhcp1 serves, dhcp1 communications-interrupted"


@pytest.mark.parametrize("size", SIZES)
async def test_both_unreachable_from_the_first_frame(size: tuple[int, int]) -> None:
    """Nothing was ever learned: the reason stands in both panels and nothing is invented."""
    async with screen(both_unreachable(), size) as (app, _, _console):
        for role in Role:
            assert "✗ unreachable" in panel(app, role)
            assert "no route to" in panel(app, role)
            assert "state never read" in panel(app, role)
        assert "UNKNOWN" in picture(app)


async def test_first_frame_needs_no_network() -> None:
    """The engine is started after the first frame, which is an ordinary one."""
    async with screen(first_frame()) as (app, _, console):
        assert console.listener is app.bridge
        assert "… contacting" in panel(app, P)


@pytest.mark.parametrize("size", SIZES)
async def test_recover_wait_counts_down(size: tuple[int, int]) -> None:
    """The countdown follows the clock; when nothing counts down its row is blank and nothing moves."""
    async with screen(recovering(), size) as (app, pilot, console):
        assert row(app, "countdown").startswith("dhcp2 answers clients again in 00:44")
        where = app.screen.query_one("#logs", Widget).region
        console.clock.forward(1)
        console.show(recovering(MONO + 1))
        await pilot.pause()
        assert "00:43" in row(app, "countdown")
        console.show(healthy(MONO + 1))
        await pilot.pause()
        assert row(app, "countdown").strip() == ""
        assert app.screen.query_one("#logs", Widget).region == where


async def test_silence_shows_as_time_passes() -> None:
    """No new snapshot comes: the clock alone turns a live state into an old one."""
    async with screen(healthy()) as (app, pilot, console):
        console.clock.forward(4)
        app.main.tick()
        await pilot.pause()
        assert "? no answer for 4 s" in panel(app, P)
        assert "was normal, read 4 s ago" in panel(app, P)


async def test_silenced_server_does_not_look_fine() -> None:
    """A server that reads a serving state but answers nobody says so."""
    muted = pair(
        server(P, FailoverState.PARTNER_DOWN, FailoverState.PARTNER_DOWN),
        server(Q, FailoverState.RECOVER, FailoverState.PARTNER_DOWN),
    )
    async with screen(muted) as (app, _, _console):
        assert "partner-down, but answers nobody" in panel(app, P)


async def test_contradiction_stands_beside_the_record() -> None:
    """What a server recorded of its partner and what the partner says of itself differ: both are shown."""
    torn = pair(
        server(P, FailoverState.NORMAL, FailoverState.NORMAL), server(Q, FailoverState.RECOVER, FailoverState.NORMAL)
    )
    async with screen(torn) as (app, _, _console):
        assert "partner seen as normal  ✗ but dhcp2 says recover" in panel(app, P)


async def test_quiet_second_repaints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second in which nothing happened costs no cell, even with new snapshots and a wavering round trip."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.pause(0.1)
        asked: list[Widget] = []
        original = Widget.refresh

        def counting(self: Widget, *args: object, **named: object) -> Widget:
            asked.append(self)
            return original(self, *args, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(Widget, "refresh", counting)
        for second in range(1, 6):
            console.clock.forward(1)
            snapshot = healthy(MONO + second)
            omapi = replace(snapshot.primary.omapi, round_trip_seconds=0.0006 + second / 10000)
            console.show(replace(snapshot, primary=replace(snapshot.primary, omapi=omapi), sequence=second))
            app.main.tick()
            await pilot.pause()
        assert asked == []


async def test_hostile_text_is_not_markup() -> None:
    """Text from outside stands on screen as it is: no markup is read from it, nothing crashes."""
    evil = "[bold red]x[/] [/x] [@click=app.quit]y[/]"
    snapshot = both_unreachable()
    bad = replace(snapshot.primary, name="[b]dhcp1[/b]", ssh=replace(snapshot.primary.ssh, detail=evil, advice=evil))
    async with screen(replace(snapshot, primary=bad, pair="[i]office"), (200, 60)) as (app, pilot, console):
        console.log(P, f"Nov 22 10:12:01 dhcp1 dhcpd[8]: DHCPACK on 10.0.0.1 to 52:54:00:00:00:01 ({evil}) via eth1")
        await lines_shown(app, pilot)
        shown = picture(app)
        assert f"ssh: {evil}" in shown
        assert f"({evil})" in shown
        assert "[b]dhcp1[/b]" in shown
        assert "[i]office" in shown


async def test_a_server_that_the_console_runs_on() -> None:
    """One word in the place of "ssh ok"; when its shell hangs, the reason stands beside that word."""
    snapshot = healthy()
    here = replace(snapshot.primary, host="localhost", local=True)
    async with screen(replace(snapshot, primary=here)) as (app, pilot, console):
        assert " local  log live" in panel(app, P)
        assert "ssh" not in panel(app, P)
        assert "ssh ok  log live" in panel(app, Q)
        hung = replace(here, ssh=Channel(Link.FAILED, "nothing heard from its shell for 6 s", since=MONO))
        console.show(replace(snapshot, primary=hung, sequence=snapshot.sequence + 1))
        await pilot.pause(0.3)
        assert "local: nothing heard from its shell for 6 s" in panel(app, P)


async def test_logs_come_in_batches_and_can_be_held() -> None:
    """Lines appear within a quarter of a second; space holds both panes and lets them go."""
    async with screen(healthy()) as (app, pilot, console):
        console.log(P, *LINES[P])
        await lines_shown(app, pilot)
        assert "peer foo: disconnected" in picture(app)
        await pilot.press("space")
        assert all(app.main.log_view(role).paused for role in Role)
        console.log(Q, *LINES[Q])
        await lines_shown(app, pilot)
        assert "Both servers normal" not in picture(app)
        await pilot.press("space")
        await pilot.pause()
        assert "Both servers normal" in picture(app)


async def test_tab_changes_the_log_in_a_compact_terminal() -> None:
    """80x24 has room for one log: tab shows the other one, and shift+tab the first again."""
    async with screen(healthy(), (80, 24)) as (app, pilot, _console):
        assert [view.display for view in app.screen.query(LogView)] == [True, False]
        await pilot.press("tab")
        assert [view.display for view in app.screen.query(LogView)] == [False, True]
        assert app.screen.focused is app.main.log_view(Q)
        await pilot.press("shift+tab")
        assert app.screen.focused is app.main.log_view(P)


async def test_both_logs_come_back_on_a_wider_terminal() -> None:
    """Resizing changes the layout at once."""
    async with screen(healthy(), (80, 24)) as (app, pilot, _console):
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert [view.display for view in app.screen.query(LogView)] == [True, True]
        assert "clock +0.0 s" in panel(app, P)


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (60, 15), (100, 30)])
async def test_odd_sizes_do_not_crash(size: tuple[int, int]) -> None:
    """A terminal may be as small as it likes."""
    async with screen(one_down(), size) as (app, pilot, _console):
        await pilot.press("P")
        await pilot.pause()
        assert app.is_running


async def test_read_only_binds_no_acting_key() -> None:
    """In read-only mode the acting keys do not exist, and the bar does not show them."""
    async with screen(one_down(), read_only=True) as (app, pilot, _console):
        assert not {"R", "P", "S", "H", "U", "X"} & set(app.screen.active_bindings)
        await pilot.press("P", "R", "S", "H", "U", "X")
        assert not app.main.prompt.display
        assert "read-only" in row(app, "header")
        assert "partner-down" not in row(app, "keys")
        await pilot.press("a")
        assert app.main.views[CommandLogView].widget.display


async def test_refused_keys_say_why_in_the_bar() -> None:
    """A refused action stays visible with its reason; an allowed one has none."""
    async with screen(healthy()) as (app, _, _console):
        assert "P partner-down ✗ dhcp2 answers and " in row(app, "keys")
        assert "U up ✗  X rescue ✗" in row(app, "keys")
        assert "H hand over  " in row(app, "keys")


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("snapshot", [healthy(), one_down(), both_unreachable(), first_frame(), handed_over()])
async def test_every_acting_key_is_in_the_bar_of_80_columns(snapshot: PairSnapshot, ascii_only: bool) -> None:
    """One row holds them all, whatever is refused; a refused one is marked."""
    async with screen(snapshot, (80, 24), ascii_only=ascii_only) as (app, _, console):
        shown = row(app, "keys")
        assert all(f"{key} " in f"{shown} " for key in "RPSHUX/:?q")
        assert len(shown) <= 78
        refused = [
            not any(rule(action, role, snapshot, console.clock()).allowed for role in Role)
            for action in (Action.RESCUE, Action.SHUTDOWN)
        ]
        assert [mark in shown for mark in ("X rescue✗", "S stop✗")] == refused or ascii_only or " ✗" in shown


async def test_more_room_gives_more_words() -> None:
    """Long labels, reasons and the looking keys come back with the width."""
    async with screen(healthy(), (200, 60)) as (app, _, _console):
        shown = row(app, "keys")
        assert shown.startswith(
            "R sync+restart  P partner-down ✗ dhcp2 answers and reads normal  S shutdown  H hand over"
        )
        assert "U bring up ✗ dhcpd (pid 4711) is there on dhcp1" in shown


async def test_h_reads_take_back_where_a_server_has_handed_over() -> None:
    """The same key undoes what it did, and its label says so."""
    async with screen(handed_over()) as (app, _, _console):
        assert "H take back" in row(app, "keys")


async def test_pools_that_do_not_fit_are_counted() -> None:
    """Six pools, two rows: the emptiest are shown, the others are not forgotten."""
    pools = tuple(PoolCounters(f"10.{n}.0.0/24", 100, 50 - 9 * n, 50 - 9 * n) for n in range(6))
    snapshot = healthy()
    busy = replace(snapshot.primary, pools=Seen(pools, MONO))
    async with screen(replace(snapshot, primary=busy)) as (app, pilot, _console):
        assert "10.5.0.0/24" in panel(app, P)
        assert "+4 more pools" in panel(app, P)
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        assert all(pool.network in panel(app, P) for pool in pools)


async def test_ascii_terminal_gets_ascii_only() -> None:
    """Where the locale knows no more than ASCII, no other character reaches the terminal."""
    async with screen(recovering(), (120, 40), ascii_only=True) as (app, pilot, console):
        console.log(P, *LINES[P])
        await lines_shown(app, pilot)
        assert picture(app).isascii()
        await pilot.press("P")
        await pilot.pause()
        assert picture(app).isascii()


async def test_q_leaves_with_exit_code_0() -> None:
    """Leaving is not an error."""
    async with screen(healthy()) as (app, pilot, _console):
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == 0
