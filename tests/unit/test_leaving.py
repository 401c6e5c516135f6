"""Leaving: signals, readers that go, and what is told to whoever wants to leave."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dhcptui.act.actions import make_plan
from dhcptui.act.leaving import SIGNALS, Departure, Output, left_code, on_signals, when_gone
from dhcptui.act.plan import Progress, StepReport, StepState
from dhcptui.engine.farewell import Farewell
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.ui.feed import SETTINGS
from tests.unit.making import NOW, live, pair

P, Q = Role


@pytest.mark.parametrize("number", SIGNALS)
def test_every_signal_is_a_wish_to_leave(number: int) -> None:
    """None of them ends us; the first reason stays; Ctrl-C has an exit code of its own."""
    departure = Departure()
    before = {each: signal.getsignal(each) for each in SIGNALS}
    with on_signals(departure.signalled):
        os.kill(os.getpid(), number)
        assert departure.reason
        assert not departure.abandoned
        assert left_code(departure) == (130 if number == signal.SIGINT else 2)
        first = departure.reason
        os.kill(os.getpid(), signal.SIGTERM)
        assert departure.reason == first
    assert {each: signal.getsignal(each) for each in SIGNALS} == before


def test_only_the_third_interrupt_abandons() -> None:
    """A single one, or ten other signals, wait for the end of the step."""
    departure = Departure()
    for _ in range(10):
        departure.signalled(signal.SIGTERM)
    for abandons in (False, False, True):
        departure.signalled(signal.SIGINT)
        assert departure.abandoned is abandons


def test_what_was_ignored_stays_ignored() -> None:
    """Under nohup a hang-up is nobody's wish."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        departure = Departure()
        with on_signals(departure.signalled):
            os.kill(os.getpid(), signal.SIGHUP)
            assert not departure.reason
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def _pipe() -> tuple[int, Callable[[], None]]:
    read, write = os.pipe()
    return write, lambda: os.close(read)


def _socket() -> tuple[int, Callable[[], None]]:
    ours, theirs = socket.socketpair()
    return ours.detach(), theirs.close


def _terminal() -> tuple[int, Callable[[], None]]:
    master, slave = os.openpty()
    return slave, lambda: os.close(master)


@pytest.mark.parametrize("made", [_pipe, _socket, _terminal])
def test_a_reader_that_goes_is_noticed_without_writing(made: Callable[[], tuple[int, Callable[[], None]]]) -> None:
    """A pipe, a socket as sshd gives it, a terminal: at once, and not before."""
    fd, go = made()
    gone = threading.Event()
    when_gone(fd, gone.set)
    assert not gone.wait(0.1)
    go()
    assert gone.wait(10)
    os.close(fd)


def test_a_file_has_no_reader_to_lose(tmp_path: Path) -> None:
    """Nor has what was closed before we came."""
    gone = threading.Event()
    with (tmp_path / "log").open("w") as file:
        when_gone(file.fileno(), gone.set)
        assert not gone.wait(0.1)
    when_gone(987, gone.set)
    assert not gone.is_set()


def test_output_that_cannot_be_written_is_dropped() -> None:
    """A full disk: told once, nothing raised, not even when Python flushes at its end."""
    lost: list[bool] = []
    with Path("/dev/full").open("w") as full:
        output = Output(full, lambda: lost.append(True))
        output.line("one")
        output.line("two")
    assert lost == [True]
    Output(None).line("closed before we came")


def under_way() -> Progress:
    """A clean shutdown in its last step."""
    plan = make_plan(Action.SHUTDOWN, Q, SETTINGS, pair(live(P), live(Q)), NOW)
    done = tuple(StepReport(StepState.DONE) for _ in plan.steps[1:])
    return Progress(plan, (*done, StepReport(StepState.RUNNING)))


def test_each_ctrl_c_has_its_word() -> None:
    """At once what ends first; then what would be left half done; then that it was abandoned. Nothing is said twice."""
    departure = Departure()
    farewell = Farewell(departure, under_way)
    assert not farewell.news()
    departure.interrupt()
    (first,) = farewell.news()
    assert first.startswith("Ctrl-C: step 3 of 3 (dhcp2's dhcpd stops) ends first")
    assert not farewell.news()
    departure.interrupt()
    (second,) = farewell.news()
    assert "step 3 of 3 (dhcp2's dhcpd stops) would be left half done" in second
    assert "Ctrl-C once more abandons it" in second
    departure.interrupt()
    assert farewell.news() == ["Abandoned in step 3 of 3 (dhcp2's dhcpd stops)."]


def test_between_two_steps_nothing_is_half_done() -> None:
    """And where no action is under way nothing is said at all."""
    departure = Departure()
    departure.signalled(signal.SIGTERM)
    waiting = replace(under_way(), steps=(*under_way().steps[:-1], StepReport()))
    assert Farewell(departure, lambda: waiting).news() == ["SIGTERM: no further step begins. Please wait."]
    assert not Farewell(departure, lambda: None).news()
