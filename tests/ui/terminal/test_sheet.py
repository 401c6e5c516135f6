"""Only what has changed is written, and a terminal shows the same as if it had been given every frame whole."""

from __future__ import annotations

import re

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcptui.ui.terminal.cell_buffer import CellBuffer, is_frame
from dhcptui.ui.terminal.sgr import blank, change

COLUMNS, ROWS = 24, 6
WHOLE = 1_000_000
STYLES = [
    "", "1", "1;38;5;110", "38;5;110;48;5;233", "38;2;1;2;3;48;2;20;20;20", "48;5;233", "4;31", "7;32;40", "3;90;107",
    "9", "1;4;7;97;44", "22;39;49", "2;38;5;110;48;5;233",
]  # fmt: skip
PIECES = st.text(st.sampled_from("ab  xyz──●漢é\u0301✓"), min_size=1, max_size=12)
SPANS = st.tuples(
    st.integers(0, COLUMNS - 1),
    st.integers(0, ROWS - 1),
    st.lists(st.tuples(st.sampled_from(STYLES), PIECES | st.integers(1, 24).map(lambda n: " " * n)), max_size=3),
)
FRAMES = st.lists(st.lists(SPANS, min_size=1, max_size=5), min_size=1, max_size=6)


def frame(spans: Spans) -> str:
    """What Textual would write for these pieces at these places."""
    out = []
    for x, y, pieces in spans:
        out.append(f"\x1b[{y + 1};{x + 1}H")
        out += [f"\x1b[{style}m{text}\x1b[0m" if style else text for style, text in pieces]
        out += ["\n"] if y < ROWS - 1 else []
    return "".join(out) + "\x1b[1;1H"


