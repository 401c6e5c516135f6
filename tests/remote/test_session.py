"""A live session: commands, bounds, the tunnel, loss and close."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dhcptui.servers.ssh import commands, connect
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import (
    CommandFailed,
    CommandTimeout,
    OutputTooLarge,
    SessionLost,
    TunnelRefused,
)
from dhcptui.servers.ssh.session import SshSession
from tests.remote.ssh_server import Server, free_port, running_server
from tests.waiting import until


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A running server."""
    async with running_server(tmp_path, monkeypatch) as running:
        yield running


@pytest.fixture
async def session(server: Server) -> AsyncIterator[SshSession]:
    """A session with it."""
    async with await SshSession.connect(server.target()) as connected:
        yield connected


def sh(script: str) -> Command:
    """A shell script as a command."""
    return Command(("/bin/sh", "-c", script))


async def test_output_and_status(session: SshSession) -> None:
    """Both streams and the exit status come back, bytes as they are."""
    done = await session.run(sh("printf 'a\\377\\0'; echo b >&2; exit 3"))
    assert (done.stdout, done.stderr, done.exit_status) == (b"a\xff\0", b"b\n", 3)


async def test_input(session: SshSession) -> None:
    """Input of several windows goes through, and a command that does not read it is no error."""
    data = bytes(range(256)) * 20_000
    assert (await session.run(Command(("cat",)), data)).stdout == data
    assert (await session.run(Command(("true",)), data)).exit_status == 0


async def test_failing_command(session: SshSession) -> None:
    """With check, a failure names command, status and the end of stderr, sanitised."""
    command = sh("printf 'x%.0s' $(seq 3000) >&2; printf 'bad \\033[2J\\342\\200\\256 thing\\n' >&2; exit 7")
    with pytest.raises(CommandFailed) as caught:
        await session.run(command, check=True)
    assert caught.value.exit_status == 7
    assert caught.value.stderr.endswith("bad \\x1b[2J\\u202e thing")
    assert len(caught.value.stderr) < 500
    assert str(caught.value).isprintable()


async def test_killed_command(session: SshSession) -> None:
    """A command that dies by a signal has a negative status."""
    assert (await session.run(sh("kill -9 $$"))).exit_status in {-9, 137}


async def test_timeout(session: SshSession) -> None:
    """A command that does not end raises in time; the session is as good as before."""
    started = time.monotonic()
    with pytest.raises(CommandTimeout, match=r"sleep 10.* within 1 s"):
        await session.run(sh("sleep 10; true"), timeout=1)
    assert time.monotonic() - started < 9  # it did not wait for the sleep
    assert (await session.run(Command(("true",)))).exit_status == 0


async def test_too_much_output(session: SshSession) -> None:
    """Output beyond the bound is an error, not memory."""
    with pytest.raises(OutputTooLarge):
        await session.run(Command(("yes",)), max_bytes=100_000)
    assert (await session.run(Command(("true",)))).exit_status == 0


async def test_daemon_does_not_hold_the_command(server: Server, session: SshSession) -> None:
    """A restart whose daemon keeps the pipes open ends with its exit status."""
    if server.sshd is None:
        pytest.skip("needs sshd, which sends the exit status before the pipes are closed")
    started = time.monotonic()
    done = await session.run(commands.restart("/bin/sh -c 'sleep 20 & echo started'"))
    assert (done.stdout, done.exit_status) == (b"started\n", 0)
    assert time.monotonic() - started < 18


async def test_sbin_is_in_path(session: SshSession) -> None:
    """dhcpd is found although an SSH command's PATH may lack sbin."""
    path = (await session.run(sh("echo $PATH"))).stdout
    assert b"/usr/sbin" in path
    assert b"/usr/local/sbin" in path


async def test_request_tty_in_ssh_config(server: Server) -> None:
    """`RequestTTY force` would turn every newline into two bytes; it does not apply here."""
    (server.home / ".ssh" / "config").write_text("RequestTTY force\nRemoteCommand false\n")
    async with await SshSession.connect(server.target()) as session:
        assert (await session.run(Command(("printf", "a\\nb\\n")))).stdout == b"a\nb\n"


async def test_many_at_once(session: SshSession) -> None:
    """Commands run side by side."""
    results = await asyncio.gather(*(session.run(Command(("echo", str(n)))) for n in range(8)))
    assert [int(done.stdout) for done in results] == list(range(8))


async def test_tunnel(session: SshSession) -> None:
    """Bytes go through to a port on the server and back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(4))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as far:
        reader, writer = await session.open_tcp("127.0.0.1", far.sockets[0].getsockname()[1])
        writer.write(b"ping")
        assert await reader.readexactly(4) == b"ping"
        writer.close()
        await writer.wait_closed()


async def test_tunnel_refused(session: SshSession) -> None:
    """Nobody listens at the far end: said so, with port and server; the session lives on."""
    port = free_port()
    with pytest.raises(TunnelRefused, match=f"nothing listens on port {port} of 127.0.0.1"):
        await session.open_tcp("127.0.0.1", port)
    assert not session.closed


async def test_server_killed(server: Server, session: SshSession) -> None:
    """A dying server ends a running command and wait_closed promptly; later calls say the same."""
    running = asyncio.create_task(session.run(Command(("sleep", "30")), timeout=60))
    await asyncio.sleep(0.3)
    server.kill()
    async with asyncio.timeout(10):
        with pytest.raises(SessionLost, match=r"127\.0\.0\.1"):
            await running
        await session.wait_closed()
    assert session.closed
    with pytest.raises(SessionLost):
        await session.run(Command(("true",)))
    with pytest.raises(SessionLost):
        await session.open_tcp("127.0.0.1", 7911)


async def test_silent_loss(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that falls silent is noticed by keepalives (shortened here), and close does not hang on it."""
    if server.sshd is None:
        pytest.skip("needs sshd")
    assert (connect.KEEPALIVE_COUNT + 1) * connect.KEEPALIVE_INTERVAL <= 20
    monkeypatch.setattr(connect, "KEEPALIVE_INTERVAL", 0.2)
    session = await SshSession.connect(server.target())
    server.freeze()
    async with asyncio.timeout(10):
        await session.wait_closed()
        await session.close()
    assert "keepalive" in str(session.lost_error())


async def test_close_is_quick_on_a_frozen_server(server: Server) -> None:
    """Close returns within its bound even if the server does not take part."""
    session = await SshSession.connect(server.target())
    server.freeze()
    started = time.monotonic()
    await session.close()
    assert time.monotonic() - started < 2.5


async def test_close_leaks_nothing(server: Server) -> None:
    """After close no task is left, with a command, a tunnel try and a stream under way; closing twice is fine."""
    before = asyncio.all_tasks()
    session = await SshSession.connect(server.target())
    running = asyncio.create_task(session.run(Command(("sleep", "30"))))
    await session.start(Command(("cat",)))
    with pytest.raises(TunnelRefused):
        await session.open_tcp("127.0.0.1", free_port())
    await asyncio.sleep(0.1)
    await session.close()
    await session.close()
    with pytest.raises(SessionLost):
        await running
    await until(lambda: asyncio.all_tasks() <= before)


async def test_cancelled_run(session: SshSession) -> None:
    """A cancelled command leaves the session usable."""
    running = asyncio.create_task(session.run(Command(("sleep", "30"))))
    await asyncio.sleep(0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await session.run(Command(("echo", "on")))).stdout == b"on\n"
