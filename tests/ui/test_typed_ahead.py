"""Keys that come faster than the plan: they belong to the prompt from the first one, and confirm nothing unread."""

from __future__ import annotations

import time
from dataclasses import replace

from textual import events
from textual.pilot import Pilot

from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.ui.app import DhcptuiApp
from dhcptui.ui.panes.plan_view import PlanView
from dhcptui.ui.panes.prompt import Stage
from dhcptui.ui.typed_ahead import READ_SECONDS, TypedAhead
from tests.ui.feed import healthy, one_down
from tests.ui.test_main_screen import row, screen
from tests.ui.test_prompt import entry
from tests.ui.waiting import until

P, Q = Role.PRIMARY, Role.SECONDARY


def still_looking() -> PairSnapshot:
    """dhcp2's dhcpd answers no more, and its process table has not been read yet."""
    whole = one_down()
    return replace(whole, secondary=replace(whole.secondary, process=None))


async def at_once(app: DhcptuiApp, pilot: Pilot[None], *keys: str) -> None:
    """All keys in one piece, as a terminal delivers what was typed while the program was busy."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))
    for _ in range(4):
        await pilot.pause()


async def read(app: DhcptuiApp, pilot: Pilot[None]) -> None:
    """Until the plan was seen for long enough to have been read."""

    def stood() -> bool:
        painted = app.main.prompt._ahead.painted_at
        return painted is not None and time.monotonic() >= painted + READ_SECONDS

    await until(pilot, stood)


def nothing_else_is_open(app: DhcptuiApp) -> bool:
    """Neither a page nor the palette."""
    return app.main.views.current is None


async def test_a_name_typed_while_it_is_looking_lands_in_the_prompt() -> None:
    """No letter of it opens a page; when the plan stands the text is there, and Enter runs it."""
    async with screen(still_looking()) as (app, pilot, console):
        await pilot.press("P", *"dhcp2")
        assert "Looking" in row(app, "prompt-hint")
        assert nothing_else_is_open(app)
        assert entry(app).value == "dhcp2"
        console.show(one_down())
        await read(app, pilot)
        assert entry(app).value == "dhcp2"
        assert console.ran == []
        await pilot.press("enter")
        await pilot.pause()
        assert len(console.ran) == 1


async def test_enter_while_it_is_looking_confirms_nothing() -> None:
    """Neither then nor when the plan comes: it has to be pressed once the plan can be read."""
    async with screen(still_looking()) as (app, pilot, console):
        await pilot.press("P", *"dhcp2", "enter")
        assert console.ran == []
        console.show(one_down())
        await pilot.pause()
        assert console.ran == []
        await pilot.press("enter")  # in the moment it appears: nobody has read it
        assert console.ran == []
        assert "Read the plan" in row(app, "prompt-hint")
        await read(app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert len(console.ran) == 1


async def test_all_of_it_in_one_piece() -> None:
    """Key, name and Enter before the first frame of the plan: the name is there, nothing has run, nothing has opened."""
    async with screen(one_down()) as (app, pilot, console):
        await at_once(app, pilot, "P", *"dhcp2", "enter")
        assert nothing_else_is_open(app)
        assert app.main.prompt.stage is Stage.READING
        assert entry(app).value == "dhcp2"
        assert console.ran == []
        await read(app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert len(console.ran) == 1


async def test_a_plan_that_is_refused_in_the_midst_of_the_name() -> None:
    """What is still typed of the name opens nothing either; after a moment of quiet the keys mean what they say."""
    async with screen(still_looking()) as (app, pilot, console):
        await pilot.press("P", *"dhc")
        console.show(healthy())
        await pilot.pause()
        await pilot.press(*"p2")
        assert nothing_else_is_open(app)
        assert "Refused" in app.screen.query_one(PlanView).shown
        console.clock.forward(3)
        app.main.tick()
        await pilot.pause()
        assert not entry(app).parent.display  # type: ignore[union-attr]
        await pilot.press("n")
        assert not nothing_else_is_open(app)


async def test_a_name_typed_into_the_menu() -> None:
    """Which server acts? A name is collected, chooses the server with Enter, and confirms nothing."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("H", *"dhcp2")
        assert "Which server acts?" in app.screen.query_one(PlanView).shown
        assert nothing_else_is_open(app)
        assert entry(app).value == "dhcp2"
        await pilot.press("enter")
        assert app.main.prompt.stage is Stage.READING
        assert app.main.prompt.plan is not None
        assert app.main.prompt.plan.acting is Q
        assert entry(app).value == ""
        assert console.ran == []


async def test_a_digit_chooses_at_once() -> None:
    """As it always did."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("H", "2")
        assert app.main.prompt.plan is not None
        assert app.main.prompt.plan.acting is Q
        assert entry(app).value == ""
        assert console.ran == []


def test_an_enter_older_than_the_plan_confirms_nothing() -> None:
    """Also where a slow terminal has the letters handled only after the plan was painted."""
    slow = TypedAhead(begun=False, painted_at=10.0, entered_at=9.9)
    assert slow.unread
    assert not TypedAhead(begun=False, painted_at=10.0, entered_at=10.1).unread
    assert TypedAhead(begun=True, painted_at=10.0, entered_at=10.1).unread
    assert not TypedAhead(begun=True, painted_at=10.0, entered_at=10.5).unread
