"""A keyboard monkey against a healthy real pair: whatever it presses, neither dhcpd changes its state.

One minute in CI; DHCPTUI_MONKEY_SECONDS=600 for the long run.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

import pytest

from tests.lab.pair import Lab
from tests.terminal import Terminal

pytestmark = pytest.mark.lab
SECONDS = float(os.environ.get("DHCPTUI_MONKEY_SECONDS", "45"))
# No `p`: so that no name of a server or pair can ever be typed by chance.
LETTERS = "PPPSSSRRRHHHUUUXXXabcdehiklmnorstuvwxyz0123456789/:?. -"
SPECIAL = [
    "\r",
    "\r",
    "\x1b",
    "\t",
    "\x7f",
    " ",
    "\x1b[A",
    "\x1b[B",
    "\x1b[C",
    "\x1b[D",
    "\x1b[5~",
    "\x1b[6~",
    "\x1b[H",
]


@pytest.mark.timeout(SECONDS + 120)
def test_random_keys_change_nothing(lab: Lab) -> None:
    """Not one transition in either log, both servers normal at the end, and the console still draws."""
    lab.wait_settled()
    before = lab.primary.log_offset(), lab.secondary.log_offset()
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    keys = random.Random(seed)  # noqa: S311 - a monkey, no cryptographer
    argv = lab.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(lab.write_config()))
    starts, pressed, end = 0, 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        starts += 1
        with Terminal(argv, env={"PYTHONPATH": str(Path(__file__).parents[2])}) as terminal:
            terminal.until("both servers serve", 15)
            while time.monotonic() < end and terminal.process.poll() is None:
                terminal.send(keys.choice(SPECIAL) if keys.random() < 0.3 else keys.choice(LETTERS))
                pressed += 1
                time.sleep(keys.choice([0.0, 0.01, 0.05]))
            if terminal.process.poll() is None:
                terminal.send("\x1b\x1b")
                terminal.until("dhcp1 · primary", 10)
            else:
                assert terminal.process.poll() == 0, terminal.text()
    print(f"{pressed} keys, {starts} starts")
    assert pressed > 100
    for server, offset in ((lab.primary, before[0]), (lab.secondary, before[1])):
        assert "I move" not in server.log_text(offset)
    assert lab.states() == {"primary": "normal", "secondary": "normal"}
