"""Who holds what on a server: the script run here by several shells, and recorded answers of FreeBSD."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from dhcptui.model.snapshot import Holding, Resource
from dhcptui.servers.ssh.holder_commands import holders, holders_function, stop_if
from dhcptui.servers.ssh.holders import parse
from dhcptui.servers.ssh.ours import Look, Place, judge, servers

SHELLS = [
    words
    for words in (["dash"], ["bash", "--posix"], ["bash"], ["busybox", "ash"], ["mksh"], ["ksh"])
    if shutil.which(words[0])
]
HOLD = """
import socket, sys, time
leases, port, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]
door = socket.create_server(("127.0.0.1", port)) if port else None
file = open(leases, mode) if mode else None
print("ready", flush=True)
time.sleep(600)
"""


def free_port() -> int:
    """A TCP port that nobody listens on, and that nobody is given by chance."""
    while True:
        with suppress(OSError), socket.create_server(("127.0.0.1", random.randrange(12000, 32000))) as door:  # noqa: S311
            return int(door.getsockname()[1])


@contextmanager
def holding(leases: Path, port: int = 0, mode: str = "", name: str = "served") -> Iterator[subprocess.Popen[str]]:
    """A process of that name which holds a port and the file."""
    program = leases.parent / name
    program.unlink(missing_ok=True)
    program.symlink_to(sys.executable)
    child = subprocess.Popen(
        [program, "-c", HOLD, str(leases), str(port), mode], stdout=subprocess.PIPE, text=True, errors="replace"
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()  # type: ignore[union-attr]


def look(
    place: Place,
    shell: list[str] | None = None,
    walk: int = 1,
    pids: tuple[int, ...] = (),
    env: dict[str, str] | None = None,
) -> Look:
    """One look at this machine, as the long-lived shell would take it."""
    script = f"{holders_function('Linux')}\n(\n{holders('Linux', place.leases, place.ports, pids, walk).line}\n)\n"
    argv = shell or ["sh"]
    done = subprocess.run(argv, input=script, capture_output=True, text=True, timeout=30, check=False, env=env)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return parse(done.stdout.splitlines(), place)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A lease file and ports of our own."""
    leases = tmp_path / "dhcpd leases"
    leases.touch()
    return Place(str(leases), str(tmp_path / "dhcpd.conf"), free_port(), free_port())


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here")


@needs_proc
@pytest.mark.parametrize("shell", SHELLS, ids=lambda words: words[0])
def test_by_what_is_held(place: Place, shell: list[str]) -> None:
    """Whatever it is called: the file held for writing. A stranger on a port of it is told as one; a reader is nobody."""
    leases = Path(place.leases)
    assert judge(look(place, shell), place).pids == ()
    with holding(leases, mode="a") as child:
        seen = judge(look(place, shell), place)
        assert (seen.pids, seen.holds, seen.stopped) == ((child.pid,), (Holding(Resource.LEASE_FILE),), False)
        assert judge(look(place, shell, walk=0, pids=(child.pid,)), place).pids == (child.pid,)
        assert look(place, shell, walk=0).hasty
    for port in place.ports:
        with holding(leases, port) as child:
            seen = judge(look(place, shell), place)
            assert (seen.pids, seen.running) == ((), True)
            assert f"pid {child.pid} " in seen.held[0]
            assert "no dhcpd of ours by its words or account" in seen.held[0]
    with holding(leases, mode="r"):
        assert not judge(look(place, shell), place).running


@needs_proc
@pytest.mark.skipif(not shutil.which("busybox"), reason="busybox is missing")
def test_with_the_programs_of_busybox_alone(place: Place, tmp_path: Path) -> None:
    """As on Alpine: no procps, no iproute2, no coreutils."""
    applets = tmp_path / "applets"
    applets.mkdir()
    subprocess.run(["busybox", "--install", "-s", applets], check=True)
    shell, env = [str(applets / "sh")], {"PATH": str(applets)}
    seen = judge(look(place, shell, env=env), place)
    assert (seen.pids, seen.ports_seen) == ((), True)
    with holding(Path(place.leases), mode="a") as child:
        assert judge(look(place, shell, env=env), place).pids == (child.pid,)
    with holding(Path(place.leases), place.ports[0]) as child:
        assert f"pid {child.pid} " in judge(look(place, shell, env=env), place).held[0]


