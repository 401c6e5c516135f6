"""The palette: every command by its name, in the place of the logs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input

from dhcptui.assess.guards import Ruling
from dhcptui.model.action import Action
from dhcptui.model.commands import DISMISS, Command
from dhcptui.ui.line import say
from dhcptui.ui.neighbours import pair_of
from dhcptui.ui.panes.menu import Entry, Menu
from dhcptui.ui.panes.row import Row
from dhcptui.ui.style import ACCENT, Glyphs
from dhcptui.ui.views.view import Key, View, ViewHost

HIDDEN = {"look.palette", "look.back"}
"""They make no sense in a list that is open."""
RARE = {"drill.explain", "drill.review", DISMISS}
"""They are offered only while there is something to speak of."""


def rank(words: str, entry: Entry) -> int | None:
    """How well an entry answers what was typed, 0 best; None: not at all."""
    typed, label = words.strip().casefold(), entry.label.casefold()
    if not typed or words.strip() == entry.key or label.startswith(typed):
        return 0
    if typed in label:
        return 1
    whole = f"{entry.value} {label} {entry.help}".casefold()
    if all(word in whole for word in typed.split()):
        return 2
    letters = iter(label)
    return 3 if all(letter in letters for letter in typed.replace(" ", "")) else None


class Palette(Vertical, can_focus=False):
    """A line to type in above the commands that fit it; Enter runs the marked one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-8)", show=False),
        Binding("pagedown", "move(8)", show=False),
    ]

    def __init__(self, run: Callable[[str], Awaitable[None]], *, glyphs: Glyphs) -> None:
        super().__init__(id="palette")
        self._run, self._glyphs = run, glyphs
        self._offered: tuple[Entry, ...] = ()
        self.border_title = Content("commands")

    def compose(self) -> ComposeResult:
        """The line, and the list."""
        with Horizontal(classes="entry"):
            yield Row(glyphs=self._glyphs, id="palette-mark")
            entry = Input(id="palette-input", compact=True)
            entry.cursor_blink = False
            yield entry
        yield Menu(glyphs=self._glyphs, empty="no command is called so")

    def on_mount(self) -> None:
        """The mark before the line."""
        self.query_one(Row).show(say((":", f"bold {ACCENT}")))

    def open(self, entries: Sequence[Entry]) -> None:
        """Offer these, from the beginning."""
        self._offered = tuple(entries)
        entry = self.query_one(Input)
        with self.prevent(Input.Changed):
            entry.value = ""
        self._filter(keep=False)
        # At once: `focus` would leave it to the next turn, and a letter typed before that is a key of the screen.
        self.screen.set_focus(entry)

    def offer(self, entries: Sequence[Entry]) -> None:
        """The same commands as they stand now: what is refused may have changed."""
        if tuple(entries) != self._offered:
            self._offered = tuple(entries)
            self._filter(keep=True)

    @property
    def menu(self) -> Menu:
        """The list."""
        return self.query_one(Menu)

    def _filter(self, *, keep: bool) -> None:
        typed = self.query_one(Input).value
        ranked = [(rank(typed, each), each) for each in self._offered]
        found = sorted(((place, each) for place, each in ranked if place is not None), key=lambda pair: pair[0])
        self.menu.show([each for _, each in found], keep=keep)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._filter(keep=False)

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if (chosen := self.menu.chosen) is not None:
            await self._run(chosen.value)

    def action_move(self, rows: int) -> None:
        """Move the mark."""
        self.menu.move(rows)


class PaletteView(View):
    """Every command, and why a refused one does nothing now."""

    command = "look.palette"

    def __init__(self, host: ViewHost) -> None:
        super().__init__(host)
        self.widget: Palette = Palette(self._run, glyphs=self.session.glyphs)

    def open(self) -> None:
        """With all commands."""
        self.widget.open(self._offered())

    def renew(self) -> None:
        """What is refused may have changed."""
        self.widget.offer(self._offered())

    def keys(self) -> list[Key]:
        """As in every list."""
        return [("up down", "choose"), ("enter", "run"), self.key("look.back", "back")]

    def _offered(self) -> list[Entry]:
        fleet = self.session.setup.neighbours
        commands = offers(self.session.commands, self.session.rulings(), self.host.refused)
        return [*commands, *(fleet.entries() if fleet is not None else ())]

    async def _run(self, value: str) -> None:
        self.host.close_view()
        fleet, pair = self.session.setup.neighbours, pair_of(value)
        if fleet is not None and pair is not None:
            fleet.open_pair(pair)
        else:
            await self.host.action_command(value)


def offers(commands: Iterable[Command], rulings: Mapping[Action, Ruling], why_not: Callable[[str], str]) -> list[Entry]:
    """One entry a command. `why_not` says of a command's name why it would do nothing at the moment."""
    wanted = (each for each in commands if each.where in {"screen", "drill", "neighbour"} and each.name not in HIDDEN)
    found = [(each, why_not(each.name)) for each in wanted]
    return [_entry(each, rulings, refused) for each, refused in found if not (refused and each.name in RARE)]


def _entry(command: Command, rulings: Mapping[Action, Ruling], refused: str) -> Entry:
    ruling = rulings.get(command.action) if command.action else None
    *_, label = command.labels(ruling.action if ruling else None)
    if not refused and ruling is not None and not ruling.allowed:
        refused = ruling.reasons[0]
    return Entry(command.name, command.shown_key, label, command.help, refused)
