"""The scripts that find failover records, leases and the log of before in real files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from dhcptui.logs.lease_file import parse_records
from dhcptui.servers.ssh import lease_record_commands as record_commands
from dhcptui.servers.ssh.commands import Command
from tests.unit.test_leasefile import RECORD, S


def run(command: Command) -> list[str]:
    """Run it here, as a server's shell would."""
    done = subprocess.run(command.argv, capture_output=True, text=True, timeout=20, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_the_newest_record_is_found_far_from_the_end(tmp_path: Path) -> None:
    """Behind 6 MB of leases; a second look reads only what was appended; a new file is read anew."""
    file = tmp_path / "dhcpd.leases"
    filler = "lease 10.0.0.9 {\n  starts 4 2026/08/20 11:52:11;\n  binding state free;\n}\n"
    file.write_text(RECORD + filler * (6 * 1024 * 1024 // len(filler)))
    where, *lines = run(record_commands.last_records(str(file), "foo"))
    assert parse_records("\n".join(lines), "foo")[-1].my_state is S.NORMAL
    assert run(record_commands.last_records(str(file), "foo", where)) == [where, record_commands.SAME]
    with file.open("a") as out:
        out.write(filler)
    again, *lines = run(record_commands.last_records(str(file), "foo", where))
    assert lines == [record_commands.SAME]
    with file.open("a") as out:
        out.write(RECORD.replace("my state normal", "my state recover-wait"))
    _, *lines = run(record_commands.last_records(str(file), "foo", again))
    assert parse_records("\n".join(lines), "foo")[-1].my_state is S.RECOVER_WAIT
    fresh = tmp_path / "new"
    fresh.write_text(RECORD.replace("my state normal", "my state shutdown") + filler)
    fresh.replace(file)
    _, *lines = run(record_commands.last_records(str(file), "foo", again))
    assert parse_records("\n".join(lines), "foo")[-1].my_state is S.SHUTDOWN


def test_a_file_without_records_or_no_file(tmp_path: Path) -> None:
    """Nothing found is an answer; a missing file is an error."""
    file = tmp_path / "dhcpd.leases"
    file.write_text("lease 10.0.0.9 {\n}\n")
    assert len(run(record_commands.last_records(str(file), "foo"))) == 1
    missing = subprocess.run(
        record_commands.last_records(str(tmp_path / "no"), "foo").argv, capture_output=True, text=True, check=False
    )
    assert (missing.returncode, missing.stdout) == (9, "")
    assert "No such file" in missing.stderr


def test_leases_of_a_client(tmp_path: Path) -> None:
    """Only leases whose newest entry is this client's, each once."""
    file = tmp_path / "dhcpd.leases"

    def lease(address: str, mac: str) -> str:
        return f"lease {address} {{\n  binding state active;\n  hardware ethernet {mac};\n}}\n"

    mine, other = "02:00:00:00:00:01", "02:00:00:00:00:02"
    file.write_text(
        lease("10.0.0.5", mine) + lease("10.0.0.6", mine) + lease("10.0.0.6", other) + lease("10.0.0.5", mine)
    )
    assert run(record_commands.leases_with(str(file), f"hardware ethernet {mine};", 9)) == ["10.0.0.5"]


@pytest.mark.parametrize(
    "head",
    [
        "2026-11-22T11:33:05.123456+00:00 dhcp1 dhcpd[26]: ",
        "Nov 22 11:33:05 dhcp1 dhcpd: ",
        "Nov 22 11:33:05 dhcp1 dhcpd: [ID 702911 daemon.info] ",
        '<190>1 2026-11-22T12:33:05+01:00 fw1 dhcpd 26 - [meta sequenceId="7"] ',
        "<30>1 2026-11-22T12:33:05+01:00 fw1 dhcpd 26 - - ",
        "2026-11-22T11:33:05.123456789Z ",
        "2026-11-22T11:33:05.123456789Z stderr F ",
    ],
)
def test_the_log_of_before_with_signs_of_life(tmp_path: Path, head: str) -> None:
    """Both files, in order. Of client traffic: why nobody is served, and the last line before each other one and the end."""
    noise = [
        "DHCPDISCOVER from 02:22:60:42:28:34 via eth0",
        "DHCPACK on 10.0.0.187 to 02:17:51:88:f8:3c (laptop) via eth0",
        "DHCPREQUEST for 10.0.0.199 (10.0.0.10) from 02:06:bc:17:6d:03 via eth0",
    ]
    kept = [
        "failover peer foo: I move from normal to startup",
        "DHCPDISCOVER from 02:22:60:42:28:34 via eth0: not responding (recovering)",
        "peer foo: disconnected",
    ]
    (tmp_path / "log.1").write_text("".join(f"{head}{text}\n" for text in [noise[1], noise[0], kept[0]]))
    (tmp_path / "log").write_text("".join(f"{head}{text}\n" for text in [*noise, kept[1], kept[2], *noise[:2]]))
    wanted = [noise[0], kept[0], noise[2], kept[1], kept[2], noise[1]]
    assert run(record_commands.log_before(str(tmp_path / "log"), 10_000, 50)) == [head + text for text in wanted]
    assert run(record_commands.log_before(str(tmp_path / "log"), 10_000, 1)) == [head + kept[2], head + noise[1]]


def test_a_log_that_is_not_there_is_no_empty_log(tmp_path: Path) -> None:
    """Missing, a directory, rotated away: the first two fail with the reason, the last is read."""

    def read(name: str) -> tuple[int, str, str]:
        argv = record_commands.log_before(str(tmp_path / name), 10_000, 50).argv
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    (tmp_path / "dir").mkdir()
    (tmp_path / "old.1").write_text("Nov 22 11:33:05 a dhcpd[1]: peer foo: disconnected\n")
    (tmp_path / "empty").touch()
    for name, words in (("no", "No such file"), ("dir", "irectory")):
        status, said, why = read(name)
        assert status != 0
        assert said == ""
        assert words in why
    assert read("old") == (0, "Nov 22 11:33:05 a dhcpd[1]: peer foo: disconnected\n", "")
    assert read("empty") == (0, "", "")


@pytest.mark.parametrize(
    ("before", "pack"),
    [
        ("dhcpd.log.1", ""),
        ("dhcpd.log.0", ""),
        ("dhcpd.log.0.gz", "gzip"),
        ("dhcpd.log.1.gz", "gzip"),
        ("dhcpd.log.0.bz2", "bzip2"),
        ("dhcpd.log.1.xz", "xz"),
        ("dhcpd.log-20261121", ""),
    ],
)
def test_the_file_before_whatever_rotates_it(tmp_path: Path, before: str, pack: str) -> None:
    """logrotate and newsyslog, plain and packed; the older one of two is not read."""
    if pack and shutil.which(pack) is None:
        pytest.skip(f"no {pack} here")
    head = "Nov 22 11:33:05 dhcp1 dhcpd[7]: "
    old = f"{head}peer foo: disconnected\n"
    packed = subprocess.run([pack, "-c"], input=old.encode(), capture_output=True, check=True).stdout if pack else b""
    (tmp_path / before).write_bytes(packed or old.encode())
    (tmp_path / "dhcpd.log.2").write_text(f"{head}Sending updates to foo.\n")
    (tmp_path / "dhcpd.log").write_text(f"{head}failover peer foo: Both servers normal\n")
    lines = run(record_commands.log_before(str(tmp_path / "dhcpd.log"), 10_000, 50))
    assert [line.removeprefix(head) for line in lines] == [
        "peer foo: disconnected",
        "failover peer foo: Both servers normal",
    ]


def test_a_file_a_day_with_a_link_to_the_newest(tmp_path: Path) -> None:
    """As OPNsense has it: yesterday's file stands before today's, and today's is not read twice."""
    for day, text in (
        (20, "peer foo: disconnected"),
        (21, "Sending updates to foo."),
        (22, "failover peer foo: Both servers normal"),
    ):
        (tmp_path / f"dhcpd_202611{day}.log").write_text(
            f"<190>1 2026-11-{day}T12:33:05+01:00 fw1 dhcpd 7 - - {text}\n"
        )
    (tmp_path / "latest.log").symlink_to(tmp_path / "dhcpd_20261122.log")
    lines = run(record_commands.log_before(str(tmp_path / "latest.log"), 10_000, 50))
    assert [line.partition(" - - ")[2] for line in lines] == [
        "Sending updates to foo.",
        "failover peer foo: Both servers normal",
    ]