@needs_proc
def test_the_file_under_its_other_names(place: Place) -> None:
    """dhcpd writes it anew and renames it; somebody may have put a backup in its place, or removed it."""
    leases = Path(place.leases)
    with holding(leases, mode="a") as child:
        leases.rename(f"{leases}~")
        leases.touch()
        assert judge(look(place), place).pids == (child.pid,)
        Path(f"{leases}~").unlink()
        assert judge(look(place), place).pids == (child.pid,)
    with holding(leases, mode="a") as child:
        (leases.with_name("link")).symlink_to(leases)
        through = replace(place, leases=str(leases.with_name("link")))
        assert judge(look(through), through).pids == (child.pid,)
        leases.rename(leases.with_name("moved"))
        leases.symlink_to(leases.with_name("moved"))
        assert judge(look(place), place).pids == (child.pid,)


@needs_proc
def test_held_by_a_signal(place: Place) -> None:
    """It keeps what it holds; a zombie holds nothing."""
    with holding(Path(place.leases), mode="a") as child:
        os.kill(child.pid, signal.SIGSTOP)
        deadline = time.monotonic() + 10
        while not judge(look(place), place).stopped:
            assert time.monotonic() < deadline
        child.kill()
        while (seen := judge(look(place), place)).running:
            assert time.monotonic() < deadline
        assert seen.pids == ()


@needs_proc
def test_a_pid_is_checked_by_its_birth(place: Place) -> None:
    """SIGTERM goes to the process that was looked at, or to nobody."""
    with holding(Path(place.leases), mode="a") as child:
        seen = judge(look(place), place)
        wrong = subprocess.run(stop_if(child.pid, "1").argv, capture_output=True, text=True, check=False)
        assert wrong.returncode == 3
        assert "not the process" in wrong.stderr
        assert child.poll() is None
        lstart = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(child.pid)],
            capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"},
        ).stdout  # fmt: skip
        assert subprocess.run(stop_if(child.pid, "Sat Nov 28 03:15:14 1970").argv, check=False).returncode == 3
        assert subprocess.run(stop_if(child.pid, " ".join(lstart.split())).argv, check=False).returncode == 0
        assert child.wait(10) == -signal.SIGTERM
    with holding(Path(place.leases), mode="a") as child:
        (born,) = judge(look(place), place).born
        assert born != seen.born[0]
        assert subprocess.run(stop_if(child.pid, born).argv, check=False).returncode == 0
        assert child.wait(10) == -signal.SIGTERM
        assert subprocess.run(stop_if(child.pid, born).argv, check=False).returncode == 3


# --- FreeBSD: what its tools print, recorded ---

SOCKSTAT = """USER     COMMAND    PID   FD PROTO  LOCAL ADDRESS         FOREIGN ADDRESS
dhcpd    dhcpd      812   7  udp4   *:67                  *:*
dhcpd    dhcpd      812   8  tcp4   *:7911                *:*
dhcpd    dhcpd      812   9  tcp4   10.0.0.10:647         *:*
root     dhcpd      900   7  udp4   *:67                  *:*
root     dhcpd      900   9  tcp4   10.1.0.10:647         *:*
"""
FSTAT = """USER     CMD          PID   FD MOUNT      INUM MODE         SZ|DV R/W NAME
dhcpd    dhcpd        812    6 /var      80516 -rw-r--r--    1337  w  /var/db/dhcpd/dhcpd.leases
root     less         901    3 /var      80516 -rw-r--r--    1337  r  /var/db/dhcpd/dhcpd.leases
"""
PS = """    1 0   0 ILs      3-04:05:06 Wed Nov 25 09:10:11 2026 init /sbin/init
  812 0 136 Ss          01:02:03 Sat Nov 28 02:13:14 2026 dhcpd /usr/local/sbin/dhcpd -q -cf /usr/local/etc/dhcpd.conf -lf /var/db/dhcpd/dhcpd.leases -user dhcpd
  900 0   0 Ss             02:03 Sat Nov 28 03:13:14 2026 dhcpd /usr/local/sbin/dhcpd -q -cf /usr/local/etc/dhcpd2.conf -lf /var/db/dhcpd2/dhcpd.leases
  902 0 1001 I             02:03 Sat Nov 28 03:13:14 2026 dhcpd ./dhcpd 3600
"""
BSD = Place("dhcpd.leases", "/usr/local/etc/dhcpd.conf", 7911, 647, "10.0.0.10")


