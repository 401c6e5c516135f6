"""A real DHCP client in the lab's client namespace."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from .net import sh

CONF = """timeout {timeout};
retry 1;
initial-interval 1;
backoff-cutoff 2;
select-timeout 0;
request subnet-mask, broadcast-address, routers, domain-name, domain-name-servers;
"""
ENTRY = re.compile(r"^\s*(?:option )?([\w.-]+) (.*);$", re.MULTILINE)


def new_mac() -> str:
    """Random, locally administered: dhcpd hashes it to choose the server that answers."""
    return "02:" + ":".join(f"{random.SystemRandom().randrange(256):02x}" for _ in range(5))


class DhcpClient:
    """One interface, so one exchange at a time."""

    def __init__(self, space: str, directory: Path) -> None:
        self._space = space
        self._dir = directory
        self._lock = threading.Lock()
        self._count = 0

    def lease(self, mac: str | None, timeout: float) -> dict[str, str] | None:
        """One DHCPDISCOVER to DHCPACK as this machine; the lease is neither renewed nor released."""
        with self._lock:
            self._count += 1
            here = self._dir / str(self._count)
            here.mkdir(parents=True)
            (here / "conf").write_text(CONF.format(timeout=max(1, round(timeout))))
            change = f"link set eth0 down\nlink set eth0 address {mac or new_mac()}\nlink set eth0 up\n"
            sh("ip", "-n", self._space, "-batch", "-", stdin=change)
            try:
                self._run(here, timeout)
            finally:
                self._end(here / "pid")
        return parse(here / "leases")

    def _run(self, here: Path, timeout: float) -> None:
        """dhclient -1 goes to the background as soon as it has a lease; /bin/true leaves the interface alone."""
        argv = ["ip", "netns", "exec", self._space, "dhclient", "-4", "-1", "-v", "-cf", f"{here}/conf"]
        argv += ["-lf", f"{here}/leases", "-pf", f"{here}/pid", "-sf", "/bin/true", "eth0"]
        with (here / "log").open("wb") as log, suppress(subprocess.TimeoutExpired):
            subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=timeout + 1, check=False)

    @staticmethod
    def _end(pid_file: Path) -> None:
        with suppress(OSError, ValueError):
            os.kill(int(pid_file.read_text()), signal.SIGKILL)


def parse(path: Path) -> dict[str, str] | None:
    """The last lease in the file; option names without the word option, "address" and "server" added."""
    text = path.read_text() if path.exists() else ""
    _, found, block = text.rpartition("lease {")
    if not found:
        return None
    lease = {name: value.strip('"') for name, value in ENTRY.findall(block)}
    lease["address"] = lease.get("fixed-address", "")
    lease["server"] = lease.get("dhcp-server-identifier", "")
    return lease
