"""Strangers on the real pair: what a client, a file name, a complaint or a banner says reaches the screen as text only.

And our reading of OMAPI beside that of omshell, dhcpd's own.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dhcptui.act.audit import default_path
from dhcptui.servers.omapi import codec, objects
from tests.fuzz.hostile import MARK, foreign
from tests.lab import client
from tests.lab.pair import Lab, Server
from tests.lab.test_sync_restart import UNREAD
from tests.terminal import ENTER, ESC, Terminal

pytestmark = [pytest.mark.lab, pytest.mark.second_try("a client waits for its lease, and a screen for its text")]
PAGE_DOWN = "\x1b[6~"
ROOT = Path(__file__).parents[2]
COLUMNS, ROWS = 120, 40
NAME = r"\033]2;666\007\302\233666m\342\200\256[bold]\377"
"""A host name, as dhclient.conf spells bytes."""
FILES = (b"\x1b]2;666\x07.conf", b"two\nlines", "\u202e666.conf".encode(), b"\xff666", b"[bold]666[:]", b"a\x9b666m")


def environment(home: Path) -> dict[str, str]:
    """For a program of an operator whose home this is."""
    return {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "PYTHONPATH": str(ROOT)}


@contextmanager
def console(lab: Lab, home: Path) -> Iterator[Terminal]:
    """The real program at the operator's place; at the end, judge every byte it wrote."""
    argv = lab.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(lab.dir / "config.toml"))
    with Terminal(argv, columns=COLUMNS, rows=ROWS, env=environment(home)) as terminal:
        terminal.until(r"both servers serve", 15)
        terminal.until(r"clock [+-]\d.*clock [+-]\d", 10)
        yield terminal
        assert terminal.process.poll() is None, "the console has died"
        terminal.process.terminate()
        assert terminal.exit_code() == 0
        terminal.hang_up()  # all that it wrote is read
        assert foreign(bytes(terminal.received), COLUMNS, ROWS) == []


def said(lab: Lab, home: Path, *args: str) -> str:
    """What a command prints, both streams; each line of it fit for a terminal."""
    argv = lab.operator_argv(sys.executable, "-m", "dhcptui", "--config", str(lab.dir / "config.toml"), *args)
    done = subprocess.run(argv, capture_output=True, env=environment(home), timeout=60, check=False)
    assert b"Traceback" not in done.stderr
    for raw in (done.stdout + done.stderr).splitlines():
        assert raw.decode().isprintable(), raw
    return (done.stdout + done.stderr).decode()


