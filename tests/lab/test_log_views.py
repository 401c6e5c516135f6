"""Log meaning and timeline in a terminal, on the real pair: what happened is a key away, and reads the same everywhere."""

from __future__ import annotations

import base64
import re
import time

import pytest

from tests.lab.pair import Lab
from tests.lab.test_console import console
from tests.terminal import ENTER, ESC

pytestmark = pytest.mark.lab
OSC_52 = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
MOVED = r"moves from\s+normal to\s+communications-interrupted"


@pytest.mark.parametrize(("columns", "rows"), [(120, 40), (80, 24)])
def test_after_a_crash_every_view_says_what_happened(lab: Lab, columns: int, rows: int) -> None:
    """kill -9, and then e, enter, y, m, t and i, as an operator would press them."""
    lab.wait_settled()
    with console(lab, columns=columns, rows=rows) as terminal:
        terminal.until(r"both servers serve", 10)
        assert not terminal.shows("server alone")
        lab.secondary.kill()
        terminal.until(r"dhcpd not running", 5)
        terminal.until(r"▲ (looks like: )?One server alone", 10)

        terminal.until(r"I move from normal to\s", 5)
        terminal.send("e")
        terminal.until(r"Problem \d+ of \d+ in log dhcp1", 3)
        terminal.until(r"\d\d:\d\d:\d\d▸→ I move from normal to", 3)
        terminal.send(ENTER)
        terminal.until(r"it does not\s+hear", 3)
        terminal.until(r"seen in     One server alone", 3)
        terminal.send("y")
        terminal.until(r"Copied the selected line", 3)
        copied = base64.b64decode(OSC_52.findall(bytes(terminal.received))[-1]).decode()
        moved = [line for line in lab.primary.log_lines() if "I move from normal to communications" in line][-1]
        assert copied.endswith("dhcp1 failover peer foo: I move from normal to communications-interrupted")
        assert copied[:19] == moved[:19]
        terminal.send(ESC)
        terminal.until(lambda: not terminal.shows("seen in"), 3)

        terminal.send("m")
        terminal.until(r"both logs, by the clock", 3)
        terminal.until(r"→ dhcp1 I move from normal to", 3)
        terminal.send("t")
        terminal.until(r"timeline since", 3)
        terminal.until(rf"dhcp1 {MOVED}", 3)
        terminal.until(r"known from: log", 3)
        terminal.send("E" + ENTER)
        terminal.until(r"it does not\s+hear", 3)
        terminal.send("i")
        terminal.until(r"what it looks like", 3)
        terminal.until(r"evidence\s+dhcp1 reads communications-interrupted", 3)
        assert terminal.shows("dhcpd not running")
        terminal.send(ESC)
        terminal.until(r"log dhcp1", 3)

        lab.secondary.start()
        terminal.until(r"both servers serve", 30)
        terminal.until(lambda: not terminal.shows("server alone"), 30)
        terminal.send("t")
        terminal.until(r"dhcp2 moves from\s+\S+ to normal", 5)
        terminal.send(ESC)
        terminal.until(r"log dhcp1", 3)
        terminal.send("q")
        assert terminal.exit_code() == 0


def test_one_client_in_both_logs(lab: Lab) -> None:
    """A real client, found by its MAC in another spelling; the other's lines are gone until asked for again."""
    lab.wait_settled()
    with console(lab) as terminal:
        terminal.until(r"both servers serve", 10)
        for number in (1, 2):
            assert lab.dhcp_client(f"02:00:5e:10:00:0{number}")
        terminal.until(r"DHCPACK on \S+ to 02:00:5e:10:00:02", 5)
        terminal.send("o")
        terminal.until(r"A MAC or IP address", 3)
        terminal.send("0200.5E10.0001" + ENTER)
        terminal.until(r"log dhcp1: only 02:00:5e:10:00:01", 3)
        terminal.until(lambda: not terminal.shows("02:00:5e:10:00:02"), 3)
        terminal.send("m")
        terminal.until(r"dhcp[12] DHCPACK on \S+ to 02:00:5e:10:00:01", 3)
        terminal.until(lambda: not terminal.shows("02:00:5e:10:00:02"), 3)


def test_the_selection_is_cheap(lab: Lab) -> None:
    """Over SSH a step of the mark costs two rows, not a pane; budgets as seen, with a third to spare."""
    lab.wait_settled()
    with console(lab) as terminal:
        terminal.until(r"both servers serve", 10)
        terminal.until(r"clock [+-]\d.*clock [+-]\d", 10)
        time.sleep(2)
        terminal.send("\x1b[A")
        terminal.until(r"\d\d▸", 3)
        costs = []
        for _ in range(3):
            time.sleep(0.3)
            before = len(terminal.received)
            terminal.send("\x1b[A")
            time.sleep(0.3)
            costs.append(len(terminal.received) - before)
        assert min(costs) < 900, costs
