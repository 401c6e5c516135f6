"""The command lines that look around on a server, run here by /bin/sh."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dhcptui.servers.ssh import discover_commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.ours import DhcpdProcess
from dhcptui.setup.discover import DEFAULTS_FILE, RC_SCRIPTS
from dhcptui.watch.survey import argument, choose


def run(command: Command) -> subprocess.CompletedProcess[str]:
    """As the remote shell would."""
    return subprocess.run(command.argv, capture_output=True, text=True, timeout=10, check=False)


def test_read_existing(tmp_path: Path) -> None:
    """A missing file is an exit status of its own, not cat's."""
    odd = tmp_path / "a b $(x)'"
    odd.write_text("text\n")
    assert run(discover_commands.read_existing(str(odd))).stdout == "text\n"
    assert run(discover_commands.read_existing(str(tmp_path / "none"))).returncode == discover_commands.MISSING
    assert run(discover_commands.read_existing(str(tmp_path))).returncode not in {0, discover_commands.MISSING}


def test_file_facts(tmp_path: Path) -> None:
    """One line a path, in order, whatever their names; a link's target counts; `-` for what is missing."""
    file = tmp_path / "a\nb"
    file.write_text("")
    file.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(file)
    now, one, two, three = run(
        discover_commands.file_facts([str(file), str(tmp_path / "x"), str(link)])
    ).stdout.splitlines()
    assert abs(int(now) - int(file.stat().st_mtime)) < 10
    assert one == three == f"{int(file.stat().st_mtime)} 640"
    assert two == "-"


def test_what_exists_and_what_runs(tmp_path: Path) -> None:
    """Files, and executable ones; a directory is no program."""
    plain, program = tmp_path / "plain", tmp_path / "program"
    plain.touch()
    program.touch(0o755)
    paths = [str(each) for each in (plain, tmp_path / "none", program, tmp_path)]
    assert run(discover_commands.first_existing(paths)).stdout.split() == [str(plain), str(program), str(tmp_path)]
    assert run(discover_commands.programs(paths)).stdout.split() == [str(program)]


def test_logs_are_found_by_their_lines(tmp_path: Path) -> None:
    """By dhcpd's lines, counted; a rotated or compressed file is not followed, one without such lines neither."""
    line = "Nov 22 10:00:00 dhcp1 dhcpd[1]: DHCPREQUEST for 10.0.0.1\n"
    for name, text in {"dhcpd.log": line * 3, "dhcpd.log.1": line, "dhcp.gz": line, "dhclient.log": "x\n"}.items():
        (tmp_path / name).write_text(text)
    script = discover_commands.logs_of_dhcpd()
    places = [place.replace("/var/log", str(tmp_path)) for place in discover_commands.LOG_PLACES]
    found = run(Command((*script.argv[:4], *places))).stdout.splitlines()
    assert set(found) == {f"3 {tmp_path}/dhcpd.log"}


@pytest.mark.parametrize(
    ("args", "option", "value"),
    [
        ("dhcpd -4 -q -cf /etc/dhcp/dhcpd.conf eth0", "-cf", "/etc/dhcp/dhcpd.conf"),
        ("dhcpd -lf /x -cf relative", "-cf", ""),
        ("dhcpd -cf", "-cf", ""),
        ("dhcpd", "-lf", ""),
    ],
)
def test_arguments_of_a_process(args: str, option: str, value: str) -> None:
    """An absolute path behind the option, or nothing."""
    assert argument(DhcpdProcess(1, "S", args, 5), option) == value


def test_the_right_process() -> None:
    """The one that reads the file; else the only one; else none."""
    one, two = DhcpdProcess(1, "S", "dhcpd -cf /a", 5), DhcpdProcess(2, "S", "dhcpd -cf /b", 5)
    assert choose((one, two), "/b") is two
    assert choose((one,), "/c") is one
    assert choose((one, two), "/c") is None


def test_places_are_absolute() -> None:
    """What is looked for lies on the server, from its root."""
    assert all(path.startswith("/") for path in (DEFAULTS_FILE, *RC_SCRIPTS, *discover_commands.LOG_PLACES))
