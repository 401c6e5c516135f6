"""What is drawn: moments of the practice pair's story, what is pressed then, how large and in which colours."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual.app import App

from dhcptui.ui.app import DhcptuiApp
from dhcptui.ui.fleet_app import FleetApp
from dhcptui.ui.keymap import Commands
from dhcptui.ui.welcome import Welcome
from tests.ui.fleet_feed import ScriptedFleet
from tools.pictures.still import Still, StillDrills
from tools.pictures.story import Take

DIRECTORY = Path(__file__).parents[2] / "screenshots"
SMALL, USUAL, LARGE = (80, 24), (120, 40), (200, 60)
SIXTEEN, NO_COLOUR = "16-colours", "no-color"
NOWHERE = Path("~/.config/dhcptui/config.toml")
NO_CONFIGURATION = f"there is no configuration at {NOWHERE}."
WELCOME = "welcome"
FLEET = "fleet"
PAIRS: Mapping[str, tuple[str, str]] = {
    "office": ("hq", "healthy"),
    "lab": ("hq", "one-down"),
    "wifi": ("hq", "healthy"),
    "plant-1": ("plants", "healthy"),
    "plant-2": ("plants", "cut-off"),
    **{f"branch-{number}": ("branches", "unread" if number == 7 else "healthy") for number in range(1, 9)},
}
"""Those of the fleet: the group and the moment of each. All these moments have one clock."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Which moment, the keys pressed then (a command's name stands for its key), and where else than at 120x40."""

    take: str
    keys: tuple[str, ...] = ()
    small: bool = False
    large: bool = False
    plain: bool = False
    """Also at 80x24 in sixteen colours and without any."""
    drills: bool = False


SCENES: Mapping[str, Scene] = {
    "first-frame": Scene("unread"),
    "healthy": Scene("healthy", small=True, large=True, plain=True),
    "one-down": Scene("one-down", small=True, large=True, plain=True),
    "recover-wait": Scene("recover-wait", small=True, plain=True),
    "partner-down": Scene("one-down", ("act.partner-down",), small=True, large=True, plain=True),
    "refusal": Scene("healthy", ("act.partner-down",), small=True, plain=True),
    "sync-restart": Scene("healthy", ("act.sync-restart",)),
    "sync-diff": Scene("different", ("act.sync-restart",), small=True),
    "steps": Scene("running", ("act.sync-restart", *"practice", "enter"), small=True),
    "verified": Scene("verified", ("act.sync-restart", *"practice", "enter")),
    "sentence": Scene("cut-off", ("act.partner-down", *"dhcp2", "enter"), small=True),
    "hand-over": Scene("healthy", ("act.hand-over", "2")),
    "lock-out": Scene("lock-out", small=True),
    "command-log": Scene("running", ("look.audit",)),
    "help": Scene("healthy", ("look.help",)),
    "palette": Scene("healthy", ("look.palette",)),
    "find": Scene("healthy", ("look.find", *"peer")),
    "drills": Scene("review", ("drill.menu",), drills=True),
    "review": Scene("review", ("drill.review",), small=True, drills=True),
    WELCOME: Scene("", small=True),
    FLEET: Scene("", small=True, large=True, plain=True),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """One file."""

    scene: str
    size: tuple[int, int]
    look: str = ""

    @property
    def name(self) -> str:
        """`one-down-80x24-no-color`."""
        columns, rows = self.size
        return f"{self.scene}-{columns}x{rows}" + (f"-{self.look}" if self.look else "")

    @property
    def path(self) -> Path:
        """Where it lies."""
        return DIRECTORY / f"{self.name}.svg"


def pictures() -> list[Picture]:
    """Every one there is."""
    found = []
    for name, scene in SCENES.items():
        found += [Picture(name, USUAL)]
        found += [Picture(name, SMALL)] if scene.small else []
        found += [Picture(name, LARGE)] if scene.large else []
        found += [Picture(name, SMALL, look) for look in (SIXTEEN, NO_COLOUR)] if scene.plain else []
    return found


async def draw(picture: Picture, takes: Mapping[str, Take]) -> str:
    """One picture as SVG."""
    scene = SCENES[picture.scene]
    with _colours(picture.look):
        app = _app(picture, scene, takes)
        async with app.run_test(size=picture.size) as pilot:
            await pilot.pause()
            if isinstance(app, DhcptuiApp):
                app.flush_logs()  # now, rather than a quarter of a second later
            if isinstance(app, FleetApp):
                app.take_news()
            await pilot.pause()
            await pilot.press(*map(_key, scene.keys))
            await pilot.pause()
            await pilot.pause()
            return app.export_screenshot(title="dhcptui", simplify=True)


def _app(picture: Picture, scene: Scene, takes: Mapping[str, Take]) -> App[Any]:
    theme = "dhcptui-16" if picture.look else "dhcptui"
    if picture.scene == WELCOME:
        return Welcome(NOWHERE, NO_CONFIGURATION, theme=theme)
    if picture.scene == FLEET:
        return _fleet(takes, theme)
    take = takes[scene.take]
    still = Still(take)
    drills = StillDrills(take) if scene.drills else None
    return DhcptuiApp(still, take.settings.name, clock=still.clock, theme=theme, drills=drills)


def _fleet(takes: Mapping[str, Take], theme: str) -> FleetApp:
    """Several pairs, each at its moment."""
    pairs = {}
    for name, (group, moment) in PAIRS.items():
        take = takes[moment]
        snapshot = replace(take.snapshot, pair=name)
        pairs[name] = replace(take, settings=replace(take.settings, name=name, group=group), snapshot=snapshot)
    stills = {name: Still(take) for name, take in pairs.items()}
    clock = stills["lab"].clock
    return FleetApp(ScriptedFleet(stills), [take.settings for take in pairs.values()], clock=clock, theme=theme)


@contextmanager
def _colours(look: str) -> Iterator[None]:
    """As on a terminal that has colours, unless they are not wanted; the libraries read this when they begin."""
    wanted = {"NO_COLOR": "1"} if look == NO_COLOUR else {}
    others = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with patch.dict(os.environ, others | wanted, clear=True):
        yield


def _key(name: str) -> str:
    """A command's key by default; anything else is a key."""
    command = next((each for each in Commands(drills=True) if each.name == name), None)
    return command.key if command else name


def words(svg: str) -> str:
    """What can be read in a picture: the same for every version of the drawing library."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    return re.sub(r"\s+", " ", html.unescape(" ".join(texts)).replace("\N{NO-BREAK SPACE}", " ")).strip()
