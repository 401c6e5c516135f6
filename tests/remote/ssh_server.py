"""A real SSH server on loopback for the tests: as root OpenSSH's sshd, else asyncssh's own."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import asyncssh
import pytest

from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.target import SshTarget

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
if os.environ.get("DHCPTUI_TEST_SSHD") == "none" or os.geteuid() != 0:  # unprivileged, it may take us for locked out
    SSHD = None
BANNER = "\x1b[2J\x1b]0;gotcha\x07 Authorised use only. \u202eevil\n"


@dataclass
class Server:
    """Where it listens, and the client's files that let us in (all below `home`, which is HOME during the test)."""

    port: int
    home: Path
    host_key: asyncssh.SSHKey
    sshd: asyncio.subprocess.Process | None = None
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    _stopped: list[int] = field(default_factory=list)

    @property
    def known_hosts(self) -> Path:
        """The client's known_hosts file."""
        return self.home / "known_hosts"

    @property
    def identity(self) -> Path:
        """The client's key."""
        return self.home / "id_ed25519"

    def target(self, **changes: object) -> SshTarget:
        """The target that works, with changes."""
        fields = {"port": self.port, "user": getpass.getuser(), "identity": self.identity}
        return SshTarget("127.0.0.1", **{**fields, "known_hosts": self.known_hosts, **changes})  # type: ignore[arg-type]

    def trust(self, key: asyncssh.SSHKey) -> None:
        """Write known_hosts with this key for us."""
        public = key.export_public_key().decode()
        self.known_hosts.write_text(f"# comment\nnot a valid line\n[127.0.0.1]:{self.port} {public}")

    def kill(self) -> None:
        """The server's side of every connection dies."""
        for pid in self._session_pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for connection in self.connections:
            connection.abort()

    def freeze(self) -> None:
        """The server falls silent without closing anything (sshd only)."""
        self._stopped = self._session_pids()
        for pid in self._stopped:
            os.kill(pid, signal.SIGSTOP)

    async def stop(self) -> None:
        """End everything that was started here."""
        for pid in self._stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.kill()
        if self.sshd is not None:
            self.sshd.terminate()
            await self.sshd.wait()

    def _session_pids(self) -> list[int]:
        return [] if self.sshd is None else [pid for pid in _descendants(self.sshd.pid) if _is_sshd(pid)]


