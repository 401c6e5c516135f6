"""Connecting: strict host keys, keys only, jump hosts, and an error that says what to do."""

from __future__ import annotations

import asyncio
import getpass
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.connect import parse_jump
from dhcptui.servers.ssh.errors import (
    AuthenticationFailed,
    HostKeyChanged,
    HostKeyUnknown,
    SshSetupError,
    Unreachable,
)
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.target import SshTarget
from tests.remote.ssh_server import Server, free_port, running_server
from tests.waiting import until

HELLO = Command(("echo", "hello"))


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A running server."""
    async with running_server(tmp_path, monkeypatch) as running:
        yield running


async def test_connect_and_run(server: Server) -> None:
    """A good target connects, a hostile banner before login does no harm, and a command runs."""
    async with await SshSession.connect(server.target()) as session:
        assert (await session.run(HELLO)).stdout == b"hello\n"
        assert not session.closed
    assert session.closed


async def test_unknown_host_key(server: Server) -> None:
    """No entry: refused, naming file, host with port, and how to add it."""
    server.known_hosts.write_text("")
    with pytest.raises(HostKeyUnknown, match=r"\[127\.0\.0\.1\]:\d+") as caught:
        await SshSession.connect(server.target())
    assert str(server.known_hosts) in str(caught.value)
    assert "SHA256:" in str(caught.value)
    assert f"ssh-keyscan -p {server.port} 127.0.0.1 >> {server.known_hosts}" in caught.value.advice


async def test_missing_known_hosts_is_empty(server: Server) -> None:
    """A file that does not exist trusts nobody."""
    with pytest.raises(HostKeyUnknown, match="nowhere"):
        await SshSession.connect(server.target(known_hosts=server.home / "nowhere"))


@pytest.mark.parametrize(
    "line", ["UserKnownHostsFile none", "UserKnownHostsFile /dev/null", "StrictHostKeyChecking no"]
)
async def test_ssh_config_cannot_disable_the_check(server: Server, line: str) -> None:
    """asyncssh reads `UserKnownHostsFile none` as: check nothing. We do not."""
    (server.home / ".ssh" / "config").write_text(f"Host *\n  {line}\n")
    with pytest.raises(HostKeyUnknown):
        await SshSession.connect(server.target(known_hosts=None))


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
async def test_changed_host_key(server: Server, kind: str) -> None:
    """Another key on record, of the same or of another kind: refused, with the line that forgets the old one."""
    server.trust(asyncssh.generate_private_key(kind))
    with pytest.raises(HostKeyChanged) as caught:
        await SshSession.connect(server.target())
    assert str(server.known_hosts) in str(caught.value)
    assert f"ssh-keygen -R '[127.0.0.1]:{server.port}' -f {server.known_hosts}" in caught.value.advice


async def test_revoked_host_key(server: Server) -> None:
    """A key marked as revoked is refused though it is also listed."""
    with server.known_hosts.open("a") as file:
        file.write(f"@revoked * {server.host_key.export_public_key().decode()}")
    with pytest.raises(HostKeyChanged, match="revoked"):
        await SshSession.connect(server.target())


async def test_hashed_known_hosts_from_ssh_directory(server: Server) -> None:
    """Without a setting, ~/.ssh/known_hosts counts, hashed entries included."""
    place = server.home / ".ssh" / "known_hosts"
    place.write_text(server.known_hosts.read_text())
    if shutil.which("ssh-keygen") is not None:
        place.write_text(place.read_text().splitlines()[-1] + "\n")
        subprocess.run(["ssh-keygen", "-H", "-f", str(place)], check=True, capture_output=True)
        assert "127.0.0.1" not in place.read_text()
    async with await SshSession.connect(server.target(known_hosts=None)) as session:
        assert (await session.run(HELLO)).exit_status == 0


RIGHT, WRONG = "right", "wrong"
NAMED = [
    ("by name, another key at the address", "localhost", "", {"[localhost]:PORT": RIGHT, "[127.0.0.1]:PORT": WRONG}),
    (
        "another key by name, ours at the address",
        "localhost",
        "",
        {"[localhost]:PORT": WRONG, "[127.0.0.1]:PORT": RIGHT},
    ),
    ("only at the address", "localhost", "", {"[127.0.0.1]:PORT": RIGHT}),
    ("given as an address", "127.0.0.1", "", {"[127.0.0.1]:PORT": RIGHT, "[localhost]:PORT": WRONG}),
    ("by name, without the port", "localhost", "", {"localhost": RIGHT}),
    ("by name, in capitals", "LOCALHOST", "", {"[localhost]:PORT": RIGHT}),
    ("revoked at the address", "localhost", "", {"[localhost]:PORT": RIGHT, "@revoked [127.0.0.1]:PORT": RIGHT}),
    ("by alias", "localhost", "HostKeyAlias dhcp-a", {"dhcp-a": RIGHT, "[localhost]:PORT": WRONG}),
    (
        "another key by alias, ours by name",
        "localhost",
        "HostKeyAlias dhcp-a",
        {"dhcp-a": WRONG, "[localhost]:PORT": RIGHT},
    ),
    ("alias with a port", "localhost", "HostKeyAlias dhcp-a", {"[dhcp-a]:PORT": RIGHT}),
    ("by the name behind a nickname", "nick", "HostName localhost", {"[localhost]:PORT": RIGHT, "[nick]:PORT": WRONG}),
    ("only by the nickname", "nick", "HostName localhost", {"[nick]:PORT": RIGHT}),
]


@pytest.mark.skipif(shutil.which("ssh") is None, reason="ssh is missing")
@pytest.mark.parametrize(("host", "config", "known"), [row[1:] for row in NAMED], ids=[row[0] for row in NAMED])
async def test_host_keys_are_looked_up_as_ssh_does(
    server: Server, host: str, config: str, known: dict[str, str]
) -> None:
    """By the name that was given, or its alias; never by the address that the name happens to have today."""
    keys = {RIGHT: server.host_key, WRONG: asyncssh.generate_private_key("ssh-ed25519")}
    server.known_hosts.write_text(
        "".join(
            f"{name.replace('PORT', str(server.port))} {keys[which].export_public_key().decode()}"
            for name, which in known.items()
        )
    )
    place = server.home / ".ssh" / "config"
    place.write_text(f"Host *\n  {config}\n" if config else "")
    place.chmod(0o600)
    options: tuple[str, ...] = (
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=/dev/null",
        "IdentityAgent=none",
    )
    options += (f"UserKnownHostsFile={server.known_hosts}", f"User={getpass.getuser()}")
    judge = await asyncio.create_subprocess_exec(
        "ssh", "-F", str(place), *(f"-o{each}" for each in options), "-p", str(server.port),
        "-i", str(server.identity), host, "true", stderr=subprocess.PIPE,
    )  # fmt: skip
    complaint = (await judge.communicate())[1].decode(errors="replace")
    assert judge.returncode == 0 or "Host key verification failed" in complaint, complaint
    target = replace(server.target(), host=host)
    if judge.returncode == 0:
        async with await SshSession.connect(target) as session:
            assert (await session.run(HELLO)).exit_status == 0
        return
    with pytest.raises((HostKeyUnknown, HostKeyChanged)) as caught:
        await SshSession.connect(target)
    assert "Alias" not in config or str(caught.value).startswith("dhcp-a ")


async def test_no_key_is_accepted(server: Server) -> None:
    """A key the server does not know: an authentication error, no password prompt."""
    server.identity.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    with pytest.raises(AuthenticationFailed) as caught:
        await SshSession.connect(server.target())
    assert "authorized_keys" in caught.value.advice


async def test_key_with_passphrase(server: Server) -> None:
    """A protected key without an agent says so."""
    _protect(server.identity)
    with pytest.raises(AuthenticationFailed) as caught:
        await SshSession.connect(server.target())
    assert f"ssh-add {server.identity}" in caught.value.advice
    assert "passphrase" in caught.value.advice


async def test_key_with_passphrase_in_agent(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same key works when the agent holds it."""
    key = asyncssh.read_private_key(server.identity)
    sock = str(tmp_path / "agent")
    agent = await asyncio.create_subprocess_exec("ssh-agent", "-D", "-a", sock, stdout=subprocess.DEVNULL)
    try:
        while not Path(sock).exists():
            await asyncio.sleep(0.01)
        async with asyncssh.connect_agent(sock) as client:
            await client.add_keys([key])
        _protect(server.identity)
        monkeypatch.setenv("SSH_AUTH_SOCK", sock)
        async with await SshSession.connect(server.target()) as session:
            assert (await session.run(HELLO)).exit_status == 0
    finally:
        agent.terminate()
        await agent.wait()


