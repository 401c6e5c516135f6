"""What a test of the screen waits for: a condition, however slow the machine, never a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual import events
from textual.app import App
from textual.keys import _character_to_key
from textual.pilot import Pilot

from dhcptui.ui.app import DhcptuiApp

POLL_SECONDS = 0.02
LIMIT_SECONDS = 60.0


async def until(pilot: Pilot[None], holds: Callable[[], object]) -> None:
    """Wait until it holds, and the screen shows it."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while not holds():
            await pilot.pause(POLL_SECONDS)
    await pilot.pause()


def type_at_once(app: App[None], *keys: str) -> None:
    """All keys in one piece, as a terminal delivers what was typed while the program was busy."""
    for key in keys:
        name, character = (_character_to_key(key), key) if len(key) == 1 else (key, None)
        app.post_message(events.Key(name, character))


async def lines_shown(app: DhcptuiApp, pilot: Pilot[None]) -> None:
    """Wait until every log line that has come was taken by the screen: it takes them four times a second at most."""
    await until(pilot, lambda: not app.bridge.has_logs)
