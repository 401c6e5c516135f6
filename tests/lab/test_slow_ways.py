"""partner-down at 3 a.m.: commands that take 12 s, an OMAPI that takes more than one, answers that never come."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dhcptui.act.plan import Outcome, Progress, StepState
from dhcptui.model.action import Action
from dhcptui.model.commands import key_of
from dhcptui.model.role import Role
from dhcptui.model.sentence import in_keys
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab, Server
from tests.lab.relay import Relay, relay

pytestmark = [
    pytest.mark.lab,
    pytest.mark.second_try("commands and answers are late by seconds, and the limits are seconds too"),
]
P, Q = Role.PRIMARY, Role.SECONDARY
DIRECT = {"omapi_transport": "direct", "omapi_port": Relay.port}


def slow_commands(server: Server, seconds: str) -> None:
    """A sudo that asks a resolver that is dead before it does anything, and tries of the partner that take as long."""
    lab = server.etc / "lab"
    for program in filter(None, map(shutil.which, ("sudo", "timeout", "ping"))):
        name = Path(program).name
        if name == "sudo":
            run = '[ "$1" = -n ] && shift\nexec "$@"'
        else:
            shutil.copy2(program, lab / f"real-{name}")
            run = f'exec /etc/dhcp/lab/real-{name} "$@"'
        (lab / f"slow-{name}").write_text(f"#!/bin/sh\n/bin/sleep {seconds}\n{run}\n")
        (lab / f"slow-{name}").chmod(0o755)
        server.run("mount", "--bind", f"/etc/dhcp/lab/slow-{name}", program)


@pytest.mark.timeout(240)
def test_a_survivor_whose_commands_take_twelve_seconds() -> None:
    """It answers late, and it counts: partner-down is asked for with the sentence, and is written."""
    with Lab(mclt=20, max_response_delay=3, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        slow_commands(lab.primary, "12")
        with driving(lab, primary={"sudo": True}) as driver:
            driver.until_words("normal", "normal", 40)
            lab.cut("operator", "secondary")
            lab.cut("primary", "secondary")
            driver.until(lambda: driver.word(Q) == "unreachable", 40, "secondary unreachable")
            driver.until(lambda: driver.plan(Action.PARTNER_DOWN, P).allowed, 90, "an answer, however late")
            plan = driver.plan(Action.PARTNER_DOWN, P)
            assert plan.ruling.sentence == "I know that dhcp2 is off"
            told = driver.run(Action.PARTNER_DOWN, P, timeout=150, sentence=plan.ruling.sentence)
            assert told.outcome is Outcome.VERIFIED, told
            assert lab.primary.local_state() == "partner-down"


@pytest.mark.timeout(240)
def test_a_survivor_whose_commands_never_end() -> None:
    """A look that ran out of time is an answer: how long it was tried is said, and the sentence is the way out."""
    with Lab(mclt=20, max_response_delay=3, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        slow_commands(lab.primary, "9999")
        with driving(lab, primary={"sudo": True}) as driver:
            driver.until_words("normal", "normal", 40)
            lab.cut("operator", "secondary")
            lab.cut("primary", "secondary")
            driver.until(lambda: driver.word(Q) == "unreachable", 40, "secondary unreachable")
            driver.until(lambda: driver.plan(Action.PARTNER_DOWN, P).allowed, 90, "an answer to the tries")
            ruling = driver.plan(Action.PARTNER_DOWN, P).ruling
            assert ruling.sentence == "I know that dhcp2 is off"
            observed = " ".join(finding.observed for finding in ruling.findings)
            assert re.search(r"dhcp1 tried (6|18) s, no answer", observed), ruling
            told = driver.run(Action.PARTNER_DOWN, P, timeout=200, sentence=ruling.sentence)
            # The state is written; the marker for other consoles cannot be left, and that is said.
            assert told.outcome is Outcome.FAILED, (told.result, told.steps)
            assert [step.state for step in told.steps] == [StepState.DONE, StepState.DONE, StepState.FAILED]
            assert "is in partner-down and serves, but no marker" in told.result
            assert lab.primary.local_state() == "partner-down"


@pytest.mark.timeout(240)
def test_status_waits_as_long_as_it_is_told() -> None:
    """Looks that go through a slow sudo come with `--wait`; what has not come is not known, and nothing is made up."""
    with Lab(mclt=20, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        slow_commands(lab.primary, "8")
        config = str(lab.write_config(primary={"sudo": True}))
        for wait, known in (("1", False), ("120", True)):
            program = (sys.executable, "-m", "dhcptui", "status", "--json", "--wait", wait, "--config", config)
            done = subprocess.run(lab.operator_argv(*program), capture_output=True, text=True, timeout=150, check=False)
            (pair,) = json.loads(done.stdout)["pairs"]
            assert (pair["servers"]["primary"]["clock_offset_seconds"] is not None) is known, done
        assert pair["servers"]["secondary"]["state"] == "normal"


def alone(lab: Lab, driver: Driver) -> None:
    """The secondary's dhcpd is killed, and partner-down may be written."""
    driver.settled()
    lab.secondary.kill()
    driver.until_words("communications-interrupted", "dhcpd not running", 10)
    driver.until(lambda: driver.plan(Action.PARTNER_DOWN, P).allowed, 10, "partner-down allowed")


