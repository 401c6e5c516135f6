"""What a test of the screen waits for: a condition, however slow the machine, never a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

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


async def lines_shown(app: DhcptuiApp, pilot: Pilot[None]) -> None:
    """Wait until every log line that has come was taken by the screen: it takes them four times a second at most."""
    await until(pilot, lambda: not app.bridge.has_logs)
