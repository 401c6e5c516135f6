"""A login shell that ends without running our command: what it says and its exit status are nobody's answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from dhcptui.config.loading import load
from dhcptui.engine import read_once
from dhcptui.model.role import Role
from dhcptui.model.snapshot import Link, ServerView
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandNotBegun, SessionLost
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.servers.ssh.tail import LogSource, follow
from dhcptui.watch.server import ServerWatcher
from dhcptui.watch.ssh import SILENT_SECONDS
from tests.remote.ssh_server import running_server
from tests.remote.test_slow_logins import config

NOLOGIN = 'echo "This account is currently not available."; exit 1'
SHELLS = [
    pytest.param(NOLOGIN, "exit status 1", "This account is currently not available.", id="nologin"),
    pytest.param('echo "0) Logout"; exit 0', "exit status 0", "0) Logout", id="menu"),
    pytest.param("exit 0", "exit status 0", "", id="exit"),
    pytest.param("exec sh --norc 2>/dev/null </dev/null", "exit status", "", id="exec"),
    pytest.param("echo restricted >&2; exit 126", "exit status 126", "restricted", id="rbash"),
    pytest.param("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo the end", "exit status 0", "the end", id="flood"),
]


@pytest.mark.parametrize(("shell", "status", "words"), SHELLS)
async def test_its_exit_status_is_not_the_command_s(
    shell: str, status: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for a command, nor for a shell of ours, nor for a log; the reason has what it said, and how to see it."""
    async with (
        running_server(tmp_path, monkeypatch, forced=shell) as server,
        await SshSession.connect(server.target()) as session,
    ):

        async def followed() -> None:
            async for batch in follow(session, LogSource("file", "/x")):
                raise AssertionError(batch)

        ways: list[Callable[[], Awaitable[object]]] = [
            partial(session.run, Command(("true",))),
            followed,
            partial(RemoteShell.open, session),
        ]
        for way in ways:
            with pytest.raises(CommandNotBegun) as caught:
                await way()
            reason = str(caught.value)
            assert status in reason
            assert words in reason or (
                way is not ways[0] and status == "exit status 126"
            )  # of these stderr is not heard
            assert len(reason) < 700
            assert f"`ssh -p {server.port} {server.target().user}@127.0.0.1 true`" in caught.value.advice


async def test_a_lost_session_is_not_blamed_on_the_login_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection ends while the shell has yet to begin."""
    async with (
        running_server(tmp_path, monkeypatch, shell_seconds=60) as server,
        await SshSession.connect(server.target()) as session,
    ):
        tries = [asyncio.create_task(session.run(Command(("true",)))), asyncio.create_task(RemoteShell.open(session))]
        await asyncio.sleep(0.5)
        server.kill()
        for trying in tries:
            with pytest.raises(SessionLost):
                await trying


@pytest.mark.parametrize("shell", [NOLOGIN, "exit 0", "echo Welcome.; exit 0"])
async def test_nothing_is_known_by_it(shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that its dhcpd serves no other peer, nor that its log is silent, nor that there are no locks."""
    async with running_server(tmp_path, monkeypatch, forced=shell) as server:
        pair = load(config(server, tmp_path, login_timeout=15)).pair(None)
        snapshot, _ = await read_once.look(pair, 10)
        view = snapshot.primary
        assert view.ssh.ok
        assert view.log.link is Link.FAILED
        for note in (view.log.detail, view.process_note, view.clock_note):
            assert "ran no command of ours" in note, view
        assert view.lock_files is not None
        assert "ran no command of ours" in view.lock_files.value.unread
        assert view.other_peers is None


async def test_the_log_of_an_open_console_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither "log live" nor a log in a format that cannot be read."""
    async with running_server(tmp_path, monkeypatch, forced="echo Welcome.; exit 0") as server:
        pair = load(config(server, tmp_path, login_timeout=15)).pair(None)
        views: list[ServerView] = []
        lines: list[object] = []
        watcher = ServerWatcher(pair, Role.PRIMARY, views.append, lambda role, batch: lines.extend(batch))
        watching = asyncio.create_task(watcher.run())

        async def until(holds: Callable[[ServerView], bool]) -> ServerView:
            async with asyncio.timeout(20):
                while not any(holds(view) for view in views):
                    await asyncio.sleep(0.05)
            return next(view for view in views if holds(view))

        try:
            await until(lambda view: view.log.link is Link.FAILED and "ran no command of ours" in view.log.detail)
            assert not any(view.log.ok for view in views)
            assert not lines
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching


async def test_a_profile_that_says_megabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a window holds is skipped all the same, wherever the line that ends it is cut in two."""
    shell = """yes x | head -c 5000001; eval "$SSH_ORIGINAL_COMMAND" """
    async with (
        running_server(tmp_path, monkeypatch, forced=shell) as server,
        await SshSession.connect(server.target()) as session,
    ):
        assert (await session.run(Command(("echo", "hello")), max_bytes=100)).stdout == b"hello\n"
        (tmp_path / "log").write_text("a line\n")
        async for batch in follow(session, LogSource("file", str(tmp_path / "log"))):
            assert batch == [b"a line"]
            break


async def test_a_log_that_is_not_followed_yet_is_not_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile sleeps for longer than an empty log may say nothing."""
    (tmp_path / "dhcpd.log").touch()
    async with running_server(tmp_path, monkeypatch, shell_seconds=4) as server:
        pair = load(config(server, tmp_path, login_timeout=20)).pair(None)
        logged_in = live = 0.0
        done = asyncio.Event()

        def seen(view: ServerView) -> None:
            nonlocal logged_in, live
            now = asyncio.get_running_loop().time()
            logged_in = logged_in or (now if view.ssh.ok else 0.0)
            if view.log.ok and not live:
                live = now
                done.set()

        watching = asyncio.create_task(ServerWatcher(pair, Role.PRIMARY, seen, lambda role, batch: None).run())
        try:
            await asyncio.wait_for(done.wait(), 30)
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
        assert live - logged_in > 7.5, "a shell told the zone after 4 s, and the follow began 4 s later"


async def test_a_server_that_refuses_is_no_silent_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its shell runs nothing and its dhcpd is down: SSH stays "ok", for each refusal came over it."""
    async with running_server(tmp_path, monkeypatch, forced=NOLOGIN) as server:
        pair = load(config(server, tmp_path, login_timeout=15)).pair(None)
        views: list[ServerView] = []
        watching = asyncio.create_task(ServerWatcher(pair, Role.PRIMARY, views.append, lambda role, batch: None).run())
        await asyncio.sleep(3 * SILENT_SECONDS)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        assert any(view.ssh.ok for view in views)
        assert {view.ssh.detail for view in views if view.ssh.link is Link.FAILED} == set()
