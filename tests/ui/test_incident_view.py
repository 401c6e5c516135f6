"""What it looks like: one row on the main screen, and the view behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.assess.assessment import Evidence
from dhcptui.assess.incidents.catalogue import BY_ID, Weight
from dhcptui.assess.incidents.signs import Probable
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.moments import Seen
from dhcptui.model.snapshot import ClockOffset, PairSnapshot
from dhcptui.ui.render.explanation import looks_like
from dhcptui.ui.style import UNICODE
from tests.ui.feed import MONO, cut_off, handed_over, healthy, locked_out, one_down, recovering, silenced
from tests.ui.test_main_screen import Q, panel, picture, row, screen

SIZES = [(80, 24), (120, 40), (200, 60)]


def rows_of(picture_: str) -> str:
    """The screen with its blanks folded."""
    return " ".join(picture_.split())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_a_row_names_the_incident_and_i_opens_it(size: tuple[int, int], ascii_only: bool) -> None:
    """Title on the main screen; evidence, what to do, what not to do behind the key; the panels stay live."""
    async with screen(one_down(), size, ascii_only=ascii_only) as (app, pilot, console):
        assert "One server alone, on its own half of the addresses" in row(app, "countdown")
        assert "(i" in row(app, "countdown")
        advice = row(app, "what-now")
        await pilot.press("i")
        await pilot.pause()
        said = app.main.reading.shown
        for words in (
            "evidence",
            "dhcp2 dhcpd not running",
            "Bring the partner back",
            "Do not declare",
            "safe now",
            "U (start on dhcp2)",
        ):
            assert words in said
        assert row(app, "what-now") == advice
        console.show(healthy())
        await pilot.pause()
        assert "normal" in panel(app, Q)
        assert "Nothing known is wrong" in app.main.reading.shown
        await pilot.press("i")
        assert app.main.query_one("#logs").display


@pytest.mark.parametrize("snapshot", [one_down(), cut_off(), silenced()])
async def test_trouble_has_a_name_on_screen(snapshot: PairSnapshot) -> None:
    """The heaviest incident of the verdict stands on the main screen, at 80 columns too."""
    async with screen(snapshot, (80, 24)) as (app, _pilot, _console):
        first = app.main.session.verdict.incidents[0]
        assert first.title[:40] in rows_of(picture(app))


@pytest.mark.parametrize("snapshot", [recovering(), handed_over(), locked_out()])
async def test_what_only_explains_is_a_key_away(snapshot: PairSnapshot) -> None:
    """Where a countdown or a banner has the free row, a note takes none from the logs; `i` tells it."""
    async with screen(snapshot, (80, 24)) as (app, pilot, _console):
        first = app.main.session.verdict.incidents[0]
        assert first.weight is Weight.NOTE
        assert first.title not in rows_of(picture(app))
        await pilot.press("i")
        assert first.title in app.main.reading.shown
        assert first.evidence[0].sentence in app.main.reading.shown


async def test_a_healthy_pair_has_no_row() -> None:
    """Nothing is said where nothing is wrong, and the key says so."""
    async with screen(healthy()) as (app, pilot, _console):
        assert "looks like" not in picture(app)
        await pilot.press("i")
        assert "Nothing known is wrong" in picture(app)


async def test_it_moves_no_log_where_a_row_is_free() -> None:
    """The row that is always there is taken first."""
    async with screen(healthy()) as (app, pilot, console):
        before = app.main.query_one("#logs").region
        console.show(one_down())
        await pilot.pause()
        assert "looks like" in picture(app)
        assert app.main.query_one("#logs").region == before


async def test_beside_a_countdown_only_what_is_wrong_has_a_row() -> None:
    """A note that explains the wait takes no row from the logs; a warning does, below what counts down."""
    async with screen(recovering()) as (app, pilot, console):
        assert app.main.session.verdict.incidents[0].weight is Weight.NOTE
        assert "answers clients again in" in row(app, "countdown")
        assert "looks like" not in picture(app)
        snapshot = recovering()
        wrong = replace(snapshot, primary=replace(snapshot.primary, clock=Seen(ClockOffset(90.0, 0.1), MONO)))
        console.show(wrong)
        await pilot.pause()
        assert "answers clients again in" in row(app, "countdown")
        assert "looks like: Clocks" in picture(app) or "clock" in row(app, "banner").lower()
        console.show(healthy())
        await pilot.pause()
        assert "looks like" not in picture(app)


async def test_read_only_names_no_acting_key() -> None:
    """The remedy is named, the key that does not exist is not."""
    async with screen(one_down(), read_only=True) as (app, pilot, _console):
        await pilot.press("i")
        assert "safe now    start on dhcp2" in app.main.reading.shown


def test_a_note_of_the_past_does_not_read_like_the_present() -> None:
    """What only the log tells is over; what is measured, or weighs more, is so now."""
    past, present = (
        Evidence("dhcp1", "I move from partner-down to potential-conflict", 1.0),
        Evidence("dhcp1", "reads x"),
    )
    for weight, evidence, words in (
        (Weight.NOTE, (past,), "lately: Partner-down, and the partner lives"),
        (Weight.NOTE, (past, present), "looks like: "),
        (Weight.WARNING, (past,), "looks like: "),
    ):
        assert (
            words in looks_like([Probable(BY_ID[IncidentId.CONFLICT], weight, evidence)], UNICODE, "i").fit(120).plain
        )
