"""The banner: who else acts, which server is locked out, what was left half-done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.verdict import derive
from dhcptui.model.audit import Interrupted
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import DelayedStart, LockFiles, Lockout, PairSnapshot
from dhcptui.ui.panes.row import Row
from dhcptui.ui.render.banner import banners
from dhcptui.ui.style import UNICODE
from tests.ui.feed import (
    HALF_DONE,
    MONO,
    FakeClock,
    busy_elsewhere,
    down,
    healthy,
    locked_out,
    pair,
)
from tests.ui.test_main_screen import picture, row, screen
from tests.ui.waiting import until


def said(
    snapshot: PairSnapshot,
    width: int,
    interrupted: Interrupted | None = None,
    *,
    seconds: float = 0,
    acting: bool = False,
) -> str:
    """The banner's text on a row of `width` cells."""
    clock = FakeClock()
    clock.forward(seconds)
    return banners(snapshot, interrupted, clock(), UNICODE, acting=acting).fit(width).plain


def test_lock_out_names_server_person_and_time() -> None:
    """Which server must not be started, by whom, since when; at 78 cells in fewer words."""
    whole = "▲ dhcp2 was declared down by anna@ops1 at 10:33Z: do not start it before it can reach dhcp1"
    assert said(locked_out(), 116) == whole
    assert said(locked_out(), 78) == "▲ dhcp2 declared down by anna@ops1 at 10:33Z: start only if it reaches dhcp1"


def test_a_lock_out_agrees_with_the_advice() -> None:
    """Where the guards allow the start that the advice names, the banner does not forbid it."""
    snapshot = locked_out()
    returning = replace(snapshot, secondary=down(Role.SECONDARY))
    whole = "▲ dhcp2 was declared down by anna@ops1 at 10:33Z: it may start, dhcp1 answers and resynchronises it"
    assert said(returning, 116) == whole
    assert "U brings dhcp2 up" in derive(returning, FakeClock()()).advice


def test_a_foreign_lock_is_told() -> None:
    """One lock on both servers is one banner; while we act, the lock is ours and not told."""
    whole = "▲ anna@ops1 runs sync-restart on dhcp1 and dhcp2 (2 of 5: restart dhcp2)"
    assert said(busy_elsewhere(), 116) == whole
    assert said(busy_elsewhere(), 116, acting=True) == ""


def test_an_expired_lock_tells_of_a_run_that_stopped() -> None:
    """The console that held it is gone: the next operator sees whose run lies there, unless it was our own."""
    left = "▲ sync-restart of anna@ops1 stopped half-way on dhcp1 and dhcp2 (2 of 5: restart dhcp2)"
    assert said(busy_elsewhere(), 116, seconds=41) == left
    assert said(busy_elsewhere(), 116, HALF_DONE, seconds=41).startswith(
        "▲ sync-restart of ben@ops2 was interrupted after"
    )
    assert "stopped half-way" not in said(busy_elsewhere(), 200, HALF_DONE, seconds=41)


def test_an_interrupted_run_says_how_to_go_on() -> None:
    """R resumes a sync-restart; for other actions there is only the log to look at. I ends either."""
    whole = "▲ sync-restart of ben@ops2 was interrupted after step 3 of 5 (14:02Z): R resumes, command log a, I when dealt with"
    assert said(healthy(), 116, HALF_DONE) == whole
    assert len(said(healthy(), 78, HALF_DONE)) <= 78
    other = said(healthy(), 116, replace(HALF_DONE, action="shutdown"))
    assert other.endswith("(14:02Z): command log a, I when dealt with")


def test_a_start_that_did_not_begin_is_told_as_one_on_any_width() -> None:
    """Where there is no room it is not said by whom it was asked; that it will not begin is said always."""
    start = DelayedStart(
        "anna@ops1", FakeClock()().wall - 60, FakeClock()().wall - 30, FakeClock()().wall - 29, "at 12", False
    )
    snapshot = replace(
        healthy(), secondary=replace(down(Role.SECONDARY), lock_files=Seen(LockFiles(start=start), MONO))
    )
    assert said(snapshot, 116).endswith("by its clock (scheduled by anna@ops1), and its job is gone: U cancels it")
    assert said(snapshot, 78).endswith("by its clock, and its job is gone")


def test_several_banners_share_the_row() -> None:
    """All where there is room, else the most pressing one and how many more."""
    assert said(locked_out(), 200, HALF_DONE).count("·") == 1
    assert "dhcp2 was declared down" in said(locked_out(), 116, HALF_DONE)
    assert "sync-restart was interrupted" in said(locked_out(), 116, HALF_DONE)
    assert said(locked_out(), 78, HALF_DONE) == "▲ dhcp2 was declared down: start it only if it reaches dhcp1  +1 more"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_banner_takes_the_countdowns_place(size: tuple[int, int]) -> None:
    """Nothing counts down: no row moves. With a countdown the banner has a row of its own, above what-now."""
    async with screen(healthy(), size) as (app, pilot, console):
        logs = app.screen.query_one("#logs").region
        console.show(busy_elsewhere())
        await pilot.pause()
        assert row(app, "countdown").startswith("▲ anna@ops1 runs sync-restart")
        assert not app.screen.query_one("#banner", Row).display
        assert app.screen.query_one("#logs").region == logs
        console.show(locked_out())
        await until(pilot, lambda: "may use dhcp2's free addresses" in row(app, "countdown"))
        assert row(app, "banner").startswith("▲ dhcp2")
        assert "start" in picture(app).splitlines()[-4]
        console.show(healthy())
        await until(pilot, lambda: app.screen.query_one("#logs").region == logs)


async def test_banner_text_is_no_markup() -> None:
    """Names on a server's disk are text from outside: shown as they are, control characters made visible."""
    marker = Lockout("[b]x[/b]", "eve\x1b[2J[@click=app.quit]", MONO, "")
    views = healthy()
    bad = replace(views.primary, lock_files=Seen(LockFiles(lockout=marker), MONO))
    async with screen(pair(bad, views.secondary), (200, 60)) as (app, _, _console):
        assert "[b]x[/b] was declared down by eve\\x1b[2J[@click=app.quit]" in row(app, "countdown")
        assert "\x1b" not in picture(app)
