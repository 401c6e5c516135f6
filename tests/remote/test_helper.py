"""Looks that want root again and again, and what needs none."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from dhcptui.servers.ssh import commands, shell
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandTimeout
from dhcptui.servers.ssh.helper import Helper
from dhcptui.servers.ssh.session import SshSession
from tests.remote.ssh_server import running_session

MARK = Command(("/bin/sh", "-c", "echo out; echo err >&2; exit 3"))


@pytest.fixture
async def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SshSession]:
    """A session with a server."""
    async with running_session(tmp_path, monkeypatch) as (_, running):
        yield running


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every long-lived command that is started, as it would be typed. There is no sudo here: it is left out of the line."""
    lines: list[str] = []
    start = SshSession.start

    async def noted(self: SshSession, command: Command, *, fed: bool = False) -> object:
        lines.append(("sudo " if command.as_root(self.target.sudo).sudo else "") + command.line)
        return await start(self, command, fed=fed)

    monkeypatch.setattr(SshSession, "start", noted)
    monkeypatch.setattr(Command, "line", property(lambda self: shlex.join(self.argv)))
    return lines


async def test_without_sudo_each_has_its_channel(session: SshSession, opened: list[str]) -> None:
    """No shell is opened; stdout and stderr are apart."""
    done = await Helper(session).run(MARK)
    assert (done.stdout, done.stderr, done.exit_status) == (b"out\n", b"err\n", 3)
    assert opened == []


async def test_through_one_sudo(session: SshSession, opened: list[str]) -> None:
    """Twenty looks, one sudo; one that never ends costs another one, later; what needs no root goes by itself."""
    session.target = replace(session.target, sudo=True)
    helper = Helper(session)
    for _ in range(20):
        done = await helper.run(MARK)
        assert (done.stdout, done.exit_status) == (b"out\nerr", 3)
    assert opened == ["sudo /bin/sh"]
    with pytest.raises(CommandTimeout):
        await helper.run(Command(("sleep", "5")), timeout=0.3)
    assert (await helper.run(MARK)).exit_status == 3
    assert opened == ["sudo /bin/sh"] * 2
    assert (await helper.run(replace(MARK, as_account=True))).stderr == b"err\n"


async def test_a_long_answer(session: SshSession, opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a shell's answer may have comes through a channel of its own."""
    monkeypatch.setattr(shell, "MAX_ANSWER", 10_000)
    session.target = replace(session.target, sudo=True)
    done = await Helper(session).run(Command(("seq", "5000")))
    assert done.stdout.split()[-1] == b"5000"


PING = "#!/bin/sh\necho '{words}' >&2\nexit {status}\n"


@pytest.mark.parametrize(
    ("words", "status", "word"),
    [
        ("", 0, "open"),
        ("", 1, "silent"),
        ("ping: permission denied (are you root?)", 1, "unknown"),
        ("ping: socket: Operation not permitted", 2, "unknown"),
        ("ping: sendmsg: Operation not permitted", 1, "silent"),
        ("ping: sendto: Permission denied", 2, "silent"),
        ("ping: unknown host dhcp2", 2, "silent"),
    ],
)
def test_a_ping_that_the_account_may_not_send(tmp_path: Path, words: str, status: int, word: str) -> None:
    """It says nothing of the partner; a firewall of the server's own does: nothing comes there."""
    (tmp_path / "ping").write_text(PING.format(words=words, status=status))
    (tmp_path / "ping").chmod(0o755)
    command = commands.ping("10.0.0.20")
    done = subprocess.run(command.argv, capture_output=True, text=True, env={"PATH": str(tmp_path)}, check=False)
    assert done.stdout == f"{word}\n"
    assert not command.as_root().sudo
    assert not commands.try_port("10.0.0.20", 520).as_root().sudo
