"""The selected line of a log: where it goes, what stays where it stood, and what it repaints."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.strip import Strip

from dhcptui.logs.lines import Folder, parse
from dhcptui.model.log_line import LogLine
from dhcptui.ui.handlers import HANDLERS
from dhcptui.ui.keymap import Commands
from dhcptui.ui.panes.log_cursor import CursorPane
from tests.ui.test_log_pane import NOW, Host, numbered


class CountingCursor(CursorPane):
    """Notes which content lines were asked for."""

    def __init__(self, *, max_rows: int = 5000, ascii_only: bool = False) -> None:
        super().__init__(max_rows=max_rows, ascii_only=ascii_only, commands=Commands(handlers=HANDLERS))
        self.painted: list[int] = []
        self.folder = Folder()

    def render_line(self, y: int) -> Strip:
        """Count and pass on."""
        self.painted.append(y)
        return super().render_line(y)

    def take(self, *messages: str) -> None:
        """Append one batch of dhcpd's messages."""
        self.append([self.folder.add(line) for line in parsed(*messages)])

    @property
    def screen_lines(self) -> list[str]:
        """The content as text."""
        return [super(CountingCursor, self).render_line(y).text.rstrip() for y in range(self.content_size.height)]

    @property
    def marked(self) -> list[str]:
        """The lines with the mark."""
        return [line for line in self.screen_lines if line[8:9] in {"▸", ">"}]


def parsed(*messages: str) -> list[LogLine]:
    """Messages as the tail delivers them."""
    return [parse(f"Nov 22 11:33:05 dhcp1 dhcpd[1]: {message}", NOW) for message in messages]


class Coloured(App[None]):
    """One pane of ten content lines, with a ground for the selection."""

    CSS = Host.CSS + "LogPane > .log-pane--selected { background: blue; }"

    def __init__(self, pane: CursorPane) -> None:
        super().__init__()
        self.pane = pane

    def compose(self) -> ComposeResult:
        """Just the pane."""
        yield self.pane

    def on_mount(self) -> None:
        """Keys go to the pane."""
        self.pane.focus()


@asynccontextmanager
async def pane_of(
    *messages: str, size: tuple[int, int] = (80, 24), ascii_only: bool = False, max_rows: int = 5000
) -> AsyncIterator[tuple[CountingCursor, Pilot[None]]]:
    """A pane of ten content lines."""
    pane = CountingCursor(ascii_only=ascii_only, max_rows=max_rows)
    async with Coloured(pane).run_test(size=size) as pilot:
        pane.take(*messages)
        await pilot.pause()
        pane.painted.clear()
        yield pane, pilot


async def test_the_first_arrow_selects_the_newest_line() -> None:
    """Nothing is selected at first; `up` begins at the bottom, `down` at the bottom follows again."""
    async with pane_of(*numbered(*range(30))) as (pane, pilot):
        await pilot.press("down")
        assert pane.selected is None
        await pilot.press("up")
        assert pane.marked == ["11:33:05▸  DHCPDISCOVER from 00:16:3e:00:00:1d via eth29"]
        assert not pane.following
        await pilot.press("up", "down", "down")
        assert (pane.selected, pane.following, pane.marked) == (None, True, [])


async def test_moving_it_repaints_two_rows() -> None:
    """Within the view the mark costs the row it leaves and the row it enters."""
    async with pane_of(*numbered(*range(30))) as (pane, pilot):
        await pilot.press("up")
        await pilot.pause()
        assert set(pane.painted) == {9}
        pane.painted.clear()
        await pilot.press("up")
        await pilot.pause()
        assert set(pane.painted) == {8, 9}


async def test_at_an_edge_the_view_jumps_rather_than_creeps() -> None:
    """Thirty steps up move the view a few times only; the selected line is always in view."""
    async with pane_of(*numbered(*range(60))) as (pane, pilot):
        tops = set()
        for step in range(40):
            await pilot.press("up")
            tops.add(pane.top)
            assert [line.rpartition("eth")[2] for line in pane.marked] == [str(59 - step)]
        assert len(tops) < 14
        await pilot.press("g")
        assert pane.marked[0].endswith("eth0")
        for _ in range(25):
            await pilot.press("down")
            assert len(pane.marked) == 1
        assert pane.marked[0].endswith("eth25")


