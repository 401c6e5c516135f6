"""`dhcptui scaffold`: the files, their modes, and what it refuses."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from dhcptui.cli.main import main
from dhcptui.conf.failover import keys
from dhcptui.conf.reader import parse
from dhcptui.conf.scaffold import Scaffold, ScaffoldError

GIVEN: dict[str, Any] = {
    "peer": "foo",
    "primary": "10.0.0.10",
    "secondary": "10.0.0.20",
    "subnet": "10.0.0.0/24",
    "range": ("10.0.0.100", "10.0.0.200"),
}
ARGV = [
    *("scaffold", "--peer", "foo", "--primary", "10.0.0.10", "--secondary", "10.0.0.20", "--subnet", "10.0.0.0/24"),
    *("--range", "10.0.0.100-10.0.0.200", "--router", "10.0.0.1", "--dns", "10.0.0.2", "--dns", "10.0.0.3"),
]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"peer": 'x" {'}, "letters"),
        ({"primary": "dhcp1"}, "'dhcp1' is not an IPv4 address"),
        ({"secondary": "10.0.0.10"}, "one server, not a pair"),
        ({"subnet": "10.0.0.1/24"}, "it looks like"),
        ({"range": ("10.0.1.1", "10.0.1.9")}, "does not lie in"),
        ({"range": ("10.0.0.9", "10.0.0.1")}, "ends before it begins"),
        ({"range": ("10.0.0.5", "10.0.0.15")}, "10.0.0.10 lies in the range"),
        ({"routers": ("10.0.0.150",)}, "10.0.0.150 lies in the range"),
        ({"mclt": 0}, "mclt 0 is not"),
        ({"split": 257}, "split 257 is not"),
        ({"port": 70000}, "port 70000 is not"),
        ({"dns": ("ns1",)}, "'ns1' is not an IPv4 address"),
    ],
)
def test_what_makes_no_pair_is_refused(change: dict[str, Any], words: str) -> None:
    """By value, before anything is written."""
    with pytest.raises(ScaffoldError, match=re.escape(words)):
        Scaffold(**GIVEN | change)


def test_files_and_modes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The layout; the secret in files of mode 0600 only, and never printed; a second run asks for --force."""
    out = tmp_path / "new"
    assert main([*ARGV, "--out", str(out), "--mclt", "600", "--split", "200", "--port", "519"]) == 0
    said = capsys.readouterr().out
    assert "lint: nothing found" in said
    secret = (out / "omapi.key").read_text().strip()
    assert len(secret) == 44
    holding = {
        str(path.relative_to(out)): path for path in out.rglob("*") if path.is_file() and secret in path.read_text()
    }
    assert set(holding) == {"omapi.key", "shared/omapi-key.conf"}
    assert {path.stat().st_mode & 0o777 for path in holding.values()} == {0o600}
    assert secret not in said
    assert keys(parse((out / "shared/omapi-key.conf").read_text(), "k"))["omapi"].secret == secret
    primary, secondary = ((out / role / "dhcpd.conf").read_text() for role in ("primary", "secondary"))
    assert "mclt 600;\n  split 200;" in primary
    assert not re.search("mclt|split", secondary)
    assert "port 519;" in primary
    assert "domain-name-servers 10.0.0.2, 10.0.0.3;" in (out / "shared/master.conf").read_text()
    assert main([*ARGV, "--out", str(out)]) == 1
    assert "--force" in capsys.readouterr().err
    assert (out / "omapi.key").read_text().strip() == secret
    assert main([*ARGV, "--out", str(out), "--force"]) == 0
    assert (out / "omapi.key").read_text().strip() != secret


def test_a_refusal_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, exit 1."""
    argv = [*ARGV, "--out", str(tmp_path / "new")]
    argv[argv.index("10.0.0.20")] = "10.0.0.10"
    assert main(argv) == 1
    assert "one server" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(not shutil.which("dhcpd"), reason="dhcpd is the judge")
def test_dhcpd_takes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """dhcpd -t is run on both, and finds them good; what it refuses is told."""
    assert main([*ARGV, "--out", str(tmp_path / "new")]) == 0
    said = capsys.readouterr().out
    assert "the primary's configuration is good" in said
    assert "the secondary's configuration is good" in said
