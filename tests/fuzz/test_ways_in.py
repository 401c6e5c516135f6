"""Every other way in for a stranger's text: SSH servers, OMAPI, configurations, our own files. And faults of our own."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dhcptui.conf.lint.findings import Pair, Subject
from dhcptui.conf.lint.rules import lint
from dhcptui.conf.reader import ConfParseError, parse
from dhcptui.engine import faults
from dhcptui.engine.lint_report import as_text
from dhcptui.model.role import Role
from dhcptui.practice.services.access import make_keys
from dhcptui.servers.omapi.errors import from_status
from tests.fuzz.hostile import ATTACKS, foreign

HOSTILE = "\x1b]2;666\x07\x1b[666;666H\u202e\x9b666m[bold]"
PAIR = """[pairs.{name}]
peer = {peer}
[pairs.{name}.primary]
name = {label}
host = "127.0.0.1"
port = {port}
identity = "{directory}/id_ed25519"
known_hosts = "{directory}/known_hosts"
[pairs.{name}.secondary]
host = "127.0.0.2"
port = {port}
name = "dhcp2"
identity = "{directory}/id_ed25519"
known_hosts = "{directory}/known_hosts"
"""


def dhcptui(home: Path, *args: str) -> str:
    """What the program prints, both streams: no traceback, nothing foreign, each line fit for a terminal."""
    env = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-m", "dhcptui", *args], capture_output=True, env=env, timeout=60, check=False
    )
    told = done.stdout + done.stderr
    assert b"Traceback" not in told
    assert foreign(told, 10_000, 10_000) == []
    return told.decode()


def packet(payload: bytes) -> bytes:
    """An SSH packet before the key exchange."""
    padding = 8 - (len(payload) + 5) % 8 + 8
    return struct.pack("!IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


def disconnect(reason: bytes) -> bytes:
    """SSH_MSG_DISCONNECT (1) with code 11, by application."""
    return packet(struct.pack("!BI", 1, 11) + struct.pack("!I", len(reason)) + reason + struct.pack("!I", 0))


@contextmanager
def server(said: bytes) -> Iterator[int]:
    """Says this to everybody who connects; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        connection.sendall(said)
                        connection.settimeout(1)
                        while connection.recv(4096):
                            pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


RAW = HOSTILE.encode()
SERVERS = {
    "before its version": RAW + b"\r\n" + RAW + b"\r\nSSH-2.0-x\r\n" + disconnect(b"go"),
    "as its version": b"SSH-2.0-" + RAW + b"\r\n" + disconnect(b"go"),
    "as the reason it disconnects": b"SSH-2.0-OpenSSH_9.2\r\n" + disconnect(RAW),
    "as a reason that is not UTF-8": b"SSH-2.0-OpenSSH_9.2\r\n" + disconnect(b"\xff\x9b666m\x1b[666m"),
    "instead of SSH": RAW * 300,
    "as algorithms": b"SSH-2.0-x\r\n"
    + packet(b"\x14" + bytes(16) + (struct.pack("!I", len(RAW)) + RAW) * 10 + bytes(5)),
}


@pytest.mark.parametrize("said", SERVERS.values(), ids=SERVERS.keys())
def test_what_an_ssh_server_says(said: bytes, tmp_path: Path) -> None:
    """In the reason why a server cannot be reached it is text."""
    with server(said) as port:
        make_keys(tmp_path, dict.fromkeys(Role, port))
        path = tmp_path / "config.toml"
        path.write_text(PAIR.format(name="office", peer='"foo"', label='"dhcp1"', port=port, directory=tmp_path))
        told = dhcptui(tmp_path, "--config", str(path), "status", "office")
        assert "unreachable" in told or "SSH" in told
        dhcptui(tmp_path, "--config", str(path), "lint", "office")


@pytest.mark.parametrize("what", ["peer", "label"])
def test_names_in_our_own_configuration(what: str, tmp_path: Path) -> None:
    """A pair, peer or server that is called an escape sequence is refused, or shown as text."""
    names = {"peer": '"foo"', "label": '"dhcp1"', what: r'"\u001b]2;666\u0007\u202e[bold]"'}
    path = tmp_path / "config.toml"
    path.write_text(PAIR.format(name="office", port=1, directory=tmp_path, **names))
    for args in (
        ["config", "validate"],
        ["config", "show"],
        ["status", "office"],
        ["plan", "shutdown", "office", "--server", "dhcp2"],
    ):
        dhcptui(tmp_path, "--config", str(path), *args)


