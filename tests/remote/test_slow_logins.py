"""A login that takes long, and a login shell that hangs: waited for within login_timeout, and named for what they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dhcptui.assess.visibility import Visibility, assess, unread
from dhcptui.config.loading import load
from dhcptui.engine import read_once
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Link, ServerView
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandTimeout, LoginShellSilent, LoginSlow, Unreachable
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.servers.ssh.target import SshTarget
from dhcptui.watch.clocks import moment
from dhcptui.watch.server import ServerWatcher
from tests.remote.ssh_server import Server, running_server

HELLO = Command(("echo", "hello"))


async def test_a_slow_login_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than an address may be silent: it has said in time that it is an SSH server."""
    async with running_server(tmp_path, monkeypatch, login_seconds=2) as server:
        began = time.monotonic()
        async with await SshSession.connect(server.target(), connect_timeout=1) as session:
            assert time.monotonic() - began >= 2
            assert (await session.run(HELLO)).stdout == b"hello\n"


async def test_a_login_that_is_too_slow_is_named_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not as a server that is down, and the host counts as there. With more patience it succeeds."""
    async with running_server(tmp_path, monkeypatch, login_seconds=3) as server:
        target = server.target(login_seconds=1.5)
        with pytest.raises(LoginSlow, match=r"answers, and the login was not done within 1\.5 s") as caught:
            await SshSession.connect(target, connect_timeout=1)
        assert caught.value.answered
        assert "Login takes long there (PAM, DNS?)" in caught.value.advice
        assert "Is the server up" not in caught.value.advice
        async with await SshSession.connect(target, patience=4) as session:
            assert (await session.run(HELLO)).stdout == b"hello\n"


async def test_connect_timeout_of_ssh_config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Honoured for what ssh means by it: how long an address may be silent."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text("Host *\n  ConnectTimeout 1\n")
    monkeypatch.setenv("HOME", str(tmp_path))

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable, match="within 1 s") as caught:
            await SshSession.connect(SshTarget("127.0.0.1", port))
        assert not isinstance(caught.value, LoginSlow)


async def test_a_login_shell_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The login itself succeeds: what is named is the shell, its profile or a ForceCommand."""
    async with (
        running_server(tmp_path, monkeypatch, shell_seconds=60) as server,
        await SshSession.connect(server.target(login_seconds=1.5)) as session,
    ):
        with pytest.raises(LoginShellSilent, match=r"its login shell began no command within 1\.5 s") as caught:
            await RemoteShell.open(session)
        assert "profile" in caught.value.advice
        assert "ForceCommand" in caught.value.advice
        with pytest.raises(LoginShellSilent, match="within 1 s"):
            await session.run(HELLO, timeout=1)


async def test_a_cut_is_not_blamed_on_the_login_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says nothing at all tells nothing of its shell."""
    async with (
        running_server(tmp_path, monkeypatch) as server,
        await SshSession.connect(server.target(login_seconds=1)) as session,
    ):
        if server.sshd is None:
            pytest.skip("only a process can be held")
        server.freeze()
        for trying in (session.run(HELLO, timeout=1), RemoteShell.open(session)):
            with pytest.raises(CommandTimeout) as caught:
                await trying
            assert not isinstance(caught.value, LoginShellSilent)


async def test_a_slow_profile_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that begins late is a command all the same."""
    async with (
        running_server(tmp_path, monkeypatch, shell_seconds=1.5) as server,
        await SshSession.connect(server.target()) as session,
    ):
        async with await RemoteShell.open(session) as shell:
            assert (await shell.ask(commands.read_clock().line)).exit_status == 0
        assert (await session.ask(HELLO, timeout=1)).stdout == b"hello\n", "a limit follows what the server has shown"


@pytest.mark.parametrize("trouble", ["login", "shell"])
async def test_the_watch_says_so(trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second try has more patience with a login; a shell that hangs stands beside "ssh ok", and nothing waits for ever."""
    delays: dict[str, Any] = {"login_seconds": 2.5} if trouble == "login" else {"shell_seconds": 60.0}
    async with running_server(tmp_path, monkeypatch, **delays) as server:
        pair = load(config(server, tmp_path, login_timeout=2)).pair(None)
        views: list[ServerView] = []
        watcher = ServerWatcher(pair, Role.PRIMARY, views.append, lambda role, lines: None)
        watching = asyncio.create_task(watcher.run())

        async def until(holds: Callable[[ServerView], bool]) -> ServerView:
            async with asyncio.timeout(30):
                while not any(holds(view) for view in views):
                    await asyncio.sleep(0.05)
            return next(view for view in views if holds(view))

        try:
            if trouble == "login":
                late = await until(lambda view: view.ssh.link is Link.FAILED)
                assert "the login was not done within 2 s" in late.ssh.detail
                assert "PAM" in late.ssh.advice
                await until(lambda view: view.ssh.ok and view.clock is not None)
            else:
                blind = await until(lambda view: view.ssh.ok and bool(view.process_note))
                ((names, why),) = unread(blind)
                assert names == "clock, processes, locks, disk space, time zone"
                assert "its login shell began no command within 2 s" in why
                last = await until(
                    lambda view: view.ssh.ok and view.omapi.link is Link.FAILED and bool(view.clock_note)
                )
                assert assess(last, moment()).visibility is not Visibility.UNSEEN
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching


def config(server: Server, tmp_path: Path, login_timeout: int) -> Path:
    """A pair whose two servers are that one, under two names."""
    text = '[pairs.office]\npeer = "foo"\n'
    for role, host in (("primary", "127.0.0.1"), ("secondary", "localhost")):
        text += f"""[pairs.office.{role}]
host = "{host}"
port = {server.port}
user = "{server.target().user}"
identity = "{server.identity}"
known_hosts = "{server.known_hosts}"
login_timeout = {login_timeout}
leases = "{tmp_path}/dhcpd.leases"
log = "file:{tmp_path}/dhcpd.log"
"""
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


async def test_status_waits_for_a_slow_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look lasts as long as the login may; a server that is silent is not waited for so long."""
    async with running_server(tmp_path, monkeypatch, login_seconds=4) as server:
        pair = load(config(server, tmp_path, login_timeout=20)).pair(None)
        snapshot, _ = await read_once.look(pair, 2.5)
        assert snapshot.primary.ssh.ok
