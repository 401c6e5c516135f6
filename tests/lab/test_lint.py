"""`dhcptui lint` over SSH on the real pair: silent on a good one, and planted faults found where they stand."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dhcptui.conf import statements as known
from dhcptui.conf.lint.findings import Pair, Subject
from dhcptui.conf.lint.rules import REFUSED
from dhcptui.conf.lint.rules import lint as check
from dhcptui.conf.mending import parse_mended
from dhcptui.conf.reader import parse
from dhcptui.model.role import Role
from dhcptui.setup.read import from_files
from tests.lab.pair import Lab
from tests.unit import dhcpd_words, test_lint, test_lint_kinds

pytestmark = pytest.mark.lab


def lint(lab: Lab, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the program from the operator's place; there is never a traceback."""
    argv = lab.operator_argv(sys.executable, "-W", "error", "-m", "dhcptui", "--config", str(lab.dir / "config.toml"))
    root = Path(__file__).parents[2]
    done = subprocess.run([*argv, "lint", *args], capture_output=True, text=True, timeout=60, check=False, cwd=root)
    assert "Traceback" not in done.stderr + done.stdout
    return done


def findings(lab: Lab) -> list[dict[str, Any]]:
    """What it finds now."""
    done = lint(lab, "office", "--json")
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    severities = {each["severity"] for each in found}
    assert done.returncode == (2 if "error" in severities else 1 if "warning" in severities else 0)
    assert (lab.key.secret if lab.key else "?") not in done.stdout + done.stderr
    return found


def plant(path: Path, old: str, new: str) -> int:
    """Replace the one place; returns the line of the new text."""
    text = path.read_text()
    assert text.count(old) == 1, (old, text)
    path.write_text(text.replace(old, new))
    return path.read_text()[: path.read_text().index(new)].count("\n") + 1


def test_the_labs_own_pair_is_silent(lab: Lab) -> None:
    """Nothing worse than an info, exit 0; nothing on the servers has changed."""
    lab.write_config()
    before = {
        path: (path.read_bytes(), path.stat().st_mtime) for s in lab.servers.values() for path in s.etc.rglob("*.conf")
    }
    done = lint(lab, "office")
    assert (done.returncode, done.stderr) == (0, "")
    assert not re.search("warning|error", done.stdout), done.stdout
    assert {path: (path.read_bytes(), path.stat().st_mtime) for path in before} == before


def test_planted_faults(lab: Lab) -> None:
    """Faults in both servers' files: each with its file and line, as they are on the server."""
    lab.write_config()
    one, two = lab.primary.etc, lab.secondary.etc
    shared = "/etc/dhcp/shared/master.conf"
    port = lab.settings.failover_port
    expected = {
        ("L14", "primary", "/etc/dhcp/dhcpd.conf", _declaration(one, "  load balance max seconds 3;\n")),
        (
            "L12",
            "primary",
            "/etc/dhcp/dhcpd.conf",
            plant(one / "dhcpd.conf", "  address 10.0.0.10;", "  address dhcp1;"),
        ),
        (
            "L08",
            "secondary",
            "/etc/dhcp/dhcpd.conf",
            plant(two / "dhcpd.conf", "  secondary;", "  secondary; mclt 20;"),
        ),
        (
            "L13",
            "secondary",
            "/etc/dhcp/dhcpd.conf",
            plant(two / "dhcpd.conf", f"  peer port {port};", f"  peer port {port + 1};"),
        ),
        (
            "L22",
            "primary",
            shared,
            _line(one / "shared/master.conf", "range 10.0.0.100"),
        ),
        ("L30", "secondary", shared, plant(two / "shared/master.conf", "max-lease-time 7200", "max-lease-time 7201")),
        ("L31", "secondary", shared, plant(two / "shared/master.conf", "routers 10.0.0.1;", "routers 10.0.0.2;")),
    }
    plant(two / "shared/master.conf", "10.0.0.200;", "10.0.0.190;")
    found = {(each["id"], each["role"], each["file"], each["line"]) for each in findings(lab)}
    assert expected <= found
    assert ("L55", None, None, None) in found


def _declaration(etc: Path, without: str) -> int:
    """Take a line out of the declaration; returns the line of the declaration."""
    plant(etc / "dhcpd.conf", without, "\n")
    return _line(etc / "dhcpd.conf", "failover peer")


def _line(path: Path, fragment: str) -> int:
    return path.read_text()[: path.read_text().index(fragment)].count("\n") + 1