def _protect(identity: Path) -> None:
    """Put the key behind a passphrase, as a user would."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("needs ssh-keygen")
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "a passphrase", "-f", identity], check=True, capture_output=True)


async def test_missing_identity(server: Server) -> None:
    """A key file that is not there is our mistake, not the network's."""
    with pytest.raises(SshSetupError, match="no-such-key"):
        await SshSession.connect(server.target(identity=Path("/no-such-key")))


async def test_broken_ssh_config(server: Server) -> None:
    """An ssh_config that does not parse is named."""
    (server.home / ".ssh" / "config").write_text("Port many\n")
    with pytest.raises(SshSetupError, match=r"\.ssh/config line 1"):
        await SshSession.connect(server.target())


async def test_refused_port() -> None:
    """Nothing listens: refused."""
    with pytest.raises(Unreachable, match="refused"):
        await SshSession.connect(SshTarget("127.0.0.1", free_port()))


async def test_unknown_name() -> None:
    """A name that does not resolve."""
    with pytest.raises(Unreachable, match=r"no-such-host\.invalid"):
        await SshSession.connect(SshTarget("no-such-host.invalid"))


async def test_silent_server() -> None:
    """A port that takes the connection and says nothing: an error in time, and nothing left behind."""

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    before = asyncio.all_tasks()
    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable, match=r"within 0\.3 s"):
            await SshSession.connect(SshTarget("127.0.0.1", port), connect_timeout=0.3)
    await until(lambda: asyncio.all_tasks() <= before)


