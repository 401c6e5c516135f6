"""The timeline: both servers and the operator on one clock, live, each entry explained."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.history.timeline import Event, EventKind, Note, Source, merge
from dhcptui.logs.lines import parse
from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState as S
from dhcptui.ui.app import DhcptuiApp
from dhcptui.ui.render.timeline import gap, known, lines
from dhcptui.ui.views.timeline import TimelinePane
from tests.ui.feed import WALL, one_down
from tests.ui.test_log_views import explained
from tests.ui.test_main_screen import P, Q, panel, picture, screen

NAMES = {P: "dhcp1", Q: "dhcp2"}
OFFSETS = {P: 0.01, Q: 25.0}
SIZES = [(80, 24), (120, 40), (200, 60)]


def move(role: Role, at: float, old: S, new: S, *, source: Source = Source.LOG) -> Note:
    """A state change `at` seconds from now by the console's clock."""
    stamp = WALL + at + (25 if role is Q else 0)
    return Note(EventKind.MOVE, source, role, role, stamp, f"moves from {old.word} to {new.word}", old, new)


def note(kind: EventKind, role: Role | None, at: float, text: str) -> Note:
    """Something else that happened."""
    if kind is EventKind.ACTION:
        return Note(kind, Source.AUDIT, role, None, WALL + at, text)
    stamp = WALL + at + (25 if role is Q else 0)
    said = parse("Server starting service." if kind is EventKind.START else text, stamp)
    return Note(kind, Source.LOG, role, role, stamp, text, line=said)


NOTES = [
    move(P, -90000, S.STARTUP, S.NORMAL),
    move(P, -90000, S.STARTUP, S.NORMAL, source=Source.OMAPI),
    move(Q, -89999, S.STARTUP, S.NORMAL),
    note(EventKind.LINK, P, -12, "peer foo: disconnected"),
    move(P, -11, S.NORMAL, S.COMMUNICATIONS_INTERRUPTED),
    note(EventKind.ACTION, P, -5, "partner-down begun by anna: dhcp2 is dead"),
    move(P, -4, S.COMMUNICATIONS_INTERRUPTED, S.PARTNER_DOWN),
    note(EventKind.ACTION, P, -3, "partner-down ended: verified"),
]
BACK = [note(EventKind.START, Q, -1, "dhcpd started"), move(Q, 0, S.STARTUP, S.RECOVER)]
EVENTS = merge(NOTES, OFFSETS)


def told(app: DhcptuiApp) -> list[str]:
    """What the timeline shows."""
    return [f"{each.line.clock} {each.line.text}" for each in app.main.query_one(TimelinePane).rows]


def test_gaps_fit_their_column() -> None:
    """From tenths of a second to days, in eight cells."""
    assert [gap(s) for s in (0.04, 1.25, 44, 119, 720, 11100, 273600)] == [
        "+0.0 s", "+1.2 s", "+44 s", "+119 s", "+12 min", "+3h05m", "+3d 04h",
    ]  # fmt: skip
    assert all(len(gap(10**n)) <= 8 for n in range(-2, 7))


def test_each_line_says_what_and_from_where() -> None:
    """Gap, server, what, how long it lasted, the clock of the server where it is off, the sources, a row per day."""
    shown = [f"{line.clock} {line.text}" for line in lines(EVENTS, NAMES, "foo", WALL)]
    assert shown == [
        "21 Nov   ",
        "09:59:02          dhcp1 moves from startup to normal (from log, OMAPI)",
        "09:59:03   +1.0 s dhcp2 moves from startup to normal (by the server's clock 09:59:28; from log)",
        "22 Nov   ",
        "10:58:50  +1d 00h dhcp1 peer foo: disconnected (from log)",
        "10:58:51   +1.0 s dhcp1 moves from normal to communications-interrupted (after 1d 00h in normal; from log)",
        "10:58:57   +6.0 s dhcp1 partner-down begun by anna: dhcp2 is dead (from audit log)",
        "10:58:58   +1.0 s dhcp1 moves from communications-interrupted to partner-down"
        " (after 7 s in communications-interrupted; from log)",
        "10:58:59   +1.0 s dhcp1 partner-down ended: verified (from audit log)",
    ]
    assert known(EVENTS, WALL) == ("timeline since 21 Nov 09:59", "known from: log, OMAPI, audit log")
    assert known((), WALL) == ("timeline", "")


def test_a_log_that_is_not_read_is_named() -> None:
    """What such a server did is not in the timeline."""
    assert known(EVENTS, WALL, ["dhcp2"])[1] == "known from: log, OMAPI, audit log; not read: the log of dhcp2"
    assert known((), WALL, ["dhcp1", "dhcp2"]) == ("timeline", "not read: the log of dhcp1 and dhcp2")


