"""What the parts of the screen share: what the console was told once, and what is known of the pair now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dhcptui.assess.assessment import assess_pair
from dhcptui.assess.guards import Ruling
from dhcptui.assess.verdict import Verdict, derive
from dhcptui.engine.api import Console, Drills
from dhcptui.model.action import Action
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.ui.acting import rulings
from dhcptui.ui.forecast_cache import ForecastCache, Prospects
from dhcptui.ui.keymap import Commands
from dhcptui.ui.neighbours import Neighbours
from dhcptui.ui.panes.log_filter import EVERYTHING, LogFilter
from dhcptui.ui.render.header import Place
from dhcptui.ui.style import UNICODE, Glyphs


@dataclass(frozen=True, slots=True)
class Setup:
    """What a screen is told once."""

    label: str
    """The pair's name, for the terminal's title."""
    clock: Callable[[], Moment]
    tell_title: Callable[[str], None]
    glyphs: Glyphs = UNICODE
    sync_from: Role = Role.PRIMARY
    commands: Commands = field(default_factory=Commands)
    drills: Drills | None = None
    place: str = ""
    """Where the configuration is, in words, for the help."""
    production: bool = False
    """The pair is one of those that the configuration calls so."""
    neighbours: Neighbours | None = None
    """The other pairs; None where there is no fleet."""

    def standing(self) -> Place:
        """Where the pair stands among others."""
        return Place(self.neighbours.others(self.label) if self.neighbours else None, self.production)


class Session:
    """The newest snapshot with its verdict, and what the operator has chosen. The screen renews it, all others read it."""

    def __init__(self, console: Console, setup: Setup) -> None:
        self.engine, self.setup = console, setup
        self.now, self.glyphs, self.commands = setup.clock, setup.glyphs, setup.commands
        self.snapshot: PairSnapshot = console.snapshot()
        self.verdict: Verdict = derive(self.snapshot, self.now())
        self.looking_at = Role.PRIMARY
        """The server whose pane had the focus last."""
        self.log_filter: LogFilter = EVERYTHING
        self._forecasts = ForecastCache(console)

    def judge(self) -> Moment:
        """Derive the verdict anew; the moment for which it holds."""
        now = self.now()
        self.verdict = derive(self.snapshot, now)
        return now

    def prospects(self, now: Moment) -> Prospects:
        """How long the pools last, at most a few seconds old."""
        return self._forecasts.look(self.verdict, now)

    def rulings(self) -> dict[Action, Ruling]:
        """The ruling on each action that has a key; none in a read-only console."""
        if self.commands.read_only:
            return {}
        pair = assess_pair(self.snapshot, self.now())
        return rulings(pair, looking_at=self.looking_at, sync_from=self.setup.sync_from)
