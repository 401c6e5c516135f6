"""What is drawn: scenes on the scripted feed with a clock that stands still, at three sizes."""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from dhcptui.model.snapshot import PairSnapshot, Role
from dhcptui.ui.app import DhcptuiApp
from tests.ui.feed import LINES, FakeClock, ScriptedConsole, first_frame, healthy, one_down, recovering

DIRECTORY = Path(__file__).parents[2] / "screenshots"
SIZES = ((80, 24), (120, 40), (200, 60))
Act = Callable[[Pilot[None]], Awaitable[None]]


async def _nothing(pilot: Pilot[None]) -> None:
    await pilot.pause()


async def _partner_down(pilot: Pilot[None]) -> None:
    await pilot.press("P")


async def _sync_restart(pilot: Pilot[None]) -> None:
    await pilot.press("R")


SCENES: dict[str, tuple[Callable[[], PairSnapshot], Act]] = {
    "first-frame": (first_frame, _nothing),
    "healthy": (healthy, _nothing),
    "one-down": (one_down, _nothing),
    "recover-wait": (recovering, _nothing),
    "partner-down": (one_down, _partner_down),
    "refusal": (healthy, _partner_down),
    "sync-restart": (healthy, _sync_restart),
}
"""Name -> what the servers say, and what is pressed."""


def names() -> list[tuple[str, int, int]]:
    """Every picture: scene, columns, rows. The large sizes only where they show something of their own."""
    return [
        (scene, columns, rows)
        for scene in SCENES
        for columns, rows in SIZES
        if (columns, rows) == (120, 40) or scene in {"healthy", "one-down", "partner-down"}
    ]


def path(scene: str, columns: int, rows: int) -> Path:
    """Where a picture lies."""
    return DIRECTORY / f"{scene}-{columns}x{rows}.svg"


async def draw(scene: str, columns: int, rows: int) -> str:
    """One picture as SVG."""
    snapshot, act = SCENES[scene]
    clock = FakeClock()
    console = ScriptedConsole(snapshot(), clock)
    app = DhcptuiApp(console, "office", clock=clock, theme="dhcptui")
    async with app.run_test(size=(columns, rows)) as pilot:
        await pilot.pause()
        if scene != "first-frame":
            for role in Role:
                console.log(role, *LINES[role])
            await pilot.pause(0.4)
        await act(pilot)
        await pilot.pause(0.1)
        return app.export_screenshot(title="dhcptui", simplify=True)


def words(svg: str) -> str:
    """What can be read in a picture: the same for every version of the drawing library."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    return re.sub(r"\s+", " ", html.unescape(" ".join(texts)).replace("\N{NO-BREAK SPACE}", " ")).strip()
