"""Where the failover link is, read out of dhcpd.conf; and ports tried with bash or with nc."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from dhcptui.conf.reader import parse
from dhcptui.conf.site import failover_place
from dhcptui.model.failover import FailoverPlace
from dhcptui.servers.ssh import commands

CONF = """
failover peer "foo" {{ primary; address 10.0.0.10; {ports} peer address {peer}; mclt 60; split 128; }}
failover peer "bar" {{ secondary; address 10.0.0.10; port 1; peer address 10.0.0.30; peer port 2; }}
"""


@pytest.mark.parametrize(
    ("ports", "peer", "expected"),
    [
        ("port 519; peer port 520;", "10.0.0.20", FailoverPlace("10.0.0.10", 519, "10.0.0.20", 520)),
        ("", "10.0.0.20", FailoverPlace("10.0.0.10", 647, "10.0.0.20", 647)),
        ("peer port 847;", "dhcp2.example.org", FailoverPlace("10.0.0.10", 647, "dhcp2.example.org", 847)),
    ],
)
def test_place(ports: str, peer: str, expected: FailoverPlace) -> None:
    """Ports may differ, be left out, and an address may be a name; the other relationship is another one."""
    configuration = parse(CONF.format(ports=ports, peer=peer), "dhcpd.conf")
    assert failover_place(configuration, "foo") == expected
    assert failover_place(configuration, "bar") == FailoverPlace("10.0.0.10", 1, "10.0.0.30", 2)
    assert failover_place(configuration, "baz") is None


NC = """#!/bin/sh
for port; do :; done
case $port in 1) echo 'Connection to 127.0.0.1 1 port [tcp/*] succeeded!' >&2;;
2) echo 'nc: connect to 127.0.0.1 port 2 (tcp) failed: Connection refused' >&2; exit 1;;
3) echo "nc: invalid option -- 'z'" >&2; exit 1;;
*) exit 1;; esac
"""


@pytest.mark.parametrize(("port", "word"), [(1, "open"), (2, "refused"), (3, "unknown"), (4, "silent")])
def test_nc_where_there_is_no_bash(tmp_path: Path, port: int, word: str) -> None:
    """As on FreeBSD: nc's words, and a nc that cannot do it."""
    (tmp_path / "nc").write_text(NC)
    (tmp_path / "nc").chmod(0o755)
    done = _run(tmp_path, port)
    assert done.stdout == f"{word}\n"


def test_neither(tmp_path: Path) -> None:
    """Without both nothing is claimed."""
    assert _run(tmp_path, 1).stdout == "unknown\n"


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash() -> None:
    """A real port, before and after it is closed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert _run(None, port).stdout == "open\n"
    assert _run(None, port).stdout == "refused\n"


def _run(path: Path | None, port: int) -> subprocess.CompletedProcess[str]:
    command = commands.try_port("127.0.0.1", port)
    environment = {"PATH": str(path)} if path else None
    return subprocess.run(command.argv, capture_output=True, text=True, env=environment, check=False)
