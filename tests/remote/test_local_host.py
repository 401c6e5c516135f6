"""The console's own machine as a host: real commands through the real /bin/sh, their bounds, and what is left of them."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from dhcptui.config.local import is_local
from dhcptui.servers.connect import connect
from dhcptui.servers.host import Host
from dhcptui.servers.local import LocalHost
from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.clock import read_clock
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import (
    CommandFailed,
    CommandTimeout,
    OutputTooLarge,
    SessionLost,
    SessionRefused,
    ShellEnded,
    TailEnded,
    TunnelRefused,
)
from dhcptui.servers.ssh.helper import Helper
from dhcptui.servers.ssh.lines import Overlap
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.servers.ssh.tail import LogSource, follow
from dhcptui.servers.ssh.target import SshTarget
from tests.remote.ssh_server import free_port

MARK = f"{os.getpid():07d}"
"""Of this run: an earlier one that failed may have left something."""

ME = "root" if os.geteuid() == 0 else None


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """This machine."""
    async with await connect(SshTarget("localhost")) as opened:
        assert isinstance(opened, LocalHost)
        yield opened


def sh(script: str) -> Command:
    """A shell script as a command."""
    return Command(("/bin/sh", "-c", script))


def processes(mark: str) -> list[str]:
    """What runs with this text in its command line, as `pid arguments`."""
    found = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,stat=,args="], capture_output=True, text=True, check=True)
    return [line for line in found.stdout.splitlines() if mark in line and " Z" not in line[:16]]


async def gone(mark: str, seconds: float = 5) -> bool:
    """Whether nothing runs with it soon."""
    for _ in range(int(seconds / 0.05)):
        if not processes(mark):
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("host", "port", "user", "key", "local"),
    [
        ("localhost", None, None, None, True),
        ("LOCALHOST", None, None, None, True),
        ("127.0.0.1", None, None, None, True),
        ("::1", None, None, None, True),
        ("localhost", 22, None, None, False),  # a forwarded port, a lab, the practice pair
        ("localhost", None, "somebody-else", None, False),
        ("127.0.0.1", None, None, Path("/key"), False),
        ("localhost.example.org", None, None, None, False),
        ("10.0.0.10", None, None, None, False),
    ],
)
def test_which_host_is_local(host: str, port: int | None, user: str | None, key: Path | None, local: bool) -> None:
    """A name of this machine, and nothing that says how to log in."""
    assert is_local(host, port, user, key) is local
    assert SshTarget(host, port, user, key).local is local
    assert SshTarget(host, port, user, known_hosts=key).local is local


@pytest.mark.skipif(ME is None, reason="only root's name is certain")
def test_the_own_account_may_be_named() -> None:
    """Who runs the console needs no login to be that account."""
    assert is_local("localhost", None, ME)


async def test_output_and_status(host: Host) -> None:
    """Both streams and the exit status come back, bytes as they are."""
    done = await host.run(sh("printf 'a\\377\\0'; echo b >&2; exit 3"))
    assert (done.stdout, done.stderr, done.exit_status) == (b"a\xff\0", b"b\n", 3)


async def test_upload(host: Host) -> None:
    """Input of several windows goes through, and a command that does not read it is no error; without any it ends at once."""
    data = bytes(range(256)) * 20_000
    assert (await host.run(Command(("cat",)), data)).stdout == data
    assert (await host.run(Command(("true",)), data)).exit_status == 0
    assert (await host.run(Command(("cat",)))).stdout == b""


async def test_words_stay_words(host: Host) -> None:
    """No argument is read as syntax."""
    odd = ("", "a b", "'", '"', "$HOME", "`id`", "!x", "\\n", "a\nb", "*", "\udc80")
    done = await host.run(Command(("printf", "%s|", *odd)))
    assert done.stdout.decode("utf-8", "surrogateescape") == "|".join(odd) + "|"


async def test_failing_command(host: Host) -> None:
    """With check, a failure names command, status and the end of stderr."""
    with pytest.raises(CommandFailed) as caught:
        await host.run(sh("echo bad >&2; exit 7"), check=True)
    assert (caught.value.exit_status, caught.value.stderr.strip()) == (7, "bad")
    assert (await host.run(Command(("/no/such/program",)))).exit_status == 127
    assert (await host.run(sh("kill -9 $$"))).exit_status == -9


async def test_a_hung_command_is_ended(host: Host) -> None:
    """It raises in time, and neither the command nor what it runs stays."""
    began = time.monotonic()
    with pytest.raises(CommandTimeout, match=r"sleep 98\.71.* within 0.5 s"):
        await host.run(sh(f"sleep 98.71{MARK}; true"), timeout=0.5)
    assert time.monotonic() - began < 9
    assert await gone(f"sleep 98.71{MARK}")
    assert (await host.run(Command(("true",)))).exit_status == 0


async def test_a_restart_that_takes_too_long_is_left_to_itself(host: Host, tmp_path: Path) -> None:
    """To end it half-way would leave dhcpd down: nobody waits any more, and it goes on to its end, also when all is closed."""
    done = tmp_path / "done"
    with pytest.raises(CommandTimeout):
        await host.run(commands.restart(f"/bin/sh -c 'sleep 2.5; echo > {done}'"), timeout=0.2)
    await host.close()
    for _ in range(100):
        if done.exists():
            break
        await asyncio.sleep(0.1)
    assert done.exists()


async def test_daemon_does_not_hold_the_command(host: Host) -> None:
    """A restart whose daemon keeps the pipes open ends with its exit status; the daemon lives on without the console."""
    began = time.monotonic()
    done = await host.run(commands.restart(f"/bin/sh -c 'sleep 15.73{MARK} & echo started'"))
    assert (done.stdout, done.exit_status) == (b"started\n", 0)
    assert time.monotonic() - began < 12
    await host.close()
    left = processes(f"sleep 15.73{MARK}")
    assert left
    os.kill(int(left[0].split()[0]), signal.SIGKILL)


async def test_what_is_started_is_apart_from_the_terminal(host: Host) -> None:
    """A session of its own: Ctrl-C and a hang-up of the console's terminal do not reach it."""
    done = await host.run(sh("ps -o sid= -p $$; exec </dev/tty"))
    assert int(done.stdout) not in {os.getsid(0), 0}
    assert done.exit_status != 0
    assert b"tty" in done.stderr