def test_a_doubtful_time_says_so() -> None:
    """From before a clock was set back."""
    (line,) = lines((replace(EVENTS[0], doubt="its time is not known"),), NAMES, "foo", WALL - 86400)
    assert "its time is not known" in line.text


def test_repeats_and_inexact_times_say_so() -> None:
    """Nothing pretends to be exact."""
    flood = Event(WALL, EventKind.LINK, P, "peer foo: disconnected", (Source.LOG,), WALL, P, count=5, until=WALL + 60)
    loose = Event(WALL, EventKind.MOVE, Q, "is in startup", (Source.OMAPI,), WALL, Q, None, S.STARTUP, exact=False)
    first, second = lines((flood, loose), NAMES, "foo", WALL)
    assert "(5 times until 11:00:02; from log)" in first.text
    assert "seen then; it may have begun earlier" in second.text


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_the_newest_stands_at_the_bottom(size: tuple[int, int], ascii_only: bool) -> None:
    """In view at every size, with its sources; what comes appears without a key; t leads back."""
    async with screen(one_down(), size, ascii_only=ascii_only) as (app, pilot, console):
        console.events = EVENTS
        await pilot.press("t")
        await pilot.pause()
        shown = picture(app)
        assert "partner-down ended: verified" in shown
        assert "timeline since 21 Nov 09:59" in shown
        assert "known from: log, OMAPI, audit log" in shown
        assert "dhcpd not running" in panel(app, Q)
        assert shown.isascii() or not ascii_only
        console.events = merge([*NOTES, *BACK], OFFSETS)
        app.main.tick()
        await pilot.pause()
        assert "moves from startup to recover" in picture(app)
        await pilot.press("t")
        assert app.main.query_one("#logs").display


async def test_enter_explains_each_kind_of_entry() -> None:
    """A state change, an action, a line about the link, the first line of a day."""
    async with screen(one_down()) as (app, pilot, console):
        console.events = EVENTS
        await pilot.press("t", "enter")
        assert "an operator ran this" in explained(app).lower()
        await pilot.press("up")
        assert "serves for both" in explained(app)
        assert "who serves" in explained(app)
        await pilot.press("up", "up", "up")
        assert "The link to the partner is lost" in explained(app)
        await pilot.press("up")
        assert "22 Nov 2024" in explained(app)
        assert "dhcp1" not in str(app.main.query_one("#explanation").border_title)
        await pilot.press("escape", "G", "E")
        assert "partner-down (after" in str(app.main.query_one(TimelinePane).selected)


async def test_a_server_whose_name_has_two_words() -> None:
    """The selected entry is of that server, not of one called by its first word."""
    snapshot = one_down()
    snapshot = snapshot.with_view(replace(snapshot.primary, name="fw one"))
    async with screen(snapshot) as (app, pilot, console):
        console.events = EVENTS
        await pilot.press("t", "up")
        view = app.main.query_one(TimelinePane)
        assert view.selected is not None
        assert view.server_of(view.selected) == "fw one"


async def test_an_event_learned_late_moves_no_selection() -> None:
    """An old entry found in a lease file takes its place; the selected one stays selected."""
    async with screen(one_down()) as (app, pilot, console):
        console.events = EVENTS
        await pilot.press("t", "up", "up")
        view = app.main.query_one(TimelinePane)
        assert view.selected is not None
        before = view.selected.line.stamp
        late = move(Q, -100, S.NORMAL, S.COMMUNICATIONS_INTERRUPTED)
        console.events = merge([*NOTES, late], OFFSETS)
        app.main.tick()
        await pilot.pause()
        assert view.selected is not None
        assert view.selected.line.stamp == before
        assert any("dhcp2 moves from normal to communications-interrupted" in line for line in told(app))


async def test_nothing_known_yet() -> None:
    """An empty timeline says so and takes every key."""
    async with screen(one_down(), (80, 24)) as (app, pilot, _console):
        await pilot.press("t", "enter", "up", "e", "y", "f", "space")
        assert "nothing is known yet" in picture(app)
        await pilot.press("escape")
        assert app.main.query_one("#logs").display


async def test_hostile_text_is_text() -> None:
    """What an operator or a stranger wrote is neither markup nor control."""
    async with screen(one_down()) as (app, pilot, console):
        console.events = merge(
            [note(EventKind.ACTION, P, -1, "start begun by x: [bold]no[/x] [@click=quit]"), *NOTES], OFFSETS
        )
        await pilot.press("t")
        await pilot.pause()
        assert "[bold]no[/x] [@click=quit]" in picture(app)
