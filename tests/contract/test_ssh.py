"""What a console meets over SSH: the same on a practice server as on one with OpenSSH and a real dhcpd."""

from __future__ import annotations

import asyncio
import io
import re
import struct
import tarfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, aclosing, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from dhcptui.config.loading import ServerSettings, load
from dhcptui.model.role import Role
from dhcptui.model.snapshot import LockFiles, Reach
from dhcptui.servers.ssh import commands, lock_files, sync_commands
from dhcptui.servers.ssh.clock import read_clock
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.errors import (
    AuthenticationFailed,
    CommandTimeout,
    HostKeyUnknown,
    TunnelForbidden,
    TunnelRefused,
    Unreachable,
)
from dhcptui.servers.ssh.holders import Holders
from dhcptui.servers.ssh.ours import DhcpdProcess, servers
from dhcptui.servers.ssh.reachability import try_partner
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.servers.ssh.tail import LogSource, follow
from dhcptui.servers.ssh.target import SshTarget
from tests.lab.pair import Lab
from tests.practice.pair import WatchedPair

pytestmark = pytest.mark.second_try("a session must be cut, closed or refused within a second or two")

PARTNER, FAILOVER_PORT = "10.0.0.20", 520
OMAPI_GREETING = struct.pack("!II", 100, 24)


class Grounds:
    """A pair, and the way to its primary over SSH."""

    def __init__(self, pair: Lab | WatchedPair) -> None:
        self.pair, self.real = pair, isinstance(pair, Lab)
        self.servers: dict[str, Any] = dict(pair.servers)
        self.primary: Any = pair.primary
        self.settings: ServerSettings = load(pair.write_config()).pair(None)[Role.PRIMARY]

    def target(self, **changes: Any) -> SshTarget:
        """The primary, with changes."""
        it = self.settings
        fields = {"port": it.port, "user": it.user, "identity": it.identity, "known_hosts": it.known_hosts}
        return SshTarget(it.host, **{**fields, **changes})

    def inside(self) -> Any:
        """Where the operator sits."""
        return self.pair.inside() if isinstance(self.pair, Lab) else nullcontext()

    @asynccontextmanager
    async def session(self, **changes: Any) -> AsyncIterator[SshSession]:
        """A session with the primary."""
        with self.inside():
            async with await SshSession.connect(self.target(**changes)) as session:
                yield session

    def words(self) -> tuple[str, ...]:
        """What the restart of the configuration runs."""
        return self.settings.restart

    def normal(self) -> None:
        """Both as they were before a test."""
        for server in self.servers.values():
            if not server.is_running():
                server.start()
        self.pair.wait_states(timeout=60)


@pytest.fixture(scope="module", params=["practice", pytest.param("real", marks=pytest.mark.lab)])
def shared(request: pytest.FixtureRequest) -> Iterator[Grounds]:
    """One pair for the whole file: mclt 15 s."""
    with ExitStack() as stack:
        made = Lab if request.param == "real" else WatchedPair
        pair: Lab | WatchedPair = made(mclt=15, key_algorithm="hmac-sha256")
        stack.enter_context(pair)
        pair.wait_settled()
        yield Grounds(pair)


@pytest.fixture
def grounds(shared: Grounds) -> Iterator[Grounds]:
    """The pair, set right again behind each test."""
    yield shared
    shared.pair.heal()
    shared.normal()


async def shape_of(session: SshSession, *argv: str) -> str:
    """What a command prints, every run of digits as one 9."""
    done = await session.run(Command(argv))
    return re.sub(r"\d+", "9", (done.stdout + done.stderr).decode())


