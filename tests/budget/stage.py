"""The console on a practice pair, and an account of what its terminal receives."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.practice.pair import WatchedPair
from tests.terminal import Terminal

ROOT = Path(__file__).parents[2]
WELL = r"both servers serve(?! from| \w*but)"
STEP_SECONDS = 0.05


@contextmanager
def console(pair: WatchedPair, shows: str = WELL, *, columns: int = 120, rows: int = 40) -> Iterator[Terminal]:
    """The program, once it has read everything and nothing moves any more."""
    argv = [sys.executable, "-m", "dhcptui", "--config", str(pair.write_config())]
    with Terminal(argv, columns=columns, rows=rows) as terminal:
        terminal.until(shows, 20)
        terminal.until(r"log live[\s\S]*log live|log dhcp", 10)
        rest(terminal)
        yield terminal


def rest(terminal: Terminal, quiet_seconds: float = 0.7, timeout: float = 15.0) -> int:
    """Wait until nothing has come for a while, or (something always moves) until the time is over; the bytes received."""
    end = time.monotonic() + timeout
    count, since = len(terminal.received), time.monotonic()
    while time.monotonic() < end and time.monotonic() - since < quiet_seconds:
        time.sleep(STEP_SECONDS)
        if len(terminal.received) != count:
            count, since = len(terminal.received), time.monotonic()
    return count


def cost(terminal: Terminal, act: Callable[[], object], shows: str) -> int:
    """Bytes from a deed until the screen shows something, and is at rest again."""
    before = rest(terminal)
    act()
    terminal.until(shows, 20)
    return rest(terminal) - before


def seconds(terminal: Terminal, count: int) -> list[int]:
    """Bytes of each of the coming seconds."""
    found = []
    for _ in range(count):
        before = len(terminal.received)
        time.sleep(1)
        found.append(len(terminal.received) - before)
    return found


@contextmanager
def chatter(pair: WatchedPair, lines_per_second: int) -> Iterator[None]:
    """Clients' lines in both logs, so many a second each, until the block ends."""
    over = threading.Event()

    def write() -> None:
        number, began = 0, time.monotonic()
        while not over.wait(STEP_SECONDS):
            due = int((time.monotonic() - began) * lines_per_second)
            for server in (pair.primary, pair.secondary):
                with server.log_file.open("ab") as log:
                    log.writelines(_line(server.name, n) for n in range(number, due))
            number = due

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def _line(host: str, number: int) -> bytes:
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    mac = f"02:00:5e:{number // 256 % 256:02x}:{number % 256:02x}:07"
    words = (
        f"DHCPREQUEST for 10.0.{number % 200}.{number % 251} from {mac} via eth0",
        f"DHCPDISCOVER from {mac} via eth1",
    )
    return f"{at}+00:00 {host} dhcpd[77]: {words[number % 2]}\n".encode()
