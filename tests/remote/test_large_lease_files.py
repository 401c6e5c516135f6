"""Lease files of hundreds of megabytes: what is looked for is found wherever it stands, and looks that come again read little."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcptui.logs.lease_file import parse_records
from dhcptui.model.states import FailoverState
from dhcptui.servers.ssh import lease_record_commands as record_commands
from dhcptui.servers.ssh.commands import Command
from tests.lease_files import HEAD, address, lease, leases, write

LARGE_BYTES = 280 * 1024 * 1024
PROGRAMS = ("the system's", "busybox")


def read_bytes() -> int:
    """What this process and the children it has waited for have read so far, pipes included."""
    return int(Path("/proc/self/io").read_text().split()[1])


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The record and the lease of laptop-0000003 at its very beginning, hundreds of megabytes before its end."""
    path = tmp_path_factory.mktemp("large") / "dhcpd.leases"
    filler = "".join(map(lease, range(10, 10_010)))
    with path.open("w") as file:
        file.write(HEAD)
        file.writelines(leases(10))
        file.writelines([filler] * (LARGE_BYTES // len(filler) + 1))
    assert path.stat().st_size > LARGE_BYTES
    yield path
    path.unlink()


@pytest.fixture(params=PROGRAMS)
def programs(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The environment in which scripts find these programs and no others."""
    if request.param == "busybox":
        names = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
        busybox = subprocess.run(["which", "busybox"], capture_output=True, text=True, check=True).stdout.strip()
        for name in names:
            (tmp_path / name).symlink_to(busybox)
        return {"PATH": str(tmp_path)}
    return {"PATH": os.environ["PATH"]}


def run(command: Command, programs: dict[str, str]) -> tuple[list[str], int]:
    """What a command prints, by these programs, and the bytes that were read for it."""
    shell = Path(programs["PATH"]) / "sh"
    argv = [str(shell) if shell.exists() else "/bin/sh", *command.argv[1:]]
    began = read_bytes()
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env=programs)
    assert done.stderr == ""
    return done.stdout.splitlines(), read_bytes() - began


def test_the_record_at_the_very_beginning(large: Path, programs: dict[str, str]) -> None:
    """dhcpd rewrites its file with the records in front of all leases. Found once, it costs nothing to look again."""
    (where, *lines), _ = run(record_commands.last_records(str(large), "foo"), programs)
    assert parse_records("\n".join(lines), "foo")[-1].my_state is FailoverState.PARTNER_DOWN
    lines, read = run(record_commands.last_records(str(large), "foo", where), programs)
    assert lines == [where, record_commands.SAME]
    assert read < 200_000
    with large.open("a") as file:
        file.write(lease(77))
    (_, *lines), read = run(record_commands.last_records(str(large), "foo", where), programs)
    assert lines == [record_commands.SAME]
    assert read < 200_000


def test_all_records_of_a_large_file(large: Path, programs: dict[str, str]) -> None:
    """For the report: the first one, too."""
    lines, _ = run(record_commands.all_records(str(large), "foo", 50), programs)
    assert [each.my_state for each in parse_records("\n".join(lines), "foo")] == [FailoverState.PARTNER_DOWN]


def test_a_client_at_the_very_beginning(large: Path, programs: dict[str, str]) -> None:
    """By name and by hardware address; what no lease has is nowhere."""
    for statement, found in (
        ('client-hostname "laptop-0000003";', [address(3)]),
        ("hardware ethernet 02:00:5e:00:00:03;", [address(3)]),
        ('client-hostname "laptop-0000003x";', []),
    ):
        assert run(record_commands.leases_with(str(large), statement, 16), programs)[0] == found


def test_a_search_reads_the_file_once(tmp_path: Path, programs: dict[str, str]) -> None:
    """A look at all of it costs its size, and not a multiple of that: grep, and a fraction of it through a pipe."""
    file = tmp_path / "dhcpd.leases"
    size = write(file, 40_000)
    for command, most in (
        (record_commands.leases_with(str(file), 'client-hostname "laptop-0039999";', 16), 1.2),
        (record_commands.all_records(str(file), "foo", 50), 1.1),
        (record_commands.last_records(str(file), "foo"), 2.6),  # the last 64 kB, 4 MB, 64 MB, each through a pipe
    ):
        lines, read = run(command, programs)
        assert lines
        assert read < most * size + 200_000, command


def test_a_name_that_every_client_has(tmp_path: Path, programs: dict[str, str]) -> None:
    """The newest ones are told, and a later entry of an address without the name takes it off."""
    file = tmp_path / "dhcpd.leases"
    common = [lease(number).replace(f"laptop-{number:07}", "android") for number in range(5000)]
    file.write_text(HEAD + "".join(common) + lease(4999) + lease(4997) + common[3])
    command = record_commands.leases_with(str(file), 'client-hostname "android";', 3)
    assert run(command, programs)[0] == [address(3), address(4998), address(4996)]


def test_a_torn_entry_hides_nothing(tmp_path: Path, programs: dict[str, str]) -> None:
    """dhcpd is writing: the last entry has no end yet."""
    file = tmp_path / "dhcpd.leases"
    file.write_text(HEAD + lease(5) + lease(5)[:100])
    command = record_commands.leases_with(str(file), 'client-hostname "laptop-0000005";', 3)
    assert run(command, programs)[0] == [address(5)]
    file.write_text(HEAD + lease(5) + lease(5).replace("laptop-0000005", "other"))
    assert run(command, programs)[0] == []


def test_a_host_that_was_made_over_omapi_is_no_lease(tmp_path: Path, programs: dict[str, str]) -> None:
    """dhcpd writes it into the same file; its hardware address is not that of the lease before it."""
    file = tmp_path / "dhcpd.leases"
    file.write_text(HEAD + lease(5) + "host printer {\n  dynamic;\n  hardware ethernet 02:00:5e:00:00:07;\n}\n")
    command = record_commands.leases_with(str(file), "hardware ethernet 02:00:5e:00:00:07;", 3)
    assert run(command, programs)[0] == []


def test_zeros_in_a_file_hide_nothing(tmp_path: Path, programs: dict[str, str]) -> None:
    """A crash of the server leaves them; grep calls such a file binary."""
    file = tmp_path / "dhcpd.leases"
    file.write_text(HEAD + "\0" * 100 + "\n" + lease(5))
    (_, *lines), _ = run(record_commands.last_records(str(file), "foo"), programs)
    assert parse_records("\n".join(lines), "foo")[-1].my_state is FailoverState.PARTNER_DOWN
    assert run(record_commands.leases_with(str(file), 'client-hostname "laptop-0000005";', 3), programs)[0] == [
        address(5)
    ]


def test_a_file_that_may_not_be_read_is_said() -> None:
    """It has a size and an inode, and still nothing is known of its records."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        file = Path(directory) / "dhcpd.leases"
        file.write_text(HEAD)
        file.chmod(0)
        nobody = 65534 if os.geteuid() == 0 else None
        argv = record_commands.last_records(str(file), "foo").argv
        done = subprocess.run(argv, capture_output=True, check=False, user=nobody, cwd="/")
    assert (done.returncode, done.stdout) == (9, b"")
    assert b"ermission denied" in done.stderr
