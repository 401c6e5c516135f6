"""`dhcptui init` on the real pair: what it writes runs status without an edit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.accounts import ACCOUNT, ordinary, sudoer
from tests.lab.pair import Lab

pytestmark = pytest.mark.lab
ROOT = Path(__file__).parents[2]


def dhcptui(lab: Lab, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the program from the operator's place; there is never a traceback."""
    argv = lab.operator_argv(
        sys.executable, "-W", "error", "-m", "dhcptui", "--config", str(lab.dir / "own/config.toml")
    )
    done = subprocess.run([*argv, *args], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert "Traceback" not in done.stderr + done.stdout
    return done


def init(lab: Lab, *hosts: str, more: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """`dhcptui init` with the lab's key and known hosts."""
    login = ("--user", "root", "--identity", f"{lab.dir}/id_ed25519", "--known-hosts", f"{lab.dir}/known_hosts")
    return dhcptui(lab, "init", *hosts, "--pair", "office", *login, *more)


def fingerprint(lab: Lab) -> list[tuple[str, float, int]]:
    """Every file that init could have touched on the servers."""
    return [
        (str(path), path.stat().st_mtime, path.stat().st_size)
        for server in lab.servers.values()
        for path in sorted(server.etc.rglob("*"))
        if path.is_file()
    ]


@pytest.mark.parametrize("hosts", [("10.0.0.10", "10.0.0.20"), ("10.0.0.20", "10.0.0.10")])
def test_the_written_configuration_works(lab: Lab, hosts: tuple[str, str]) -> None:
    """Status is ok with it, pools included, and lint has nothing to say of dhcptui's own side."""
    lab.wait_settled()
    before = fingerprint(lab)
    done = init(lab, *hosts)
    assert (done.returncode, done.stderr) == (0, "")
    assert fingerprint(lab) == before
    own = lab.dir / "own"
    assert lab.key
    assert lab.key.secret not in done.stdout + (own / "config.toml").read_text()
    assert {path.stat().st_mode & 0o777 for path in own.iterdir()} == {0o600}
    status = dhcptui(lab, "status", "office", "--json")
    assert status.returncode == 0, status.stdout
    (pair,) = json.loads(status.stdout)["pairs"]
    assert (pair["peer"], pair["serving"]) == ("foo", ["dhcp1", "dhcp2"])
    for server in pair["servers"].values():
        assert (server["state"], server["omapi"], server["ssh"]) == ("normal", "ok", "ok")
        assert server["pools"][0]["total"] == 101
    text = (own / "config.toml").read_text()
    assert 'restart = "/etc/dhcp/restart-dhcpd"  # guessed: ' in text
    assert text.count('log = "file:/var/log/dhcpd.log"\n') == 2
    assert text.index('host = "10.0.0.10"') < text.index('host = "10.0.0.20"')
    assert dhcptui(lab, "lint", "office").returncode == 0


def test_the_written_configuration_restarts(lab: Lab) -> None:
    """The restart command that was found is the right one: `do shutdown` and `do start` run on it."""
    assert init(lab, "10.0.0.10", "10.0.0.20").returncode == 0
    lab.wait_settled()
    done = dhcptui(lab, "do", "shutdown", "office", "--server", "dhcp2", "--confirm", "dhcp2")
    assert done.returncode == 0, done.stdout + done.stderr
    done = dhcptui(lab, "do", "start", "office", "--server", "dhcp2", "--confirm", "dhcp2")
    assert done.returncode == 0, done.stdout + done.stderr


def test_asks_before_it_replaces(lab: Lab) -> None:
    """Without a terminal and without --yes nothing is replaced; other pairs stay."""
    config = lab.dir / "own/config.toml"
    config.parent.mkdir()
    other = lab.write_config(lab.dir / "other.toml", pair="branch").read_text()
    config.write_text(other)
    assert init(lab, "10.0.0.10", "10.0.0.20").returncode == 0
    assert config.read_text().startswith(other.rstrip())
    done = init(lab, "10.0.0.10", "10.0.0.20")
    assert done.returncode == 1
    assert "--yes" in done.stderr
    assert init(lab, "10.0.0.10", "10.0.0.20", more=("--yes",)).returncode == 0
    assert config.read_text().count("[pairs.office]") == 1


def test_an_unknown_host_key_is_refused(lab: Lab) -> None:
    """With the command that shows the fingerprint; nothing is written."""
    done = init(lab, "10.0.0.10", "10.0.0.20", more=("--known-hosts", f"{lab.dir}/nobody"))
    assert done.returncode == 1
    assert "ssh-keygen -lf" in done.stderr
    assert not (lab.dir / "own").exists()


def test_without_a_running_dhcpd(lab: Lab) -> None:
    """The files are found at their usual places, and said to be guessed."""
    lab.secondary.kill()
    done = init(lab, "10.0.0.10", "10.0.0.20")
    assert done.returncode == 0, done.stderr
    assert "dhcpd_conf: /etc/dhcp/dhcpd.conf (guessed: it is there" in done.stdout
    assert "dhcpd does not run" in done.stdout


def test_two_primaries(lab: Lab) -> None:
    """Two servers of the same role are no pair."""
    path = lab.secondary.etc / "dhcpd.conf"
    path.write_text(path.read_text().replace("  secondary;", "  primary;"))
    done = init(lab, "10.0.0.10", "10.0.0.20")
    assert done.returncode == 1
    assert "both servers are primary" in done.stderr


def test_an_account_with_one_line_in_sudoers() -> None:
    """It is not root and may do one thing as root: `sudo -n -l` tells what, and the restart goes through that."""
    with ordinary(mclt=20) as lab:
        login = ("--user", ACCOUNT, "--identity", f"{lab.dir}/id_ed25519", "--known-hosts", f"{lab.dir}/known_hosts")
        hosts = [server.host for server in lab.servers.values()]
        done = dhcptui(lab, "init", *hosts, "--pair", "office", *login, "--yes")
        assert done.returncode == 0, done
        written = (lab.dir / "own/config.toml").read_text()
        assert written.count('restart = "sudo -n /etc/dhcp/restart-dhcpd"\n') == 2, written
        assert "sudo = true" not in written


def test_a_sudo_that_asks_for_a_password() -> None:
    """That is said first, with what it may do without one; then, a line a host, what could not be read because of it."""
    rule = "ops ALL=(root) PASSWD: ALL\nops ALL=(root) NOPASSWD: /etc/dhcp/restart-dhcpd\n"
    with sudoer("ops", rule, mclt=20) as lab:
        login = ("--user", "ops", "--identity", f"{lab.dir}/id_ed25519", "--known-hosts", f"{lab.dir}/known_hosts")
        hosts = [server.host for server in lab.servers.values()]
        done = dhcptui(lab, "init", *hosts, "--name", "office", *login, "--yes")
        assert done.returncode == 1
        lines = done.stderr.splitlines()
        assert len(lines) == 4, lines
        for line in lines[:2]:
            assert "sudo asks it for a password" in line
            assert line.endswith("by sudo -n -l: /etc/dhcp/restart-dhcpd")
        assert {host for host in hosts for line in lines[:2] if host in line} == {*hosts}
        for host, line in zip(hosts, lines[2:], strict=True):
            assert host in line
            assert "Permission denied" in line
        assert not (lab.dir / "own").exists()