async def test_environment(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a login gives it: what the operator set for the console alone would change dhcpd's words and times."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("PYTHONPATH", "/x")
    lines = (await host.run(Command(("env",)))).stdout.decode().splitlines()
    names = {line.partition("=")[0] for line in lines}
    assert {"LANG=C.UTF-8", "LC_MESSAGES=C"} <= set(lines)
    assert not names & {"TZ", "LC_ALL", "PYTHONPATH"}
    assert next(line for line in lines if line.startswith("PATH=")).endswith("/usr/local/sbin:/usr/sbin:/sbin")


async def test_too_much_output(host: Host) -> None:
    """Output beyond the bound is an error, not memory."""
    with pytest.raises(OutputTooLarge):
        await host.run(Command(("yes", f"98.72{MARK}")), max_bytes=100_000)
    assert await gone(f"yes 98.72{MARK}")


async def test_many_at_once(host: Host) -> None:
    """Commands run side by side."""
    results = await asyncio.gather(*(host.run(Command(("echo", str(n)))) for n in range(8)))
    assert [int(done.stdout) for done in results] == list(range(8))


async def test_cancelled_run(host: Host) -> None:
    """A cancelled command is ended, and the host is as good as before."""
    running = asyncio.create_task(host.run(Command(("sleep", f"98.73{MARK}"))))
    await asyncio.sleep(0.3)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await gone(f"sleep 98.73{MARK}")
    assert (await host.run(Command(("echo", "on")))).stdout == b"on\n"


async def test_tcp(host: Host) -> None:
    """Bytes go to a port of this machine and back; nobody listens: said so, with the port."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(4))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as far:
        reader, writer = await host.open_tcp("127.0.0.1", far.sockets[0].getsockname()[1])
        writer.write(b"ping")
        assert await reader.read(4) == b"ping"
        writer.close()
    port = free_port()
    with pytest.raises(TunnelRefused, match=f"nothing listens on port {port} of this machine"):
        await host.open_tcp("127.0.0.1", port)


async def test_close_leaves_nothing(host: Host) -> None:
    """After it no command runs, whoever waits learns it, and nothing more is started; closing twice is fine."""
    running = asyncio.create_task(host.run(sh(f"sleep 98.74{MARK}; sleep 98.74{MARK}")))
    await host.start(Command(("/bin/sh", "-c", f"trap '' TERM HUP PIPE; while :; do sleep 0.0974{MARK}; done")))
    await asyncio.sleep(0.3)
    assert processes(f"sleep 98.74{MARK}")
    await host.close()
    await host.close()
    with pytest.raises(SessionLost):
        await running
    assert not processes(f"sleep 98.74{MARK}")
    assert await gone(f"sleep 0.0974{MARK}", 1)
    with pytest.raises(SessionLost):
        await host.run(Command(("true",)))
    with pytest.raises(SessionLost):
        await host.open_tcp("127.0.0.1", 1)
    async with asyncio.timeout(1):
        await host.wait_closed()


async def test_one_shell_many_questions(host: Host) -> None:
    """The helper shell answers like one over SSH."""
    async with await RemoteShell.open(host) as shell:
        pids = {(await shell.ask("echo $PPID $$")).lines[0].split()[1] for _ in range(3)}
        assert len(pids) == 1
        answer = await shell.ask("echo a; echo b >&2; exit 4")
        assert (answer.lines, answer.exit_status) == (["a", "b"], 4)
        assert abs((await read_clock(shell)).offset_seconds) < 1
        with pytest.raises(CommandTimeout):
            await shell.ask(f"sleep 98.75{MARK}", timeout=0.3)
        assert shell.closed
    assert await gone(f"sleep 98.75{MARK}")


async def test_a_shell_that_is_killed(host: Host) -> None:
    """It is said, and the host lives on."""
    async with await RemoteShell.open(host) as shell:
        with pytest.raises(ShellEnded) as caught:
            await shell.ask("kill -9 $$", timeout=5)
        assert caught.value.advice == "Does `/bin/sh` work"
    assert (await Helper(host).run(Command(("echo", "on")))).stdout == b"on\n"


async def test_sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `sudo = true` what wants root goes through `sudo -n`, and what does not stays the account's."""
    fake = tmp_path / "sudo"
    fake.write_text('#!/bin/sh\n[ "$1" = -n ] || exit 9\nshift\necho by sudo\nexec "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    async with LocalHost(SshTarget("localhost", sudo=True)) as host:
        assert (await host.run(Command(("echo", "x")))).stdout == b"by sudo\nx\n"
        assert (await host.run(Command(("echo", "x"), as_account=True))).stdout == b"x\n"


async def test_no_shell_is_started(host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the machine starts nothing more it says why."""
    monkeypatch.setattr("dhcptui.servers.local._home", lambda: str(tmp_path / "nowhere"))
    with pytest.raises(SessionRefused, match="No such file"):
        await host.run(Command(("true",)))


# --- the log ---


async def test_follow_and_rotation(host: Host, tmp_path: Path) -> None:
    """The last lines first, then what comes, across a rotation; then nothing is left of it."""
    log = tmp_path / "a.log"
    log.write_text("".join(f"old {n}\n" for n in range(10)))
    seen: list[bytes] = []

    async def read() -> None:
        async with aclosing(follow(host, LogSource.parse(f"file:{log}"), 3, overlap=Overlap(keep=10))) as batches:
            async for batch in batches:
                seen.extend(batch)

    async def until(line: bytes) -> None:
        async with asyncio.timeout(10):
            while line not in seen:
                await asyncio.sleep(0.02)

    reading = asyncio.create_task(read())
    await until(b"old 9")
    log.rename(tmp_path / "a.log.1")
    log.write_text("new\n")
    await until(b"new")
    assert seen == [b"old 7", b"old 8", b"old 9", b"new"]
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    assert await gone(str(log))


async def test_a_file_that_may_not_be_read(host: Host, tmp_path: Path) -> None:
    """What tail remarks is told, as over SSH: this account has not seen that log."""
    remarks: list[str] = []

    async def read() -> None:
        source = LogSource.parse(f"file:{tmp_path}/none")
        async with aclosing(follow(host, source, on_notice=remarks.append)) as batches:
            async for _ in batches:
                pass

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(read(), 2)
    assert any("No such file" in remark for remark in remarks)


async def test_a_follow_that_ends(host: Host, tmp_path: Path) -> None:
    """The end of tail is an error with the command to try, not silence."""
    log = tmp_path / "a.log"
    log.write_text("x\n")
    async with aclosing(follow(host, LogSource.parse(f"file:{log}"))) as batches:
        assert await anext(batches) == [b"x"]
        for line in processes(f"tail -n 500 -F -- {log}"):
            os.kill(int(line.split()[0]), signal.SIGKILL)
        with pytest.raises(TailEnded, match="ended"):
            await anext(batches)
    assert await gone(str(log))


async def test_slow_consumer_bounds_memory(host: Host, tmp_path: Path) -> None:
    """Who does not read slows tail down instead of filling our memory."""
    log = tmp_path / "a.log"
    log.write_bytes(b"".join(b"%09d %s\n" % (n, b"x" * 90) for n in range(200_000)))
    batches = follow(host, LogSource.parse(f"file:{log}"), lines=200_000, batch_seconds=0)
    async with aclosing(batches) as stream:
        total = len(await anext(stream))
        await asyncio.sleep(0.5)
        async for batch in stream:
            assert len(batch) < 50_000
            total += len(batch)
            if total >= 200_000:
                break
    assert total == 200_000


_CONSOLE = """
import asyncio, sys
from dhcptui.servers.local import LocalHost
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.servers.ssh.tail import LogSource, follow
from dhcptui.servers.ssh.target import SshTarget

async def main(log):
    host = LocalHost(SshTarget("localhost"))
    shell = await RemoteShell.open(host)
    asking = asyncio.create_task(shell.ask("sleep 0.1; : " + log, 60))
    async for batch in follow(host, LogSource.parse("file:" + log)):
        await asking
        print("up", flush=True)

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("tail", ["the real one", "one that never looks whether anybody reads"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
async def test_a_killed_console_leaves_no_child(tmp_path: Path, tail: str, number: signal.Signals) -> None:
    """Neither the follow nor the helper shell: the kernel ends their input, whatever became of the console."""
    log = tmp_path / "a.log"
    log.write_text("x\n")
    path = os.environ["PATH"]
    if tail != "the real one":
        fake = tmp_path / "tail"
        fake.write_text(f"#!/bin/sh\ncat {shlex.quote(str(log))}\nwhile :; do sleep 0.2; : {log}; done\n")
        fake.chmod(0o755)
        path = f"{tmp_path}:{path}"
    root = str(Path(__file__).parents[2])
    console = subprocess.Popen(
        [sys.executable, "-c", _CONSOLE, str(log)], stdout=subprocess.PIPE, env={**os.environ, "PATH": path, "PYTHONPATH": root}
    )  # fmt: skip
    with console:
        assert console.stdout is not None
        assert await asyncio.to_thread(console.stdout.readline) == b"up\n"
        assert len(processes(str(log))) >= 2
        console.send_signal(number)
        await asyncio.to_thread(console.wait, 10)
    assert await gone(str(log)), processes(str(log))


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox sh", "mksh"])
async def test_every_sh_guards(tmp_path: Path, shell: str) -> None:
    """The script around a follow does what it must in each shell that is somebody's /bin/sh."""
    from dhcptui.servers.local import _GUARDED

    words = shell.split()
    if not shutil.which(words[0]):
        pytest.skip(f"there is no {words[0]} here")
    mark = f"98.{os.getpid()}"
    argv = [*words, "-c", _GUARDED, "sh", f"echo begun; sleep {mark}"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"begun\n"
        assert processes(f"sleep {mark}")
        process.stdin.close()
        await asyncio.to_thread(process.wait, 5)
    assert await gone(f"sleep {mark}")
    with subprocess.Popen(
        [*words, "-c", _GUARDED, "sh", "echo x; exit 5"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.read) == b"x\n"
        assert await asyncio.to_thread(process.wait, 5) == 5
