"""The command log: a pane in the place of the logs, live, bounded, not modal."""

from __future__ import annotations

from dataclasses import replace

from textual.message import Message

from dhcptui.act.plan import StepState
from dhcptui.model.audit import AuditEntry, AuditEvent
from dhcptui.ui.app import DhcptuiApp
from dhcptui.ui.bridge import AUDIT_BACKLOG, Bridge
from dhcptui.ui.panes.prompt import Stage
from dhcptui.ui.views.command_log import MAX_ENTRIES, CommandLogView
from tests.ui.feed import HALF_DONE, healthy
from tests.ui.test_main_screen import picture, row, screen
from tests.ui.test_prompt import confirm


def on_view(app: DhcptuiApp) -> list[str]:
    """Which of the three stands below the panels."""
    found = {
        "command log": app.main.views[CommandLogView].widget,
        "prompt": app.main.prompt,
        "logs": app.screen.query_one("#logs"),
    }
    return [name for name, widget in found.items() if widget.display]


async def test_entries_come_live() -> None:
    """Time, step, server, text and a sign for how it went; the panels stay."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("a")
        assert "nothing was done from this console yet" in picture(app)
        console.audit(AuditEvent.BEGIN, 0, "confirmed by typing office")
        console.audit(AuditEvent.INTENT, 1, "dhcpd -t -4")
        console.audit(AuditEvent.OUTCOME, 1, "passes", True)
        console.audit(AuditEvent.OUTCOME, 2, "exit status 1", False)
        console.audit(AuditEvent.END, 0, "terminal lost", None)
        await pilot.pause()
        shown = picture(app)
        assert "10:59:02 ▸ sync-restart  confirmed by typing office" in shown
        assert "10:59:02 … 1/5  dhcp2  dhcpd -t -4" in shown
        assert "10:59:02 ✓ 1/5  dhcp2  passes" in shown
        assert "10:59:02 ✗ 2/5  dhcp2  exit status 1" in shown
        assert "10:59:02 ▲ sync-restart ends  terminal lost" in shown
        assert "● normal" in shown
        assert "What now" in shown


async def test_a_and_escape_close_it() -> None:
    """Both keys lead back to the log that was looked at."""
    async with screen(healthy(), (80, 24)) as (app, pilot, _console):
        before = app.screen.focused
        for key in ("a", "escape"):
            await pilot.press("a")
            assert on_view(app) == ["command log"]
            assert "esc back" in row(app, "keys")
            await pilot.press(key)
            assert on_view(app) == ["logs"]
            assert app.screen.focused is before


async def test_it_can_be_looked_at_while_an_action_runs() -> None:
    """`a` hides the steps and brings them back; q warns where it can be read."""
    async with screen(healthy()) as (app, pilot, console):
        await pilot.press("R")
        await confirm(pilot, "office")
        await pilot.press("a")
        assert on_view(app) == ["command log"]
        console.report(StepState.RUNNING)
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause()
        assert app.is_running
        assert on_view(app) == ["prompt"]
        assert "An action is running" in row(app, "prompt-hint")
        await pilot.press("a", "a")
        assert app.main.prompt.stage is Stage.RUNNING
        assert app.screen.focused is app.main.prompt


async def test_an_acting_key_closes_it() -> None:
    """A prompt opens in its place; in the line to type in, `a` is a letter."""
    async with screen(healthy()) as (app, pilot, _console):
        await pilot.press("a", "R", "a")
        assert on_view(app) == ["prompt"]


async def test_an_interrupted_run_stands_in_it_once() -> None:
    """What an earlier console left half-done is told with its last entry."""
    async with screen(healthy()) as (app, pilot, console):
        other = replace(HALF_DONE, run="another", by="carl@ops3")
        for turn in range(6):  # two notices of one run, each by the clock of its server, and those of another run
            console.broken_off = replace((HALF_DONE, other)[turn % 2], at=HALF_DONE.at + turn / 1000)
            app.main.tick()
        await pilot.press("a")
        await pilot.pause()
        assert picture(app).count("by ben@ops2: interrupted after step 3 of 5; last: systemctl restart") == 1
        assert picture(app).count("by carl@ops3: interrupted") == 1


async def test_it_is_bounded() -> None:
    """A thousand entries are kept; the file has them all."""
    async with screen(healthy()) as (app, pilot, console):
        for number in range(MAX_ENTRIES + 200):
            console.audit(AuditEvent.INTENT, 1, f"command {number}")
            if number % 500 == 0:
                await pilot.pause()
        await pilot.pause()
        assert len(app.main.views[CommandLogView].widget.rows) == MAX_ENTRIES


def test_the_bridge_keeps_a_bounded_heap() -> None:
    """A terminal that does not read costs bounded memory; one wake-up is enough."""
    posted: list[Message] = []

    def post(message: Message) -> bool:
        posted.append(message)
        return True

    bridge = Bridge(post)
    for number in range(AUDIT_BACKLOG + 5):
        bridge.on_audit(AuditEntry(0.0, "r", AuditEvent.INTENT, "office", "start", 1, 3, "dhcp1", str(number)))
    taken = bridge.take().audit
    assert (len(taken), taken[-1].text, len(posted)) == (AUDIT_BACKLOG, str(AUDIT_BACKLOG + 4), 1)
    assert bridge.take().audit == ()
