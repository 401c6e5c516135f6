"""The scripts of a rescue, run by real shells: which file, its backup, its last record."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcptui.act.actions.rescue import _silent
from dhcptui.logs.lines import parse_lines
from dhcptui.servers.ssh import rescue_commands
from tests.remote.test_hostile_trees import Host, applets, host, shell

__all__ = ["applets", "host", "shell"]
NOBODY = 5_000_001
"""A process number that Linux never gives."""
RECORD = b'failover peer "foo" state {\n  my state communications-interrupted;\n}\n'


@pytest.fixture
def leases(tmp_path: Path) -> Path:
    """A lease file in a directory of its own."""
    (tmp_path / "db").mkdir()
    (tmp_path / "outside").mkdir()
    place = tmp_path / "db/dhcpd.leases"
    place.write_text("lease 10.0.0.1 {\n}\n")
    place.chmod(0o640)
    return place


@pytest.fixture
def holder(leases: Path) -> Iterator[int]:
    """A process that has the lease file open, as dhcpd has."""
    with leases.open("a") as file, subprocess.Popen(["sleep", "60"], stdout=file) as process:
        yield process.pid
        process.kill()


def names(leases: Path) -> list[str]:
    """What lies in the lease file's directory."""
    return sorted(path.name for path in leases.parent.iterdir())


def test_the_file_that_is_open(host: Host, leases: Path, holder: int, tmp_path: Path) -> None:
    """Whatever is configured: by its descriptor, as long as it is the file of that name here."""
    found = host.run(rescue_commands.open_leases(str(leases), [holder]))
    assert found.stdout.decode() == f"open {leases}\n", found.stderr
    elsewhere = rescue_commands.open_leases("/nowhere/dhcpd.leases", [NOBODY, holder])
    assert host.run(elsewhere).stdout.decode() == f"open {leases}\n"
    link = tmp_path / "link"
    link.symlink_to(leases)
    assert host.run(rescue_commands.open_leases(str(link), [holder])).stdout.decode() == f"open {leases}\n"
    leases.rename(leases.with_name("old"))
    leases.write_text("another one")
    for configured in (str(leases), "/nowhere/dhcpd.leases"):
        renamed = host.run(rescue_commands.open_leases(configured, [holder]))
        assert renamed.returncode == 1
        assert renamed.stderr
    leases.with_name("old").rename(leases)
    leases.unlink()
    gone = host.run(rescue_commands.open_leases(str(leases), [holder]))
    assert gone.returncode == 1
    assert b"not what has that name here" in gone.stderr


def test_a_process_without_one(host: Host, leases: Path) -> None:
    """It was looked at and has none: not the one that is configured."""
    with subprocess.Popen(["sleep", "60"]) as process:
        found = host.run(rescue_commands.open_leases(str(leases), [process.pid]))
        process.kill()
    assert (found.returncode, found.stdout) == (1, b"")
    assert b"has no lease file open" in found.stderr


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("dhcpd -4 -cf /c eth0", "{d}/db/dhcpd.leases"),
        ("dhcpd -lf {d}/db/other.leases -cf /c", "{d}/db/other.leases"),
        ("dhcpd -user dhcpd -chroot {d}/jail -lf /db/dhcpd.leases em0", "{d}/jail/db/dhcpd.leases"),
        ("dhcpd -chroot {d} em0", "{d}/db/dhcpd.leases"),
        ("dhcpd -chroot {d}/jail em0", ""),
        # pfSense and OPNsense: no -lf, so it is the one that dhcpd was built with, inside.
        ("dhcpd -user dhcpd -chroot {d}/wall -cf /etc/dhcpd.conf em0", "{d}/wall/var/db/dhcpd.leases"),
        ("dhcpd -chroot {d}/twowalls -cf /etc/dhcpd.conf em0", ""),
        ("dhcpd -lf /nowhere/dhcpd.leases", ""),
        ("", ""),
    ],
)
def test_by_its_command_line(leases: Path, tmp_path: Path, applets: Path, line: str, path: str) -> None:
    """Without /proc: -chroot and -lf as they are meant, and nothing where they lead nowhere."""
    (tmp_path / "jail/db").mkdir(parents=True)
    for name in (
        "jail/db/dhcpd.leases",
        "db/other.leases",
        "wall/var/db/dhcpd.leases",
        "twowalls/var/db/dhcpd.leases",
        "twowalls/var/lib/dhcp/dhcpd.leases",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "bin").mkdir()
    ps = tmp_path / "bin/ps"
    ps.write_text(f"#!/bin/sh\n{f'echo {line.format(d=tmp_path)}' if line else 'exit 1'}\n")
    ps.chmod(0o755)
    host = Host("dash", applets)
    host.path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    found = host.run(rescue_commands.open_leases(str(leases), [NOBODY]))
    assert found.stdout.decode() == (f"named {path.format(d=tmp_path)}\n" if path else "")
    assert (found.returncode == 0) is bool(path)


