"""The SSH server of a practice server: who gets in, what runs, what ends when, and what a cut does."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path

import asyncssh
import pytest

from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import (
    AuthenticationFailed,
    CommandTimeout,
    HostKeyChanged,
    HostKeyUnknown,
    SessionLost,
    TunnelForbidden,
    TunnelRefused,
    Unreachable,
)
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.shell import RemoteShell

from .stage import P, S, entered, stage

pytestmark = pytest.mark.second_try("a session must be cut, closed or refused within a second or two")


def script(text: str) -> Command:
    """A few words for the server's shell."""
    return Command(("/bin/sh", "-c", text))


async def test_bytes_status_and_signals(tmp_path: Path) -> None:
    """stdin, stdout and stderr are bytes; exit status and signals come through."""
    async with entered(tmp_path) as (_, session):
        done = await session.run(script("cat; echo oops >&2; exit 7"), input=b"\0\xff\r\nx")
        assert (done.stdout, done.stderr, done.exit_status) == (b"\0\xff\r\nx", b"oops\n", 7)
        assert (await session.run(script("kill -TERM $$"))).exit_status == -signal.SIGTERM


async def test_an_environment_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is inherited; HOME, the directory and PATH are the machine's."""
    monkeypatch.setenv("SECRET_OF_THE_HOST", "1")
    async with entered(tmp_path) as (made, session):
        root = made.machines[P].root
        assert (await session.run(Command(("pwd",)))).stdout.decode().strip() == str(root)
        lines = (await session.run(Command(("env",)))).stdout.decode().splitlines()
        values = dict(line.split("=", 1) for line in lines)
        assert values["HOME"] == str(root / "home")
        assert values["PATH"].startswith(f"{root}/bin:")
        assert not {"SECRET_OF_THE_HOST", "DHCPTUI_CONFIG", "SSH_AUTH_SOCK"} & set(values)


async def test_much_data_both_ways(tmp_path: Path) -> None:
    """Eight MiB there and back arrive whole, through a program that reads and writes in its own time."""
    data = os.urandom(1 << 20) * 8
    async with entered(tmp_path) as (_, session):
        done = await session.run(script("sleep 0.3; exec cat"), input=data)
        assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()


async def test_back_pressure(tmp_path: Path) -> None:
    """A program whose output nobody takes is held up: it does not fill our memory."""
    async with entered(tmp_path) as (made, session):
        process = await session.start(
            script("i=0; while :; do head -c 65536 /dev/zero; i=$((i + 1)); echo $i >count; done")
        )
        count = made.machines[P].root / "count"
        seen = ""
        for _ in range(40):
            await asyncio.sleep(0.1)
            now = count.read_text() if count.exists() else ""
            if now == seen != "":
                break
            seen = now
        assert int(seen) * 65536 < 16 << 20
        process.stop()


async def test_a_closed_channel_ends_its_command(tmp_path: Path) -> None:
    """What was started in a channel is gone soon after it, also what ignores that its pipes are closed."""
    async with entered(tmp_path) as (made, session):
        process = await session.start(script("trap '' HUP TERM PIPE; echo $$; while :; do sleep 0.1; done"))
        pid = int(await process.read(65536))
        process.stop()
        assert await gone(pid, 4)
        tail = await session.start(commands.tail_file(str(made.machines[P].log_file), 5))
        assert await tail.read(65536)
        await session.close()


async def gone(pid: int, seconds: float) -> bool:
    """Whether a process ends within that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
        if not done.stdout.strip() or done.stdout.startswith("Z"):  # dead, whether or not anybody has reaped it
            return True
        await asyncio.sleep(0.05)
    return False


async def test_a_timeout_stops_the_command(tmp_path: Path) -> None:
    """The signal that a client sends reaches the command, and what it started."""
    async with entered(tmp_path) as (made, session):
        pid_file = made.machines[P].root / "pid"
        with pytest.raises(CommandTimeout):
            await session.run(script("sleep 60 & echo $! >pid; wait"), timeout=0.5)
        assert await gone(int(pid_file.read_text()), 3)


async def test_one_shell_for_many_questions(tmp_path: Path) -> None:
    """The long-lived shell answers one question after the other."""
    async with entered(tmp_path) as (_, session), await RemoteShell.open(session) as shell:
        for number in range(5):
            assert (await shell.ask(f"echo {number}; exit {number}")).exit_status == number


async def test_only_its_key_and_only_its_host_key(tmp_path: Path) -> None:
    """Another client key is refused, an unknown or another host key too; there is no password to try."""
    async with stage(tmp_path) as made:
        other = tmp_path / "other"
        other.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
        other.chmod(0o600)
        with pytest.raises(AuthenticationFailed):
            await SshSession.connect(made.target(identity=other))
        with pytest.raises(HostKeyUnknown):
            await SshSession.connect(made.target(known_hosts=tmp_path / "nothing"))
        swapped = tmp_path / "swapped"
        lines = [line.split(" ", 1) for line in (tmp_path / "known_hosts").read_text().splitlines()]
        swapped.write_text(f"{lines[0][0]} {lines[1][1]}\n{lines[1][0]} {lines[0][1]}\n")
        with pytest.raises(HostKeyChanged):
            await SshSession.connect(made.target(known_hosts=swapped))


async def test_the_tunnel(tmp_path: Path) -> None:
    """To OMAPI on the server's own loopback, and nowhere else."""
    async with entered(tmp_path) as (made, session):
        reader, writer = await session.open_tcp("127.0.0.1", made.omapi_port)
        writer.write(b"ping")
        assert await reader.readexactly(4) == b"ping"
        writer.close()
        with pytest.raises(TunnelRefused):
            await session.open_tcp("127.0.0.1", made.ports[S])
        with pytest.raises(TunnelForbidden):
            await session.open_tcp("10.0.0.20", made.omapi_port)
        made.omapi.close()
        await made.omapi.wait_closed()
        with pytest.raises(TunnelRefused):
            await session.open_tcp("127.0.0.1", made.omapi_port)


async def test_a_cut_is_silence(tmp_path: Path) -> None:
    """Nothing passes and nothing closes; healed, what was on its way arrives. The other server is not touched."""
    async with entered(tmp_path) as (made, session), await SshSession.connect(made.target(S)) as other:
        made.network.cut("operator", "primary")
        asked = asyncio.create_task(session.run(script("echo here")))
        await asyncio.sleep(0.5)
        assert not asked.done()
        assert not session.closed
        assert (await other.run(script("echo there"))).stdout == b"there\n"
        with pytest.raises(Unreachable):
            await SshSession.connect(made.target(), connect_timeout=0.5)
        made.network.heal()
        assert (await asked).stdout == b"here\n"
        async with await SshSession.connect(made.target()) as again:
            assert (await again.run(script("echo back"))).stdout == b"back\n"


async def test_the_end_ends_everything(tmp_path: Path) -> None:
    """When the server goes, sessions are lost at once and no command of theirs lives on."""
    pids = []
    async with stage(tmp_path) as made:
        session = await SshSession.connect(made.target())
        for text in ("echo $$; exec sleep 60", "trap '' TERM HUP PIPE; echo $$; while :; do sleep 0.1; done"):
            process = await session.start(script(text))
            pids.append(int(await process.read(65536)))
        silent = asyncio.create_task(session.run(commands.try_port("10.9.9.9", 22)))
        await asyncio.sleep(0.3)
    for pid in pids:
        assert await gone(pid, 10)
    with pytest.raises(SessionLost):
        await silent
    await session.close()
