"""The fleet: one row a pair, the worst first. Nothing on this screen acts on a server."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.css.scalar import Scalar
from textual.screen import Screen
from textual.widgets import Input

from dhcptui.assess.headline import Level
from dhcptui.model.moments import Moment
from dhcptui.model.sanitize import clean
from dhcptui.ui.fleet_board import Board, Choice, Heading, Item, Standing, arrange, doing, renewed
from dhcptui.ui.keymap import Commands, bind
from dhcptui.ui.line import Line, cut, line, say
from dhcptui.ui.neighbours import pair_of, value_of
from dhcptui.ui.panes.fleet_table import FleetTable
from dhcptui.ui.panes.menu import Entry
from dhcptui.ui.panes.reading import Reading
from dhcptui.ui.panes.row import Row
from dhcptui.ui.render.fleet import Column, fleet_header, group_row, layout, row, titles
from dhcptui.ui.render.keys import key_list
from dhcptui.ui.style import ACCENT, LEVELS, MUTED, Glyphs, text
from dhcptui.ui.terminal.driver import TerminalDriver
from dhcptui.ui.views.help import fleet_help
from dhcptui.ui.views.palette import HIDDEN, Palette

STILL_SECONDS = 10.0
"""So long after a key the rows keep their order: none jumps away from under the cursor."""
NOTE_SECONDS = 6.0
COMPACT_COLUMNS, COMPACT_ROWS = 100, 30
WHAT_NOW_ROWS, OTHER_ROWS = 2, 3
"""Below the table; and of header, titles and keys."""


@dataclass(frozen=True, slots=True)
class FleetSetup:
    """What the fleet's screen is told once."""

    board: Board
    clock: Callable[[], Moment]
    glyphs: Glyphs
    commands: Commands
    open_pair: Callable[[str], None]
    place: str = ""
    """Where the configuration is, in words, for the help."""