def _is_sshd(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().startswith("sshd")
    return False


def _descendants(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield int(child)
            yield from _descendants(int(child))


def free_port() -> int:
    """A TCP port on loopback that nobody uses right now."""
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


_OWN_HOME = "SetEnv HOME={home} SHLVL=1\n"
"""No file of the account that runs the tests is read by its shell; bash takes itself for none that sshd has started."""
_SLOW_LOGIN = """AuthorizedKeysFile none
AuthorizedKeysCommand /bin/sh -c "sleep {seconds}; cat {keys}"
AuthorizedKeysCommandUser root
"""
"""Stands for PAM and name servers that take their time; sshd asks it twice in a login."""
_SLOW_SHELL = 'sleep {seconds}; eval "$SSH_ORIGINAL_COMMAND"'


@asynccontextmanager
async def running_server(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    login_seconds: float = 0,
    shell_seconds: float = 0,
    forced: str = "",
) -> AsyncIterator[Server]:
    """A server that lets us in by key; HOME is private and empty, no agent.

    `login_seconds`: how long it looks for the key before it lets us in; `shell_seconds`: how long a profile sleeps before
    each command; `forced`: what the account's login shell runs in place of any command, `$SSH_ORIGINAL_COMMAND`.
    """
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    host_key, client_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    authorized = tmp_path / "authorized_keys"
    authorized.write_bytes(client_key.export_public_key())
    server = Server(free_port(), home, host_key)
    server.identity.write_bytes(client_key.export_private_key())
    server.identity.chmod(0o600)
    server.trust(host_key)
    if SSHD is None:
        async with _asyncssh_server(server, authorized, login_seconds, partial(_execute, shell_seconds, forced)):
            yield server
        return
    forced = forced or (_SLOW_SHELL.format(seconds=shell_seconds) if shell_seconds else "")
    await _start_sshd(server, tmp_path, authorized, login_seconds, forced)
    try:
        yield server
    finally:
        await server.stop()


async def _start_sshd(server: Server, tmp_path: Path, authorized: Path, login_seconds: float, forced: str) -> None:
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd insists on it
    key, banner, conf, there = (tmp_path / name for name in ("host_key", "banner", "sshd_config", "home-there"))
    there.mkdir()
    key.write_bytes(server.host_key.export_private_key())
    key.chmod(0o600)
    banner.write_text(BANNER)
    conf.write_text(
        (
            _SLOW_LOGIN.format(seconds=login_seconds / 2, keys=authorized) if login_seconds else ""
        )  # the first one counts
        + f"ListenAddress 127.0.0.1\nPort {server.port}\nHostKey {key}\nAuthorizedKeysFile {authorized}\nStrictModes no\n"
        f"UsePAM no\nPidFile none\nPermitRootLogin prohibit-password\nBanner {banner}\nMaxStartups 50\n"
        f"AllowTcpForwarding local\n{_OWN_HOME.format(home=there)}" + (f"ForceCommand {forced}\n" if forced else "")
    )
    assert SSHD is not None
    log = (tmp_path / "sshd.log").open("wb")
    with log:
        server.sshd = await asyncio.create_subprocess_exec(SSHD, "-D", "-e", "-f", str(conf), stderr=log)
    for _ in range(200):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.close()
            await writer.wait_closed()
            return
        await asyncio.sleep(0.02)
    raise RuntimeError((tmp_path / "sshd.log").read_text())


_executing: set[asyncio.Task[None]] = set()


async def _execute(shell_seconds: float, forced: str, process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Run a command as sshd would, without asyncssh's redirection: that one loses its tasks when a child ends early."""
    me = cast("asyncio.Task[None]", asyncio.current_task())
    _executing.add(me)
    me.add_done_callback(_executing.discard)
    await asyncio.sleep(shell_seconds)
    pipe = asyncio.subprocess.PIPE
    command = process.command or "exit 1"
    child = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        forced or command,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env={**os.environ, "SSH_ORIGINAL_COMMAND": command},
        start_new_session=True,
    )
    assert child.stdin
    assert child.stdout
    assert child.stderr
    feeding = asyncio.create_task(_feed(process, child.stdin, child.pid))
    leaving = asyncio.create_task(_kill_when_closed(process, child.pid))
    try:
        await asyncio.gather(_pump(child.stdout, process.stdout), _pump(child.stderr, process.stderr))
        with suppress(asyncssh.Error, OSError):
            status = await child.wait()
            if status < 0:
                process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
            else:
                process.exit(status)
    finally:
        for task in (feeding, leaving):
            task.cancel()
        await asyncio.gather(feeding, leaving, return_exceptions=True)
        _kill_group(child.pid)
        await child.wait()
        child.stdin.close()


async def _feed(process: asyncssh.SSHServerProcess[bytes], stdin: asyncio.StreamWriter, pid: int) -> None:
    while True:
        try:
            data = await process.stdin.read(65536)
        except asyncssh.SignalReceived:
            _kill_group(pid)
            return
        except (asyncssh.Error, OSError):
            data = b""
        with suppress(OSError):
            if not data:
                stdin.close()
                return
            stdin.write(data)
            await stdin.drain()


async def _pump(source: asyncio.StreamReader, sink: asyncssh.SSHWriter[bytes]) -> None:
    while data := await source.read(65536):
        with suppress(asyncssh.Error, OSError):  # nobody listens any more: read on to the end
            sink.write(data)
            await sink.drain()


async def _kill_when_closed(process: asyncssh.SSHServerProcess[bytes], pid: int) -> None:
    await process.channel.wait_closed()
    _kill_group(pid)


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


@asynccontextmanager
async def _asyncssh_server(
    server: Server, authorized: Path, login_seconds: float, execute: Callable[..., Awaitable[None]]
) -> AsyncIterator[None]:
    class Door(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            server.connections.append(conn)
            self._conn = conn

        async def begin_auth(self, username: str) -> bool:
            self._conn.send_auth_banner(BANNER)
            await asyncio.sleep(login_seconds)
            return True

        def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
            return True

    listener = await asyncssh.listen(
        "127.0.0.1",
        server.port,
        server_factory=Door,
        server_host_keys=[server.host_key],
        authorized_client_keys=str(authorized),
        process_factory=execute,
        encoding=None,
    )
    try:
        yield
    finally:
        server.kill()
        listener.close()
        await listener.wait_closed()
        await asyncio.sleep(0.1)
        if _executing:
            await asyncio.wait(_executing, timeout=5)


@asynccontextmanager
async def running_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Server, SshSession]]:
    """A server and a session with it."""
    async with (
        running_server(tmp_path, monkeypatch) as server,
        await SshSession.connect(server.target()) as session,
    ):
        yield server, session
