"""Starting the screen: its switches, its glyphs, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dhcptui.engine.faults import keep
from dhcptui.ui.app import DhcptuiApp
from dhcptui.ui.run import wants_ascii
from tests.ui.feed import ScriptedConsole, healthy


@pytest.mark.parametrize(
    ("environ", "ascii_only"),
    [
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "C.utf8"}, False),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, True),
        ({"LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "de_DE@euro"}, True),
        ({}, True),
    ],
)
def test_locale_decides_the_glyphs(environ: dict[str, str], ascii_only: bool) -> None:
    """Without a UTF-8 locale nothing but ASCII is drawn."""
    assert wants_ascii(environ) is ascii_only


def test_importing_the_starter_loads_no_textual() -> None:
    """Textual reads its switches at import: they must be set first, and `status` must not pay for it."""
    code = "import sys, dhcptui.ui.run; sys.exit(any(name in sys.modules for name in ('textual', 'rich')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_dead_engine_ends_the_screen() -> None:
    """An engine that ended by a fault of its own takes the screen with it: old values would be believed."""
    console = ScriptedConsole(healthy())
    app = DhcptuiApp(console, "office", clock=console.clock)
    async with app.run_test() as pilot:
        assert app.is_running
        console.failure = RuntimeError("boom")
        app.look_at_engine()
        await pilot.pause()
    assert not app.is_running


def test_a_fault_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user gets a sentence and a place; the traceback goes to a private file."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    said = keep(RuntimeError("boom\x1b[2J"))
    log = tmp_path / "dhcptui" / "fault.log"
    assert "\x1b" not in said
    assert str(log) in said
    assert "RuntimeError" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