def freebsd(directory: Path, place: Place, uid: int = 0, told: dict[str, str] | None = None) -> Look:
    """A look with stand-ins for FreeBSD's tools on PATH, by a POSIX shell."""
    answers = {"sockstat": SOCKSTAT, "fstat": FSTAT, "ps": PS, "id": f"{uid}\n", **(told or {})}
    tools = directory / "tools"
    shutil.rmtree(tools, ignore_errors=True)
    tools.mkdir()
    for name, text in answers.items():
        (tools / f"{name}.txt").write_text(text)
        tool = tools / name
        tool.write_text(f"#!/bin/sh\ncat '{tools}/{name}.txt'\n" if text != "missing" else "#!/bin/sh\nexit 127\n")
        tool.chmod(stat.S_IRWXU)
    script = f"{holders_function('FreeBSD')}\n(\n{holders('FreeBSD', place.leases, place.ports, ()).line}\n)\n"
    done = subprocess.run(
        ["dash"] if shutil.which("dash") else ["sh"],
        input=script, capture_output=True, text=True, timeout=30, check=True,
        env={"PATH": f"{tools}:{os.environ['PATH']}"},
    )  # fmt: skip
    return parse(done.stdout.splitlines(), place)


@pytest.fixture
def bsd(tmp_path: Path) -> Place:
    """A place whose lease file exists here."""
    (tmp_path / "dhcpd.leases").touch()
    return replace(BSD, leases=str(tmp_path / "dhcpd.leases"))


def test_freebsd(tmp_path: Path, bsd: Place) -> None:
    """sockstat and fstat name the holder; the second dhcpd and a user's process of that name are others."""
    seen = judge(freebsd(tmp_path, bsd), bsd)
    assert (seen.pids, seen.born, seen.unseen) == ((812,), ("Sat Nov 28 02:13:14 2026",), ())
    assert set(map(str, seen.holds)) == {"lease file", "OMAPI port 7911", "failover port 647", "port 67"}
    assert [other.split()[1] for other in seen.others] == ["900", "902"]
    assert [each.pid for each in servers(freebsd(tmp_path, bsd))] == [812, 900]


def test_freebsd_without_ours(tmp_path: Path, bsd: Place) -> None:
    """Proven gone by root; by an ordinary account, or where a tool fails, not."""
    others = "\n".join(line for line in SOCKSTAT.splitlines() if " 812 " not in line) + "\n"
    gone = {"sockstat": others, "fstat": FSTAT.splitlines()[0] + "\n", "ps": PS.replace(PS.splitlines()[1] + "\n", "")}
    assert judge(freebsd(tmp_path, bsd, told=gone), bsd).proven_gone
    ordinary = judge(freebsd(tmp_path, bsd, 1001, gone), bsd)
    assert (ordinary.running, ordinary.proven_gone) == (False, False)
    assert "not root" in " ".join(ordinary.unseen)
    assert not judge(freebsd(tmp_path, bsd, told={**gone, "fstat": "missing"}), bsd).proven_gone
    blind = judge(freebsd(tmp_path, bsd, told={**gone, "sockstat": "missing"}), bsd)
    assert (blind.ports_seen, blind.proven_gone) == (False, False)


@pytest.mark.parametrize("jid", ["3", "0"])
def test_a_dhcpd_in_a_jail(tmp_path: Path, bsd: Place, jid: str) -> None:
    """The words of the port are the same in each jail, and mean files of the jail: only the jail's number tells them apart."""
    words = f"/usr/local/sbin/dhcpd -q -cf /usr/local/etc/dhcpd.conf -lf {bsd.leases} -user dhcpd -group dhcpd vnet0"
    jailed = f"  950 {jid} {os.getuid()} SsJ          00:03 Sat Nov 28 03:15:14 2026 dhcpd {words}\n"
    first = PS.splitlines()[0] + "\n"
    gone = {"sockstat": SOCKSTAT.splitlines()[0] + "\n", "fstat": FSTAT.splitlines()[0] + "\n", "ps": first + jailed}
    seen = judge(freebsd(tmp_path, bsd, told=gone), bsd)
    if jid == "0":
        assert seen.pids == (950,)
    else:
        assert (seen.pids, seen.proven_gone) == ((), True)
        (other,) = seen.others
        assert other.startswith("pid 950, in a jail or container (")