@pytest.mark.parametrize(
    "text",
    [
        '[pairs."\\u001b]2;666\\u0007"]\n',
        '["\\u001b]2;666\\u0007"]\n',
        '[pairs.office.primary]\n"\\u001b[666m" = 1\n',
        '[pairs.office]\nrestart_order = ["\\u001b[666m"]\n',
        "[pairs.office]\npeer = \x1b\x9b\n",
        '[console]\ntheme = "\\u001b[666m"\n',
        '[keys]\n"\\u001b[666m" = "x"\n',
        '[keys]\nhelp = "\\u001b[666m"\n',
    ],
)
def test_errors_about_our_own_configuration(text: str, tmp_path: Path) -> None:
    """What is wrong is quoted as text."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    assert dhcptui(tmp_path, "--config", str(path), "config", "validate")


def test_names_on_the_command_line(tmp_path: Path) -> None:
    """A file, a pair and a server that do not exist are quoted as text."""
    dhcptui(tmp_path, "--config", str(tmp_path / HOSTILE), "status")
    path = tmp_path / "config.toml"
    path.write_text(PAIR.format(name="office", peer='"foo"', label='"dhcp1"', port=1, directory=tmp_path))
    for args in (
        ["status", HOSTILE],
        ["plan", "shutdown", "office", "--server", HOSTILE],
        ["lease", "office", HOSTILE],
    ):
        dhcptui(tmp_path, "--config", str(path), *args)


@pytest.mark.parametrize("attack", ATTACKS)
def test_omapi_status(attack: bytes) -> None:
    """The words of a refusal are text, known code or not."""
    for code in (1, 6, 23, 26, 0x6000B, 0xFFFF):
        assert foreign(str(from_status(code, attack)).encode(), 120, 40) == []


def conf(attack: str, role: str) -> str:
    """A configuration in which everything that can have a name is called so."""
    quoted = '"' + attack.replace("\\", "\\\\").replace('"', "") + '"'
    return (
        f"failover peer {quoted} {{ {role}; address {quoted}; port 520; peer port x; }}\n"
        f"option domain-name {quoted};\nhost {quoted} {{ hardware ethernet 02:00:5e:10:00:01; fixed-address {quoted}; }}\n"
        f"subnet 10.0.0.0 netmask 255.255.255.0 {{ pool {{ failover peer {quoted}; range 10.0.0.100 10.0.0.200; allow {quoted}; }} }}\n"
        f"key {quoted} {{ algorithm {quoted}; secret {quoted}; }}\nomapi-key {quoted};\nomapi-port 7911;\n"
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_lint(attack: bytes) -> None:
    """A configuration full of hostile names is linted in text, and so is the complaint where it does not parse."""
    with pytest.raises(ConfParseError) as refused:
        parse("a } " + attack.decode("utf-8", "backslashreplace"), attack.decode("utf-8", "backslashreplace"))
    assert foreign(str(refused.value).encode("utf-8", "surrogateescape"), 120, 40) == []
    text = attack.decode("utf-8", "backslashreplace")
    subjects = []
    for role, file in (("primary", text), ("secondary", "b.conf")):
        node = parse(conf(text if role == "primary" else "plain", role), file)
        subjects.append(Subject(text, node, version=text, test=text, running_conf=text))
    pair = Pair(text, subjects[0], subjects[1])
    findings = lint(pair)
    assert findings
    assert foreign(as_text(text, pair, findings).encode("utf-8", "surrogateescape"), 120, 40) == []


def test_faults_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that quotes a stranger is kept as text, lone surrogates and all, in a file of ours only."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    try:
        raise RuntimeError(HOSTILE + "\ud800\n\x1b[666m second line")
    except RuntimeError as fault:
        told = faults.keep(fault)
    path = tmp_path / "dhcptui/fault.log"
    assert str(path) in told
    assert foreign(told.encode(), 120, 40) == []
    assert foreign(path.read_bytes(), 120, 40) == []
    assert "second line" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
