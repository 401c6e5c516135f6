"""The log pane: what it shows, what it follows, and what it repaints."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from dhcptui.logs.lines import Folder, FoldResult, parse
from dhcptui.ui.handlers import HANDLERS
from dhcptui.ui.keymap import Commands
from dhcptui.ui.panes.log_pane import LogPane

NOW = 1_795_348_000.0


class CountingPane(LogPane):
    """Notes which content lines were asked for."""

    def __init__(self, *, hint: str = "no lines yet", max_rows: int = 5000, ascii_only: bool = False) -> None:
        keys = Commands(handlers=HANDLERS)
        super().__init__(hint=hint, max_rows=max_rows, ascii_only=ascii_only, commands=keys)
        self.painted: list[int] = []
        self.folder = Folder()

    def render_line(self, y: int) -> Strip:
        """Count and pass on."""
        self.painted.append(y)
        return super().render_line(y)

    def take(self, *messages: str) -> None:
        """Append one batch of dhcpd's messages."""
        self.append(self.results(messages))

    def results(self, messages: Iterable[str]) -> list[FoldResult]:
        """Messages as the tail delivers them: parsed and folded."""
        return [self.folder.add(parse(f"Nov 22 11:33:05 dhcp1 dhcpd[1]: {message}", NOW)) for message in messages]

    @property
    def screen_lines(self) -> list[str]:
        """The content as text, without trailing blanks."""
        lines = [super(CountingPane, self).render_line(y) for y in range(self.content_size.height)]
        assert {line.cell_length for line in lines} == {self.content_size.width}
        return [line.text.rstrip() for line in lines]


class Host(App[None]):
    """One pane of ten content lines in a tiny app."""

    CSS = "LogPane { width: 1fr; height: 12; border: round gray; }"

    def __init__(self, pane: CountingPane) -> None:
        super().__init__()
        self.pane = pane

    def compose(self) -> ComposeResult:
        """Just the pane."""
        yield self.pane

    def on_mount(self) -> None:
        """Keys go to the pane."""
        self.pane.focus()


def numbered(*numbers: int) -> list[str]:
    """Lines that differ and do not fold."""
    return [f"DHCPDISCOVER from 00:16:3e:00:00:{n:02x} via eth{n}" for n in numbers]


async def test_follows_the_tail() -> None:
    """The newest line stays in view; a row is clock, glyph and text."""
    async with Host(pane := CountingPane()).run_test(size=(80, 24)) as pilot:
        pane.take(*numbered(*range(30)))
        await pilot.pause()
        assert pane.following
        assert pane.screen_lines[-1] == "11:33:05   DHCPDISCOVER from 00:16:3e:00:00:1d via eth29"
        assert pane.screen_lines[0].endswith("eth20")
        assert pane.mark == ""


async def test_scrolled_up_it_stays_and_counts() -> None:
    """Lines that come while scrolled up move nothing and repaint only the line of the mark; `end` returns."""
    async with Host(pane := CountingPane()).run_test(size=(80, 24)) as pilot:
        pane.take(*numbered(*range(30)))
        await pilot.press("pageup")
        await pilot.pause()
        before = pane.screen_lines
        assert before[0].endswith("eth11")
        pane.painted.clear()
        pane.take(*numbered(*range(30, 50)))
        await pilot.pause()
        assert set(pane.painted) == {9}
        assert pane.screen_lines[:9] == before[:9]
        assert pane.screen_lines[9].endswith("▼ 20 new lines")
        await pilot.press("end")
        await pilot.pause()
        assert pane.following
        assert pane.screen_lines[-1].endswith("eth49")
        await pilot.press("g")
        assert pane.screen_lines[0].endswith("eth0")
        await pilot.press("down", "down", "up")
        assert pane.screen_lines[0].endswith("eth1")
        await pilot.press("G")
        assert pane.following


async def test_scrolling_down_to_the_end_follows_again() -> None:
    """Whoever comes back to the newest line by himself need not press `end`."""
    async with Host(pane := CountingPane()).run_test(size=(80, 24)) as pilot:
        pane.take(*numbered(*range(30)))
        await pilot.press("up")
        pane.take(*numbered(30))
        assert (pane.following, pane.waiting) == (False, 1)
        assert pane.mark.strip() == "▼ 1 new line"
        await pilot.press("pagedown")
        assert (pane.following, pane.waiting) == (True, 0)