async def test_not_an_ssh_server() -> None:
    """A port that speaks something else, with a hostile greeting."""

    async def http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 \x1b[31mBad\r\n" * 2000)
        writer.close()

    async with await asyncio.start_server(http, "127.0.0.1", 0) as wrong:
        with pytest.raises(Unreachable) as caught:
            await SshSession.connect(SshTarget("127.0.0.1", wrong.sockets[0].getsockname()[1]))
    assert str(caught.value).isprintable()


async def test_proxy_jump(server: Server) -> None:
    """ProxyJump in ~/.ssh/config is followed; closing closes both hops."""
    _jump_config(server, f"UserKnownHostsFile {server.known_hosts}")
    before = asyncio.all_tasks()
    async with await SshSession.connect(server.target(port=None), 10) as session:
        assert (await session.run(HELLO)).stdout == b"hello\n"
    if server.sshd is not None:
        await until(lambda: asyncio.all_tasks() <= before)


async def test_proxy_jump_is_strict_too(server: Server) -> None:
    """The jump host's key is checked as well, whatever its UserKnownHostsFile says."""
    _jump_config(server, "UserKnownHostsFile none")
    with pytest.raises(HostKeyUnknown):
        await SshSession.connect(server.target(port=None), 10)


async def test_jump_cannot_reach(server: Server) -> None:
    """The far side of a jump host that does not answer is named."""
    _jump_config(server, f"UserKnownHostsFile {server.known_hosts}")
    with pytest.raises(Unreachable, match="jump host cannot reach"):
        await SshSession.connect(server.target(port=free_port()), 10)


async def test_jump_loop(server: Server) -> None:
    """A jump host that jumps through itself ends in an error."""
    (server.home / ".ssh" / "config").write_text("Host *\n  ProxyJump gate\n")
    with pytest.raises(SshSetupError, match="jump hosts"):
        await SshSession.connect(server.target())


def _jump_config(server: Server, known_hosts: str) -> None:
    (server.home / ".ssh" / "config").write_text(
        f"Host gate\n  HostName 127.0.0.1\n  {known_hosts}\n  ProxyJump none\n"
        f"Host 127.0.0.1\n  ProxyJump gate\n"
        f"Host *\n  Port {server.port}\n  IdentityFile {server.identity}\n"
    )


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("gate", SshTarget("gate")),
        ("me@gate:2222", SshTarget("gate", 2222, "me")),
        ("ssh://gate:22", SshTarget("gate", 22)),
        ("[fe80::1]:22", SshTarget("fe80::1", 22)),
        ("fe80::1", SshTarget("fe80::1")),
    ],
)
def test_parse_jump(text: str, target: SshTarget) -> None:
    """The forms a jump host may have."""
    assert parse_jump(text) == target
