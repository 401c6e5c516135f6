"""The drills of the practice pair: to choose one, to be told what it did, to read how it went."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from dhcptui.engine.api import Drill, Drills
from dhcptui.model.sanitize import clean
from dhcptui.model.sentence import Sentence, in_keys
from dhcptui.ui.panes.menu import Entry, Menu
from dhcptui.ui.style import Glyphs, Paragraph, text
from dhcptui.ui.views.view import Key, Page, View, ViewHost


class DrillMenu(Vertical, can_focus=True):
    """In the place of the logs; the pair stays in view. A drill is chosen by its number or with the arrows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-8)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("enter", "take", show=False),
        *(Binding(str(number), f"take({number - 1})", show=False) for number in range(1, 10)),
    ]

    def __init__(self, begin: Callable[[str], None], *, glyphs: Glyphs) -> None:
        super().__init__(id="drills")
        self._begin, self._glyphs = begin, glyphs
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
            self._begin(chosen.value)


class DrillsView(View):
    """Every drill there is."""

    command = "drill.menu"

    def __init__(self, host: ViewHost) -> None:
        super().__init__(host)
        self.widget: DrillMenu = DrillMenu(self._begin, glyphs=self.session.glyphs)

    def open(self) -> None:
        """From the first one."""
        if drills := self.session.setup.drills:
            self.widget.open(drills.list())

    def keys(self) -> list[Key]:
        """As in every list."""
        return [("up down", "choose"), ("enter", "begin"), self.key("look.back", "back")]

    def _begin(self, name: str) -> None:
        if drills := self.session.setup.drills:
            self.host.close_view()
            drills.begin(name)
            self.host.refresh_view()


class DrillPage(Page):
    """What a drill has to say, as it was when it was asked."""

    live = False

    @abstractmethod
    def sentences(self, drills: Drills) -> Sequence[Sentence]:
        """What it says."""

    def paragraphs(self) -> list[Paragraph]:
        """One a sentence, with the user's own keys."""
        drills, key = self.session.setup.drills, self.session.commands.acting_key
        sentences = self.sentences(drills) if drills else ()
        return [Paragraph(text(clean(in_keys(sentence, key))), 2, 2) for sentence in sentences]

    def refused(self) -> str:
        """There may be no drill to speak of."""
        drills = self.session.setup.drills
        return "" if drills and drills.state() else "There is no drill."


class WhatHappenedView(DrillPage):
    """What the drill has done to the pair."""

    command, title = "drill.explain", "what happened"

    def sentences(self, drills: Drills) -> Sequence[Sentence]:
        """Only one."""
        return [drills.explain()]


class ReviewView(DrillPage):
    """How the drill went; opening it ends one that still runs."""

    command, title = "drill.review", "review"

    def open(self) -> None:
        """End the drill, and tell."""
        drills = self.session.setup.drills
        if drills and drills.running():
            drills.end()
        super().open()
        self.host.refresh_view()

    def sentences(self, drills: Drills) -> Sequence[Sentence]:
        """Line by line."""
        return drills.review() or [("There is nothing to review yet.",)]
