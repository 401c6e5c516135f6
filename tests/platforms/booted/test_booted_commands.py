"""The command line on booted servers: init, looks, and all seven actions, each with what its own words ask for."""

from __future__ import annotations

import json
import re

import pytest

from tests.lab.net import Done
from tests.platforms.booted.machine import ACCOUNT, SHARED, SUDOER, UNIT
from tests.platforms.booted.pair import RESTART, BootedPair

pytestmark = pytest.mark.lab
GONE = ("--sentence", "I know that dhcp2's dhcpd is gone")
"""The account of docs/security.md cannot prove that nobody has the lease file open."""


def status(pair: BootedPair) -> tuple[int, dict[str, object]]:
    """The exit code of `status --json`, and the pair in it."""
    done = pair.dhcptui("status", "office", "--json")
    (found,) = json.loads(done.stdout)["pairs"]
    return done.returncode, found


@pytest.mark.parametrize(
    ("account", "restart", "sudo"),
    [
        ("root", RESTART, False),
        (SUDOER, RESTART, True),
        (ACCOUNT, f"sudo -n /usr/bin/{RESTART}", False),
    ],
)
def test_init(pair: BootedPair, account: str, restart: str, sudo: bool) -> None:
    """By each account: what it writes has the unit, the journal or rsyslog's file, the lease files, and works as it is."""
    login = ("--user", account, "--identity", f"{pair.dir}/id_ed25519", "--known-hosts", f"{pair.dir}/known_hosts")
    config = pair.dir / f"init-{account}/config.toml"
    done = pair.dhcptui("init", "10.0.0.10", "10.0.0.20", "--pair", "office", *login, config=config)
    assert done.returncode == 0, done
    # What this account cannot do is said before all else, once a server; an account that lacks nothing reads nothing.
    lacking = [line for line in done.stderr.splitlines() if "this account is not root, and sudo asks" in line]
    assert len(lacking) == len(done.stderr.splitlines()) == (2 if account == ACCOUNT else 0), done
    text = config.read_text()
    assert text.count(f'restart = "{restart}"\n') == 2, text
    assert text.count("sudo = true\n") == (2 if sudo else 0)
    assert f'log = "journal:{UNIT}"\n' in text
    assert 'log = "file:/var/log/dhcpd.log"\n' in text
    assert 'leases = "/var/lib/dhcpd-pair/dhcpd.leases"\n' in text
    assert f'shared_dir = "{SHARED}"\n' in text
    done = pair.dhcptui("status", "office", config=config)
    assert done.returncode == 0, done
    done = pair.dhcptui("lint", "office", config=config)
    assert done.returncode == 0, done


def test_status_lint_lease_and_report(pair: BootedPair) -> None:
    """With sudo on one server and the account of docs/security.md on the other, nothing is left unread."""
    code, found = status(pair)
    assert (code, found["level"], found["serving"]) == (0, "ok", ["dhcp1", "dhcp2"]), found
    servers = found["servers"]
    assert isinstance(servers, dict)
    assert {each["ssh"] for each in servers.values()} == {"ok"}
    assert all(each["pools"][0]["total"] == 101 for each in servers.values())
    done = pair.dhcptui("lint", "office")
    assert done.returncode == 0, done.stdout
    lease = pair.dhcp_client()
    assert lease
    done = pair.dhcptui("lease", "office", lease["address"])
    assert done.returncode == 0, done
    assert lease["address"] in done.stdout
    done = pair.dhcptui("report", "office", "--since", "6h")
    assert done.returncode == 0, done
    assert re.search(r"dhcp1 .*moves? .*normal|normal", done.stdout)


def verified(done: Done) -> None:
    """An action ended verified."""
    assert done.returncode == 0, f"{done.args}\n{done.stdout}\n{done.stderr}"


def test_hand_over_and_shutdown(pair: BootedPair) -> None:
    """Away and back: by state, and by ending dhcpd and a later start of its unit, by a timer of the real systemd."""
    verified(pair.dhcptui("do", "hand-over", "office", "--server", "dhcp2", "--confirm", "dhcp2"))
    code, _ = status(pair)
    assert code == 1
    verified(pair.dhcptui("do", "take-back", "office", "--server", "dhcp2", "--confirm", "dhcp2"))
    pair.wait_settled(60)
    verified(pair.dhcptui("do", "shutdown", "office", "--server", "dhcp1", "--confirm", "dhcp1"))
    assert not pair.primary.is_running()
    done = pair.dhcptui("do", "start", "office", "--server", "dhcp1", "--after", "15s", "--confirm", "dhcp1")
    verified(done)
    assert "systemd dhcptui-start-" in done.stdout, done.stdout
    assert not pair.primary.is_running()
    assert "dhcp1 will be started" in pair.dhcptui("status", "office").stdout
    pair.wait_states(timeout=60)
    pair.wait_settled(60)
    assert pair.primary.run("systemctl", "is-active", UNIT).stdout == "active\n"
    assert "dhcptui" not in pair.primary.run("systemctl", "list-units", "--all", "--no-legend").stdout


def test_sync_restart(pair: BootedPair) -> None:
    """An edit on the primary is on the secondary afterwards, owned as there, and both units run."""
    pids = {role: machine.pid() for role, machine in pair.servers.items()}
    pair.primary.run("sh", "-c", f"echo '# sync-test' >>{SHARED}/master.conf")
    verified(pair.dhcptui("do", "sync-restart", "office", "--confirm", "office"))
    pair.wait_settled(60)
    assert pair.secondary.run("tail", "-n", "1", f"{SHARED}/master.conf").stdout == "# sync-test\n"
    assert pair.secondary.run("stat", "-c", "%U:%G %a", f"{SHARED}/master.conf").stdout == "dhcpd:dhcpd 600\n"
    for role, machine in pair.servers.items():
        assert machine.pid() != pids[role]
        assert machine.run("systemctl", "is-active", UNIT).stdout == "active\n"


def test_partner_down_start_and_rescue(pair: BootedPair) -> None:
    """dhcpd of the secondary dies: partner-down, its return; then again while the primary is in shutdown: rescue."""
    pair.secondary.kill()
    pair.wait_states("communications-interrupted", None)
    verified(pair.dhcptui("do", "partner-down", "office", "--server", "dhcp1", "--confirm", "dhcp2", *GONE))
    assert pair.primary.local_state() == "partner-down"
    verified(pair.dhcptui("do", "start", "office", "--server", "dhcp2", "--confirm", "dhcp2", *GONE))
    pair.wait_settled(60)

    pair.primary.set_local_state(8)
    pair.wait_states("shutdown", "partner-down")
    pair.secondary.kill()
    code, _ = status(pair)
    assert code == 2
    verified(pair.dhcptui("do", "rescue", "office", "--server", "dhcp1", "--confirm", "dhcp1", *GONE))
    assert pair.dhcp_client(timeout=10) is not None
    verified(pair.dhcptui("do", "start", "office", "--server", "dhcp2", "--confirm", "dhcp2", *GONE))
    pair.wait_settled(60)
