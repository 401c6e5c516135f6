"""`dhcptui demo`: a healthy pair on screen within seconds, and nothing left on the machine."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from dhcptui.cli.main import main
from tests.terminal import ESC, Terminal

from .guest import HEALTHY, Guest

pytestmark = pytest.mark.second_try("the first healthy screen and the end have limits of seconds")

STARTED_SECONDS = 20
"""It is to be 5 s on an idle machine; tests share theirs."""


@pytest.fixture
def guest() -> Iterator[Guest]:
    """A user with a home and a TMPDIR."""
    with Guest.visiting() as one:
        yield one


def test_five_minutes_in_seconds(guest: Guest) -> None:
    """Both servers normal, a partner-down refused with its reason, a rest-less leave; ~/.ssh/config has no say."""
    with guest.demo() as terminal:
        took = terminal.until(HEALTHY, STARTED_SECONDS)
        print(f"healthy pair on screen {took:.2f} s after the start")
        terminal.until(r"(?s)normal.*normal.*ssh ok.*ssh ok", 10)
        assert [path.stat().st_mode & 0o777 for path in guest.directories()] == [0o700]
        terminal.send("P")
        terminal.until(r"answers and reads normal", 10)
        terminal.send(ESC)
        terminal.until("log dhcp1", 10)
        terminal.send("q")
        assert terminal.exit_code() == 0
    guest.has_left()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_signals(guest: Guest, how: signal.Signals) -> None:
    """An end from outside is as clean as one by `q`."""
    with guest.demo() as terminal:
        terminal.until(HEALTHY, STARTED_SECONDS)
        os.kill(terminal.process.pid, how)
        assert terminal.exit_code() == 0
    guest.has_left()


@pytest.mark.parametrize("told", [True, False])
def test_the_terminal_goes(guest: Guest, told: bool) -> None:
    """A closed window, or a lost connection; the kernel sends SIGHUP only to a session whose terminal it controls."""
    with guest.demo() as terminal:
        terminal.until(HEALTHY, STARTED_SECONDS)
        if told:
            os.killpg(terminal.process.pid, signal.SIGHUP)
        terminal.hang_up()
        terminal.exit_code()
    guest.has_left()


def test_an_end_at_any_moment_of_the_start(guest: Guest) -> None:
    """A signal while it still comes up leaves nothing either."""
    for delay in (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9):
        with guest.demo() as terminal:
            time.sleep(delay)
            os.kill(terminal.process.pid, signal.SIGTERM)
            assert terminal.exit_code() in {0, 128 + signal.SIGTERM, -signal.SIGTERM}
        guest.has_left()


def test_leftovers_of_a_killed_one(guest: Guest) -> None:
    """The next start removes what a killed demo left, and nothing of one that lives."""
    with guest.demo() as living, guest.demo() as killed:
        living.until(HEALTHY, STARTED_SECONDS)
        killed.until(HEALTHY, STARTED_SECONDS)
        assert len(guest.directories()) == 2
        killed.process.kill()
        killed.exit_code()
        with guest.demo() as third:
            third.until(HEALTHY, STARTED_SECONDS)
            assert len(guest.directories()) == 2
            assert living.shows(HEALTHY)
            leave(third)
        leave(living)
    deadline = time.monotonic() + 5
    while guest.processes() and time.monotonic() < deadline:  # what the killed one ran sees its pipes closed
        time.sleep(0.1)
    guest.has_left()


def leave(terminal: Terminal) -> None:
    """Quit."""
    terminal.send("q")
    assert terminal.exit_code() == 0


def test_acting_on_it(guest: Guest) -> None:
    """An action runs from keys to its verified end; its audit log goes with the rest."""
    with guest.demo("--mclt", "20") as terminal:
        terminal.until(HEALTHY, STARTED_SECONDS)
        terminal.until(r"(?s)ssh ok.*ssh ok", 10)
        time.sleep(3)
        terminal.send("H")
        terminal.until("Which server acts", 10)
        terminal.send("1")
        terminal.until(r"(?i)type", 10)
        terminal.send("dhcp1\r")
        terminal.until("VERIFIED", 30)
        terminal.send(ESC)
        terminal.until("log dhcp1", 10)
        leave(terminal)
    guest.has_left()


def test_other_people_s_options(capsys: pytest.CaptureFixture[str]) -> None:
    """A drill that there is not, and no terminal: one sentence each, and nothing is started."""
    assert main(["demo", "--drill", "nonsense"]) == 1
    assert "no drill 'nonsense'" in capsys.readouterr().err
    assert main(["demo"]) == 1
    assert "terminal" in capsys.readouterr().err
