"""One practice server as its dhcpd and its visitors see it: files, clock, log, the dhcpd that runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from dhcptui.model.role import Role
from dhcptui.practice.dhcpd.wire import Wire

NAMES = {Role.PRIMARY: "dhcp1", Role.SECONDARY: "dhcp2"}
ADDRESSES = {Role.PRIMARY: "10.0.0.10", Role.SECONDARY: "10.0.0.20"}
"""What the two believe to be their addresses; nothing is ever sent there, the console reaches both on loopback."""

FIRST_PID = 5_000_001
"""Beyond any kernel's limit (Linux: 4194304, macOS: 99999): a process number that leaks out can hit nobody."""


class Process(Protocol):
    """The dhcpd process of a machine, as `ps`, `kill` and the network see it."""

    pid: int
    started: float
    """time.time() of its start, by the true clock."""
    paused: bool
    """Held by SIGSTOP: it keeps its sockets and answers nobody."""

    def kill(self) -> None:
        """Die at once: SIGKILL, and on 4.4.3 SIGTERM and SIGINT too (no word to the partner, no log line)."""

    def pause(self) -> None:
        """SIGSTOP."""

    def resume(self) -> None:
        """SIGCONT."""

    @property
    def responds(self) -> bool:
        """Whether clients get answers from it."""

    def accepts(self, port: int, caller: str) -> Callable[[Wire], None] | None:
        """What takes the connection from that address to a failover port. None: connection refused."""


class Machine:
    """The files of one server lie under `root`, laid out as on Debian. All methods run on the pair's event loop."""

    def __init__(self, role: Role, root: Path) -> None:
        self.role, self.name, self.address, self.root = role, NAMES[role], ADDRESSES[role], root
        self.etc = root / "etc/dhcp"
        self.conf = self.etc / "dhcpd.conf"
        self.shared = self.etc / "shared"
        self.leases = root / "var/lib/dhcp/dhcpd.leases"
        self.log_file = root / "var/log/dhcpd.log"
        self.restart_script = self.etc / "restart-dhcpd"
        self.clock_offset = 0.0
        """Seconds this server's clock is ahead of the true one."""
        self.dhcpd: Process | None = None
        self._next_pid = FIRST_PID + (0 if role is Role.PRIMARY else 500_000)

    def make(self) -> None:
        """The directories and the empty files."""
        for path in (self.shared, self.leases.parent, self.log_file.parent):
            path.mkdir(parents=True, exist_ok=True)
        self.leases.touch()
        self.log_file.touch()

    def now(self) -> float:
        """Seconds since 1970 by this server's own clock."""
        return time.time() + self.clock_offset

    def new_pid(self) -> int:
        """The next process number."""
        self._next_pid += 1
        return self._next_pid

    def ended(self, pid: int) -> None:
        """That process is gone."""
        if self.dhcpd is not None and self.dhcpd.pid == pid:
            self.dhcpd = None

    def log(self, pid: int, text: str) -> None:
        """One line of dhcpd in the log, as rsyslog of Debian 12 writes it. A full disk must not stop dhcpd."""
        stamp = datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="microseconds")
        with suppress(OSError):
            handle = os.open(self.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            with suppress(OSError):
                os.write(handle, f"{stamp} {self.name} dhcpd[{pid}]: {text}\n".encode())
            os.close(handle)