class Screen:
    """A terminal that does not wrap, as Textual sets it."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.screen.reset_mode(7, private=True)
        self._stream = pyte.Stream(self.screen)

    def feed(self, data: str) -> None:
        """Show it."""
        self._stream.feed(data)

    def looks(self) -> list[list[tuple[object, ...]]]:
        """What a person sees: of a blank only what shows there."""
        return [[_look(self.screen.buffer[y][x]) for x in range(COLUMNS)] for y in range(ROWS)]


def _look(cell: pyte.screens.Char) -> tuple[object, ...]:
    lines = (cell.underscore, cell.reverse, cell.strikethrough)
    if cell.data == " " and not any(lines):
        return (" ", cell.bg)
    return (cell.data, cell.fg, cell.bg, cell.bold, cell.italics, *lines)


Spans = list[tuple[int, int, list[tuple[str, str]]]]
_PLAIN = str.maketrans({"漢": "k", "\u0301": "e"})


def narrow(spans: Spans) -> Spans:
    """The same as Textual draws it, not past the edge; and without what pyte has ideas of its own of: half a wide character."""
    found: Spans = []
    for x, y, pieces in spans:
        room, kept = COLUMNS - x, []
        for style, text in pieces:
            kept.append((style, text.translate(_PLAIN)[:room]))
            room -= len(kept[-1][1])
        found.append((x, y, [piece for piece in kept if piece[1]]))
    return found


@settings(max_examples=400, deadline=None)
@given(FRAMES, st.sampled_from([1, 20, 200, WHOLE]), st.booleans())
def test_the_terminal_shows_what_textual_drew(frames: list[Spans], limit: int, erases: bool) -> None:
    """Frame by frame through a sheet, in pieces of any size, against every frame as it is."""
    plain, ours, sheet = Screen(), Screen(), CellBuffer(COLUMNS, ROWS, erases=erases)
    for each in map(narrow, frames):
        plain.feed(frame(each))
        sheet.draw(frame(each))
        ours.feed(sheet.changes(limit))
    while sheet.behind:
        ours.feed(sheet.changes(limit))
    assert ours.looks() == plain.looks()
    assert sheet.changes(WHOLE) == ""


@settings(max_examples=200, deadline=None)
@given(FRAMES)
def test_wide_and_marked_text_ends_as_it_should(frames: list[Spans]) -> None:
    """Half-overwritten wide characters and marks: after all of it, a whole picture of plain text leaves nothing behind."""
    ours, sheet = Screen(), CellBuffer(COLUMNS, ROWS)
    for each in frames:
        sheet.draw(frame(each))
        ours.feed(sheet.changes(WHOLE))
    sheet.draw(frame([(0, y, [("1", "plain text".ljust(COLUMNS))]) for y in range(ROWS)]))
    ours.feed(sheet.changes(WHOLE))
    assert ours.screen.display == ["plain text".ljust(COLUMNS)] * ROWS


@given(st.sampled_from(STYLES), st.sampled_from(STYLES))
def test_from_any_style_to_any(before: str, after: str) -> None:
    """The short way ends where the long way does."""
    short, long = Screen(), Screen()
    short.feed(f"\x1b[{before}m" + change(before, after) + "x")
    long.feed(f"\x1b[0;{after}m" + "x")
    assert short.looks()[0][0] == long.looks()[0][0]


def test_bytes_are_spent_on_changes_only() -> None:
    """The same again costs nothing, one digit a few bytes, a title in the middle of a row its own length."""
    sheet = CellBuffer(120, 40)
    rows = [(0, y, [("38;5;250;48;5;233", f"row {y}".ljust(120))]) for y in range(40)]
    sheet.draw(frame(rows))
    assert sheet.changes(WHOLE)
    sheet.draw(frame(rows))
    assert sheet.changes(WHOLE) == ""
    sheet.draw(frame([(0, 7, [("38;5;250;48;5;233", "row 8".ljust(120))])]))
    assert len(sheet.changes(WHOLE)) <= 20
    sheet.draw(frame([(0, y, [("48;5;233", " " * 120)]) for y in range(40)]))
    assert len(sheet.changes(WHOLE)) <= 40 * 13


def test_a_terminal_that_was_damaged_is_written_whole() -> None:
    """After a resize, a redraw or a stop nothing of its picture is taken for granted."""
    sheet, ours = CellBuffer(COLUMNS, ROWS), Screen()
    drawn = frame([(0, y, [("1", f"line {y}".ljust(COLUMNS))]) for y in range(ROWS)])
    sheet.draw(drawn)
    ours.feed(sheet.changes(WHOLE))
    ours.feed("\x1b[2J\x1b[1;1Hgarbage")
    sheet.forget()
    ours.feed(sheet.changes(WHOLE))
    assert ours.screen.display == [f"line {y}".ljust(COLUMNS) for y in range(ROWS)]


def test_what_stood_still_goes_first() -> None:
    """Where little fits, the answer to a key goes before the rows of a running log, and those take turns."""
    now = 100.0
    sheet = CellBuffer(40, 10, clock=lambda: now)

    def log(number: int) -> None:
        sheet.draw(frame([(0, y, [("", f"log line {number} {y}".ljust(40))]) for y in range(3, 9)]))

    told = ""
    for number in range(12):
        now += 0.25
        log(number)
        told = sheet.changes(30)
    seen = set()
    for number in range(12, 24):
        now += 0.25
        log(number)
        seen |= {int(row) for row in re.findall(r"\x1b\[(\d+)(?:;\d+)?H", sheet.changes(30))}
    assert seen >= set(range(4, 10)), told
    sheet.draw(frame([(0, 9, [("", "answer to a key".ljust(40))])]))
    assert "answer" in sheet.changes(30)


def test_frames_are_told_from_modes() -> None:
    """A picture begins with a place."""
    assert is_frame("\x1b[1;1Hx")
    assert not any(map(is_frame, ("\x1b[?1049h", "\x1b]2;title\x07", "\x07", "\x1b[?2026h", "", "\x1b[>25u")))
    assert blank("1;38;5;3;48;5;4") == "48;5;4"
    assert blank("4;31") == "4;31"