async def test_a_fold_updates_its_row() -> None:
    """101 rejections are one row with a count, and a repeat repaints that row only."""
    async with Host(pane := CountingPane()).run_test(size=(140, 24)) as pilot:
        texts = [f"bind update on 10.0.0.{n} from foo rejected: unknown IP address" for n in range(100, 201)]
        pane.take(*numbered(1, 2))
        pane.take(*texts[:100])
        await pilot.pause()
        pane.painted.clear()
        pane.take(texts[100])
        await pilot.pause()
        assert set(pane.painted) == {2}
        assert len(pane.rows) == 3
        assert pane.screen_lines[2] == (
            "11:33:05 ▲ bind update on 10.0.0.100 from foo rejected: unknown IP address (101 times, 10.0.0.100 - 10.0.0.200)"
        )
        await pilot.resize_terminal(60, 24)
        await pilot.pause()
        assert pane.screen_lines[2:4] == [
            "11:33:05 ▲ bind update on 10.0.0.100 from foo (101×)",
            "           rejected: unknown IP address",
        ]


async def test_rows_are_bounded() -> None:
    """Old rows drop out; a view that stood on them moves on, one that did not stays."""
    async with Host(pane := CountingPane(max_rows=40)).run_test(size=(80, 24)) as pilot:
        pane.take(*numbered(*range(40)))
        await pilot.press("home", "down", "down", "down")
        assert pane.screen_lines[0].endswith("eth3")
        pane.take(*numbered(40, 41))
        await pilot.pause()
        assert pane.screen_lines[0].endswith("eth3")
        pane.take(*numbered(*range(42, 60)))
        await pilot.pause()
        assert len(pane.rows) == 40
        assert pane.screen_lines[0].endswith("eth20")


async def test_pause_freezes_the_view() -> None:
    """While paused the rows stand still, folds included, and can be scrolled; resume shows what came."""
    async with Host(pane := CountingPane(max_rows=20)).run_test(size=(80, 24)) as pilot:
        pane.take(*numbered(*range(20)))
        pane.pause()
        await pilot.pause()
        frozen = pane.screen_lines[:9]
        pane.painted.clear()
        pane.take(*numbered(19, *range(20, 60)))
        await pilot.pause()
        assert set(pane.painted) == {9}
        assert pane.screen_lines[:9] == frozen
        assert pane.screen_lines[9].endswith("= paused, 41 waiting")
        await pilot.press("home")
        assert pane.screen_lines[0].endswith("eth0")
        await pilot.press("end")
        assert pane.paused
        assert not pane.following
        pane.resume()
        await pilot.pause()
        assert (pane.following, pane.waiting) == (True, 0)
        assert pane.screen_lines[-1].endswith("eth59")


async def test_a_paused_and_scrolled_view_resumes_where_it_stood() -> None:
    """Resume does not tear somebody who scrolled up away from his rows."""
    async with Host(pane := CountingPane()).run_test(size=(80, 24)) as pilot:
        pane.take(*numbered(*range(30)))
        pane.pause()
        await pilot.press("home")
        pane.take(*numbered(30))
        pane.resume()
        await pilot.pause()
        assert pane.screen_lines[0].endswith("eth0")
        assert pane.screen_lines[9].endswith("▼ 1 new line")


async def test_markup_is_not_parsed() -> None:
    """Brackets in a log line are brackets, in the hint too."""
    async with Host(pane := CountingPane(hint="[bold]no lines[/x]")).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert pane.screen_lines[0] == "[bold]no lines[/x]"
        pane.take("DHCPDISCOVER from 00:16:3e:00:00:01 ([red]x[/y]) via eth0")
        await pilot.pause()
        assert "([red]x[/y])" in pane.screen_lines[0]


async def test_control_characters_do_not_pass() -> None:
    """ESC and its kin are shown, in lines and in the hint."""
    async with Host(pane := CountingPane(hint="log not readable: \x1b[2J")).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert pane.screen_lines[0] == r"log not readable: \x1b[2J"
        pane.take("DHCPDISCOVER from 00:16:3e:00:00:01 (\x1b]0;x\x07\u202e) via eth0")
        await pilot.pause()
        assert r"(\x1b]0;x\x07\u202e)" in pane.screen_lines[0]


async def test_the_hint_says_why_there_is_nothing() -> None:
    """The hint stands there while the pane is empty, changes, and goes with the first line."""
    async with Host(pane := CountingPane()).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert pane.screen_lines[0] == "no lines yet"
        pane.hint = "log not readable: Permission denied"
        await pilot.pause()
        assert pane.screen_lines[0] == "log not readable: Permission denied"
        pane.take("exiting.")
        await pilot.pause()
        assert pane.screen_lines[:2] == ["11:33:05 ▲ exiting.", ""]
        pane.clear()
        pane.folder.clear()
        await pilot.pause()
        assert pane.screen_lines[0] == "log not readable: Permission denied"


