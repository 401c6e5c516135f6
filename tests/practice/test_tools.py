"""Every command the console runs on a server, run on a practice server; what `kill` and the like do to its dhcpd."""

from __future__ import annotations

import asyncio
import io
import json
import os
import tarfile
import time
from pathlib import Path

import pytest

from dhcptui.model.snapshot import Reach
from dhcptui.practice.machine import Machine
from dhcptui.servers.ssh import commands, delayed_commands, lock_files, sync_commands
from dhcptui.servers.ssh.clock import read_clock
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.holders import Holders
from dhcptui.servers.ssh.ours import DhcpdProcess, servers
from dhcptui.servers.ssh.reachability import try_partner
from dhcptui.servers.ssh.session import SshSession
from dhcptui.servers.ssh.shell import RemoteShell
from dhcptui.servers.ssh.timesync import SystemdWord, read_time_sync
from tests.waiting import until

from .stage import P, S, Stage, entered


async def text_of(session: SshSession, command: Command, input_: bytes | None = None) -> str:
    """What a command that must succeed prints."""
    return (await session.run(command, input=input_, check=True)).stdout.decode()


def pid_of(machine: Machine) -> int | None:
    """The process number of its dhcpd."""
    return machine.dhcpd.pid if machine.dhcpd else None


@pytest.mark.parametrize("offset", [0.0, 90.25, -4000.0])
async def test_the_clock_is_the_machines_own(tmp_path: Path, offset: float) -> None:
    """`date` in every form that is used, also for the time of a file."""
    async with entered(tmp_path) as (made, session), await RemoteShell.open(session) as shell:
        made.machines[P].clock_offset = offset
        reading = min([await read_clock(shell) for _ in range(3)], key=lambda each: each.uncertainty_seconds)
        assert reading.offset_seconds == pytest.approx(offset, abs=0.2)
        assert reading.uncertainty_seconds < 0.5
        seconds, zone, stamp = (await shell.ask("date +%s; date +%z; date -u +%Y%m%dT%H%M%SZ")).lines
        assert int(seconds) == pytest.approx(time.time() + offset, abs=2)
        assert zone == "+0000"
        assert len(stamp) == len("20261122T113305Z")
        answer = await shell.ask("cd var/log && touch x && date -r x +%s; date -r nothing +%s")
        assert int(answer.lines[0]) == pytest.approx(time.time() + offset, abs=2)
        assert answer.exit_status == 1


async def test_the_time_service_is_the_machines_own(tmp_path: Path) -> None:
    """The machine's kernel answers, not the host's: in sync, until somebody has set its clock."""
    async with entered(tmp_path) as (made, session):
        for offset, in_sync in ((0.0, True), (90.0, False)):
            made.machines[P].clock_offset = offset
            sync = await read_time_sync(session.run, SystemdWord(), 0.0)
            assert sync.value.in_sync is in_sync, offset


async def test_programs_answer_quickly(tmp_path: Path) -> None:
    """The console asks every two seconds, or four times a second: an answer costs no interpreter's start."""
    async with entered(tmp_path) as (_, session), await RemoteShell.open(session) as shell:
        took = []
        for _ in range(10):
            answer = await shell.ask("date +%s.%N")
            took.append(answer.ended_mono - answer.started_mono)
        assert min(took) < 0.02


async def find_dhcpd(shell: RemoteShell) -> tuple[DhcpdProcess, ...]:
    """Who listens on port 67."""
    return servers((await (await Holders.open(shell)).look(None))[0])


async def test_the_process_table(tmp_path: Path) -> None:
    """Running, held and gone, as `ps` shows it; process 1 is there too."""
    async with entered(tmp_path) as (made, session), await RemoteShell.open(session) as shell:
        process = made.machines[P].dhcpd
        assert process is not None
        process.started -= 3661
        (seen,) = await find_dhcpd(shell)
        assert (seen.pid, seen.is_stopped) == (process.pid, False)
        assert seen.elapsed_seconds == pytest.approx(3661, abs=2)
        assert str(made.machines[P].conf) in seen.args
        await session.run(Command(("kill", "-STOP", str(process.pid))), check=True)
        assert (await find_dhcpd(shell))[0].is_stopped
        await session.run(Command(("kill", "-CONT", str(process.pid))), check=True)
        assert not (await find_dhcpd(shell))[0].is_stopped
        await session.run(Command(("kill", "-TERM", str(process.pid))), check=True)
        assert await find_dhcpd(shell) == ()
        assert (await session.run(Command(("kill", "-TERM", str(process.pid))))).exit_status == 1
        assert (await session.run(Command(("pgrep", "-x", "dhcpd")))).exit_status == 1


