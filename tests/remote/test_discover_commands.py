"""The command lines that look around on a server, run here by /bin/sh."""

from __future__ import annotations

import subprocess
from pathlib import Path

from dhcptui.config.platforms import PLATFORMS
from dhcptui.servers.ssh import discover_commands
from dhcptui.servers.ssh.commands import Command


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
    places = [place.replace("/var/log", str(tmp_path)) for place in PLATFORMS["debian"].log_files]
    found = run(discover_commands.logs_of_dhcpd(places)).stdout.splitlines()
    assert set(found) == {f"3 {tmp_path}/dhcpd.log"}


def test_a_log_that_is_switched_each_day(tmp_path: Path) -> None:
    """OPNsense: RFC 5424, behind a link that is called the same every day."""
    line = '<190>1 2026-11-22T12:33:05+01:00 fw1 dhcpd 12345 - [meta sequenceId="7"] DHCPREQUEST for 10.0.0.1\n'
    (tmp_path / "dhcpd_20261122.log").write_text(line * 2)
    (tmp_path / "latest.log").symlink_to("dhcpd_20261122.log")
    found = run(discover_commands.logs_of_dhcpd([f"{tmp_path}/latest.log", f"{tmp_path}/none.log"])).stdout
    assert found == f"2 {tmp_path}/latest.log\n"


def test_facts_of_this_machine() -> None:
    """The command says them in the form that is read."""
    done = run(discover_commands.platform_facts())
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.splitlines()[0] == "uname Linux"


def test_settings_of_a_start_script(tmp_path: Path) -> None:
    """Lines that set one of the names; a comment and another name are none; a missing file says nothing."""
    file = tmp_path / "rc.conf"
    file.write_text('#dhcpd_conf="/x"\ndhcpd_conf="/y"\n my_dhcpd_conf=/z\n  dhcpd_rootdir=/r\n')
    found = run(discover_commands.shell_setting(str(file), "dhcpd_conf|dhcpd_rootdir")).stdout
    assert found.split() == ['dhcpd_conf="/y"', "dhcpd_rootdir=/r"]
    none = run(discover_commands.shell_setting(str(tmp_path / "none"), "x"))
    assert (none.returncode, none.stdout, none.stderr) == (0, "", "")


def test_the_log_of_today_is_the_link(tmp_path: Path) -> None:
    """A file a day in a directory of its own, in the format of RFC 5424: the link that is switched is followed, no file of a day."""
    directory = tmp_path / "dhcpd"
    directory.mkdir()
    for day in (21, 22):
        line = f'<190>1 2026-11-{day}T12:33:05+01:00 fw1 dhcpd 7 - [meta sequenceId="1"] DHCPREQUEST for 10.0.0.1\n'
        (directory / f"dhcpd_202611{day}.log").write_text(line)
    (directory / "latest.log").symlink_to(directory / "dhcpd_20261122.log")
    places = [f"{tmp_path}/*dhcp*/latest.log", f"{tmp_path}/*dhcp*/*dhcp*.log"]
    found = run(discover_commands.logs_of_dhcpd(places)).stdout.splitlines()
    assert set(found) == {f"1 {directory}/latest.log"}