@pytest.mark.parametrize("holder", [NOBODY, 1])
def test_a_named_file_that_fstat_denies(leases: Path, tmp_path: Path, applets: Path, holder: int) -> None:
    """FreeBSD: what the command line names is held against fstat: a dead file of that name is not edited."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    head = "USER CMD PID FD MOUNT INUM MODE SZ|DV R/W NAME"
    held = f"dhcpd dhcpd {holder} 5 /var 812 -rw-r--r-- 99 w {leases}"
    for name, text in {"ps": "echo dhcpd -cf /c em0", "fstat": f"echo '{head}'; echo '{held}'"}.items():
        (bin_ / name).write_text(f"#!/bin/sh\n{text}\n")
        (bin_ / name).chmod(0o755)
    host = Host("dash", applets)
    host.path = f"{bin_}:{os.environ['PATH']}"
    found = host.run(rescue_commands.open_leases(str(leases), [NOBODY]))
    if holder == NOBODY:
        assert found.stdout.decode() == f"open {leases}\n"
    else:
        assert (found.returncode, found.stdout) == (1, b"")
        assert b"does not have it open" in found.stderr


def test_backup_and_record(host: Host, leases: Path) -> None:
    """A new file with owner and mode; again after a change; the record last; and taken away again."""
    backup = str(leases.parent / ".dhcptui-rescue-x")
    done = host.run(rescue_commands.try_room(str(leases), backup))
    assert done.returncode == 0, done.stderr
    assert Path(backup).read_bytes() == leases.read_bytes()
    assert Path(backup).stat().st_mode & 0o7777 == 0o640
    assert Path(backup).stat().st_ino != leases.stat().st_ino
    with leases.open("a") as file:
        file.write("lease 10.0.0.2 {\n}\n")
    assert host.run(rescue_commands.back_up(str(leases), backup)).returncode == 0
    before = leases.read_bytes()
    assert Path(backup).read_bytes() == before
    assert host.run(rescue_commands.append_record(str(leases)), RECORD).returncode == 0
    assert leases.read_bytes() == before + RECORD
    assert host.run(rescue_commands.take_away(str(leases)), RECORD + b"x").returncode == 1
    assert leases.read_bytes() == before + RECORD
    assert host.run(rescue_commands.take_away(str(leases)), RECORD).returncode == 0
    assert leases.read_bytes() == before
    assert names(leases) == [".dhcptui-rescue-x", "dhcpd.leases"]
    assert leases.stat().st_nlink == 1


def test_a_line_cut_short(host: Host, leases: Path) -> None:
    """A last line without its end gets one: the record begins on a line of its own."""
    leases.write_text("lease 10.0.0.1 {\n}\n# cut")
    assert host.run(rescue_commands.append_record(str(leases)), RECORD).returncode == 0
    assert leases.read_bytes() == b"lease 10.0.0.1 {\n}\n# cut\n" + RECORD


@pytest.mark.parametrize("taken", ["file", "link", "directory"])
def test_a_backup_never_replaces_anything(host: Host, leases: Path, tmp_path: Path, taken: str) -> None:
    """Its name is taken: nothing is written there or through it, and nothing is left."""
    backup = leases.parent / ".dhcptui-rescue-x"
    if taken == "file":
        backup.write_text("mine")
    elif taken == "link":
        backup.symlink_to(tmp_path / "outside")
    else:
        backup.mkdir()
    assert host.run(rescue_commands.try_room(str(leases), str(backup))).returncode == 1
    assert names(leases) == [".dhcptui-rescue-x", "dhcpd.leases"]
    assert list((tmp_path / "outside").iterdir()) == []
    assert taken != "file" or backup.read_text() == "mine"
    assert taken != "directory" or list(backup.iterdir()) == []


@pytest.mark.parametrize("what", ["link", "other name", "directory", "missing"])
def test_only_the_file_itself(host: Host, leases: Path, tmp_path: Path, what: str) -> None:
    """A lease file that is a link, or has a second name, or is none: refused before anything is written."""
    victim = tmp_path / "outside/victim"
    victim.write_text("precious\n")
    leases.unlink()
    if what == "link":
        leases.symlink_to(victim)
    elif what == "other name":
        os.link(victim, leases)
    elif what == "directory":
        leases.mkdir()
    backup = str(leases.parent / ".dhcptui-rescue-x")
    for command in (
        rescue_commands.try_room(str(leases), backup), rescue_commands.back_up(str(leases), backup),
        rescue_commands.append_record(str(leases)), rescue_commands.take_away(str(leases)),
    ):  # fmt: skip
        done = host.run(command, b"precious\n")
        assert done.returncode == 1, command.argv[-2:]
        assert done.stderr
    assert victim.read_text() == "precious\n"
    assert [name for name in names(leases) if name.startswith(".")] == []


def test_no_room_leaves_nothing(leases: Path, tmp_path: Path, applets: Path) -> None:
    """A copy that fails half-way is removed, and the exit status says so."""
    host = Host("dash", applets)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "cp").write_text(
        '#!/bin/sh\nshift; head -c 5 "$1" >"$2"; echo "cp: No space left on device" >&2; exit 1\n'
    )
    (tools / "cp").chmod(0o755)
    host.path = f"{tools}:{host.path}"
    done = host.run(rescue_commands.try_room(str(leases), str(leases.parent / ".dhcptui-rescue-x")))
    assert done.returncode == 1
    assert b"No space left" in done.stderr
    assert names(leases) == ["dhcpd.leases"]


@pytest.mark.parametrize("path", ["/var/lib/dhcp/dhcpd.leases.bak", "relative/.dhcptui-x"])
def test_a_backup_is_plainly_ours(path: str) -> None:
    """No other name is taken."""
    for build in (rescue_commands.try_room, rescue_commands.back_up):
        with pytest.raises(ValueError, match="may be removed"):
            build("/var/lib/dhcp/dhcpd.leases", path)


@pytest.mark.parametrize(
    ("texts", "silent"),
    [
        ([], False),
        (["DHCPDISCOVER from 02:00:00:00:00:01 via eth0: not responding (peer demands: recovering)"], True),
        (["DHCPDISCOVER from 02:00:00:00:00:01 (not responding) via eth0"], False),
        (
            [
                "DHCPDISCOVER from 02:00:00:00:00:01 via eth0: not responding (startup)",
                "failover peer foo: I move from startup to communications-interrupted",
                "DHCPOFFER on 10.0.0.7 to 02:00:00:00:00:01 via eth0",
            ],
            False,
        ),
    ],
)
def test_whether_dhcpd_is_silent_since_its_start(texts: list[str], silent: bool) -> None:
    """Before its start, and in a client's name, the words prove nothing."""
    assert (
        _silent(parse_lines([f"Nov 22 11:33:05 dhcp1 dhcpd[7]: {text}" for text in texts], 1_795_000_000.0)) is silent
    )


def test_a_log_that_is_not_understood_proves_nothing() -> None:
    """Neither that it is silent nor that it is not."""
    assert (
        _silent(parse_lines(["22.11. 11:33 dhcpd 7 DHCPDISCOVER: not responding (startup)"], 1_795_000_000.0)) is None
    )