async def test_kill_can_hit_nobody_else(tmp_path: Path) -> None:
    """A number of the host's is no process here: this test would not live on."""
    async with entered(tmp_path) as (_, session):
        done = await session.run(Command(("kill", "-KILL", str(os.getpid()))))
        assert done.exit_status == 1
        assert "No such process" in done.stderr.decode()


async def test_restart(tmp_path: Path) -> None:
    """It comes up with a new process; `stop` only stops; a configuration that does not do is told with the log."""
    async with entered(tmp_path) as (made, session):
        machine = made.machines[P]
        before = pid_of(machine)
        restart = str(machine.restart_script)
        await session.run(commands.restart(restart), check=True)
        assert pid_of(machine) not in {None, before}
        await session.run(commands.restart(f"{restart} stop"), check=True)
        assert pid_of(machine) is None
        machine.conf.write_text("broken\n")
        done = await session.run(commands.restart(restart))
        assert done.exit_status == 1
        assert done.stderr.decode().startswith("dhcpd did not start:\n")
        assert done.stderr.decode().endswith("dhcpd.conf line 1: broken\n")
        assert (await session.run(commands.dhcpd_test(str(machine.conf)))).exit_status == 1
        assert "isc-dhcpd-4.4.3" in (await session.run(commands.dhcpd_version())).stderr.decode()


async def test_a_restart_put_off(tmp_path: Path) -> None:
    """By a timer or by `at`, whichever the host would take: the job is the server's, not the host's."""
    async with entered(tmp_path) as (made, session):
        machine = made.machines[P]
        restart = str(machine.restart_script)
        for sign, said in (
            (str(tmp_path), "systemd dhcptui-start-"),
            ("/nowhere", "at 1"),
        ):
            if machine.dhcpd is not None:
                machine.dhcpd.kill()
            put_off = delayed_commands.start_later(
                str(machine.leases.parent), '{"by":"anna"', [restart], 1, systemd=sign
            )
            assert (await text_of(session, put_off)).startswith(said)
            assert pid_of(machine) is None
            if sign == "/nowhere":
                return
            await until(lambda: pid_of(machine) is not None)


async def test_the_way_to_the_partner(tmp_path: Path) -> None:
    """Open, refused and silent; a held dhcpd still takes connections; cutting one port leaves the others."""
    async with entered(tmp_path) as (made, session):
        partner = made.machines[S]

        async def tried() -> tuple[Reach, Reach, Reach]:
            seen = await try_partner(session, partner.address, 520)
            return seen.ping, seen.failover_port, seen.ssh_port

        assert await tried() == (Reach.OPEN, Reach.OPEN, Reach.OPEN)
        assert partner.dhcpd is not None
        partner.dhcpd.pause()
        assert await tried() == (Reach.OPEN, Reach.OPEN, Reach.OPEN)
        partner.dhcpd.kill()
        assert await tried() == (Reach.OPEN, Reach.REFUSED, Reach.OPEN)
        made.network.cut("primary", "secondary", port=520)
        assert await tried() == (Reach.OPEN, Reach.SILENT, Reach.OPEN)
        made.network.cut("primary", "secondary")
        assert await tried() == (Reach.SILENT, Reach.SILENT, Reach.SILENT)


async def test_bash_is_the_hosts(tmp_path: Path) -> None:
    """Only the trial of a port is imitated; its words stay words."""
    async with entered(tmp_path) as (_, session):
        done = await session.run(Command(("bash", "-c", 'printf "<%s>" "$@"', "x", "a b", "$HOME", "%s'\n")))
        assert done.stdout.decode() == "<a b><$HOME><%s'\n>"


async def test_following_a_log(tmp_path: Path) -> None:
    """The real tail, across a rotation; there is no journal."""
    async with entered(tmp_path) as (made, session):
        machine = made.machines[P]
        process = await session.start(commands.tail_file(str(machine.log_file), 5))
        assert b"Server starting service." in await process.read(65536)
        machine.log_file.rename(machine.log_file.with_suffix(".1"))
        machine.log(1, "after")
        assert b"after" in await asyncio.wait_for(process.read(65536), 5)
        process.stop()
        assert "after" in await text_of(session, commands.last_lines(str(machine.log_file), 1))
        for journal in (commands.follow_journal("isc-dhcp-server", 5), commands.last_journal("isc-dhcp-server", 5)):
            assert (await session.run(journal)).exit_status == 1