async def test_nothing_new_paints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty batch and a hidden pane cost no painted line; a pane that is not full paints just the new rows."""
    async with Host(pane := CountingPane()).run_test(size=(80, 24)) as pilot:
        pane.take(*numbered(1, 2))
        await pilot.pause()
        pane.painted.clear()
        pane.append([])
        await pilot.pause()
        assert pane.painted == []
        pane.take(*numbered(3))
        await pilot.pause()
        assert pane.painted == [2]
        pane.display = False
        await pilot.pause()
        pane.painted.clear()
        pane.take(*numbered(4))
        await pilot.pause()
        assert pane.painted == []
        pane.display = True
        await pilot.pause()
        assert pane.screen_lines[3].endswith("eth4")


async def test_a_batch_is_one_refresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lines a batch has, the pane asks for one repaint, within its content."""
    async with Host(pane := CountingPane()).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        asked: list[tuple[Region, ...]] = []
        monkeypatch.setattr(pane, "refresh", lambda *regions: asked.append(regions))
        pane.take(*numbered(*range(100)))
        assert asked == [(Region(0, 0, 78, 10),)]


async def test_long_lines_are_cut_and_can_be_shifted() -> None:
    """No wrapping: `…` tells of more, left and right reach it; clock and glyph stay."""
    async with Host(pane := CountingPane()).run_test(size=(42, 24)) as pilot:
        pane.take(
            "failover peer foo: I move from normal to communications-interrupted",
            "uid 漢字漢字漢字漢字漢字漢字漢字漢字",
        )
        await pilot.pause()
        assert pane.screen_lines[0] == "11:33:05 → failover peer foo: I move fr…"
        assert pane.screen_lines[1].endswith("…")
        await pilot.press("left", "right", "right", "right", "right", "right", "right")
        assert pane.screen_lines[0] == "11:33:05 → ions-interrupted"
        assert pane.screen_lines[1] == "11:33:05"
        await pilot.press("left", "left", "left", "left")
        assert pane.screen_lines[0] == "11:33:05 → failover peer foo: I move fr…"


async def test_ascii_only() -> None:
    """A terminal without UTF-8 gets nothing but ASCII, and a kind is still a glyph."""
    async with Host(pane := CountingPane(ascii_only=True)).run_test(size=(90, 24)) as pilot:
        pane.take(
            "exiting.",
            "peer café: disconnected",
            "failover peer foo: I move from normal to partner-down",
            "Lease conflict at 10.0.0.7",
        )
        pane.take(*numbered(*range(30)))
        pane.take(*(f"bind update on 10.0.0.{n} from foo rejected: unknown IP address" for n in (1, 2)))
        await pilot.press("home")
        pane.take(*numbered(31))
        await pilot.pause()
        assert all(line.isascii() for line in pane.screen_lines)
        assert [line[9] for line in pane.screen_lines[:4]] == ["#", "~", ">", "!"]
        assert pane.screen_lines[9].endswith("v 1 new line")


@pytest.mark.parametrize("size", [(3, 3), (12, 4), (20, 24)])
async def test_tiny_panes_do_not_break(size: tuple[int, int]) -> None:
    """However small, a pane paints lines of its own width."""
    async with Host(pane := CountingPane(hint="a hint that is longer than the pane")).run_test(size=size) as pilot:
        await pilot.pause()
        assert len(pane.screen_lines) == pane.content_size.height
        pane.take(*numbered(*range(30)), *numbered(29))
        await pilot.press("up")
        pane.take(*numbered(50))
        await pilot.pause()
        assert len(pane.screen_lines) == pane.content_size.height


async def test_transitions_are_never_cut() -> None:
    """What matters goes on in a further line and stays at the tail; noise is cut as before."""
    async with Host(pane := CountingPane()).run_test(size=(60, 24)) as pilot:
        pane.take(*numbered(*range(30)))
        pane.take("failover peer foo: I move from communications-interrupted to partner-down")
        await pilot.pause()
        assert pane.screen_lines[-2:] == [
            "11:33:05 → failover peer foo: I move from",
            "           communications-interrupted to partner-down",
        ]
        assert len(pane.screen_lines) == 10
        await pilot.press("pageup", "pageup", "end")
        assert pane.following
        assert pane.screen_lines[-1].endswith("partner-down")
        pane.take(*numbered(31))
        await pilot.pause()
        assert pane.screen_lines[-2].endswith("partner-down")
