"""Where a fault happens: a lab and the console that watches it, with what causes and cures need."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from dhcptui.config.loading import load
from dhcptui.engine.thread import EngineThread
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from tests.lab.driving import Driver
from tests.lab.faults.report import report
from tests.lab.pair import Lab
from tests.lab.server import Server

TICK_SECONDS = 0.1


class Listener(Driver):
    """A driver that also knows the engine's event loop."""

    loop: asyncio.AbstractEventLoop | None = None

    def on_snapshot(self, snapshot: PairSnapshot) -> None:
        """Told on the engine's own thread."""
        self.loop = asyncio.get_running_loop()
        super().on_snapshot(snapshot)


class Scene:
    """A lab, and the console on it while one runs."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.driver: Listener | None = None
        self.kept: dict[str, Any] = {}
        """What a cause leaves for its cure."""
        self._numbers = itertools.count(1)
        self.lock_files: dict[Role, list[str]] = {role: [] for role in Role}

    @property
    def primary(self) -> Server:
        """dhcp1."""
        return self.lab.primary

    @property
    def secondary(self) -> Server:
        """dhcp2: where most faults happen."""
        return self.lab.secondary

    @property
    def watcher(self) -> Listener:
        """The console."""
        assert self.driver is not None
        return self.driver

    @contextmanager
    def watching(self, settings: Mapping[str, Any]) -> Iterator[Listener]:
        """A console at the operator's place."""
        pair = load(self.lab.write_config(**settings)).pair(None)
        with self.lab.inside():
            engine = EngineThread(pair)
            self.driver = Listener(engine)
            engine.start(self.driver)
            try:
                yield self.driver
            finally:
                engine.stop()
                self.driver = None
        if engine.failure is not None:
            raise engine.failure

    def report(self) -> str:
        """What the console says now, and the newest of what it was given of each log."""
        lines = [report(self.watcher.engine.snapshot(), self.watcher.now())]
        for role, server in ((each, self.lab.servers[each.value]) for each in Role):
            if heard := tuple(self.watcher.logs[role]):
                last = heard[-1].text
                lines.append(f"{server.name} heard {last}")
                alike = sum(line.text.split(" ")[0] == last.split(" ")[0] for line in heard)
                lines.append(f"{server.name} heard {alike} lines like it")
        return "\n".join(lines)

    def log_mark(self, role: Role) -> str:
        """Write a line of its own into a server's log, as the syslog daemon would; returns the text to look for."""
        server = self.lab.servers[role.value]
        text = f"mark {next(self._numbers)} of {self.lab.name}"
        stamp = datetime.now(UTC).isoformat(timespec="microseconds")
        with server.log_file.open("ab") as file:
            file.write(f"{stamp} {server.name} dhcpd[1]: {text}\n".encode())
        self.lock_files[role].append(text)
        return text

    def log_mark_both(self) -> None:
        """A line in either log."""
        for role in Role:
            self.log_mark(role)

    def heard(self, role: Role, text: str) -> int:
        """How often the console was given a log line with this text."""
        return sum(line.text == text for line in tuple(self.watcher.logs[role]))

    def until_log(self, role: Role, timeout: float) -> None:
        """Write a mark until one arrives: what is written while tail opens the file anew is not lost, but may be late."""
        text = self.log_mark(role)
        self.watcher.until(lambda: self.heard(role, text) > 0, timeout, f"{text!r} in the log of {role.value}")

    @staticmethod
    def wait(seconds: float) -> None:
        """Let time pass: for a fault that is a lapse of time."""
        time.sleep(seconds)
