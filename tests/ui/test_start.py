"""What stands on the terminal before the console does, and what is loaded for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.terminal import Terminal

CONFIG = """
[pairs.office.primary]
name = "dhcp1"
host = "127.0.0.1"
port = 9
[pairs.office.secondary]
name = "dhcp2"
host = "127.0.0.2"
port = 9
"""
WORDS = b"office: asking dhcp1 and dhcp2 ..."


def test_the_first_words_come_before_the_screen_and_go_with_it(tmp_path: Path) -> None:
    """They are what a terminal is sent first; the line is empty again when the console has left."""
    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    with Terminal([sys.executable, "-m", "dhcptui", "--config", str(config)]) as terminal:
        terminal.until(r"What now", 30)
        assert terminal.received.startswith(WORDS)
        assert terminal.received.find(b"\x1b[?1049h") > len(WORDS)
        terminal.send("q")
        assert terminal.exit_code(20) == 0
        terminal.until(lambda: terminal.received.endswith(b"\r\x1b[2K"))


def test_the_first_frame_waits_for_no_ssh() -> None:
    """What a console needs up to its first frame loads neither the engine's watchers nor what they speak."""
    code = """
import sys
import dhcptui.cli.main, dhcptui.engine.thread, dhcptui.ui.run, dhcptui.ui.app
late = ("asyncssh", "pypureomapi", "lark", "dhcptui.watch.pair", "dhcptui.act.runner", "dhcptui.servers.ssh", "dhcptui.servers.omapi")
sys.exit(", ".join(name for name in late if name in sys.modules) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_there_is_at_the_start_is_not_collected_again() -> None:
    """It is put aside, and the collector runs again: what Textual draws is full of cycles."""
    code = """
import gc
from dhcptui.ui import gc_tuning as collector
collector.hold()
assert not gc.isenabled()
collector.settle()
assert gc.isenabled() and gc.get_freeze_count() > 1000
class Ring: pass
before = gc.get_stats()[0]["collected"]
for _ in range(50_000):
    ring = Ring()
    ring.ring = ring
assert gc.get_stats()[0]["collected"] > before
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
