"""Several pairs at once: on one engine, and in the real program in a terminal."""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.assess.verdict import Level, derive
from dhcptui.config.loading import load
from dhcptui.engine.fleet import FleetEngine
from dhcptui.engine.pair_console import PairConsole
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.watch.clocks import moment
from tests.lab.driving import Driver
from tests.practice.several import Several, several
from tests.terminal import ENTER, ESC, Terminal

SECONDS = float(os.environ.get("DHCPTUI_MONKEY_SECONDS", "15"))
LETTERS = "PPSSRRHHUUXXIabcdefghijklmnorstuvwxyz0123456789/:?. -[]][[ffss  "
"""No `p`: so that no name of a server or pair can ever be typed by chance."""
SPECIAL = [ENTER, ENTER, ESC, ESC, "\t", "\x7f", *(f"\x1b[{key}" for key in ("A", "B", "C", "D", "5~", "6~", "H", "F"))]


@pytest.fixture
def pairs(tmp_path: Path) -> Iterator[Several]:
    """Three pairs, two of them in a group."""
    keys = {"opt1": {"group": "hq"}, "opt2": {"group": "hq"}}
    with several(tmp_path, "plant", "opt1", "opt2", keys=keys) as found:
        yield found


class FleetDriver:
    """The listener of a fleet that hands each pair's news to a driver of its own."""

    def __init__(self, engine: FleetEngine) -> None:
        self.of = {name: Driver(console) for name, console in engine.consoles.items()}
        self.on_snapshot = lambda pair, snapshot: self.of[pair].on_snapshot(snapshot)
        self.on_log = lambda pair, role, lines: self.of[pair].on_log(role, lines)
        self.on_progress = lambda pair, progress: self.of[pair].on_progress(progress)
        self.on_audit = lambda pair, entry: self.of[pair].on_audit(entry)


def level(console: PairConsole) -> Level:
    """How a pair is, judged now."""
    return derive(console.snapshot(), moment()).level


def test_one_thread_watches_and_acts_on_all_pairs(pairs: Several) -> None:
    """A server that dies is seen on its pair alone; two pairs act at the same time, each one action at a time."""
    config = load(pairs.config)
    engine = FleetEngine(config.pairs.values())
    driver = FleetDriver(engine)
    engine.start(driver)
    try:
        for each in driver.of.values():
            each.settled()
        assert [thread.name for thread in threading.enumerate()].count("dhcptui-engine") == 1
        assert {name: level(console) for name, console in engine.consoles.items()} == dict.fromkeys(
            pairs.pairs, Level.OK
        )
        pairs.pairs["opt2"].secondary.kill()
        driver.of["opt2"].until_words("communications-interrupted", "dhcpd not running", 20)
        assert driver.of["opt1"].words() == driver.of["plant"].words() == ("normal", "normal")
        with ThreadPoolExecutor() as pool:
            acting = [pool.submit(driver.of[name].run, Action.HAND_OVER, Role.PRIMARY) for name in ("plant", "opt1")]
            results = [each.result(60) for each in acting]
        assert {each.outcome for each in results} == {Outcome.VERIFIED}
        assert [each.plan.pair for each in results] == ["plant", "opt1"]
        starts = [min(at for at, _ in driver.of[name].progress) for name in ("plant", "opt1")]
        ends = [max(at for at, _ in driver.of[name].progress) for name in ("plant", "opt1")]
        assert max(starts) < min(ends)  # at the same time
        driver.of["plant"].until(lambda: engine.acting is None, 10, "the end of both actions, locks and all")
    finally:
        engine.stop()
    assert engine.failure is None
    assert all(console.failure is None for console in engine.consoles.values())
    assert "dhcptui-engine" not in [thread.name for thread in threading.enumerate()]


def test_the_program_opens_the_fleet(pairs: Several) -> None:
    """A row a pair; a dhcpd that is killed moves its pair to the top, and is told in the console of a healthy one."""
    with Terminal([sys.executable, "-m", "dhcptui", "--config", str(pairs.config)]) as terminal:
        terminal.until(r"✓ 3 ok  of 3 pairs", 30)
        assert terminal.shows(r"hq \(2\)  ✓✓")
        for name in pairs.pairs:
            assert terminal.shows(rf"✓ OK +{name} +both servers serve +●\|●")
        pairs.pairs["opt2"].secondary.kill()
        took = terminal.until(r"(?s)▲ WARNING +opt2 .*plant", 20)
        print(f"a killed dhcpd on screen after {took:.2f} s")
        terminal.send(":plant" + ENTER)
        terminal.until(r"plant · \w+ +✓ OK", 10)
        terminal.until(r"1 other not ok, worst: ▲ opt2 WARNING", 10)
        terminal.send("]")
        terminal.until(r"opt1 · \w+ +✓ OK", 10)
        terminal.send("q")
        terminal.until(r"▲ 1 warning  ✓ 2 ok", 10)
        terminal.send("q")
        assert terminal.exit_code(20) == 0


@pytest.mark.timeout(SECONDS + 120)
def test_a_monkey_on_the_fleet_changes_nothing(pairs: Several) -> None:
    """It opens consoles, presses what acts, and goes from pair to pair: not one transition in any log."""
    servers = [server for pair in pairs.pairs.values() for server in (pair.primary, pair.secondary)]
    before = [server.log_offset() for server in servers]
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    keys = random.Random(seed)  # noqa: S311 - a monkey, no cryptographer
    argv = [sys.executable, "-m", "dhcptui", "--config", str(pairs.config)]
    starts, pressed, end = 0, 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        starts += 1
        with Terminal(argv) as terminal:
            terminal.until("✓ 3 ok", 30)
            while time.monotonic() < end and terminal.process.poll() is None:
                terminal.send(keys.choice(SPECIAL) if keys.random() < 0.3 else keys.choice(LETTERS))
                pressed += 1
                time.sleep(keys.choice([0.0, 0.01, 0.05]))
            if terminal.process.poll() is None:
                for _ in range(6):
                    terminal.send(ESC)
                    time.sleep(0.3)
                terminal.until(r"of 3 pairs", 10)
            else:
                assert terminal.process.poll() == 0, terminal.text()
    print(f"{pressed} keys, {starts} starts")
    assert pressed > 100
    for server, offset in zip(servers, before, strict=True):
        assert "I move" not in server.log_text(offset)
    assert {state for pair in pairs.pairs.values() for state in pair.states().values()} == {"normal"}
