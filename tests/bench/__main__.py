"""`make bench`: first paint, quiet bytes, log ingest, and how soon a fault is on screen."""

from __future__ import annotations

import asyncio
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from dhcptui.model.guards import Action
from dhcptui.model.loglines import Folder, parse
from dhcptui.model.plan import Outcome
from dhcptui.model.snapshot import Role
from tests.lab.driving import driving
from tests.lab.pair import Lab, requirements
from tests.terminal import Terminal

ROOT = Path(__file__).parents[2]
BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("first paint")
Bare().run(mouse=False)
"""
CONFIG = """
[pairs.office.primary]
host = "127.0.0.1"
port = 9
[pairs.office.secondary]
name = "other"
host = "127.0.0.2"
port = 9
"""


def median(measure: Callable[[], float], times: int) -> float:
    """The median of several runs."""
    return statistics.median(measure() for _ in range(times))


def painted(argv: list[str], words: str) -> float:
    """Seconds from exec until `words` are on screen."""
    with Terminal(argv, env={"PYTHONPATH": str(ROOT)}) as terminal:
        return terminal.until(re.escape(words), 20)


def first_paint() -> Iterator[tuple[str, str, str]]:
    """Our console against a Textual application with one label."""
    config = Path("/tmp/dhcptui-bench.toml")
    config.write_text(CONFIG)
    bare = median(lambda: painted([sys.executable, "-c", BARE], "first paint"), 7)
    ours = median(lambda: painted([sys.executable, "-m", "dhcptui", "--config", str(config)], "What now"), 7)
    config.unlink()
    yield (
        "first paint",
        f"{ours * 1000:.0f} ms",
        f"{ours / bare:.2f}x a Textual app of one label ({bare * 1000:.0f} ms)",
    )


def lines(count: int) -> list[bytes]:
    """A busy server's log."""
    return [
        b"Nov 22 11:%02d:%02d dhcp1 dhcpd[7]: DHCPREQUEST for 10.0.%d.%d from 00:16:3e:%02x:%02x:%02x via eth0"
        % (n // 60 % 60, n % 60, n % 250, n % 251, n % 256, n // 256 % 256, 7)
        for n in range(count)
    ]


def log_ingest() -> Iterator[tuple[str, str, str]]:
    """Bytes to folded rows in our pane, against RichLog.write of the same lines."""
    from textual.app import App, ComposeResult
    from textual.widgets import RichLog

    from dhcptui.ui.widgets.log_pane import LogPane

    count = 20_000
    raw = lines(count)

    class Bench(App[None]):
        def compose(self) -> ComposeResult:
            yield LogPane()
            yield RichLog(max_lines=5000)

    async def measure() -> tuple[float, float]:
        app = Bench()
        async with app.run_test(size=(120, 40)) as pilot:
            pane, rich, folder = app.query_one(LogPane), app.query_one(RichLog), Folder()
            began = time.process_time()
            for start in range(0, count, 500):
                pane.append([folder.add(parse(line, 1_795_000_000.0)) for line in raw[start : start + 500]])
                await pilot.pause()
            ours = time.process_time() - began
            began = time.process_time()
            for start in range(0, count // 10, 500):
                for line in raw[start : start + 500]:
                    rich.write(line.decode())
                await pilot.pause()
            return count / ours, (count // 10) / (time.process_time() - began)

    ours, rich = asyncio.run(measure())
    yield "log ingest to pane", f"{ours:,.0f} lines/CPU-s", f"{ours / rich:.0f}x RichLog ({rich:,.0f})"
    began = time.process_time()
    for line in lines(100_000):
        parse(line, 1_795_000_000.0)
    alone = 100_000 / (time.process_time() - began)
    yield "log parse alone", f"{alone:,.0f} lines/CPU-s", f"{alone / 200_000:.2f}x the goal of 200,000"


def on_the_pair() -> Iterator[tuple[str, str, str]]:
    """What needs two real servers: bytes of a quiet second, and a kill until the engine knows it."""
    with Lab(mclt=600, key_algorithm="hmac-sha256") as lab:
        lab.wait_settled()
        argv = lab.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(lab.write_config()))
        with Terminal(argv, env={"PYTHONPATH": str(ROOT)}) as terminal:
            terminal.until(r"both servers serve", 10)
            time.sleep(8)
            before = len(terminal.received)
            time.sleep(10)
            quiet = (len(terminal.received) - before) / 10
        yield "quiet second", f"{quiet:.0f} bytes", "goal 0; the clock of the header moves once a minute"
        took = []
        with driving(lab) as driver:
            for _ in range(10):
                driver.settled()
                lab.wait_settled()
                began = time.monotonic()
                lab.secondary.kill()
                driver.until_words("communications-interrupted", "dhcpd not running", 5)
                took.append((time.monotonic() - began) * 1000)
                lab.secondary.start()
        yield (
            "kill to verdict",
            f"p50 {statistics.median(took):.0f} ms",
            f"slowest of {len(took)}: {max(took):.0f} ms (goal p95 250)",
        )


def enter_to_verified() -> Iterator[tuple[str, str, str]]:
    """From the confirmation to the verified outcome, on a real pair."""
    times: dict[Action, list[float]] = {Action.PARTNER_DOWN: [], Action.HAND_OVER: [], Action.TAKE_BACK: []}
    with Lab(mclt=5, key_algorithm="hmac-sha256") as lab, driving(lab) as driver:

        def measure(action: Action) -> None:
            began = time.monotonic()
            told = driver.run(action, Role.PRIMARY)
            times[action].append(time.monotonic() - began)
            if told.outcome is not Outcome.VERIFIED:
                raise RuntimeError(told)

        for _ in range(5):
            driver.settled()
            lab.wait_settled()
            measure(Action.HAND_OVER)
            measure(Action.TAKE_BACK)
            lab.wait_settled()
            lab.secondary.kill()
            driver.until_words("communications-interrupted", "dhcpd not running", 5)
            measure(Action.PARTNER_DOWN)
            lab.secondary.start()
    goals = {Action.PARTNER_DOWN: 0.5, Action.HAND_OVER: 0.5, Action.TAKE_BACK: 5.0}
    for action, taken in times.items():
        middle = statistics.median(taken)
        yield (
            f"{action.value} verified",
            f"{middle * 1000:.0f} ms",
            f"{middle / goals[action]:.2f}x the goal of {goals[action]:g} s",
        )


def main() -> None:
    """Print the table."""
    print(f"Python {platform.python_version()}, textual {version('textual')}, {platform.machine()}")
    lacking = requirements()
    for rows in (first_paint, log_ingest, *([] if lacking else [on_the_pair, enter_to_verified])):
        for name, figure, ratio in rows():
            print(f"{name:<20} {figure:>24}   {ratio}", flush=True)
    if lacking:
        print("not measured on a real pair: " + "; ".join(lacking))


if __name__ == "__main__":
    main()