class FilterLine(Horizontal, can_focus=False):
    """A line to type in; the table follows each letter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "screen.move(-1)", show=False),
        Binding("down", "screen.move(1)", show=False),
    ]

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(id="fleet-filter", classes="entry")
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """The mark, and the line."""
        yield Row(glyphs=self._glyphs, id="fleet-filter-mark")
        entry = Input(id="fleet-filter-input", compact=True)
        entry.cursor_blink = False
        yield entry

    def on_mount(self) -> None:
        """The mark before the line."""
        self.query_one(Row).show(say(("/", f"bold {ACCENT}")))

    @property
    def entry(self) -> Input:
        """What is typed into."""
        return self.query_one(Input)


class FleetScreen(Screen[None], inherit_bindings=False):
    """Shows the board. It judges nothing and asks nothing of the engine."""

    def __init__(self, setup: FleetSetup) -> None:
        super().__init__()
        self.setup = setup
        self._glyphs = glyphs = setup.glyphs
        bind(self, setup.commands, "screen", "fleet")
        self.choice = Choice()
        self._items: list[Item] = []
        self._still_until = 0.0
        self._note: tuple[Line, float] | None = None
        self._columns: tuple[Column, ...] = ()
        self._acting = False
        self._painted: dict[str, tuple[Standing, bool, Content]] = {}
        self._rows = {
            name: Row(glyphs=glyphs, wraps=name == "what-now", id=name)
            for name in ("header", "columns", "what-now", "keys")
        }
        self.table = FleetTable(glyphs=glyphs, paint=self._paint, moved=self._cursor_moved, empty=self._nothing)
        self.reading = Reading(glyphs=glyphs)
        self.palette = Palette(self._run, glyphs=glyphs)
        self.filter_line = FilterLine(glyphs=glyphs)

    def compose(self) -> ComposeResult:
        """Fixed rows above and below, the table between."""
        yield from (self._rows["header"], self._rows["columns"], self.table, self.reading, self.palette)
        yield from (self.filter_line, self._rows["what-now"], self._rows["keys"])

    def on_mount(self) -> None:
        """The first frame needs no network."""
        self.set_class(self._glyphs.ascii, "-ascii")
        self._leave_all()
        self.renew(())

    def on_resize(self, event: events.Resize) -> None:
        """Other columns."""
        self.set_class(event.size.width < COMPACT_COLUMNS or event.size.height < COMPACT_ROWS, "-compact")
        self._columns = ()
        self.call_after_refresh(self.renew, ())

    # -- what is shown

    def renew(self, judged: Collection[str]) -> None:
        """Show what the board knows. `judged`: the pairs whose judgement is new."""
        if not self.children:  # being left
            return
        board, now = self.setup.board, self.setup.clock()
        self.forget(judged)
        acting = any(doing(each) for each in board.standings.values())
        if not self._columns or acting != self._acting:
            self._painted.clear()
            self._acting = acting
            self._columns = layout(self._width, list(board.standings), acting=acting)
            self._rows["columns"].show(line(titles(self._columns, self._width, self._glyphs)))
        self._arrange(now, held=now.mono < self._still_until)
        shown = len(self.table.names)
        self._rows["header"].show(fleet_header(board.counts(), self.choice, shown, now, self._glyphs))
        self._show_below(now)

    def forget(self, judged: Collection[str]) -> None:
        """What was painted of these pairs is old; nobody looks."""
        for name in judged:
            self._painted.pop(name, None)

    def _arrange(self, now: Moment, *, held: bool) -> None:
        """The rows in their order; while somebody moves about, in the order they have."""
        standings = self.setup.board.standings
        items = arrange(standings.values(), self.choice)
        if held and {_key(item) for item in items} == {_key(item) for item in self._items}:
            items = renewed(self._items, standings)
        self._items = items
        self.table.show(items)

    @property
    def _width(self) -> int:
        return max(40, self.size.width - 2)

    def _paint(self, item: Item, here: bool) -> Content:
        if isinstance(item, Heading):
            return group_row(item, self._width, self._glyphs)
        known = self._painted.get(item.name)
        if known is not None and known[0] is item and known[1] == here:
            return known[2]
        marked = item.name in self.choice.marked
        content = row(item, self._columns, self._width, self._glyphs, here=here, marked=marked)
        self._painted[item.name] = (item, here, content)
        return content

    def _nothing(self) -> str:
        return "no pair matches the filter" if self.choice.words else "every pair is ok"

    def _show_below(self, now: Moment) -> None:
        """The pair under the cursor in whole sentences; for a moment, what was just done."""
        if self._note is not None and now.mono < self._note[1]:
            self._rows["what-now"].show(self._note[0])
        else:
            self._note = None
            self._show_whole(self._sentences())
        self._rows["keys"].show(self._keys())

    def _show_whole(self, sentences: Content) -> None:
        """On more rows than usual where the table leaves them free; what does not fit then is cut."""
        below = self._rows["what-now"]
        width = max(20, self.size.width - (2 if self.has_class("-compact") else 4))
        free = self.size.height - OTHER_ROWS - len(self._items) - self.filter_line.display
        rows = max(WHAT_NOW_ROWS, min(len(sentences.wrap(width)), free))
        if below.styles.height != (height := Scalar.from_number(rows)):
            below.styles.height = height
        if len(sentences.wrap(width)) > rows:
            sentences = cut(sentences, rows * (width - 4), self._glyphs.ellipsis)
        below.show(line(sentences))

    def _sentences(self) -> Content:
        chosen = self.table.chosen
        if chosen is None:
            return text("")
        group = f" ({clean(chosen.settings.group, 40)})" if chosen.settings.group else ""
        level = (f"{self._glyphs.level(chosen.level)} {chosen.name}{group}: ", f"bold {LEVELS[chosen.level]}")
        # The keys that act are those of its console; here they do nothing.
        advice = "" if chosen.fault else f" In its console: {chosen.verdict.advise(self.setup.commands.acting_key)}"
        return text(level, chosen.headline, ".", (advice if chosen.level is not Level.OK else "", MUTED))

    def _keys(self) -> Line:
        key = self.setup.commands.key
        back = (key("look.back"), "back")
        if self.reading.display:
            return line(key_list([back, ("PgUp PgDn", "scroll")]))
        if self.palette.display:
            return line(key_list([("up down", "choose"), ("enter", "run"), back]))
        if self.filter_line.display:
            return line(
                key_list([("enter", "keep the filter"), ("up down", "choose"), (key("look.back"), "no filter")])
            )
        problems = "all pairs" if self.choice.only_problems else "only problems"
        keys = [
            (key("fleet.open"), "open"), ("up down", "choose"), (key("fleet.filter"), "filter"),
            (key("fleet.problems"), problems), (key("fleet.sort"), "sort"), (key("fleet.mark"), "mark"),
            (key("look.palette"), "go to"), (key("look.help"), "help"), (key("quit"), "quit"),
        ]  # fmt: skip
        return line(
            key_list(keys),
            key_list([each for each in keys if each[1] not in {"choose", "mark"}]),
            key_list(keys[:1] + keys[-2:]),
        )

    def note(self, line: Line) -> None:
        """Say something for a few seconds, below the table."""
        self._note = (line, self.setup.clock().mono + NOTE_SECONDS)
        self._show_below(self.setup.clock())

    # -- what keys do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed every letter is text; while something is read the keys of the table mean nothing."""
        if action != "command":
            return True
        name = str(parameters[0])
        if self._entry is not None:
            return name in {"look.back", "look.redraw"}
        return not (self.reading.display and name.startswith("fleet."))

    @property
    def _entry(self) -> Input | None:
        """The line that is typed into; None: there is none."""
        if self.filter_line.display:
            return self.filter_line.entry
        return self.palette.query_one(Input) if self.palette.display else None

    async def take(self, event: events.Key) -> bool:
        """Take a key that nobody has taken: it was typed before the line that it belongs to had the focus."""
        entry = self._entry
        if entry is None:
            return False
        if event.key == "enter":
            await entry.action_submit()
        elif event.is_printable and event.character:
            entry.insert_text_at_cursor(event.character)
        else:
            return False
        return True

    @property
    def is_covered(self) -> bool:
        """Whether something stands in the place of the table."""
        return bool(self.reading.display or self.palette.display)

    async def action_command(self, name: str) -> None:
        """Run a command of the table."""
        await self.setup.commands.handler(name).run(self)

    def action_move(self, rows: int) -> None:
        """The cursor, while something is typed."""
        self.table.move(rows)

    def _cursor_moved(self) -> None:
        now = self.setup.clock()
        self._still_until = now.mono + STILL_SECONDS
        self._show_below(now)

    def _chosen_anew(self, choice: Choice) -> None:
        """Other pairs, or another order, at once."""
        self.choice = choice
        self._still_until = 0.0
        self._painted.clear()
        self.renew(())

    def sort(self) -> None:
        """The next order."""
        self._chosen_anew(replace(self.choice, sort=self.choice.sort.next))
        self.note(say(("Sorted: ", ACCENT), self.choice.sort.value, "."))

    def only_problems(self) -> None:
        """Only what is not ok, or all."""
        self._chosen_anew(replace(self.choice, only_problems=not self.choice.only_problems))

    def mark(self) -> None:
        """Mark the pair under the cursor, or take its mark away; the cursor goes on to the next one."""
        chosen = self.table.chosen
        if chosen is not None:
            below = self.table.names[self.table.names.index(chosen.name) + 1 :][:1]
            self._chosen_anew(replace(self.choice, marked=self.choice.marked ^ {chosen.name}))
            self.table.go_to(below[0] if below else chosen.name)

    def open_chosen(self) -> None:
        """The console of the pair under the cursor."""
        if (chosen := self.table.chosen) is not None:
            self.setup.open_pair(chosen.name)

    def filter(self) -> None:
        """Open the line to type in."""
        self._leave_all()
        self.filter_line.display = True
        self.set_focus(self.filter_line.entry)
        self._show_below(self.setup.clock())

    @on(Input.Changed, "#fleet-filter-input")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._chosen_anew(replace(self.choice, words=event.value))

    @on(Input.Submitted, "#fleet-filter-input")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave_all()

    def toggle_help(self) -> None:
        """The help, or the table again."""
        if self.reading.display:
            self._leave_all()
            return
        self._stand(self.reading)
        self.reading.open("help", fleet_help(self.setup.commands, self._glyphs, self.setup.place))

    def toggle_palette(self) -> None:
        """Every pair and every command by name, or the table again."""
        if self.palette.display:
            self._leave_all()
            return
        self._stand(self.palette)
        self.palette.open(self.entries())
        self.set_focus(self._entry)

    def entries(self) -> list[Entry]:
        """Every pair, the worst first, and then the commands."""
        commands = [
            Entry(each.name, each.shown_key, each.label, each.help)
            for each in self.setup.commands
            if each.name not in HIDDEN and each.name not in MOVING
        ]
        return [*pair_entries(self.setup.board), *commands]

    async def _run(self, value: str) -> None:
        self._leave_all()
        if (pair := pair_of(value)) is not None:
            self.setup.open_pair(pair)
        else:
            await self.action_command(value)

    def go_back(self) -> None:
        """Leave what is open; the filter goes with its line, or with the second press."""
        if self.filter_line.display or not self.is_covered:
            self.filter_line.entry.value = ""
        self._leave_all()

    def action_close(self) -> None:
        """`q` while something is read."""
        self._leave_all()

    async def leave(self) -> None:
        """End the console, of all pairs."""
        await self.app.run_action("app.quit")

    def redraw(self) -> None:
        """Write every cell again."""
        driver = self.app._driver
        if isinstance(driver, TerminalDriver):
            driver.redraw()

    def use_theme(self, name: str) -> None:
        """Other colours."""
        self.app.theme = name

    def _stand(self, widget: Reading | Palette) -> None:
        """In the place of the table."""
        self._leave_all()
        self.table.display = self._rows["columns"].display = False
        widget.display = True

    def _leave_all(self) -> None:
        """The table, and nothing over it."""
        for widget in (self.reading, self.palette, self.filter_line):
            widget.display = False
        self.table.display = self._rows["columns"].display = True
        self.set_focus(self.table)
        self._show_below(self.setup.clock())


MOVING = {"fleet.up", "fleet.down", "fleet.page-up", "fleet.page-down", "fleet.first", "fleet.last", "fleet.open"}
"""They make no sense in a list of commands."""


def _key(item: Item) -> tuple[str, str]:
    return ("group", item.group) if isinstance(item, Heading) else ("pair", item.name)


def pair_entries(board: Board) -> list[Entry]:
    """Every pair for a palette, the worst first."""
    standings = [each for each in arrange(board.standings.values(), ALL) if isinstance(each, Standing)]
    return [Entry(value_of(each.name), "", each.name, f"{each.level.value}: {each.headline}") for each in standings]


ALL = Choice()