def test_a_client_with_a_hostile_name(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real client calls itself an escape sequence: in the log, the lease look-up and the report it is text."""
    lab.wait_settled()
    lab.write_config()
    monkeypatch.setattr(client, "CONF", client.CONF + f'send host-name "{NAME}";\n')
    with console(lab, tmp_path) as terminal:
        lease = lab.dhcp_client(timeout=15)
        assert lease is not None
        terminal.until(r"DHCPACK on|DHCPREQUEST for", 10)
    found = said(lab, tmp_path, "lease", "office", lease["address"])
    assert r"\x1b]2;666\x07" in found
    as_json = json.loads(said(lab, tmp_path, "lease", "office", lease["address"], "--json"))
    assert r"\x1b]2;666\x07" in json.dumps(as_json).replace("\\\\", "\\")
    said(lab, tmp_path, "report", "office", "--since", "1h")


def test_hostile_files_in_the_shared_directory(lab: Lab, tmp_path: Path) -> None:
    """Names and contents in the diff of sync + restart, and dhcpd's complaint about them, are text."""
    lab.wait_settled()
    lab.write_config()
    for name in FILES:
        (lab.primary.etc / "shared" / os.fsdecode(name)).write_bytes(b"# \x1b[666;666H\x9b666m\n")
    master = lab.primary.etc / "shared/master.conf"
    master.write_bytes(master.read_bytes() + b'\nsubnet "\x1b]2;666\x07" \x1b[666m {\n')
    with console(lab, tmp_path) as terminal:
        terminal.send("R")
        terminal.until(r"Type office and press Enter", 10)
        terminal.send(PAGE_DOWN)  # what changes stands below the evidence
        terminal.until(r"\\x1b\]2;666\\x07\.conf", 10)
        terminal.send("office" + ENTER)
        terminal.until(r"To answer for it", 10)  # a dhcpd.conf that cannot be read may hold other relationships
        terminal.send(UNREAD + ENTER)
        terminal.until(r"FAILED", 30)
        assert terminal.shows(r"master\.conf\s+line\s+\d+")
        terminal.send("y")
        terminal.until(lambda: b"\x1b]52;c;" in terminal.received, 5)
        terminal.send(ESC)
    said(lab, tmp_path, "lint", "office")
    said(lab, tmp_path, "audit")
    said(lab, tmp_path, "report", "office", "--since", "1h")


def test_hostile_sshd(lab: Lab, tmp_path: Path) -> None:
    """A banner before login, and a shell that talks and then refuses, cannot write to the terminal."""
    lab.wait_settled()
    lab.write_config()
    hostile = "\x1b]2;666\x07\x1b[666;666H\x9b666m\u202e welcome\r\n".encode()
    (lab.secondary.ssh_etc / "banner").write_bytes(hostile)
    config = lab.secondary.ssh_etc / "sshd_config"
    config.write_text(config.read_text() + "Banner /etc/ssh/banner\n")
    lab.secondary.restart_sshd()
    with console(lab, tmp_path) as terminal:
        (lab.secondary.root / "tmp/refuse").write_bytes(
            b"#!/bin/sh\ncat /etc/ssh/banner; cat /etc/ssh/banner >&2; exit 1\n"
        )
        lab.secondary.run("chmod", "755", "/tmp/refuse")
        config.write_text(config.read_text() + "ForceCommand /tmp/refuse\n")
        lab.secondary.restart_sshd()
        terminal.until(lambda: not re.search(r"ssh ok[\s\S]*ssh ok", terminal.text()), 30)
    for command in ("status", "lint", "report"):
        said(lab, tmp_path, command, "office")
    (lab.secondary.ssh_etc / "banner").write_bytes(b"Gr\xfc\xdf Gott\x9b666m\n")
    assert "banner is not UTF-8" in said(lab, tmp_path, "status", "office")


def test_secrets_stay_secret(lab: Lab, tmp_path: Path) -> None:
    """A complaint of dhcpd's quotes the line with the secret. Nothing that is shown or kept has it; nor the SSH key."""
    lab.wait_settled()
    lab.write_config()
    assert lab.key is not None
    master = lab.primary.etc / "shared/master.conf"
    whole = master.read_text()
    master.write_text(re.sub(r"secret (\S+);", r"secret \1 oops;", whole))
    complaint = lab.primary.run("dhcpd", "-t", "-4", "-cf", "/etc/dhcp/dhcpd.conf", check=False).stderr
    assert lab.key.secret in complaint, "dhcpd quotes no secret any more: this test proves nothing"
    # As a start from elsewhere would: the complaint is in the log that the console follows.
    with lab.primary.log_file.open("a") as log:
        log.writelines(f"2026-11-22T11:33:05.000001+00:00 dhcp1 dhcpd[77]: {line}\n" for line in complaint.splitlines())
    with console(lab, tmp_path) as terminal:
        terminal.until(r"secret \S?\[not shown", 10)
        terminal.send("R")
        terminal.until(r"Type office and press Enter", 10)
        terminal.send("office" + ENTER)
        terminal.until(r"FAILED", 30)  # only dhcpd stumbles over that line: the relationships around it could be read
        terminal.send(ESC)
        terminal.until(r"secret \S?\[not shown", 10)
        seen = bytes(terminal.received)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    assert kept, default_path()
    shown = "".join(
        said(lab, tmp_path, *args)
        for args in (
            ("status", "office"), ("status", "office", "--json"), ("lint", "office"), ("lint", "office", "--json"),
            ("report", "office", "--since", "1h"), ("report", "office", "--since", "1h", "--json"), ("audit",),
            ("audit", "--json"), ("config", "show"), ("config", "validate"), ("plan", "sync-restart", "office"),
            ("init", "root@10.0.0.10", "root@10.0.0.20"),
        )
    ).encode()  # fmt: skip
    for what, data in {"screen": seen, "files": kept, "commands": shown}.items():
        for name, secret in secrets_of(lab).items():
            assert secret not in data, f"{name} is in the {what}"


def secrets_of(lab: Lab) -> dict[str, bytes]:
    """What must never be shown, in the spellings it could have."""
    assert lab.key is not None
    raw = base64.b64decode(lab.key.secret)
    private = (lab.dir / "id_ed25519").read_text().splitlines()
    return {
        "the OMAPI secret": lab.key.secret.encode(),
        "a part of the OMAPI secret": lab.key.secret[:16].encode(),
        "its bytes": raw,
        "its bytes in hex": raw.hex().encode(),
        "the SSH key": private[2].encode(),
        "the begin of the SSH key": private[0].encode(),
    }


# --- omshell as the second reader ---

ATTRIBUTE = re.compile(r"^([a-z-]+) = (.*)$", re.MULTILINE)


def omshell(server: Server, lab: Lab, kind: str, key: str, value: str) -> dict[bytes, bytes]:
    """The attributes of one object as omshell prints them, as bytes again."""
    assert lab.key is not None
    script = (
        f"server 127.0.0.1\nport 7911\nkey-algorithm {lab.key.algorithm}\nkey {lab.key.name} {lab.key.secret}\n"
        f"connect\nnew {kind}\nset {key} = {value}\nopen\n"
    )
    argv = server.inside_argv("omshell")
    done = subprocess.run(argv, input=script, capture_output=True, text=True, timeout=20, check=True)
    printed = done.stdout.rpartition(f"obj: {kind}\n")[2]
    return {name.encode(): _bytes(text) for name, text in ATTRIBUTE.findall(printed)}


def _bytes(text: str) -> bytes:
    if text.startswith('"'):
        return text.strip('"').encode()
    return bytes.fromhex(text.replace(":", "")) if ":" in text or len(text) == 2 else text.encode()


async def ours(lab: Lab, server: Server, kind: bytes, key: bytes, value: bytes) -> dict[bytes, bytes]:
    """The same as our decoder reads it."""
    assert lab.key is not None
    reader, writer = await asyncio.open_connection(server.host, 7911)
    decoder = codec.Decoder()
    authenticator = codec.Key(lab.key.name, lab.key.algorithm, lab.key.secret.encode()).authenticator()

    async def ask(number: int, message: dict[bytes, bytes], wanted: dict[bytes, bytes]) -> codec.Message:
        signer = decoder.authenticator
        writer.write(codec.encode(codec.OPEN, number, message=message, object_=wanted, authenticator=signer))
        while True:
            for answer in decoder.feed(await asyncio.wait_for(reader.read(65536), 5)):
                return answer

    writer.write(codec.STARTUP)
    opened = await ask(1, {b"type": b"authenticator"}, authenticator.auth_object())
    authenticator.authid, decoder.authenticator = opened.handle, authenticator
    answer = await ask(2, {b"type": kind}, {key: value})
    writer.close()
    assert answer.signed
    return dict(answer.object)


def test_beside_omshell(lab: Lab) -> None:
    """Every attribute of failover-state and lease is read as omshell reads it, on both servers, in two states."""
    lab.wait_settled()
    lease = lab.dhcp_client(timeout=15)
    assert lease is not None
    packed = bytes(map(int, lease["address"].split(".")))
    compared = 0
    for healthy in (True, False):
        servers = list(lab.servers.values())
        if not healthy:
            lab.secondary.kill()
            lab.wait_states("communications-interrupted", None, 5)
            servers = [lab.primary]
        for server in servers:
            with lab.inside():
                state = asyncio.run(ours(lab, server, b"failover-state", b"name", b"foo"))
                leased = asyncio.run(ours(lab, server, b"lease", b"ip-address", packed))
            theirs = omshell(server, lab, "failover-state", "name", '"foo"')
            leases = omshell(server, lab, "lease", "ip-address", lease["address"])
            assert set(theirs) >= {b"local-state", b"partner-state", b"mclt", b"local-stos"}
            assert set(leases) >= {b"ip-address", b"state", b"ends", b"hardware-address"}
            for here, there in ((state, theirs), (leased, leases)):
                same = {name: here.get(name) for name in there}
                assert same == there, f"{server.name}: {kinds_apart(same, there)}"
                compared += len(there)
            assert objects.failover_status(state) == objects.failover_status(theirs)
            assert objects.lease(leased).view == objects.lease({**leased, **leases}).view
    print(f"{compared} attributes compared")
    assert MARK not in str(leases)


def kinds_apart(one: dict[bytes, bytes | None], two: dict[bytes, bytes]) -> dict[bytes, tuple[bytes | None, bytes]]:
    """Only what differs."""
    return {name: (one[name], two[name]) for name in two if one[name] != two[name]}
