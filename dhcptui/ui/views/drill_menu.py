"""The drills of the practice pair, to choose one by number or with the arrows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from dhcptui.engine.api import Drill
from dhcptui.model.sanitize import clean
from dhcptui.ui.style import Glyphs
from dhcptui.ui.views.menu import Entry, Menu


class DrillMenu(Vertical, can_focus=True):
    """In the place of the logs; the pair stays in view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-8)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("enter", "take", show=False),
        *(Binding(str(number), f"take({number - 1})", show=False) for number in range(1, 10)),
    ]

    class Chosen(Message):
        """A drill was chosen."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(id="drills")
        self._glyphs = glyphs
        self.border_title = Content("drills: what should happen to the practice pair?")

    def compose(self) -> ComposeResult:
        """The list."""
        yield Menu(glyphs=self._glyphs, empty="there are no drills")

    def open(self, drills: Sequence[Drill]) -> None:
        """Offer these."""
        entries = [Entry(each.name, str(at), clean(each.title), each.name) for at, each in enumerate(drills, 1)]
        self.menu.show(entries)
        self.focus()

    @property
    def menu(self) -> Menu:
        """The list."""
        return self.query_one(Menu)

    def action_move(self, rows: int) -> None:
        """Move the mark."""
        self.menu.move(rows)

    def action_take(self, at: int = -1) -> None:
        """Begin the marked drill, or the one with a number."""
        entries = self.menu.entries
        chosen = self.menu.chosen if at < 0 else entries[at] if at < len(entries) else None
        if chosen is not None:
            self.post_message(self.Chosen(chosen.value))