async def test_the_clock(grounds: Grounds) -> None:
    """True at first, then 30 s ahead; with fractions; every form of `date` that is used looks the same."""
    async with grounds.session() as session, await RemoteShell.open(session) as shell:
        assert abs((await read_clock(shell)).offset_seconds) < 0.5
        assert await shape_of(session, "date", "+%s") == "9\n"
        assert await shape_of(session, "date", "+%s.%N") == "9.9\n"
        assert await shape_of(session, "date", "+%z") == "+9\n"
        assert await shape_of(session, "date", "-u", "+%Y%m%dT%H%M%SZ") == "9T9Z\n"
        assert await shape_of(session, "date", "-r", grounds.settings.leases, "+%s") == "9\n"
        assert (await session.run(Command(("date", "-r", "/nowhere", "+%s")))).exit_status == 1
    with grounds.inside():
        grounds.primary.set_clock(30)
    try:
        async with grounds.session() as session, await RemoteShell.open(session) as shell:
            assert (await read_clock(shell)).offset_seconds == pytest.approx(30, abs=1)
            made = await shell.ask("cd /tmp; f=$(mktemp) && date -r $f +%s; date +%s; rm -f $f")
            assert int(made.lines[0]) == pytest.approx(int(made.lines[1]), abs=2)
    finally:
        grounds.primary.set_clock(0)


async def dhcpd_of(session: SshSession) -> tuple[DhcpdProcess, ...]:
    """Who listens on port 67, looked at once."""
    async with await RemoteShell.open(session) as shell:
        return servers((await (await Holders.open(shell)).look(None))[0])


async def test_the_process(grounds: Grounds) -> None:
    """Running, held, gone, and another one after a restart."""
    async with grounds.session() as session:
        (first,) = await dhcpd_of(session)
        assert first.pid == grounds.primary.pid()
        assert not first.is_stopped
        assert first.args.startswith("/usr/sbin/dhcpd -4 ")
        assert f"-cf {grounds.settings.dhcpd_conf}" in first.args
        assert first.elapsed_seconds is not None
        grounds.primary.pause()
        assert [each.is_stopped for each in await dhcpd_of(session)] == [True]
        grounds.primary.resume()
        assert [each.is_stopped for each in await dhcpd_of(session)] == [False]
        await session.run(Command(("kill", "-TERM", str(first.pid))), check=True)
        deadline = time.monotonic() + 3
        while await dhcpd_of(session) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        assert await dhcpd_of(session) == ()
        gone = await session.run(Command(("kill", "-TERM", str(first.pid))))
        assert gone.exit_status == 1
        assert b"No such process" in gone.stderr
        grounds.primary.start()
        (second,) = await dhcpd_of(session)
        assert second.pid != first.pid


async def test_following_the_log(grounds: Grounds) -> None:
    """From the last lines on, across a rotation; what tail remarks is the same."""
    notices: list[str] = []
    seen: list[bytes] = []
    source = LogSource.parse(grounds.settings.log)
    async with grounds.session() as session:
        lines = follow(session, source, 5, on_notice=notices.append)
        async with aclosing(lines) as batches, asyncio.timeout(30):
            seen += await anext(batches)
            assert len(seen) <= 5
            grounds.primary.log_file.rename(grounds.primary.log_file.with_name("dhcpd.log.1"))
            await asyncio.to_thread(grounds.primary.restart)
            while not any(b"Server starting service." in line for line in seen[5:]):
                seen += await anext(batches)
    assert all(re.match(rb"\S+T\S+ dhcp1 dhcpd\[\d+\]: ", line) for line in seen), seen
    # Which of the two depends on how soon the next line is written.
    assert any("has appeared" in notice or "has been replaced" in notice for notice in notices)


async def test_dhcpd_itself(grounds: Grounds) -> None:
    """Its version, and its check of a good and of a broken configuration."""
    conf = Path(grounds.primary.etc) / "broken.conf"
    conf.write_text("subnet {\n")
    beside = str(Path(grounds.settings.dhcpd_conf).with_name("broken.conf"))
    async with grounds.session() as session:
        version = await session.run(commands.dhcpd_version())
        assert (version.stdout, version.stderr, version.exit_status) == (b"", b"isc-dhcpd-4.4.3-P1\n", 0)
        good = await session.run(commands.dhcpd_test(grounds.settings.dhcpd_conf))
        assert (good.exit_status, good.stdout) == (0, b"")
        bad = await session.run(commands.dhcpd_test(beside))
        assert (bad.exit_status, bad.stdout) == (1, b"")
        assert f"{beside} line 1: " in bad.stderr.decode()
        assert "Configuration file errors encountered -- exiting" in bad.stderr.decode()
    conf.unlink()