async def test_files(tmp_path: Path) -> None:
    """Read, list, pack, remove."""
    async with entered(tmp_path) as (made, session):
        shared = made.machines[P].shared
        (shared / "master.conf").write_text("# shared\n")
        conf = str(shared / "master.conf")
        assert await text_of(session, commands.read_file(conf)) == "# shared\n"
        assert await text_of(session, commands.list_glob(f"{shared}/*.conf")) == f"{conf}\0"
        packed = (await session.run(sync_commands.read_tree(str(shared)), check=True)).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            assert "./master.conf" in archive.getnames()
        own = shared.parent / ".dhcptui-x"
        own.mkdir()
        (own / "file").touch()
        await session.run(commands.remove_tree(str(own)), check=True)
        assert not own.exists()


async def test_marks(tmp_path: Path) -> None:
    """Lock and lock-out marker, as two consoles use them."""
    async with entered(tmp_path) as (made, session), await RemoteShell.open(session) as shell:
        made.machines[P].clock_offset = 500.0
        place = str(made.machines[P].leases.parent)
        one, two = (
            lock_files.LockRequest(lock_files.new_token(), who, "here", "practice", "shutdown")
            for who in ("one", "two")
        )
        assert await lock_files.take_lock(session.run, place, one, "first") is None
        holder = await lock_files.take_lock(session.run, place, two, "second")
        assert holder is not None
        assert holder.owner == "one"
        assert holder.since == pytest.approx(time.time() + 500, abs=2)
        assert await lock_files.renew_lock(session.run, place, one, "next", 60) is None
        await lock_files.run(session.run, lock_files.put_lockout(place, "dhcp2", "one on here", "partner-down"))
        seen = await lock_files.read_marks(shell, place)
        assert seen.lock is not None
        assert seen.lock.step == "next"
        assert seen.lockout is not None
        assert seen.lockout.server == "dhcp2"
        await lock_files.run(session.run, commands.clear_lockout(place, int(seen.lockout.since)))
        assert await lock_files.release_lock(session.run, place, one.token)
        seen = await lock_files.read_marks(shell, place)
        assert seen.lock is None
        assert seen.lockout is None


async def test_sync_commands(tmp_path: Path) -> None:
    """Staging, swap, record, way back and tidying up, in the order of a run."""
    async with entered(tmp_path) as (made, session):
        await walk_through_a_sync(made, session)


async def walk_through_a_sync(made: Stage, session: SshSession) -> None:
    """One whole copy and its rollback."""
    shared = made.machines[P].shared
    (shared / "master.conf").write_text("old\n")
    (shared / "gone.conf").write_text("gone\n")
    staging, record, backups, rejected = (
        str(shared.parent / f".dhcptui-{name}-shared") for name in ("new", "record", "backup", "rejected")
    )
    assert (await session.run(sync_commands.read_tree("/nowhere"))).exit_status == sync_commands.MISSING
    assert await text_of(session, sync_commands.read_if_there(record)) == ""
    await session.run(sync_commands.stage(str(shared), staging), check=True)
    packed = (await session.run(sync_commands.read_tree(str(shared)), check=True)).stdout
    await session.run(sync_commands.unpack(staging), input=packed, check=True)
    words = sync_commands.merge_words(["gone.conf", "master.conf"], ["master.conf"], [(".", 0o755)])
    await session.run(sync_commands.merge(staging), input=words, check=True)
    staged = Path(sync_commands.staged(staging))
    assert sorted(path.name for path in staged.iterdir()) == ["master.conf"]
    (staged / "master.conf").write_text("new\n")
    await session.run(sync_commands.write_own(record), input=b'{"stamp": ""}\n', check=True)
    swap = sync_commands.swap_in(staging, str(shared), backups, record)
    stamp = (await text_of(session, swap, b'"owner": "me"}\n')).strip()
    assert json.loads(Path(record).read_text()) == {"stamp": stamp, "owner": "me"}
    assert (shared / "master.conf").read_text() == "new\n"
    await session.run(sync_commands.swap_back(str(shared), rejected, f"{backups}-{stamp}"), check=True)
    assert (shared / "master.conf").read_text() == "old\n"
    assert (shared / "gone.conf").exists()
    await session.run(sync_commands.tidy(record, backups, 5), check=True)
    assert not Path(record).exists()
