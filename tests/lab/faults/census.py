"""What a console holds, here and on the servers: to be compared before and after a fault."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from tests.lab.faults.scene import Scene
from tests.lab.server import Server

Census = Counter[str]
ASK_SECONDS = 5.0
LOOK = r"""
ps -eo args= | grep -v -e '^ps -eo args=' -e "^sh -c" -e '^grep -v'
ss -Htan state established "( sport = :22 or sport = :7911 )" | sed "s/^.*/connection/"
ls -A /var/lib/dhcp | sed -n "s/^\(\.dhcptui.*\)/file \1/p"
pid=$(pgrep -x dhcpd) && for f in /proc/$pid/fd/*; do readlink "$f"; done | sed "s/^/dhcpd holds /"
:
"""


def console(scene: Scene) -> Census:
    """Descriptors of this process by kind, threads by name, tasks of the engine by what they run."""
    found: Census = Counter()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found[f"descriptor {_plain(str(entry.readlink()))}"] += 1
    # A pool of helper threads may grow to its limit; it ends with the engine.
    found.update(f"thread {name}" for t in threading.enumerate() if not (name := _plain(t.name)).startswith("asyncio"))
    if scene.driver is not None and scene.driver.loop is not None:
        found.update(asyncio.run_coroutine_threadsafe(_tasks(), scene.driver.loop).result(ASK_SECONDS))
    return found


async def _tasks() -> list[str]:
    mine = asyncio.current_task()
    coroutines = [task.get_coro() for task in asyncio.all_tasks() if task is not mine]
    return [f"task {getattr(each, '__qualname__', each)}" for each in coroutines]


def _server(server: Server) -> Census:
    """Processes by command line, connections, what dhcpd holds, and files of ours."""
    done = server.run("sh", "-c", LOOK, check=False)
    return Counter(f"{server.name}: {_plain(line)}" for line in done.stdout.splitlines())


def _plain(text: str) -> str:
    return re.sub(r"\d+", "N", text).strip()


def take(scene: Scene) -> Census:
    """The console and both servers."""
    with ThreadPoolExecutor(2) as pool:
        servers = list(pool.map(_server, scene.lab.servers.values()))
    return console(scene) + servers[0] + servers[1]


def quiet(scene: Scene, timeout: float = 15.0) -> Census:
    """A census of a console at rest: two in a row that agree."""
    deadline = time.monotonic() + timeout
    last = take(scene)
    while (now := take(scene)) != last:
        if time.monotonic() > deadline:
            raise AssertionError(f"never at rest: {dict(now - last)} came, {dict(last - now)} went")
        last = now
    return now


def left_over(scene: Scene, before: Census, timeout: float) -> Census:
    """What is there now and was not before, once it has had `timeout` seconds to go."""
    deadline = time.monotonic() + timeout
    while (left := take(scene) - before) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left