async def test_the_restart_script(grounds: Grounds) -> None:
    """Exit 0 when it serves; `stop` only stops; a start that fails says why with the log."""
    conf = grounds.primary.etc / "dhcpd.conf"
    text = conf.read_text()
    async with grounds.session() as session:
        before = grounds.primary.pid()
        done = await session.run(commands.restart(" ".join(grounds.words())))
        assert (done.stdout, done.stderr, done.exit_status) == (b"", b"", 0)
        assert grounds.primary.pid() not in {None, before}
        try:
            conf.write_text(text + "subnet {\n")
            failed = await session.run(commands.restart(" ".join(grounds.words())))
            assert failed.exit_status == 1
            said = failed.stderr.decode().splitlines()
            assert said[0] == "dhcpd did not start:"
            assert any("Configuration file errors encountered -- exiting" in line for line in said)
            assert not grounds.primary.is_running()
        finally:
            conf.write_text(text)
        assert (await session.run(commands.restart(" ".join(grounds.words())))).exit_status == 0
        stopped = await session.run(commands.restart(" ".join((*grounds.words(), "stop"))))
        assert (stopped.exit_status, stopped.stderr) == (0, b"")
        assert not grounds.primary.is_running()


async def test_marks(grounds: Grounds) -> None:
    """Lock and lock-out beside the lease file."""
    place = str(Path(grounds.settings.leases).parent)
    one, two = (
        lock_files.LockRequest(lock_files.new_token(), who, "here", "office", "shutdown") for who in ("one", "two")
    )
    async with grounds.session() as session, await RemoteShell.open(session) as shell:
        assert await lock_files.take_lock(session.run, place, one, "step 1") is None
        held = await lock_files.take_lock(session.run, place, two, "step 1")
        assert held is not None
        assert (held.owner, held.expires - held.since) == ("one", lock_files.LOCK_SECONDS)
        assert await lock_files.renew_lock(session.run, place, one, "step 2", 60) is None
        assert await lock_files.renew_lock(session.run, place, two, "step 2", 60) is not None
        await lock_files.run(session.run, lock_files.put_lockout(place, "dhcp2", "one on here", "because"))
        seen = await lock_files.read_marks(shell, place)
        assert seen.lock is not None
        assert seen.lock.step == "step 2"
        assert seen.lockout is not None
        await lock_files.run(session.run, commands.clear_lockout(place, int(seen.lockout.since)))
        assert not await lock_files.release_lock(session.run, place, two.token)
        assert await lock_files.release_lock(session.run, place, one.token)
        assert await lock_files.read_marks(shell, place) == LockFiles()


async def test_the_shared_directory(grounds: Grounds) -> None:
    """As a tar stream."""
    async with grounds.session() as session:
        packed = (await session.run(sync_commands.read_tree(grounds.settings.shared_dir), check=True)).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        assert sorted(archive.getnames()) == [".", "./master.conf"]


async def greeted(session: SshSession, port: int) -> bool:
    """Whether OMAPI at the far end of the tunnel says hello within a second."""
    reader, writer = await session.open_tcp("127.0.0.1", port)
    try:
        writer.write(OMAPI_GREETING)
        async with asyncio.timeout(1):
            return await reader.readexactly(8) == OMAPI_GREETING
    except TimeoutError:
        return False
    finally:
        writer.close()


async def test_the_tunnel(grounds: Grounds) -> None:
    """Open while dhcpd runs, mute while it is held, refused without it and where nothing listens."""
    port = grounds.settings.omapi_port
    async with grounds.session() as session:
        assert await greeted(session, port)
        grounds.primary.pause()
        assert not await greeted(session, port)
        grounds.primary.resume()
        assert await greeted(session, port)
        with pytest.raises(TunnelRefused):
            await session.open_tcp("127.0.0.1", 1)
        grounds.primary.kill()
        with pytest.raises(TunnelRefused):
            await session.open_tcp("127.0.0.1", port)
        assert (await session.run(Command(("true",)))).exit_status == 0


