"""Servers whose login takes long, or whose login shell hangs: seen all the same, and named for what they are."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from dhcptui.assess.visibility import unread
from dhcptui.model.role import Role
from tests.lab.driving import driving
from tests.lab.pair import Lab, Server
from tests.lab.test_login_shells import dhcptui, log_in_by
from tests.lab.texts import sshd_config

pytestmark = pytest.mark.lab
P, S = Role.PRIMARY, Role.SECONDARY
ACCOUNTING = """#%PAM-1.0
auth required pam_permit.so
account required pam_exec.so /bin/sleep {seconds}
session required pam_permit.so
"""


def pam_takes(server: Server, seconds: float) -> None:
    """Each login asks something that answers late, as an LDAP server or a name server does."""
    if not list(Path("/usr/lib").glob("*/security/pam_exec.so")) + list(Path("/lib").glob("*/security/pam_exec.so")):
        pytest.skip("pam_exec is missing")
    (server.etc / "lab/pam").write_text(ACCOUNTING.format(seconds=seconds))
    server.run("mount", "--bind", "/etc/dhcp/lab/pam", "/etc/pam.d/sshd")
    (server.ssh_etc / "sshd_config").write_text("UsePAM yes\n" + sshd_config({}))
    server.restart_sshd()


def status(lab: Lab) -> subprocess.CompletedProcess[str]:
    """`status --json` at the operator's place."""
    return dhcptui(lab, "status", "--json")


def test_a_login_of_eight_seconds(lab: Lab) -> None:
    """Longer than an address may be silent: `status` waits for it, and all of it is seen."""
    lab.wait_settled()
    pam_takes(lab.secondary, 8)
    lab.write_config()
    done = status(lab)
    assert (done.returncode, done.stderr) == (0, ""), done
    (pair,) = json.loads(done.stdout)["pairs"]
    assert {server["ssh"] for server in pair["servers"].values()} == {"ok"}


def test_a_login_that_is_too_slow_is_not_a_server_that_is_down(lab: Lab) -> None:
    """It is said to be slow, and tried again with more patience, which succeeds."""
    lab.wait_settled()
    pam_takes(lab.secondary, 8)
    with driving(lab, login_timeout=6) as driver:
        driver.until(lambda: bool(driver.engine.snapshot().secondary.ssh.detail), 20, "what is wrong")
        way = driver.engine.snapshot().secondary.ssh
        assert "answers, and the login was not done within 6 s" in way.detail
        assert way.advice.startswith("Login takes long there (PAM, DNS?)")
        driver.until_words("normal", "normal", 40)


def test_a_profile_that_hangs(lab: Lab) -> None:
    """OMAPI goes on through the same session; what cannot be read is named with the login shell, beside the other server."""
    if not shutil.which("tcsh"):
        pytest.skip("tcsh is missing")
    lab.wait_settled()
    log_in_by(lab.secondary, "tcsh")
    lab.secondary.run("sh", "-c", "echo 'sleep 600' >/root/.cshrc")
    with driving(lab, login_timeout=4) as driver:
        driver.until_words("normal", "normal", 20)
        every = "clock, processes, locks, disk space, time zone"
        driver.until(
            lambda: [names for names, _ in unread(driver.engine.snapshot().secondary)] == [every],
            30,
            "what cannot be read",
        )
        ((_, why),) = unread(driver.engine.snapshot().secondary)
        assert "its login shell began no command within 4 s" in why
        assert "~/.cshrc" in why
        assert unread(driver.engine.snapshot().primary) == []
        lab.secondary.run("rm", "/root/.cshrc")
        driver.until(lambda: not unread(driver.engine.snapshot().secondary), 30, "all of it again")
        driver.until(lambda: driver.engine.snapshot().secondary.other_peers is not None, 60, "its configuration")
        driver.settled()


def test_a_profile_that_ends_the_login_shell(lab: Lab) -> None:
    """Its exit status 0 is no answer: not an empty configuration, not a silent log, not a directory without files."""
    lab.wait_settled()
    (lab.secondary.root / "root/.bashrc").write_text("exit 0\n")
    lab.write_config()
    done = status(lab)
    assert (done.returncode, done.stderr) == (0, ""), done  # both say over OMAPI that they serve
    (pair,) = json.loads(done.stdout)["pairs"]
    server = pair["servers"]["secondary"]
    assert (server["state"], server["other_peers"], server["clock_offset_seconds"]) == ("normal", None, None)
    assert "ran no command of ours (exit status 0)" in server["log"]
    for action, text in (("shutdown", "clock cannot be read"), ("sync-restart", "ran no command of ours")):
        plan = dhcptui(lab, "plan", action, "office", "--server", "dhcp2", "--wait", "5")
        assert plan.returncode == 1, plan
        assert text in plan.stdout
        assert "no other failover peer" not in plan.stdout
