"""A lease file of a million leases: newest failover record and a client by name, by the system's programs and by busybox.

Seconds are CPU seconds of all processes, which other work on the machine does not lengthen; they run beside each other.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dhcptui.servers.ssh import lease_record_commands as commands
from dhcptui.servers.ssh.commands import Command, script
from tests.lease_files import address, lease, write
from tools.bench.table import Figure

COUNT = 1_000_000
GOAL_SECONDS, GOAL_KB = 5.0, 65_536
NAMES = 5


class Programs:
    """The programs that a script finds, and what it costs with them."""

    def __init__(self, name: str, place: Path) -> None:
        self.name = name
        self._path, self._shell = os.environ["PATH"], "/bin/sh"
        if name == "busybox":
            busybox = shutil.which("busybox") or ""
            for applet in subprocess.run(
                [busybox, "--list"], capture_output=True, text=True, check=True
            ).stdout.split():
                (place / applet).symlink_to(busybox)
            self._path, self._shell = str(place), str(place / "sh")

    def run(self, command: Command) -> tuple[list[str], float, int]:
        """What it prints, the CPU seconds it took, and the memory of its largest process in kB."""
        process = subprocess.Popen(
            [self._shell, *command.argv[1:]], stdout=subprocess.PIPE, text=True, env={"PATH": self._path}
        )
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{command.line} ended with {process.returncode}")
        return lines, used.ru_utime + used.ru_stime, used.ru_maxrss


def _raw_read(path: Path) -> float:
    """CPU seconds of reading all of it through a pipe, with nothing done to it."""
    return Programs("cat", path.parent).run(script('cat -- "$1" | tail -c 1', str(path)))[1]


def _records(programs: Programs, path: Path, megabytes: float) -> Iterator[Figure]:
    """The first look, which finds the record at the very beginning, and one that comes after it."""
    (where, *found), took, kilobytes = programs.run(commands.last_records(str(path), "foo"))
    if not any("my state partner-down" in line for line in found):
        raise RuntimeError(f"no record in {found}")
    lines, again, _ = programs.run(commands.last_records(str(path), "foo", where))
    if lines != [where, commands.SAME]:
        raise RuntimeError(f"{lines}")
    against = f"{took / GOAL_SECONDS:.2f}x the goal of {GOAL_SECONDS:g} s, {kilobytes / 1024:.0f} MB of memory; the next look {again * 1000:.0f} ms"
    yield Figure(
        f"newest record in {megabytes:.0f} MB, {programs.name}",
        f"{took:.2f} CPU-s",
        against,
        max(took, again) <= GOAL_SECONDS and kilobytes <= GOAL_KB,
    )


def _names(programs: Programs, path: Path, megabytes: float, raw: float) -> Iterator[Figure]:
    """Clients from the beginning to the end of the file."""
    slowest, most = 0.0, 0
    for number in range(0, COUNT, COUNT // NAMES):
        found, took, kilobytes = programs.run(
            commands.leases_with(str(path), f'client-hostname "laptop-{number:07}";', 16)
        )
        if found != [address(number)]:
            raise RuntimeError(f"{address(number)} is not {found}")
        slowest, most = max(slowest, took), max(most, kilobytes)
    against = (
        f"slowest of {NAMES}; {slowest / GOAL_SECONDS:.2f}x the goal of {GOAL_SECONDS:g} s, {slowest / raw:.0f}x cat,"
        f" {most / 1024:.0f} MB of memory"
    )
    yield Figure(
        f"client by name in {megabytes:.0f} MB, {programs.name}",
        f"{slowest:.2f} CPU-s",
        against,
        slowest <= GOAL_SECONDS and most <= GOAL_KB,
    )


def _same_name(programs: Programs, path: Path) -> Iterator[Figure]:
    """The worst case: each client has the name that is asked for."""
    found, took, kilobytes = programs.run(commands.leases_with(str(path), "binding state active;", 16))
    if len(found) != 16:
        raise RuntimeError(f"{found}")
    against = f"{took / GOAL_SECONDS:.2f}x the goal of {GOAL_SECONDS:g} s, {kilobytes / 1024:.0f} MB of memory"
    yield Figure(f"a line that each lease has, {programs.name}", f"{took:.2f} CPU-s", against, kilobytes <= GOAL_KB)


def measure() -> Iterator[Figure]:
    """The file is made once, and is in memory when it is searched: the disk of a server is not measured here."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "dhcpd.leases"
        if shutil.disk_usage(directory).free < 2 * COUNT * len(lease(0)):
            raise RuntimeError(f"no room for {COUNT:,} leases in {directory}")
        megabytes = write(path, COUNT) / 1e6
        raw = min(_raw_read(path) for _ in range(3))
        for name in ("GNU and mawk", "busybox") if shutil.which("busybox") else ("GNU and mawk",):
            place = Path(directory) / "bin"
            place.mkdir(exist_ok=True)
            programs = Programs(name, place)
            yield from _records(programs, path, megabytes)
            yield from _names(programs, path, megabytes, raw)
            yield from _same_name(programs, path)
