"""The lease look-up: a question typed, asked in the background, answered for both servers side by side."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from textual.widgets import Input

from dhcptui.model.leases import LeaseAnswer, LeaseView, LookUp, Outcome, differences
from dhcptui.model.role import Role
from dhcptui.ui.app import DhcptuiApp
from dhcptui.ui.views.lease import LookUpView
from tests.ui.feed import WALL, healthy, one_down
from tests.ui.test_main_screen import P, Q, picture, row, screen
from tests.ui.waiting import until

SIZES = [(80, 24), (120, 40)]
LEASE = LeaseView(
    "10.0.0.117", "active", "02:00:5e:10:00:01", 1, "01:02:00:5e:10:00:01", "printer-3",
    int(WALL - 300), int(WALL + 300), int(WALL + 900), int(WALL + 600), int(WALL + 600), int(WALL - 300),
)  # fmt: skip
PARTNERS = replace(LEASE, client_hostname="", cltt=None)


def answer(one: LeaseView | None, two: LeaseView | None, **more: object) -> LookUp:
    """What both servers say."""
    answers = {
        role: LeaseAnswer(Outcome.FOUND if lease else Outcome.NOT_FOUND, lease) for role, lease in ((P, one), (Q, two))
    }
    found = differences(one, two) if one and two else ()
    return replace(LookUp("address 10.0.0.117", WALL, answers, found), **more)  # type: ignore[arg-type]


def shown(app: DhcptuiApp) -> str:
    """The answer, in one line."""
    return " ".join(app.main.views[LookUpView].widget.shown.split())


@pytest.mark.parametrize(("size", "ascii_only"), [(size, plain) for size in SIZES for plain in (False, True)])
async def test_a_lease_is_asked_for_and_shown(size: tuple[int, int], ascii_only: bool) -> None:
    """Nothing waits: first that it is asked, then both servers' columns with dhcpd's own names."""
    async with screen(healthy(), size, ascii_only=ascii_only) as (app, pilot, console):
        await pilot.press("l")
        assert "then Enter" in shown(app)
        await pilot.press(*"10.0.0.117", "enter")
        assert [question for question, _ in console.asked] == ["10.0.0.117"]
        assert "asking dhcp1 and dhcp2 for 10.0.0.117" in shown(app)
        console.asked[0][1].set_result(answer(LEASE, PARTNERS))
        await pilot.pause()
        said = shown(app)
        mark = "+" if ascii_only else "✓"
        assert f"{mark} Both servers agree." in said
        assert "dhcp1 (primary) dhcp2 (secondary)" in said
        assert "binding state active active" in said
        assert "starts 10:54:02 10:54:02" in said
        assert "ends 11:04:02 11:04:02" in said
        assert "client identifier 01:02:00:5e:10:00:01 01:02:00:5e:10:00:01" in said
        assert "host name printer-3 -" in said
        assert "cltt 10:54:02 - the client was last heard" in said
        assert "binding state" in picture(app)
        assert "normal" in picture(app)
        assert picture(app).isascii() is ascii_only
        await pilot.press("pagedown", "pagedown")
        await pilot.pause()
        assert "cltt" in picture(app)


async def test_what_they_disagree_on_comes_first() -> None:
    """With what it means; the row is marked, and what is dhcpd's way is not."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("l", *"10.0.0.117", "enter")
        console.asked[0][1].set_result(answer(LEASE, replace(PARTNERS, binding_state="free", ends=int(WALL - 5))))
        await pilot.pause()
        said = shown(app)
        assert "✗ They disagree on binding state: the servers do not agree on who may use this address" in said
        assert "They disagree on host name" not in said
        assert "binding state ✗ active free" in said
        assert "Both servers agree" not in said


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (answer(None, None), "Neither server has such a lease."),
        (answer(LEASE, None), "Nothing to compare: dhcp2 gave no lease."),
        (answer(None, None, note="write an IPv4 address"), "✗ write an IPv4 address"),
        (
            answer(LEASE, None, answers={P: LeaseAnswer(Outcome.FOUND, LEASE), Q: LeaseAnswer(Outcome.NO_ANSWER, None, "needs OMAPI: refused")}),
            "dhcp2: needs OMAPI: refused",
        ),
        (answer(None, None, answers=dict.fromkeys(Role, LeaseAnswer(Outcome.NO_ANSWER, None, "timed out"))), "No server answered."),
        (answer(LEASE, PARTNERS, also=("10.0.0.9",)), "The same client also had, or was offered: 10.0.0.9"),
    ],
)  # fmt: skip
async def test_every_outcome_is_said_in_words(found: LookUp, words: str) -> None:
    """Not found, one answer, no answer, not a question, more than one address."""
    async with screen(one_down(), (80, 24)) as (app, pilot, console):
        await pilot.press("l", *"10.0.0.117", "enter")
        console.asked[0][1].set_result(found)
        await pilot.pause()
        assert words in shown(app)


async def test_an_older_answer_does_not_overwrite_a_newer_question() -> None:
    """The answer to what was asked last is shown, in whatever order they come, from the engine's thread."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("l", *"10.0.0.1", "enter", "7", "enter")
        assert [question for question, _ in console.asked] == ["10.0.0.1", "10.0.0.17"]
        for at, question in ((0, "address 10.0.0.1"), (1, "address 10.0.0.17")):
            found = answer(LEASE, PARTNERS, question=question)
            thread = threading.Thread(target=console.asked[at][1].set_result, args=(found,))
            thread.start()
            thread.join()
            await pilot.pause(0.05)
            assert at > 0 or "asking" in shown(app)
        await until(pilot, lambda: shown(app).startswith("address 10.0.0.17") and "asking" not in shown(app))


async def test_letters_are_typed_and_escape_leaves() -> None:
    """No letter acts while a name is typed; what was asked last is still there when it is opened again."""
    async with screen(healthy()) as (app, pilot, console):
        before = app.screen.focused
        await pilot.press("l", *"PRSqncp", "enter")
        assert console.asked[0][0] == "PRSqncp"
        assert not app.main.prompt.is_open
        assert "esc back" in row(app, "keys")
        assert "enter ask" in row(app, "keys")
        await pilot.press("escape")
        assert app.screen.focused is before
        console.asked[0][1].set_result(answer(LEASE, PARTNERS))
        await pilot.pause()
        await pilot.press("l")
        assert "Both servers agree" in shown(app)
        assert app.screen.query_one("#lease-input", Input).value == "PRSqncp"
        await pilot.press("x")
        assert app.screen.query_one("#lease-input", Input).value == "x"


async def test_hostile_text_stays_text() -> None:
    """A question and a host name are neither markup nor control sequences."""
    evil = "[red]x[/] [/y]"
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("l")
        app.screen.query_one("#lease-input", Input).value = evil
        await pilot.press("enter")
        assert f"for {evil}" in shown(app)
        console.asked[0][1].set_result(answer(replace(LEASE, client_hostname=evil), PARTNERS))
        await pilot.pause()
        assert evil in picture(app)
