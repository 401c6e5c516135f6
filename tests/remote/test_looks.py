"""Looks at a server, run on this machine: clock, processes, sockets, a port of its partner, and room for its leases."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from dhcptui.model.failover import FailoverPlace
from dhcptui.model.snapshot import (
    LeaseSpace,
)
from dhcptui.servers.host import Completed
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.sockets import read_sockets
from dhcptui.servers.ssh.space import parse_space, space_command
from dhcptui.servers.ssh.timesync import (
    find_service,
    parse_kernel_clock,
)
from tests.unit.test_sockets import PLACE


@pytest.mark.parametrize("missing", [(), ("perl",), ("perl", "python3"), ("perl", "python3", "ntptime")])
def test_the_kernel_really_answers(missing: tuple[str, ...], tmp_path: Path) -> None:
    """Whatever can ask it here says the same as the kernel tells us; where nothing can, nothing is said."""
    for name in missing:
        (tmp_path / name).write_text("#!/bin/sh\nexit 127\n")
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}:/usr/sbin:/sbin"}
    done = subprocess.run(commands.kernel_clock().argv, capture_output=True, text=True, env=environment, check=False)
    found = parse_kernel_clock(done.stdout)
    if found is not None:
        truth = ctypes.CDLL(None).ntp_adjtime(ctypes.create_string_buffer(512))
        assert found is (truth != 5)
    else:
        assert not any(shutil.which(name, path=environment["PATH"]) for name in {"perl", "python3"} - set(missing))


@pytest.mark.parametrize("shell", ["sh", "busybox sh"])
def test_the_process_table_without_procps(shell: str, tmp_path: Path) -> None:
    """Busybox's ps knows none of our options, and a slim container has no ps at all: /proc tells who runs."""
    words = shell.split()
    if not shutil.which(words[0]):
        pytest.skip("busybox is missing")
    if words[0] == "busybox":
        subprocess.run(["busybox", "--install", "-s", tmp_path], check=True)
    argv = commands.process_table().argv[1:]
    with subprocess.Popen(["sleep", "60"]) as sleeping:
        shell_words = [shutil.which(words[0]) or "", *words[1:]]
        done = subprocess.run(
            [*shell_words, *argv], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
        )
        sleeping.kill()
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [str(sleeping.pid), "S", "-", "sleep"] in rows
    assert all(len(row) >= 4 and row[0].isdecimal() for row in rows)
    assert find_service(done.stdout.splitlines())[1] is not None, "process 1 is not among them"


async def _here(command: Command) -> Completed:
    process = await asyncio.create_subprocess_exec(*command.argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = await process.communicate()
    return Completed(out, err, process.returncode or 0)


@pytest.mark.parametrize("hidden", [(), ("ss",), ("ss", "netstat")])
async def test_the_real_table(hidden: tuple[str, ...]) -> None:
    """A listener and a connection of this process are found by whatever this machine has, down to the kernel's table."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        async def ask(command: Command) -> Completed:
            script = command.argv[2]
            for name in hidden:  # as on a machine that has no such program
                script = script.replace(f"$({name} ", "$(no-such-program ")
            return await _here(Command((*command.argv[:2], script, *command.argv[3:])))

        place = FailoverPlace("127.0.0.1", port, "127.0.0.1", port)
        before = await read_sockets(ask, place)
        assert before is not None
        assert before.source not in hidden
        assert (before.listening, before.established) == (True, False)
        with socket.create_connection(("127.0.0.1", port)):
            during = await read_sockets(ask, place)
            assert during is not None
            assert during.established


async def test_nothing_can_tell() -> None:
    """A server without any of them says so."""

    async def ask(command: Command) -> Completed:
        return await _here(Command(("/bin/sh", "-c", "exit 1")))

    assert await read_sockets(ask, PLACE) is None


NC = """#!/bin/sh
for port; do :; done
case $port in 1) echo 'Connection to 127.0.0.1 1 port [tcp/*] succeeded!' >&2;;
2) echo 'nc: connect to 127.0.0.1 port 2 (tcp) failed: Connection refused' >&2; exit 1;;
3) echo "nc: invalid option -- 'z'" >&2; exit 1;;
*) exit 1;; esac
"""


@pytest.mark.parametrize(("port", "word"), [(1, "open"), (2, "refused"), (3, "unknown"), (4, "silent")])
def test_nc_where_there_is_no_bash(tmp_path: Path, port: int, word: str) -> None:
    """As on FreeBSD: nc's words, and a nc that cannot do it."""
    (tmp_path / "nc").write_text(NC)
    (tmp_path / "nc").chmod(0o755)
    done = _run(tmp_path, port)
    assert done.stdout == f"{word}\n"


def test_neither(tmp_path: Path) -> None:
    """Without both nothing is claimed."""
    assert _run(tmp_path, 1).stdout == "unknown\n"


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash() -> None:
    """A real port, before and after it is closed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert _run(None, port).stdout == "open\n"
    assert _run(None, port).stdout == "refused\n"


def _run(path: Path | None, port: int) -> subprocess.CompletedProcess[str]:
    command = commands.try_port("127.0.0.1", port)
    environment = {"PATH": str(path)} if path else None
    return subprocess.run(command.argv, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize("there", [True, False])
def test_the_command_sees_that_it_is_missing(tmp_path: Path, there: bool) -> None:
    """Missing only where its directory could be looked into; else it is not known."""
    leases = tmp_path / "dhcpd.leases"
    if there:
        leases.write_text("x")

    def looked(path: Path) -> LeaseSpace | None:
        done = subprocess.run(["sh", "-c", space_command(str(path)).line], capture_output=True, text=True, check=False)
        return parse_space(done.stdout.splitlines())

    found = looked(leases)
    assert found is not None
    assert (found.missing, found.file_bytes) == (not there, int(there))
    elsewhere = looked(tmp_path / "no-such-directory" / "dhcpd.leases")
    assert elsewhere is None or not elsewhere.missing


def test_ports_are_matched_whole() -> None:
    """Port 520 is not 5200 and not 1520."""
    command = commands.socket_table([520, 521])
    pattern, kernel = command.argv[-2:]
    lines = "a:520 x\nb:5200 x\nc:1520 x\nd.521\ne:520%x x\n"
    done = subprocess.run(["grep", "-E", pattern], input=lines, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["a:520", "x", "d.521"]
    assert kernel == ":(0208|0209) "
