"""The first screen where there is no usable configuration: what was looked for, an example, and the practice pair."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.filter import LineFilter

from dhcptui.model.sanitize import clean
from dhcptui.ui.line import Line, line, say
from dhcptui.ui.monochrome import AsciiOnly, filters
from dhcptui.ui.panes.row import Row
from dhcptui.ui.panes.text_sheet import Sheet
from dhcptui.ui.render.keys import key_list
from dhcptui.ui.render.plan import heading
from dhcptui.ui.style import ACCENT, ASCII, CRITICAL, GOOD, MUTED, UNICODE, Paragraph, text
from dhcptui.ui.terminal.driver import TerminalDriver
from dhcptui.ui.theme import ELSEWHERE, THEMES, fitting

EXAMPLE = Path(__file__).parent.parent / "example.toml"
DEMO = "demo"
"""What `run` returns when the practice pair was chosen."""


def write_example(path: Path) -> str:
    """Write the example for the owner's eyes only; never over an existing file. Raises OSError; returns its text."""
    words = EXAMPLE.read_text(encoding="utf-8")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(words)
    return words


class Welcome(App[str]):
    """Says what is missing and what can be done about it. Returns `DEMO`, or nothing when it is left."""

    CSS_PATH = Path(__file__).parent.parent / "styles.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "demo", show=False),
        Binding("w,enter", "write", show=False),
        Binding("y", "agree", show=False),
        Binding("n,escape", "decline", show=False),
        Binding("q,ctrl+c", "leave", show=False, priority=True),
        Binding("up", "lines(-1)", show=False),
        Binding("down", "lines(1)", show=False),
        Binding("pageup", "lines(-10)", show=False),
        Binding("pagedown,space", "lines(10)", show=False),
    ]

    def __init__(self, path: Path, problem: str, *, ascii_only: bool = False, theme: str | None = None) -> None:
        super().__init__(driver_class=TerminalDriver)
        self.animation_level = "none"
        for each in THEMES.values():
            self.register_theme(each)
        self._theme_name = theme or fitting(self)
        self._path, self._problem = path, problem
        self._missing = not path.exists()
        self._glyphs = ASCII if ascii_only else UNICODE
        self._plain = AsciiOnly() if ascii_only else None
        self._asking = False

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """As in the console."""
        return ELSEWHERE

    def get_line_filters(self) -> Sequence[LineFilter]:
        """As in the console."""
        return filters(super().get_line_filters(), self._plain)

    def on_load(self) -> None:
        """Before the first frame."""
        self.theme = self._theme_name

    def compose(self) -> ComposeResult:
        """A sheet that scrolls, a line to be answered, the keys."""
        glyphs = self._glyphs
        yield Row(glyphs=glyphs, id="header")
        with VerticalScroll(id="welcome", can_focus=False):
            yield Sheet(glyphs=glyphs)
        yield Row(glyphs=glyphs, id="answer")
        yield Row(glyphs=glyphs, id="keys")

    def on_mount(self) -> None:
        """Fill it."""
        self.screen.set_class(self._glyphs.ascii, "-ascii")
        self.query_one("#header", Row).show(
            say(("dhcptui", f"bold {ACCENT}"), ("  a console for an ISC DHCP failover pair", MUTED))
        )
        self.query_one(Sheet).show(self._words())
        view = self.query_one("#welcome", VerticalScroll)
        view.border_title = Content("welcome" if self._missing else "the configuration cannot be used")
        self._show_keys()

    def _words(self) -> list[Paragraph]:
        blank = Paragraph(text(""))
        if self._missing:
            paragraphs = [
                Paragraph(text(("There is no configuration yet.", "bold"))),
                Paragraph(text("Looked for: ", (str(self._path), ACCENT))),
                Paragraph(text(("Another place: --config FILE, or DHCPTUI_CONFIG in the environment.", MUTED))),
            ]
        else:
            paragraphs = [
                Paragraph(text((f"{self._glyphs.bad} ", CRITICAL), (clean(self._problem, 4000), "bold")), 2, 2)
            ]
            paragraphs += [Paragraph(text(("Correct the file and start dhcptui again.", MUTED)))]
        choices = [
            ("d", "try the practice pair right now: no servers, no network, no root"),
            *([("w", "write the example below to that place, to be edited")] if self._missing else []),
            ("q", "quit"),
        ]
        keys = [Paragraph(text((f"{key}  ", f"bold {ACCENT}"), words), 3, 3) for key, words in choices]
        lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
        example = [Paragraph(text((words, MUTED if words.startswith("#") else "")), 2, 2) for words in lines]
        return [*paragraphs, blank, *keys, blank, heading("An example"), *example]

    def _show_keys(self) -> None:
        write = [("w", "write the example")] if self._missing else []
        keys = [("y", "yes"), ("n", "no")] if self._asking else [("d", "practice pair"), *write, ("PgDn", "more")]
        self.query_one("#keys", Row).show(line(key_list([*keys, ("q", "quit")])))

    def _answer(self, line: Line) -> None:
        self.query_one("#answer", Row).show(line)
        self._show_keys()

    def action_demo(self) -> None:
        """The practice pair."""
        self.exit(DEMO)

    def action_write(self) -> None:
        """Ask first."""
        if self._missing:
            self._asking = True
            self._answer(say("Write the example to ", (str(self._path), ACCENT), "? (y/n)"))

    def action_agree(self) -> None:
        """Write it."""
        if not self._asking:
            return
        self._asking = False
        try:
            write_example(self._path)
        except OSError as error:
            why = clean(error.strerror or str(error))
            self._answer(
                say((f"{self._glyphs.bad} Not written: {why}. An existing file is never overwritten.", CRITICAL))
            )
            return
        self._missing = False
        self._answer(say((f"{self._glyphs.ok} Written. Edit it, then start dhcptui again: ", GOOD), str(self._path)))

    def action_decline(self) -> None:
        """Write nothing."""
        if self._asking:
            self._asking = False
            self._answer(say(("Nothing was written.", MUTED)))

    def action_lines(self, rows: int) -> None:
        """Scroll."""
        self.query_one("#welcome", VerticalScroll).scroll_relative(y=rows, animate=False)

    def action_leave(self) -> None:
        """Without a choice."""
        self.exit()