@contextmanager
def declared(driver: Driver) -> Iterator[list[Progress]]:
    """partner-down under way in a thread; what it came to stands in the list after the block."""
    told: list[Progress] = []
    plan = driver.plan(Action.PARTNER_DOWN, P)
    driver.progress.clear()
    thread = threading.Thread(target=lambda: told.append(driver.run(Action.PARTNER_DOWN, P, timeout=90)))
    thread.start()
    try:
        assert plan.allowed
        yield told
    finally:
        thread.join()


def writing(driver: Driver) -> bool:
    """Whether the step that writes is under way, or over."""
    return bool(driver.progress) and driver.progress[-1][1].steps[1].state is not StepState.WAITING


@pytest.mark.parametrize("delay", [1.0, 1.4])
def test_nothing_is_written_into_a_pair_that_healed_meanwhile(lab: Lab, delay: float) -> None:
    """Every request takes more than a second to arrive; the partner returns between the last read and the write."""
    with relay(lab.primary) as way, driving(lab, primary=DIRECT) as driver:
        alone(lab, driver)
        before = lab.primary.log_offset()
        way.delay = delay
        with declared(driver) as told:
            driver.until(lambda: writing(driver), 30, "the step that writes")
            seen = way.passed
            driver.until(lambda: way.passed > seen or not way.delay, 30, "a read of that step")
            lab.secondary.start()
        assert told[0].outcome in {Outcome.FAILED, Outcome.REFUSED}, told
        assert "Nothing was written" in f"{told[0].result} {in_keys(told[0].next, key_of)}", told
        assert not way.writes
        lab.wait_states(timeout=20)
        assert "partner-down" not in lab.primary.log_text(before)


def test_a_slow_way_is_named_as_the_reason(lab: Lab) -> None:
    """Nobody returns, but what is read is too old when the write would leave: refused, with how long it took."""
    with relay(lab.primary) as way, driving(lab, primary=DIRECT) as driver:
        alone(lab, driver)
        way.delay = 0.6
        told = driver.run(Action.PARTNER_DOWN, P, timeout=60)
        assert told.outcome is Outcome.FAILED, told
        assert "0.25 s" in told.result, told
        assert "Nothing was written" in in_keys(told.next, key_of), told
        assert not way.writes
        way.delay = 0.0
        driver.until(lambda: driver.plan(Action.PARTNER_DOWN, P).allowed, 10, "partner-down allowed")
        assert driver.run(Action.PARTNER_DOWN, P).outcome is Outcome.VERIFIED


def test_a_write_whose_answer_is_lost_is_looked_for_and_found(lab: Lab) -> None:
    """It took effect, though nobody said so: the console looks, says what it found, and goes on."""
    with relay(lab.primary) as way, driving(lab, primary=DIRECT) as driver:
        alone(lab, driver)
        way.answer_writes = False
        told = driver.run(Action.PARTNER_DOWN, P, timeout=60)
        assert told.outcome is Outcome.VERIFIED, told
        assert len(way.writes) == 1
        assert "no answer to the write" in told.steps[1].detail, told
        assert lab.primary.state().local_state == "partner-down"


def test_a_write_that_is_lost_is_looked_for_and_not_repeated(lab: Lab) -> None:
    """It never arrived: that it may have, and what is read instead, is said."""
    with relay(lab.primary) as way, driving(lab, primary=DIRECT) as driver:
        alone(lab, driver)
        way.on_write = lambda data: None
        told = driver.run(Action.PARTNER_DOWN, P, timeout=60)
        assert told.outcome is Outcome.FAILED, told
        assert "may have arrived" in told.result, told
        assert "dhcp1 reads communications-interrupted" in told.result, told
        assert len(way.writes) == 1
        assert lab.primary.state().local_state == "communications-interrupted"