def test_restart_needed_until_restarted(lab: Lab) -> None:
    """A file that changed after dhcpd was started is told, and no longer once dhcpd has read it."""
    lab.write_config()
    time.sleep(3.2)  # a process is dated to the second, twice rounded
    path = lab.secondary.etc / "shared/master.conf"
    path.write_text(path.read_text() + "# touched\n")
    (one,) = [each for each in findings(lab) if each["id"] == "L53"]
    assert (one["role"], one["file"]) == ("secondary", "/etc/dhcp/shared/master.conf")
    lab.secondary.restart()
    assert [each for each in findings(lab) if each["id"] == "L53"] == []


def test_what_dhcpd_refuses(lab: Lab) -> None:
    """`dhcpd -t` runs on the server, and its words are told."""
    lab.write_config()
    line = plant(lab.primary.etc / "dhcpd.conf", "  primary;", "  primary; nonsense;")
    (one,) = [each for each in findings(lab) if each["id"] == "L50"]
    assert f"/etc/dhcp/dhcpd.conf line {line}" in one["sentence"]


def test_readable_secret_and_wrong_key(lab: Lab) -> None:
    """Permissions are looked at on the server; the key is compared with the one in config.toml, and never shown."""
    (lab.dir / "wrong.key").write_text("d3Jvbmc=\n")
    wrong = {"name": "omapi", "algorithm": "hmac-sha256", "secret_file": str(lab.dir / "wrong.key")}
    lab.write_config(secondary={"omapi_key": wrong})
    for path in (lab.primary.etc / "shared").iterdir():
        path.chmod(0o644)
    for path in (lab.secondary.etc / "shared").iterdir():
        path.chmod(0o600)
    found = {(each["id"], each["role"]) for each in findings(lab)}
    assert {("L47", "primary"), ("L45", "secondary")} <= found
    assert not {("L47", "secondary"), ("L45", "primary")} & found


def test_could_not_read(lab: Lab) -> None:
    """Exit 3 with the reason of each server: no host key, a missing include; a broken file is a finding beside it."""
    lab.write_config(secondary={"known_hosts": str(lab.dir / "nobody")})
    done = lint(lab, "office")
    assert done.returncode == 3
    assert "dhcp2" in done.stderr
    assert "ssh-keygen -lf" in done.stderr
    lab.write_config()
    (lab.primary.etc / "shared/master.conf").unlink()
    plant(lab.secondary.etc / "dhcpd.conf", "  secondary;", "  secondary { ")
    done = lint(lab, "office")
    assert done.returncode == 3
    assert "/etc/dhcp/shared/master.conf does not exist" in done.stderr
    assert "/etc/dhcp/dhcpd.conf:" in done.stdout
    assert "this block is never closed" in done.stdout


def test_a_scaffold_runs(lab: Lab) -> None:
    """What `dhcptui scaffold` writes, key file and all, put in place as it says: both become normal, lint is silent."""
    lab.wait_settled()
    out = lab.dir / "new"
    given = "--peer foo --primary 10.0.0.10 --secondary 10.0.0.20 --subnet 10.0.0.0/24 --range 10.0.0.100-10.0.0.200"
    argv = [sys.executable, "-m", "dhcptui", "scaffold", *given.split(), "--mclt", "20", "--out", str(out)]
    root = Path(__file__).parents[2]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
    for role, server in lab.servers.items():
        shutil.copy(out / role / "dhcpd.conf", server.etc / "dhcpd.conf")
        shutil.copytree(out / "shared", server.etc / "shared", dirs_exist_ok=True)
    key = {"name": "omapi", "algorithm": "hmac-sha256", "secret_file": str(out / "omapi.key")}
    lab.write_config(omapi_key=key)
    for server in lab.servers.values():
        server.restart()
    program = (sys.executable, "-m", "dhcptui", "--config", str(lab.dir / "config.toml"))
    argv = lab.operator_argv(*program, "status", "--json")
    for _ in range(20):
        status = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False, cwd=root)
        if status.returncode == 0:
            break
        time.sleep(1)
    assert status.returncode == 0, status.stdout
    shown = lint(lab, "office")
    assert (shown.returncode, shown.stdout) == (0, "failover peer 'foo': nothing found\n")


def refused(tmp_path: Path, text: str, *words: str) -> str:
    """What `dhcpd -t` says of a configuration; empty where it takes it."""
    (tmp_path / "c.conf").write_text(text)
    done = subprocess.run(
        ["/usr/sbin/dhcpd", *words, "-t", "-cf", str(tmp_path / "c.conf")], capture_output=True, timeout=30, check=False
    )
    return done.stderr.decode("utf-8", "replace") if done.returncode else ""


