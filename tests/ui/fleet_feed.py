"""A fleet of scripted consoles: several pairs fed by hand, behind the seam."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from textual.pilot import Pilot

from dhcptui.act.leaving import Departure
from dhcptui.act.plan import Progress
from dhcptui.config.settings import PairSettings
from dhcptui.engine.api import FleetListener
from dhcptui.engine.fleet import named
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.ui.fleet_app import FleetApp
from tests.ui.feed import SETTINGS, FakeClock, ScriptedConsole, first_frame


@dataclass
class ScriptedFleet:
    """A `Fleet` fed by hand."""

    consoles: Mapping[str, ScriptedConsole]
    listener: FleetListener | None = None
    departure: Departure = field(default_factory=Departure)
    failure: BaseException | None = None
    cut_short: Progress | None = None
    ended_leaving: tuple[Progress, ...] = ()
    stopped: bool = False

    @property
    def acting(self) -> Progress | None:
        """The first one's that acts."""
        return next((each.acting for each in self.consoles.values() if each.acting), None)

    def start(self, listener: FleetListener) -> None:
        """Remember whom to tell."""
        self.listener = listener
        for name, console in self.consoles.items():
            console.start(named(name, listener))

    def leave(self, reason: str) -> None:
        """Remember the wish."""
        self.departure.leave(reason)

    def stop(self) -> None:
        """Remember that it was stopped."""
        self.stopped = True

    def show(self, pair: str, snapshot: PairSnapshot) -> None:
        """A new snapshot of that pair comes from the engine."""
        self.consoles[pair].show(replace(snapshot, pair=pair))


def settings(name: str, **keys: Any) -> PairSettings:
    """A pair of the configuration."""
    return replace(SETTINGS, name=name, **keys)


def scripted(pairs: Mapping[str, PairSnapshot | None], clock: FakeClock) -> ScriptedFleet:
    """One console a pair; None: nothing was learned of it."""
    return ScriptedFleet(
        {name: ScriptedConsole(replace(seen or first_frame(), pair=name), clock) for name, seen in pairs.items()}
    )


@asynccontextmanager
async def fleet(
    pairs: Mapping[str, PairSnapshot | None],
    size: tuple[int, int] = (120, 40),
    *,
    configured: Sequence[PairSettings] | None = None,
    theme: str | None = "dhcptui",
    **options: Any,
) -> AsyncIterator[tuple[FleetApp, Pilot[None], ScriptedFleet]]:
    """The app on a terminal of `size`, fed by hand."""
    clock = FakeClock()
    engine = scripted(pairs, clock)
    app = FleetApp(engine, configured or [settings(name) for name in pairs], clock=clock, theme=theme, **options)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot, engine
