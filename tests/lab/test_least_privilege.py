"""The console as an ordinary user: it can do every action, and nothing else as root. And as a user of sudo."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from dhcptui.act.audit import AuditLog
from dhcptui.act.plan import Outcome
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.accounts import ACCOUNT, MATCH, NUMBER, RULE, SHARED, ordinary, sudoer
from tests.lab.driving import Driver, driving
from tests.lab.net import Done, sh
from tests.lab.pair import Lab
from tests.lab.texts import RESTART

pytestmark = [pytest.mark.lab, pytest.mark.second_try("an action must end within the time that it gives")]
P, S = Role.PRIMARY, Role.SECONDARY
MCLT = 10
GONE = {(Action.PARTNER_DOWN, P): "dhcp2", (Action.RESCUE, P): "dhcp2", (Action.START, S): "dhcp2"}
"""Whose end somebody must answer for where root alone could prove it."""


def verified(driver: Driver, action: Action, acting: Role) -> None:
    """Run an action as soon as its guards let us, by an account that cannot prove who has a file open; it ends verified."""
    if action is Action.SYNC_RESTART:
        driver.engine.prepare(action, acting)
    driver.until(lambda: driver.plan(action, acting).allowed, 30, f"{action.value} allowed")
    sentence = driver.plan(action, acting).ruling.sentence
    assert sentence in {"", f"I know that {GONE.get((action, acting))}'s dhcpd is gone"}, sentence
    told = driver.run(action, acting, timeout=90, sentence=sentence)
    assert told.outcome is Outcome.VERIFIED, (action, told.result, told.steps)


def through_sudo() -> set[str]:
    """What ran through sudo, by the audit log."""
    return set(re.findall(r"sudo -n ([^\"<]*[^\"< ])", json.dumps(list(AuditLog().records()))))


def come_and_go(lab: Lab, driver: Driver) -> None:
    """Hand over and take back, stop and start."""
    for away, back in ((Action.HAND_OVER, Action.TAKE_BACK), (Action.SHUTDOWN, Action.START)):
        lab.wait_settled()
        verified(driver, away, S)
        verified(driver, back, S)
        driver.until_words("normal", "normal", 60)


def copy_a_change(lab: Lab, driver: Driver, shared: str) -> None:
    """Sync + restart brings an edit of the primary to the secondary."""
    driver.settled()
    for server in lab.servers.values():
        assert "sync-test" not in server.run("cat", f"{shared}/master.conf").stdout
    lab.primary.run("sh", "-c", f"echo '# sync-test' >> {shared}/master.conf")
    verified(driver, Action.SYNC_RESTART, P)
    assert lab.secondary.run("tail", "-n", "1", f"{shared}/master.conf").stdout == "# sync-test\n"
    driver.until_words("normal", "normal", 60)


def test_all_actions_as_an_ordinary_user() -> None:
    """All seven, each verified; what ran as root is the restart command, and dhcpd itself never did."""
    with (
        ordinary(mclt=MCLT) as lab,
        driving(lab, user=ACCOUNT, shared_dir=SHARED, restart=f"sudo -n {RESTART}") as driver,
    ):
        for server in lab.servers.values():
            status = server.run("cat", f"/proc/{server.pid()}/status").stdout
            assert re.search(rf"^Uid:\s+{NUMBER}\s+{NUMBER}\s+{NUMBER}", status, re.MULTILINE)
            assert re.search(r"^CapBnd:\s+0000000000002400$", status, re.MULTILINE)  # net_bind_service, net_raw
        driver.settled()
        come_and_go(lab, driver)
        copy_a_change(lab, driver, SHARED)

        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        verified(driver, Action.PARTNER_DOWN, P)
        verified(driver, Action.START, S)
        driver.until_words("normal", "normal", 60)

        lab.wait_settled()
        lab.primary.set_local_state(8)
        lab.wait_states(primary="shutdown", secondary="partner-down", timeout=5)
        lab.secondary.kill()
        driver.until_words("shutdown", "dhcpd not running", 10)
        verified(driver, Action.RESCUE, P)
        assert lab.dhcp_client(timeout=10) is not None
        assert through_sudo() == {RESTART}


def ssh(lab: Lab, script: str, *options: str) -> Done:
    """A shell command on the primary, as the account."""
    argv = lab.ssh_argv("primary")
    argv[-1:] = [*options, f"{ACCOUNT}@{lab.primary.host}", *([script] if script else [])]
    return sh(*argv, check=False)


FORBIDDEN = {
    "cat /etc/shadow": "Permission denied",
    "sudo -n id": "password is required",
    "sudo -n /bin/sh -c id": "password is required",
    f"sudo -n {RESTART} stop": "password is required",
    f"sudo -n -u daemon {RESTART}": "password is required",
    f"BASH_ENV=/tmp/x sudo -n --preserve-env=BASH_ENV {RESTART}": "not allowed to (set|preserve)",
    f"sudo -n LD_PRELOAD=/none.so {RESTART}": "not allowed to set",
    f"echo >> {RESTART}": "Permission denied|cannot create",
    f"mv {RESTART} /tmp/x": "Permission denied",
    "echo >> /etc/dhcp/dhcpd.conf": "Permission denied|cannot create",
    "mv /etc/dhcp/pair /etc/dhcp/other": "Permission denied",
    "echo >> /etc/ssh/authorized_keys": "Permission denied|cannot create",
    "echo >> /etc/sudoers.d/dhcptui": "Permission denied|cannot create",
    "echo >> /var/log/dhcpd.log": "Permission denied|cannot create",
    "kill -0 1": "not permitted",
}


def test_nothing_else_as_an_ordinary_user() -> None:
    """What the account may not do, it cannot; sudo lists one rule; SSH forwards to OMAPI and nowhere else."""
    with ordinary(mclt=MCLT) as lab:
        assert ssh(lab, "id -un").stdout.strip() == ACCOUNT
        for script, reason in FORBIDDEN.items():
            done = ssh(lab, script)
            assert done.returncode != 0, script
            assert re.search(reason, done.stdout + done.stderr), (script, done.stderr)
        listed = ssh(lab, "sudo -n -l").stdout
        rules = [line.strip() for line in listed.splitlines() if line.startswith("    ")]
        assert f'(root) NOPASSWD: {RESTART} ""' in rules
        assert sum("NOPASSWD" in line or "ALL" in line for line in rules) == 1, listed
        assert RULE.count("\n") == 1
        assert ssh(lab, f"sudo -n {RESTART}").returncode == 0
        refused = ssh(lab, "", "-W", "127.0.0.1:22")
        assert "administratively prohibited" in refused.stderr
        # OMAPI's greeting: 8 bytes come back for the 8 bytes sent.
        argv = lab.ssh_argv("primary")
        argv[-1:] = ["-W", "127.0.0.1:7911", f"{ACCOUNT}@{lab.primary.host}"]
        lab.wait_states(timeout=60)
        tunnel = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with tunnel:
            assert tunnel.stdin is not None
            assert tunnel.stdout is not None
            tunnel.stdin.write(bytes.fromhex("0000006400000018"))
            tunnel.stdin.flush()
            assert tunnel.stdout.read(8) == bytes.fromhex("0000006400000018")
            tunnel.kill()


def test_execute_is_not_root() -> None:
    """Who may write dhcpd's configuration runs commands as dhcpd: which is no longer root, nor gets there by sudo."""
    with ordinary(mclt=MCLT) as lab:
        lab.wait_settled()
        script = f"id -u >/tmp/ran; sudo -n {RESTART} 2>>/tmp/ran; echo $? >>/tmp/ran"
        for server in lab.servers.values():
            master = server.run("cat", f"{SHARED}/master.conf").stdout
            planted = f'on commit {{ execute ("/bin/sh", "-c", "{script}"); }}\n'
            (server.etc / "pair/shared/master.conf").write_text(planted + master)
            server.run(RESTART)
        lab.wait_states(timeout=60)
        assert lab.dhcp_client(timeout=15) is not None
        ran = [server.root / "tmp/ran" for server in lab.servers.values()]
        deadline = time.monotonic() + 5
        while not any(path.exists() and path.read_text().count("\n") > 2 for path in ran):
            assert time.monotonic() < deadline, "execute did nothing"
            time.sleep(0.05)
        said = next(path.read_text() for path in ran if path.exists()).splitlines()
        assert said[0] == str(NUMBER)
        assert "no new privileges" in " ".join(said)
        assert said[-1] == "1"


def test_sudo_from_end_to_end() -> None:
    """`sudo = true`: the same through `sudo -n`, for an account that may do everything."""
    with sudoer("operator", mclt=MCLT) as lab, driving(lab, user="operator", sudo=True) as driver:
        driver.settled()
        come_and_go(lab, driver)
        copy_a_change(lab, driver, "/etc/dhcp/shared")
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        verified(driver, Action.PARTNER_DOWN, P)
        assert RESTART in through_sudo()
        assert len(through_sudo()) > 2


def test_the_document_is_what_was_tested() -> None:
    """docs/security.md names the limits of the tests above."""
    text = (Path(__file__).parents[2] / "docs/security.md").read_text()
    for line in MATCH.strip().splitlines():
        assert f"{line}\n" in text, line
    for word in ("CAP_NET_BIND_SERVICE CAP_NET_RAW", "NoNewPrivileges=yes", "User=dhcpd", SHARED, "sudo = false"):
        assert word in text, word
    (rule,) = [line for line in text.splitlines() if "NOPASSWD: /" in line]
    assert rule.startswith(RULE.partition("NOPASSWD")[0])
