"""Who holds what on a server: the script run here by several shells, recorded answers of FreeBSD, and what is made of them."""

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

from dhcptui.model.snapshot import Holding, ProcessSighting, Resource
from dhcptui.servers.ssh.holder_commands import holders, holders_function, stop_if
from dhcptui.servers.ssh.holders import parse, seconds
from dhcptui.servers.ssh.ours import DhcpdProcess, Listening, Look, Place, is_lease_file, judge, servers

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


# --- what is made of a look ---

HERE = Place("/var/lib/dhcp/dhcpd.leases", "/etc/dhcp/dhcpd.conf", 7911, 520, "10.0.0.10")
WORDS = f"/usr/sbin/dhcpd -4 -q -cf {HERE.conf} -lf {HERE.leases} eth0"
OURS = DhcpdProcess(7, "S", WORDS, 3600, "dhcpd", "/usr/sbin/dhcpd", 0, "80425")
BARE = replace(OURS, args="dhcpd eth0")
OMAPI = Listening(Resource.OMAPI_PORT, 7911)


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        (OURS, True),
        (BARE, False),
        (replace(BARE, elapsed_seconds=2), True),
        (replace(OURS, uid=1001), False),
        (replace(OURS, uid=64810), True),
        (replace(OURS, elsewhere=True), False),
        (replace(OURS, args=WORDS.replace("-4", "-6")), False),
        (replace(OURS, args=WORDS.replace("-4", "-t -4")), False),
        (replace(OURS, args=WORDS.replace("/var/lib", "/srv")), False),
        (replace(OURS, args="/opt/dhcpd-real -cf /etc/dhcpd.conf -chroot /etc/dhcp/../..", name="dhcpd-real"), False),
        (replace(OURS, args=f"wrap -lf {HERE.leases}", name="wrap", program="/usr/bin/python3"), False),
    ],
)
def test_one_that_holds_nothing_yet(process: DhcpdProcess, expected: bool) -> None:
    """It may be starting: then its words, its account and where it lives decide, or its youth."""
    seen = judge(Look((process,), owners=frozenset({0, 64810})), HERE)
    assert seen.running is expected
    assert seen.proven_gone is not expected


def test_words_inside_a_chroot() -> None:
    """They are meant there: pfSense's dhcpd names no lease file, FreeBSD's the same paths as without."""
    chroot = Place("/var/dhcpd/var/db/dhcpd.leases", "/var/dhcpd/etc/dhcpd.conf", 7911, 519)
    args = "/usr/local/sbin/dhcpd -user dhcpd -group _dhcp -chroot /var/dhcpd -cf /etc/dhcpd.conf -pf /var/run/dhcpd.pid igb1"
    process = replace(OURS, args=args)
    assert judge(Look((process,)), chroot).pids == (7,)
    assert process.file("-cf") == "/var/dhcpd/etc/dhcpd.conf"


@pytest.mark.parametrize(
    ("words", "conf", "root"),
    [
        ("-chroot /var/dhcpd -cf /etc/dhcpd.conf", "/var/dhcpd/etc/dhcpd.conf", "/var/dhcpd"),
        ("-chroot /var/dhcpd/ -cf /etc/dhcpd.conf", "/var/dhcpd/etc/dhcpd.conf", "/var/dhcpd"),
        ("-chroot /var/db/dhcpd -cf /usr/local/etc/dhcpd.conf", "/usr/local/etc/dhcpd.conf", ""),
        ("-chroot /srv/jail -cf /srv/jail/dhcpd.conf", "/srv/jail/dhcpd.conf", ""),
        ("-chroot / -cf /etc/dhcpd.conf", "/etc/dhcpd.conf", ""),
        ("-cf /etc/dhcpd.conf", "/etc/dhcpd.conf", ""),
        ("-chroot /srv/jail", "/srv/jail/etc/dhcpd.conf", ""),
    ],
)
def test_the_chroot_in_which_dhcpd_conf_is_read(words: str, conf: str, root: str) -> None:
    """Where dhcpd's own words, meant inside, are the configured file; a copy and a file read from outside are tested outside."""
    place = Place("/any/leases", conf, 7911, 520)
    assert judge(Look((replace(OURS, args=f"dhcpd {words}"),), writers=frozenset({7})), place).conf_root == root