def test_what_dhcpd_knows(tmp_path: Path) -> None:
    """dhcpd itself takes the configurations that lint has to leave in peace."""
    assert refused(tmp_path, dhcpd_words.FOUR) == ""
    assert refused(tmp_path, dhcpd_words.SIX, "-6") == ""


def test_every_parameter_and_option_is_one(tmp_path: Path) -> None:
    """dhcpd takes each parameter with one of these values, and knows each option; what it refuses is in neither table."""
    end = "\nsubnet 10.0.0.0 netmask 255.255.255.0 { }\n"
    values = ("1", "on", "none", "prefer", "local7", "2001:db8::1")
    built_otherwise = {"use-eui-64", "persist-eui-64-leases"}
    for name in sorted(known.PARAMETERS - built_otherwise - {"omapi-key"}):
        assert any(not refused(tmp_path, f"{name} {value};{end}") for value in values), name
    options = "\n".join(f"option {name} zz;" for name in sorted(known.OPTIONS))
    said = refused(tmp_path, options + end)
    assert said
    assert "unknown option" not in said
    for name in ("tftp-server", "domain-names", "frobnicate"):
        assert "unknown option" in refused(tmp_path, f"option {name} 1;{end}")
        assert name not in known.OPTIONS


@pytest.mark.parametrize("odd", ["\ufeff", "\u00a0", "\x01", "\u200b"])
def test_dhcpd_refuses_odd_characters(tmp_path: Path, odd: str) -> None:
    """Why such a character is an error: dhcpd does not start."""
    end = "\nsubnet 10.0.0.0 netmask 255.255.255.0 { }\n"
    assert refused(tmp_path, f"authoritative;{odd}{end}")
    assert not refused(tmp_path, f"authoritative;\x0b\x0c\r # {odd}{end}")


KINDS = sorted((Path(__file__).parents[1] / "data" / "lint").glob("*.conf"))


@pytest.mark.parametrize("path", KINDS, ids=lambda path: path.name)
def test_the_verdict_on_each_kind_is_dhcpds_own(tmp_path: Path, path: Path) -> None:
    """A file that lint says dhcpd refuses is refused, and no other; but for LDAP, which this dhcpd was built without."""
    pair = asyncio.run(from_files(path, path))
    whole = replace(pair, secondary=replace(pair.secondary, configuration=parse("", "none")))
    refused_ = [each for each in check(whole) if each.refused and each.role is Role.PRIMARY]
    said = refused(tmp_path, path.read_text())
    if path.name.startswith("directory"):
        assert "ldap-server" in said
        assert not refused_
    else:
        assert bool(said) == bool(refused_), (said, refused_)


@pytest.mark.parametrize(("rule", "old", "new"), [fault[:3] for fault in test_lint_kinds.REFUSED])
def test_what_lint_calls_refused_is(tmp_path: Path, rule: str, old: str, new: str) -> None:
    """dhcpd -t refuses each planted fault, and takes the same file without it."""
    good = test_lint.text("primary")
    assert refused(tmp_path, good) == ""
    assert refused(tmp_path, good.replace(old, new)), rule


@pytest.mark.parametrize("sign", ["{", "}", '"'])
def test_a_missing_brace_or_quotation_mark_is_refused(tmp_path: Path, sign: str) -> None:
    """Each of them left out: dhcpd refuses the file, and lint names a line of it (L69)."""
    good = test_lint.text("primary")
    for match in re.finditer(re.escape(sign), good):
        text = good[: match.start()] + good[match.end() :]
        assert refused(tmp_path, text), text
        node = parse_mended(text, "primary.conf")
        found = check(Pair("foo", Subject("dhcp1", node), Subject("dhcp2", parse(test_lint.text("secondary"), "s"))))
        assert [each.refused for each in found if each.id == "L69"], text