async def test_a_forbidden_tunnel(grounds: Grounds) -> None:
    """A practice server forwards to its own OMAPI only, as sshd does with PermitOpen."""
    port = grounds.settings.omapi_port
    config = Path(grounds.primary.ssh_etc) / "sshd_config" if grounds.real else None
    text = config.read_text() if config else ""
    if config:
        config.write_text(f"{text}PermitOpen 127.0.0.1:{port}\n")
        grounds.primary.restart_sshd()
    try:
        async with grounds.session() as session:
            with pytest.raises(TunnelForbidden):
                await session.open_tcp(PARTNER, port)
            assert await greeted(session, port)
    finally:
        if config:
            config.write_text(text)
            grounds.primary.restart_sshd()


async def test_who_gets_in(grounds: Grounds, tmp_path: Path) -> None:
    """An unknown host key is refused by us, an unknown client key by the server."""
    other = tmp_path / "other"
    other.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    other.chmod(0o600)
    with pytest.raises(HostKeyUnknown):
        async with grounds.session(known_hosts=tmp_path / "nothing"):
            pass
    with pytest.raises(AuthenticationFailed):
        async with grounds.session(identity=other):
            pass


async def test_the_way_to_the_partner(grounds: Grounds) -> None:
    """Open, held, refused, and silent behind a cut of one port or of the cable; `ping` where there is one."""
    secondary = grounds.servers["secondary"]

    async with grounds.session() as session:
        has_ping = (await session.run(Command(("/bin/sh", "-c", "command -v ping")))).exit_status == 0

        async def tried() -> tuple[bool, Reach, Reach]:
            seen = await try_partner(session, PARTNER, FAILOVER_PORT)
            return not has_ping or seen.ping is Reach.OPEN, seen.failover_port, seen.ssh_port

        assert has_ping or grounds.real
        assert await tried() == (True, Reach.OPEN, Reach.OPEN)
        secondary.pause()
        assert await tried() == (True, Reach.OPEN, Reach.OPEN)
        secondary.resume()
        secondary.kill()
        assert await tried() == (True, Reach.REFUSED, Reach.OPEN)
        grounds.pair.cut("primary", "secondary", port=FAILOVER_PORT)
        assert await tried() == (True, Reach.SILENT, Reach.OPEN)
        grounds.pair.cut("primary", "secondary")
        assert await tried() == (not has_ping, Reach.SILENT, Reach.SILENT)


async def test_a_cut_between_the_operator_and_a_server(grounds: Grounds) -> None:
    """Silence: nothing is lost at once, nothing connects; healed, the same session goes on."""
    async with grounds.session() as session:
        grounds.pair.cut("operator", "primary")
        with pytest.raises(CommandTimeout):
            await session.run(Command(("true",)), timeout=1)
        assert not session.closed
        with pytest.raises(Unreachable):
            await SshSession.connect(grounds.target(), connect_timeout=1)
        grounds.pair.heal()
        assert (await session.run(Command(("echo", "back")), timeout=10)).stdout == b"back\n"


async def test_programs_and_their_ends(grounds: Grounds) -> None:
    """Bytes as they are, exit statuses, a death by signal, much output, PATH with sbin."""
    async with grounds.session() as session:
        for script, input_, expected in (
            ("cat; echo err >&2; exit 7", b"\0\xff\r\n", (b"\0\xff\r\n", b"err\n", 7)),
            ("head -c 3000000 /dev/zero | wc -c", None, (b"3000000\n", b"", 0)),
            ("command -v dhcpd >/dev/null && command -v service >/dev/null; echo $?", None, (b"0\n", b"", 0)),
            ("nosuchprogram", None, (b"", b"/bin/sh: 1: nosuchprogram: not found\n", 127)),
        ):
            done = await session.run(Command(("/bin/sh", "-c", script)), input=input_)
            assert (done.stdout, done.stderr, done.exit_status) == expected, script
        # Whether the login shell stays in between is up to the login shell.
        assert (await session.run(Command(("/bin/sh", "-c", "kill -KILL $$")))).exit_status in {-9, 137}
