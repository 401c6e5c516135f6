"""A pair whose accounts have csh and fish as login shells, as root has on FreeBSD and OPNsense: all works as with sh."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.assess.delayed_start import scheduled
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.servers.ssh.commands import LOCK, LOCKOUT, START
from tests.lab.driving import Driver, driving
from tests.lab.load import loading
from tests.lab.pair import Lab, Server
from tests.lab.test_delayed_start import with_at

pytestmark = pytest.mark.lab
P, S = Role.PRIMARY, Role.SECONDARY


def log_in_by(server: Server, shell: str) -> None:
    """Give root another login shell, which talks before it obeys, as a profile of somebody's does."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is missing")
    passwd = Path("/etc/passwd").read_text()
    (server.etc / "lab/passwd").write_text(re.sub(r"^(root:.*:)[^:\n]*$", rf"\g<1>{path}", passwd, flags=re.MULTILINE))
    server.run("mount", "--bind", "/etc/dhcp/lab/passwd", "/etc/passwd")
    server.run("sh", "-c", "mkdir -p /root/.config/fish; echo 'echo hello, this is csh' >/root/.cshrc")
    server.run("sh", "-c", "echo 'echo hello, this is fish' >/root/.config/fish/config.fish")
    asked = server.run("sh", "-c", "getent passwd root").stdout.strip()
    assert asked.endswith(path)


@pytest.fixture
def odd(lab: Lab) -> Lab:
    """The primary has tcsh, the secondary fish."""
    log_in_by(lab.primary, "tcsh")
    log_in_by(lab.secondary, "fish")
    lab.wait_settled()
    return lab


def dhcptui(lab: Lab, *args: str) -> subprocess.CompletedProcess[str]:
    """The real program at the operator's place."""
    argv = lab.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(lab.dir / "config.toml"))
    root = Path(__file__).parents[2]
    return subprocess.run([*argv, *args], capture_output=True, text=True, timeout=90, check=False, cwd=root)


def test_status_and_lease_by_name(odd: Lab) -> None:
    """Both are seen whole, and a lease is found by the host name that its client gave."""
    odd.write_config()
    done = dhcptui(odd, "status", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (pair,) = json.loads(done.stdout)["pairs"]
    for server in pair["servers"].values():
        assert (server["state"], server["ssh"]) == ("normal", "ok")
        assert server["clock_offset_seconds"] is not None
    with loading(odd, 5, most=1, host_name=b"it-is") as load:
        load.join(10)
    address = load.granted[0][1]
    found = dhcptui(odd, "lease", "office", "it-is")
    assert address in found.stdout, found


def until_told(driver: Driver, role: Role) -> None:
    """A dhcpd that is gone is known to be, and so is the state that its lease file tells."""
    driver.until(lambda: driver.word(role) == "dhcpd not running", 10, "dhcpd gone")
    driver.until(lambda: driver.engine.snapshot()[role].recorded is not None, 10, "the state in the lease file")


def start_later_and_cancel(odd: Lab, driver: Driver, role: Role) -> None:
    """Each from the command line; the other console sees it."""
    server = odd.servers[role.value]
    later = ("do", "start", "office", "--server", server.name, "--confirm", server.name)
    done = dhcptui(odd, *later, "--after", "1h")
    assert done.returncode == 0, done
    assert (server.lib / START).exists()
    driver.until(lambda: scheduled(driver.engine.snapshot()[role]) is not None, 10, "the delayed start")
    done = dhcptui(odd, *later, "--cancel")
    assert done.returncode == 0, done
    driver.until(lambda: scheduled(driver.engine.snapshot()[role]) is None, 10, "nothing scheduled")


def verified(driver: Driver, action: Action, acting: Role) -> None:
    """Run an action as soon as its guards let us: the lock of the command before has to be seen gone."""
    driver.until(lambda: driver.plan(action, acting).allowed, 30, f"{action.value} allowed")
    told = driver.run(action, acting, timeout=120)
    assert told.outcome is Outcome.VERIFIED, (action, told.result, told.steps)


def test_actions_locks_and_what_was_written_down(odd: Lab) -> None:
    """Log, locks, a delayed start and its end, sync + restart, the lock-out of partner-down, the state of a dead dhcpd."""
    for server in odd.servers.values():
        with_at(server)
    with driving(odd) as driver:
        driver.settled()
        assert all(driver.logs[role] for role in (P, S)), "no log was followed"
        odd.primary.run("sh", "-c", "echo '# sync-test' >> /etc/dhcp/shared/master.conf")
        driver.engine.prepare(Action.SYNC_RESTART, P)
        verified(driver, Action.SYNC_RESTART, P)
        assert odd.secondary.run("tail", "-n", "1", "/etc/dhcp/shared/master.conf").stdout == "# sync-test\n"
        for role in (P, S):
            driver.settled(90)
            odd.wait_settled()
            odd.servers[role.value].kill()
            until_told(driver, role)
            start_later_and_cancel(odd, driver, role)
            verified(driver, Action.PARTNER_DOWN, role.other)
            assert list(odd.servers[role.other.value].lib.glob(f"{LOCKOUT}*"))
            verified(driver, Action.START, role)
        driver.settled(90)
        for server in odd.servers.values():
            assert not [name for name in (LOCK, f"{LOCK}.busy", START) if (server.lib / name).exists()]
