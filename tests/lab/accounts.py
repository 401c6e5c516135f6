"""Servers on which the console is not root: the set-ups of docs/security.md, made on a lab that has not started dhcpd."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.lab.pair import Lab, Server
from tests.lab.server import TEMPLATES, plain_python
from tests.lab.texts import OMAPI_PORT, RESTART, sshd_config

ACCOUNT, NUMBER = "dhcpd", 64810
SHARED = "/etc/dhcp/pair/shared"
RULE = f'{ACCOUNT} ALL=(root) NOPASSWD: {RESTART} ""\n'
"""The one line of sudoers: the restart command, without arguments."""
MATCH = f"""
Match User {ACCOUNT}
    AllowTcpForwarding local
    PermitOpen 127.0.0.1:{OMAPI_PORT}
    AllowStreamLocalForwarding no
    AllowAgentForwarding no
    X11Forwarding no
    PermitTTY no
"""
CAPABILITIES = "+net_bind_service,+net_raw"
AS_SERVICE = (
    f"/usr/bin/setpriv --reuid {ACCOUNT} --regid {ACCOUNT} --clear-groups --no-new-privs --bounding-set -all,"
    f"{CAPABILITIES} --inh-caps -all,{CAPABILITIES} --ambient-caps {CAPABILITIES} /usr/sbin/dhcpd"
)
"""What User=, AmbientCapabilities=, CapabilityBoundingSet= and NoNewPrivileges= of a systemd unit do."""


def need_sudo() -> None:
    """Skip (in CI: fail) where sudo is missing."""
    if not shutil.which("sudo"):
        pytest.skip("sudo is missing")


@contextmanager
def ordinary(**settings: Any) -> Iterator[Lab]:
    """A pair whose dhcpd runs as ACCOUNT, which the console logs in as; both normal."""
    with _prepared(**settings) as lab:
        for server in lab.servers.values():
            _account(server, ACCOUNT, RULE)
            _own(server)
        yield _up(lab)


@contextmanager
def sudoer(name: str, rule: str = "", **settings: Any) -> Iterator[Lab]:
    """A pair as it usually is, and an account that may do everything through sudo, or what this line of sudoers says."""
    with _prepared(**settings) as lab:
        for server in lab.servers.values():
            _account(server, name, rule or f"{name} ALL=(root) NOPASSWD: ALL\n")
        yield _up(lab)


@contextmanager
def _prepared(**settings: Any) -> Iterator[Lab]:
    need_sudo()
    lab = Lab(key_algorithm="hmac-sha256", **settings)
    lab.start(dhcpd=False)
    try:
        yield lab
    finally:
        lab.stop()


def _up(lab: Lab) -> Lab:
    lab.start_dhcpd()
    lab.wait_states()
    return lab


def _account(server: Server, name: str, rule: str) -> None:
    """An account that logs in by the operator's key, and its line in sudoers."""
    own = server.etc / "lab"
    passwd, group = Path("/etc/passwd").read_text(), Path("/etc/group").read_text()
    (own / "passwd").write_text(f"{passwd}{name}:x:{NUMBER}:{NUMBER}::/nonexistent:/bin/sh\n")
    (own / "group").write_text(_with_member(group, "adm", name) + f"{name}:x:{NUMBER}:\n")
    with (server.root / "shadow").open("a") as shadow:
        shadow.write(f"{name}:*:19000:0:99999:7:::\n")
    rules = own / "sudoers.d"
    rules.mkdir()
    (rules / "dhcptui").write_text(rule)
    (rules / "dhcptui").chmod(0o440)
    for what, where in (("passwd", "/etc/passwd"), ("group", "/etc/group"), ("sudoers.d", "/etc/sudoers.d")):
        server.run("mount", "--bind", f"/etc/dhcp/lab/{what}", where)
    server.run("chown", "root:adm", "/var/log/dhcpd.log")
    server.run("chmod", "0640", "/var/log/dhcpd.log")
    (server.ssh_etc / "sshd_config").write_text(sshd_config({}) + (MATCH if name == ACCOUNT else ""))
    server.restart_sshd()


def _with_member(group: str, name: str, member: str) -> str:
    lines = [
        line + ("" if line.endswith(":") else ",") + member if line.startswith(f"{name}:") else line
        for line in group.splitlines()
    ]
    return "\n".join(lines) + "\n"


def _own(server: Server) -> None:
    """What dhcpd and the console share belongs to the account, and nothing else does."""
    server.run("sh", "-c", f"mkdir /etc/dhcp/pair && mv /etc/dhcp/shared {SHARED}")
    server.run("chown", "-R", f"{ACCOUNT}:{ACCOUNT}", "/etc/dhcp/pair", "/var/lib/dhcp")
    conf = server.etc / "dhcpd.conf"
    conf.write_text(conf.read_text().replace("/etc/dhcp/shared", SHARED))
    script = (TEMPLATES / "restart-dhcpd").read_text().replace("@PYTHON@", plain_python())
    assert script.count("/usr/sbin/dhcpd") == 1
    (server.etc / "restart-dhcpd").write_text(script.replace("/usr/sbin/dhcpd", AS_SERVICE))
