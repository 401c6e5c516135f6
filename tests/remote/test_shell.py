"""The long-lived shell, and the clock, asked through it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.backoff import Backoff
from dhcptui.servers.ssh.clock import read_clock
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import CommandTimeout, OutputTooLarge, RemoteError, SessionLost, ShellEnded
from dhcptui.servers.ssh.holders import Holders
from dhcptui.servers.ssh.ours import Place
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.shell import RemoteShell
from tests.remote.ssh_server import Server, running_session


@pytest.fixture
async def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Server, SshSession]]:
    """A running server and a session with it."""
    async with running_session(tmp_path, monkeypatch) as both:
        yield both


@pytest.fixture
async def shell(pair: tuple[Server, SshSession]) -> AsyncIterator[RemoteShell]:
    """A shell on it."""
    async with await RemoteShell.open(pair[1]) as opened:
        yield opened


async def test_answers(shell: RemoteShell) -> None:
    """Lines, exit status and times; output with and without a last newline; stdin is empty; hostile text is cleaned."""
    answer = await shell.ask("printf 'a\\n\\n b'; exit 5")
    assert (answer.lines, answer.exit_status) == (["a", "", " b"], 5)
    assert 0 < answer.ended_mono - answer.started_mono < 5
    assert (await shell.ask("true")).lines == []
    assert (await shell.ask("cat; echo")).lines == [""]
    assert (await shell.ask("printf '\\033[2J\\n' >&2")).lines == ["\\x1b[2J"]
    assert len((await shell.ask("seq 5000")).lines) == 5000


async def test_one_shell_many_questions(shell: RemoteShell) -> None:
    """Questions asked at once are answered each with its own answer, by the same shell."""
    answers = await asyncio.gather(*(shell.ask(f"echo {n} $$") for n in range(20)))
    assert [answer.lines[0].split()[0] for answer in answers] == [str(n) for n in range(20)]
    assert len({answer.lines[0].split()[1] for answer in answers}) == 1


async def test_survives_a_banner(pair: tuple[Server, SshSession], monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that greets, without a newline even, still gives clean answers."""
    noisy = Command(("/bin/sh", "-c", "echo 'Welcome!'; echo oops >&2; printf 'no newline'; exec /bin/sh"))
    monkeypatch.setattr(commands, "shell", lambda: noisy)
    async with await RemoteShell.open(pair[1]) as shell:
        assert (await shell.ask("echo fine")).lines == ["fine"]


async def test_timeout_closes(shell: RemoteShell) -> None:
    """A question that takes too long closes the shell; the caller opens another one."""
    with pytest.raises(CommandTimeout, match="within 1 s"):
        await shell.ask("sleep 5", timeout=1)
    assert shell.closed
    with pytest.raises(ShellEnded):
        await shell.ask("true")
    async with await RemoteShell.open(shell.session) as again:
        assert (await again.ask("echo again")).lines == ["again"]


async def test_shell_ends(shell: RemoteShell) -> None:
    """A shell that dies is an error of its own; the session is still good."""
    with pytest.raises(ShellEnded):
        await shell.ask("kill -9 $$")
    assert not shell.session.closed


async def test_session_lost(pair: tuple[Server, SshSession], shell: RemoteShell) -> None:
    """A lost session is told apart from a dead shell."""
    asking = asyncio.create_task(shell.ask("sleep 20", timeout=30))
    await asyncio.sleep(0.2)
    pair[0].kill()
    async with asyncio.timeout(10):
        with pytest.raises(SessionLost):
            await asking
    with pytest.raises(SessionLost):
        await shell.ask("true")


async def test_answer_is_bounded(shell: RemoteShell) -> None:
    """An endless answer is an error, not memory."""
    with pytest.raises(OutputTooLarge):
        await shell.ask("yes")


async def test_clock(shell: RemoteShell) -> None:
    """The same machine: an offset near zero, within its own uncertainty."""
    reading = min([await read_clock(shell) for _ in range(3)], key=lambda each: each.uncertainty_seconds)
    assert reading.uncertainty_seconds < 0.5
    assert abs(reading.offset_seconds) <= reading.uncertainty_seconds + 0.001
    assert abs(time.monotonic() - reading.read_at) < 1


async def test_clock_ahead(shell: RemoteShell) -> None:
    """A console that is 90 s behind sees the server 90 s ahead."""
    reading = await read_clock(shell, wall=lambda: time.time() - 90)
    assert abs(reading.offset_seconds - 90) < 1


@pytest.mark.parametrize("prints", ["1700000000.%N", "1700000000.N", "1700000000.", "1700000000"])
async def test_clock_without_fractions(shell: RemoteShell, tmp_path: Path, prints: str) -> None:
    """Where date knows no %N, whole seconds are read, in their middle, and said to be coarse."""
    await _fake(shell, tmp_path, "date", f"echo '{prints}'")
    reading = await read_clock(shell, wall=lambda: 1_700_000_000.5)
    assert abs(reading.offset_seconds) < 0.5
    assert reading.uncertainty_seconds >= 0.5


async def test_clock_nonsense(shell: RemoteShell, tmp_path: Path) -> None:
    """A date that says something else is an error that quotes it, sanitised."""
    await _fake(shell, tmp_path, "date", "printf 'no \\033 date\\n'")
    with pytest.raises(RemoteError, match=r"no \\x1b date"):
        await read_clock(shell)


async def test_a_function_stays(shell: RemoteShell) -> None:
    """What is defined once can be called by every later script; its text need not travel again."""
    await shell.define('twice() {\necho "$1 $1"\nexit 3\n}')
    for _ in range(2):
        answer = await shell.ask("twice 'a b'")
        assert (answer.lines, answer.exit_status) == (["a b a b"], 3)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here")
async def test_looks_that_follow_at_once_say_the_same(shell: RemoteShell, tmp_path: Path) -> None:
    """While nobody holds anything not every look goes through every process: what it says is as old as the last that did."""
    leases = tmp_path / "dhcpd.leases"
    leases.touch()
    place = Place(str(leases), str(tmp_path / "dhcpd.conf"), 1, 2)
    witness = await Holders.open(shell)
    sightings = [await witness.sight(place) for _ in range(6)]
    assert not any(sighting.running for sighting, _ in sightings)
    assert len({sighting.unseen for sighting, _ in sightings}) == 1
    assert len({at for _, at in sightings}) < 6
    with leases.open("a"):
        deadline = time.monotonic() + 10
        while (seen := (await witness.sight(place))[0]).pids != (os.getpid(),):
            assert time.monotonic() < deadline, seen
    assert not (await witness.sight(place))[0].running


def test_backoff() -> None:
    """Delays double up to the limit, the jitter stays within its share, reset starts again."""
    hysteresis = Backoff(jitter=0)
    assert [hysteresis.next_delay() for _ in range(7)] == [0.5, 1, 2, 4, 8, 10, 10]
    hysteresis.reset()
    assert hysteresis.next_delay() == 0.5
    assert Backoff(rand=lambda: 0.0).next_delay() == pytest.approx(0.45)
    assert Backoff(rand=lambda: 1.0).next_delay() == pytest.approx(0.55)


async def _fake(shell: RemoteShell, tmp_path: Path, name: str, script: str) -> None:
    """Put another program of that name first in the PATH of the shell's subshells."""
    program = tmp_path / "bin" / name
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    shell._process.write(f"PATH={program.parent}:$PATH\n".encode())