def test_refused_rules_of_the_table_are(tmp_path: Path) -> None:
    """Each fault that is planted for a rule which is marked so is refused by dhcpd on that server; it takes the faults of others."""
    only_between = {"L30", "L31", "L32", "L33"}
    for rule, changes, role, _ in test_lint.FAULTS:
        for own, changed in changes.items():
            text = test_lint.text(own)
            for old, new in changed:
                text = text.replace(old, new)
            # A declaration that lost its name or all of its pools is refused for another reason than the rule's.
            if rule in REFUSED and own == role:
                assert refused(tmp_path, text), (rule, changed)
            elif rule in only_between:
                assert not refused(tmp_path, text), (rule, changed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("range 10.0.0.100 10.0.0.200;", "range 10.0.0.200 10.0.0.100;"),
        ("  peer address 10.0.0.20;", "  peer address 10.0.0.10;"),
        ("  address 10.0.0.10;", "  address dhcp1.example.org;"),
        ("subnet 10.0.0.0 netmask 255.255.255.0 {", "subnet 10.0.0.0 netmask 255.255.0.0 { }\nsubnet 10.0.0.0 netmask 255.255.255.0 {"),
        ("option routers 10.0.0.1;", "option routers\n  10.0.0.1,\n  10.0.0.2;"),
    ],
)  # fmt: skip
def test_what_dhcpd_takes_is_not_called_refused(tmp_path: Path, old: str, new: str) -> None:
    """Odd, or wrong between the two, but it starts."""
    text = test_lint.text("primary").replace(old, new)
    assert refused(tmp_path, text) == ""
    node = parse(text, "primary.conf")
    found = check(Pair("foo", Subject("dhcp1", node), Subject("dhcp2", parse(test_lint.text("secondary"), "s"))))
    assert not [each for each in found if each.refused and each.role is Role.PRIMARY]


def test_a_declaration_in_a_shared_network(tmp_path: Path) -> None:
    """dhcpd takes it there, and lint has nothing against it."""
    text = test_lint.text("primary")
    begin, end = text.index('failover peer "foo" {'), text.index("}", text.index('failover peer "foo" {')) + 1
    subnet = text.index("subnet 10.0.0.0")
    moved = text[:begin] + text[end:subnet] + "shared-network s {\n" + text[begin:end] + "\n" + text[subnet:] + "}\n"
    assert refused(tmp_path, moved) == ""
    other = Subject("dhcp2", parse(test_lint.text("secondary"), "s"))
    found = check(Pair("foo", Subject("dhcp1", parse(moved, "p")), other))
    assert not [each for each in found if each.refused]


def test_an_include_that_is_not_there(lab: Lab) -> None:
    """dhcpd -t refuses it; lint tells it at its line, judges the rest, says what was not seen, and exits with 3."""
    lab.write_config()
    path = lab.secondary.etc / "dhcpd.conf"
    path.write_text(
        path.read_text().replace("  secondary;", "  secondary; mclt 20;") + 'include "/etc/dhcp/gone.conf";\n'
    )
    done = lint(lab, "office", "--json")
    assert done.returncode == 3
    assert "/etc/dhcp/gone.conf does not exist" in done.stderr
    found = {each["id"] for each in json.loads(done.stdout)["findings"] if each["role"] == "secondary"}
    assert {"L08", "L50", "L65"} <= found
    assert json.loads(done.stdout)["not_seen"] == ["/etc/dhcp/gone.conf of dhcp2"]


def test_a_silenced_rule(lab: Lab) -> None:
    """It is counted with its reason, and changes no exit status; what dhcpd refuses is told all the same."""
    path = lab.secondary.etc / "dhcpd.conf"
    lab.write_config()
    config = lab.dir / "config.toml"
    config.write_text(config.read_text() + '\n[pairs.office.lint]\nsilence = { L08 = "kept for a swap", L50 = "no" }\n')
    plant(path, "  secondary;", "  secondary; mclt 20;")
    done = lint(lab, "office")
    assert done.returncode == 0
    assert "silenced in the configuration: L08 once (kept for a swap)" in done.stdout
    plant(path, "  secondary; mclt 20;", "  secondary; mclt 20; nonsense;")
    done = lint(lab, "office")
    assert done.returncode == 2
    assert "not silenced, since dhcpd itself refuses it: L50" in done.stdout


@pytest.mark.parametrize("how", ["a link", "cut off"])
@pytest.mark.parametrize("role", Role)
def test_a_shared_directory_that_could_not_be_read_is_not_one_that_differs(lab: Lab, role: Role, how: str) -> None:
    """Neither missing nor empty: it was not compared, and why."""
    lab.write_config()
    server = lab.servers[role.value]
    if how == "a link":
        (server.etc / "shared").rename(server.etc / "here")
        (server.etc / "shared").symlink_to("here")
    else:
        server.run("sh", "-c", "printf '#!/bin/sh\\nexit 2\\n' >/run/tar; chmod 755 /run/tar")
        server.run("mount", "--bind", "/run/tar", "/usr/bin/tar")
    done = lint(lab, "office")
    assert "L55" not in done.stdout, done.stdout
    note = done.stdout.splitlines()[0]
    assert note.startswith(f"the shared directories were not compared: /etc/dhcp/shared on {server.name}: "), done
    assert ("symbolic link" if how == "a link" else "exit status 2") in note
    assert json.loads(lint(lab, "office", "--json").stdout)["notes"] == [note]