async def test_lines_that_come_move_nothing() -> None:
    """While a line is selected the view stands still, even at its end, and counts what comes."""
    async with pane_of(*numbered(*range(30))) as (pane, pilot):
        await pilot.press("up")
        before = pane.screen_lines[:9]
        pane.take(*numbered(*range(30, 34)))
        await pilot.pause()
        assert pane.screen_lines[:9] == before
        assert pane.mark.strip() == "▼ 4 new lines"
        await pilot.press("down", "down", "down", "down")
        assert pane.marked[0].startswith("11:33:05▸  DHCPDISCOVER from 00:16:3e:00:00:21")
        await pilot.press("end")
        assert (pane.selected, pane.following, pane.mark) == (None, True, "")


async def test_pages_take_it_along() -> None:
    """A page up or down leaves the selection in view; beyond the end the log is followed."""
    async with pane_of(*numbered(*range(60))) as (pane, pilot):
        await pilot.press("up", "pageup", "pageup")
        assert len(pane.marked) == 1
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown")
        assert pane.following


async def test_a_wrapped_line_is_marked_whole_and_shown_whole() -> None:
    """Every part stands on the ground of the selection; the mark stands once."""
    long = "failover peer foo: I move from communications-interrupted to partner-down"
    async with pane_of(*numbered(*range(8)), long, *numbered(*range(8, 30)), size=(60, 24)) as (pane, pilot):
        await pilot.press("g", "down")
        for _ in range(8):
            await pilot.press("down")
        assert len(pane.marked) == 1
        y = pane.screen_lines.index(pane.marked[0])
        assert pane.screen_lines[y + 1].strip() == "communications-interrupted to partner-down"
        grounds = {segment.style.bgcolor for at in (y, y + 1) for segment in pane.render_line(at) if segment.style}
        assert len(grounds) == 1
        assert grounds != {segment.style.bgcolor for segment in pane.render_line(0) if segment.style}


async def test_old_rows_drop_out_under_it() -> None:
    """A selected line that drops out leaves the selection on the oldest one there is."""
    async with pane_of(*numbered(*range(20)), max_rows=20) as (pane, pilot):
        await pilot.press("g", "down")
        pane.take(*numbered(*range(20, 45)))
        await pilot.pause()
        assert pane.selected is not None
        assert pane.selected.line.text.endswith("eth25")


async def test_other_rows_keep_the_selected_line_where_it_stood() -> None:
    """A filter that lets the line pass leaves it selected, on the same line of the screen."""
    async with pane_of(*numbered(*range(60))) as (pane, pilot):
        await pilot.press(*["up"] * 6)
        y = pane.screen_lines.index(pane.marked[0])
        assert pane.marked[0].endswith("eth54")
        folder = Folder()
        pane.refill([folder.add(line) for line in parsed(*numbered(*range(0, 99, 2)))])
        await pilot.pause()
        assert pane.marked[0].endswith("eth54")
        assert pane.screen_lines.index(pane.marked[0]) == y


async def test_other_rows_without_it_select_its_neighbour() -> None:
    """A selected line that is filtered away leaves the mark on a line that is there."""
    async with pane_of(*numbered(*range(60))) as (pane, pilot):
        await pilot.press(*["up"] * 6)
        pane.refill([])
        assert pane.selected is None
        folder = Folder()
        pane.refill([folder.add(line) for line in parsed(*numbered(1, 2, 3))])
        await pilot.press("up")
        pane.refill([folder.add(line) for line in parsed(*numbered(1, 2))])
        assert pane.selected is not None


async def test_ascii_marks_it_too() -> None:
    """A terminal of 1985 sees a `>`."""
    async with pane_of(*numbered(1, 2), ascii_only=True) as (pane, pilot):
        await pilot.press("up")
        assert pane.marked == ["11:33:05>  DHCPDISCOVER from 00:16:3e:00:00:02 via eth2"]


@pytest.mark.parametrize("size", [(3, 3), (12, 4), (20, 24)])
async def test_tiny_panes_do_not_break(size: tuple[int, int]) -> None:
    """However small, there is a selection."""
    async with pane_of(*numbered(*range(30)), size=size) as (pane, pilot):
        await pilot.press("up", "up", "pageup", "g", "down", "pagedown")
        assert pane.selected is not None or pane.following


async def test_an_empty_log_has_no_selection() -> None:
    """Arrows in an empty pane do nothing."""
    async with pane_of() as (pane, pilot):
        await pilot.press("up", "down", "pageup", "g", "G")
        assert pane.selected is None