def test_a_lease_file_outside_the_chroot() -> None:
    """`-lf` is meant inside: the file of that very name outside is a dead one, and dhcpd's is another. `-cf` may be a copy."""
    args = "/usr/local/sbin/dhcpd -q -chroot /var/db/dhcpd -cf /usr/local/etc/dhcpd.conf -lf /var/db/dhcpd/dhcpd.leases em0"
    process = replace(OURS, args=args)
    inside = "/var/db/dhcpd/var/db/dhcpd/dhcpd.leases"
    alive = Place(inside, "/usr/local/etc/dhcpd.conf", 7911, 520)
    assert judge(Look((process,)), alive).pids == (7,)
    dead = replace(alive, leases="/var/db/dhcpd/dhcpd.leases")
    seen = judge(Look((process,), sockets=(replace(OMAPI, pids=(7,)),)), dead)
    assert (seen.pids, seen.proven_gone) == ((), False)
    assert inside in seen.held[0]
    silent = replace(process, args=args.replace(" -lf /var/db/dhcpd/dhcpd.leases", ""))
    seen = judge(Look((silent,), sockets=(replace(OMAPI, pids=(7,)),)), replace(dead, leases="/var/db/dhcpd.leases"))
    assert seen.pids == ()
    assert "inside its chroot /var/db/dhcpd" in seen.held[0]
    assert (seen.chroot, judge(Look((process,)), alive).chroot) == ("", "/var/db/dhcpd")


def test_our_port_in_other_hands() -> None:
    """A dhcpd with another lease file on our OMAPI port: something is there, but it is not ours to stop."""
    other = replace(OURS, args=WORDS.replace("/var/lib", "/srv"))
    seen = judge(Look((other,), sockets=(replace(OMAPI, pids=(7,)),)), HERE)
    assert (seen.pids, seen.running, seen.proven_gone) == ((), True, False)
    assert "another lease file" in seen.held[0]
    assert judge(Look((other,), writers=frozenset({7}), sockets=(replace(OMAPI, pids=(7,)),)), HERE).pids == (7,)


def test_an_account_that_may_not_look() -> None:
    """Ports that somebody holds are somebody's; free ones and a hidden file are not known to be nobody's."""
    why = ("80 processes may not be looked into by this account (it is not root)",)
    hidden = replace(OURS, hidden=True)
    seen = judge(Look((hidden,), sockets=(OMAPI,), unseen=why), HERE)
    assert (seen.pids, seen.holds, seen.held) == ((7,), (Holding(Resource.OMAPI_PORT, 7911),), ())
    seen = judge(Look((replace(BARE, hidden=True, elapsed_seconds=3600),), sockets=(OMAPI,), unseen=why), HERE)
    assert seen.pids == (7,)
    seen = judge(Look((), sockets=(OMAPI,), unseen=why), HERE)
    assert (seen.pids, seen.held) == ((), ("OMAPI port 7911: somebody who cannot be seen",))
    seen = judge(Look((), unseen=why), HERE)
    assert (seen.running, seen.proven_gone, seen.unseen) == (False, False, why)
    seen = judge(Look((), sockets=(Listening(Resource.DHCP_PORT, 67),), unseen=why), HERE)
    assert "port 67" in seen.unseen[-1]


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("", True),
        (".1795347125", True),
        ("~", True),
        (" (deleted)", True),
        (".1795347125 (deleted)", True),
        (".save", False),
        ("/x", False),
        ("2", False),
    ],
)
def test_names_of_a_lease_file(path: str, ours: bool) -> None:
    """As dhcpd calls it while it writes it anew."""
    assert is_lease_file(HERE.leases + path, HERE.leases) is ours
    assert not is_lease_file(f"/srv{HERE.leases}{path}", HERE.leases)


def test_elapsed_times_of_ps() -> None:
    """`[[days-]hours:]minutes:seconds`; anything else is not known."""
    assert [seconds(text) for text in ("01:02", "02:00:00", "3-04:05:06", "-", "x")] == [62, 7200, 273906, None, None]


def test_a_sighting_of_nobody_is_a_proof_only_when_all_was_seen() -> None:
    """The three values."""
    assert ProcessSighting(()).proven_gone
    assert not ProcessSighting((), unseen=("not root",)).proven_gone
    assert not ProcessSighting((), ports_seen=False).proven_gone
    assert not ProcessSighting((), held=("OMAPI port 7911: pid 9",)).proven_gone
    assert not ProcessSighting((1,)).proven_gone
