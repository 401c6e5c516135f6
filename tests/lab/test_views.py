"""What a screen tells of the real pair: network, clocks, pools, a lease, the configuration, and a server without OMAPI."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator

import pytest

from dhcptui.model.role import Role
from tests.lab.load import loading
from tests.lab.pair import Lab
from tests.lab.test_console import console
from tests.lab.test_without_omapi import drop_omapi
from tests.terminal import ENTER, ESC, Terminal

pytestmark = [pytest.mark.lab, pytest.mark.second_try("a broken way must be on the screen within ten seconds")]
NAMED_SECONDS = 10.0


@pytest.fixture
def quick_lab() -> Iterator[Lab]:
    """A pair that notices silence after 3 s."""
    with Lab(mclt=20, max_response_delay=3, key_algorithm="hmac-sha256") as lab:
        lab.wait_settled()
        yield lab


def folded(terminal: Terminal) -> str:
    """The screen in one line, borders left out: wrapped sentences can be looked for."""
    return re.sub(r"[\s│]+", " ", terminal.text())


def until_says(terminal: Terminal, words: str, timeout: float = NAMED_SECONDS) -> float:
    """Wait for words that may be wrapped; returns the seconds it took."""
    return terminal.until(lambda: words in folded(terminal), timeout)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_a_port_that_is_blocked_one_way(quick_lab: Lab, columns: int, rows: int) -> None:
    """The row names it within 10 s of the loss, `n` tells which way and why, and both follow when it is healed."""
    with console(quick_lab, columns=columns, rows=rows) as terminal:
        terminal.until(r"both servers serve", 10)
        terminal.send("n")
        until_says(terminal, "Every way is open and the failover connection is up.", 15)
        terminal.send(ESC)
        terminal.until(r"What now: Nothing to do", 5)
        assert not terminal.shows("n network")
        quick_lab.cut("primary", "secondary", port=quick_lab.settings.failover_port, one_way=True)
        quick_lab.wait_states("communications-interrupted", "communications-interrupted")
        terminal.until(r"n network", NAMED_SECONDS)
        terminal.send("n")
        until_says(terminal, "a firewall blocks the failover port one way")
        until_says(terminal, f"dhcp1 → dhcp2 port {quick_lab.settings.failover_port} ✗ no answer", 15)
        terminal.until(
            lambda: re.search("What dhcp1 sends to|Connections from dhcp1 to", folded(terminal)) is not None, 5
        )
        until_says(terminal, "console → dhcp2 OMAPI ✓ open now console")
        until_says(terminal, "communications-interrupted")
        quick_lab.heal()
        until_says(terminal, "Every way is open and the failover connection is up.", 30)
        terminal.send("n")
        terminal.until(lambda: not terminal.shows("n network"), 5)


def test_a_clock_that_is_off(lab: Lab) -> None:
    """90 s: red on the panel of the one that is off, and the page says what dhcpd makes of it."""
    lab.secondary.start(skew_seconds=90.0)
    with console(lab) as terminal:
        terminal.until(r"clock \+(89|90)\.\d s ✗ above 60 s: dhcpd will refuse the link", 15)
        terminal.until(r"│ clock [+-]0\.\d s  ", 5)  # the other one is right, and not marked
        terminal.send("n")
        until_says(terminal, "ahead of dhcp1's: dhcpd sets up no failover link above 60 s")
        until_says(terminal, "time: no time synchronisation runs", 15)


def test_a_lease_on_both_servers(lab: Lab) -> None:
    """A real client's lease by address, by hardware address and by nobody's name; nothing is asked twice."""
    lab.wait_settled()
    mac = "02:00:5e:10:00:31"
    lease = lab.dhcp_client(mac)
    assert lease is not None
    with console(lab) as terminal:
        terminal.until(r"both servers serve", 10)
        terminal.send("l")
        terminal.until(r"then Enter", 5)
        for question in (lease["address"], mac.upper()):
            terminal.send(question + ENTER)
            terminal.until(r"binding state +active +active", 10)
            until_says(terminal, "Both servers agree.")
            until_says(terminal, f"address {lease['address']} {lease['address']}")
            until_says(terminal, f"hardware address {mac} {mac}")
            terminal.send(ESC)
            terminal.until(lambda: not terminal.shows("lease look-up"), 5)
            terminal.send("l")
        terminal.until(r"lease look-up", 5)
        terminal.send("10.9.9.9" + ENTER)
        until_says(terminal, "Neither server has such a lease.")
        until_says(terminal, "10.9.9.9 lies in no pool of this server")
        terminal.send(ESC)
        terminal.until(lambda: not terminal.shows("lease look-up"), 5)
        lab.secondary.kill()
        terminal.until(r"dhcpd not running", 5)
        terminal.send("l")
        terminal.until(r"lease look-up", 5)
        terminal.send(lease["address"] + ENTER)
        until_says(terminal, "Nothing to compare: dhcp2 gave no lease.")
        until_says(terminal, "dhcp2: needs OMAPI:")


def test_a_fault_in_the_configuration(lab: Lab) -> None:
    """A planted fault is found with file and line; mended and read again, it is gone, and a restart is asked for."""
    conf = lab.secondary.etc / "dhcpd.conf"
    right = conf.read_text()
    line = next(at for at, text in enumerate(right.splitlines(), 1) if "peer port" in text)
    conf.write_text(re.sub(r"peer port \d+", "peer port 9647", right))
    with console(lab) as terminal:
        terminal.until(r"both servers serve", 10)
        terminal.send("c")
        terminal.until(r"\d+ error", 15)
        until_says(terminal, f"L13 dhcp2 · /etc/dhcp/dhcpd.conf:{line}")
        until_says(terminal, "fix: ")
        conf.write_text(right)
        later = time.time() + 60
        os.utime(conf, (later, later))
        terminal.send("r")
        terminal.until(lambda: terminal.shows("0 errors") and not terminal.shows("L13"), 15)
        until_says(terminal, "restart needed on dhcp2")
        terminal.send("c")
        terminal.until(lambda: not terminal.shows("─ configuration ─"), 5)


def test_a_pool_that_runs_dry() -> None:
    """One server alone under load: how many it can give and not before when they are gone; `p` tells the rate."""
    with Lab(mclt=600, key_algorithm="hmac-sha256", range=("10.0.0.100", "10.0.0.219")) as lab:
        lab.wait_settled()
        with console(lab) as terminal:
            terminal.until(r"both servers serve", 10)
            lab.secondary.kill()
            terminal.until(r"dhcp1 can give \d+ more", 15)
            with loading(lab, 1.5):
                terminal.until(r"dhcp1 can give \d+ more; runs dry not before \d+ s", 40)
                terminal.send("p")
                until_says(terminal, "dhcp1 alone:")
                terminal.until(r"rate: \d\S* a minute \(\d+ in ", 10)
                until_says(terminal, "they are gone in about")
                until_says(terminal, "cannot be used before partner-down + mclt")
                until_says(terminal, "fewest left on dhcp1 since this console looks:")
                terminal.until(r"dhcp1 has no address left to give out", 90)


def test_a_server_without_omapi(lab: Lab) -> None:
    """Its state from the lease file or the log, with the source and as the past; what needs OMAPI says so."""
    lab.wait_settled()
    drop_omapi(lab, Role.SECONDARY)
    lab.wait_states("normal", None)
    with console(lab) as terminal:
        terminal.until(r"was normal \((lease file|log), <?\d+ min ago\)", 20)
        terminal.until(r"dhcpd runs, but OMAPI does not answer", 5)
        rows = terminal.lines()
        assert not any("● normal" in row[60:] for row in rows[1:8])
        terminal.send("p")
        until_says(terminal, "dhcp2: the counters need OMAPI:")
        terminal.send("p")
        lab.primary.kill()
        terminal.until(r"was communications-interrupted \((lease file|log), <1 min ago\)", 15)
        terminal.send("n")
        until_says(terminal, "console → dhcp2 SSH ✓ open now console")
        terminal.send("q")
        terminal.until(r"What now", 5)
        terminal.send("q")
        assert terminal.exit_code() == 0
