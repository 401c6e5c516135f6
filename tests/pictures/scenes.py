"""What is drawn: scenes on the scripted feed with a clock that stands still, at three sizes."""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from dhcptui.model.audit import AuditEvent
from dhcptui.model.plan import Outcome, StepState
from dhcptui.model.snapshot import PairSnapshot, Role
from dhcptui.ui.app import DhcptuiApp
from tests.ui.feed import (
    DIFFERENT,
    LINES,
    FakeClock,
    ScriptedConsole,
    cut_off,
    first_frame,
    healthy,
    locked_out,
    one_down,
    recovering,
)

DIRECTORY = Path(__file__).parents[2] / "screenshots"
SIZES = ((80, 24), (120, 40), (200, 60))
Act = Callable[[Pilot[None], ScriptedConsole], Awaitable[None]]


async def _nothing(pilot: Pilot[None], _: ScriptedConsole) -> None:
    await pilot.pause()


def _press(*keys: str) -> Act:
    async def act(pilot: Pilot[None], _: ScriptedConsole) -> None:
        await pilot.press(*keys)

    return act


async def _sync_diff(pilot: Pilot[None], console: ScriptedConsole) -> None:
    console.comparison = DIFFERENT
    await pilot.press("R")


async def _steps(pilot: Pilot[None], console: ScriptedConsole) -> None:
    console.comparison = DIFFERENT
    await pilot.press("R", *"office", "enter")
    await pilot.pause()
    done, details = StepState.DONE, STEPS
    waiting = len(console.ran[0][0].steps) - 4
    console.report(done, done, done, StepState.RUNNING, *[StepState.WAITING] * waiting, details=details)
    await pilot.pause()
    console.clock.forward(4.2)
    console.show(healthy(console.clock.mono))
    await pilot.pause(0.4)


async def _finished(pilot: Pilot[None], console: ScriptedConsole) -> None:
    await _steps(pilot, console)
    console.report(
        *[StepState.DONE] * len(console.ran[0][0].steps),
        outcome=Outcome.VERIFIED,
        details=STEPS,
        result="Both servers run the new configuration and read normal.",
        then="Nothing to do.",
    )


async def _command_log(pilot: Pilot[None], console: ScriptedConsole) -> None:
    console.audit(AuditEvent.BEGIN, 0, "confirmed by typing office")
    for number, (command, seen) in enumerate(zip(COMMANDS, STEPS, strict=True), 1):
        console.audit(AuditEvent.INTENT, number, command)
        console.audit(AuditEvent.OUTCOME, number, seen, True)
    console.audit(AuditEvent.INTENT, 4, "systemctl restart isc-dhcp-server")
    await pilot.press("a")


STEPS = ("4 files", "4 files, as they were when you confirmed", "dhcpd -t passes on dhcp1")
COMMANDS = (
    "tar -C /etc/dhcp/shared -cf - .",
    "tar -C /etc/dhcp/shared -cf - .",
    "dhcpd -t -4 -cf /etc/dhcp/dhcpd.conf",
)
SCENES: dict[str, tuple[Callable[[], PairSnapshot], Act]] = {
    "first-frame": (first_frame, _nothing),
    "healthy": (healthy, _nothing),
    "one-down": (one_down, _nothing),
    "recover-wait": (recovering, _nothing),
    "partner-down": (one_down, _press("P")),
    "refusal": (healthy, _press("P")),
    "sync-restart": (healthy, _press("R")),
    "sync-diff": (healthy, _sync_diff),
    "steps": (healthy, _steps),
    "verified": (healthy, _finished),
    "sentence": (cut_off, _press("P", *"dhcp2", "enter")),
    "hand-over": (healthy, _press("H", "2")),
    "lock-out": (locked_out, _nothing),
    "command-log": (healthy, _command_log),
    "help": (healthy, _press("?")),
    "palette": (healthy, _press(":")),
    "find": (healthy, _press("/", *"peer")),
}
"""Name -> what the servers say, and what is pressed."""
SMALL_TOO = {"healthy", "one-down", "partner-down", "sentence", "sync-diff", "lock-out"}
LARGE_TOO = {"healthy", "one-down", "partner-down"}


def names() -> list[tuple[str, int, int]]:
    """Every picture: scene, columns, rows. The large sizes only where they show something of their own."""
    return [
        (scene, columns, rows)
        for scene in SCENES
        for columns, rows in SIZES
        if (columns, rows) == (120, 40) or scene in (LARGE_TOO if columns > 120 else SMALL_TOO)
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
        await act(pilot, console)
        await pilot.pause(0.1)
        return app.export_screenshot(title="dhcptui", simplify=True)


def words(svg: str) -> str:
    """What can be read in a picture: the same for every version of the drawing library."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    return re.sub(r"\s+", " ", html.unescape(" ".join(texts)).replace("\N{NO-BREAK SPACE}", " ")).strip()
