"""Completions, driven in the real shells: what is offered is what the parser and the configuration hold."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dhcptui.cli.arguments import ACTIONS
from dhcptui.config.command_names import COMMAND_NAMES
from tests.terminal import Terminal
from tools.generate import ROOT

CONFIG = """
[pairs.office.primary]
name = "north"
host = "10.0.0.10"
[pairs.office.secondary]
name = "south side"
host = "10.0.0.20"
[pairs.branch.primary]
host = "10.0.1.10"
[pairs.branch.secondary]
host = "10.0.1.20"
"""
SERVERS = {"north", "south side", "10.0.1.10", "10.0.1.20"}
SHARE = ROOT / "share"
CASES = [
    ("", {*COMMAND_NAMES, "office", "branch"}),
    ("of", {"office"}),
    ("plan ", set(ACTIONS)),
    ("plan s", {"shutdown", "start", "sync-restart"}),
    ("plan shutdown ", {"office", "branch"}),
    ("do --confirm x shutdown ", {"office", "branch"}),
    ("plan shutdown office --server ", SERVERS),
    ("status --j", {"--json"}),
    ("office --th", {"--theme"}),
    ("office --theme dhcptui-1", {"dhcptui-16"}),
    ("config ", {"path", "show", "validate", "names"}),
    ("status --config {config} ", {"office", "branch"}),
    ("status --config {directory}/oth", {"{directory}/other.toml"}),
    ("lint --files {directory}/oth", {"{directory}/other.toml"}),
    ("lint --files {config} {directory}/oth", {"{directory}/other.toml"}),
    ("lint --files {config} {config} ", {"office", "branch"}),
    ("init north --ye", {"--yes"}),
    ("scaffold --key-algorithm hmac-sha5", {"hmac-sha512"}),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with `dhcptui` on the path and a configuration of two pairs."""
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "other.toml").write_text("")
    program = tmp_path / "bin" / "dhcptui"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dhcptui "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("DHCPTUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return tmp_path


def shell(name: str) -> str:
    """The shell's path; a test that wants one that is missing says so."""
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def bash(line: str) -> set[str]:
    """What a bash would offer at the end of a line."""
    script = f"""
source {shlex.quote(str(SHARE / "bash-completion/completions/dhcptui"))}
COMP_LINE={shlex.quote("dhcptui " + line)}
eval "COMP_WORDS=($COMP_LINE)"
[[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
complete -p dhcptui | grep -q -- '-F _dhcptui ' || exit 1
_dhcptui
for each in "${{COMPREPLY[@]}}"; do eval "printf '%s\\n' $each"; done
"""
    done = subprocess.run([shell("bash"), "--norc", "-c", script], capture_output=True, text=True, check=True)
    assert not done.stderr
    return set(done.stdout.splitlines())


def fish(line: str) -> set[str]:
    """What a fish would offer at the end of a line."""
    source = SHARE / "fish/vendor_completions.d/dhcptui.fish"
    script = f"source {source}; complete --do-complete={shlex.quote('dhcptui ' + line)}"
    done = subprocess.run([shell("fish"), "--no-config", "-c", script], capture_output=True, text=True, check=True)
    assert not done.stderr
    return {row.partition("\t")[0].replace("\\ ", " ") for row in done.stdout.splitlines()}


@pytest.mark.parametrize("complete", [bash, fish], ids=["bash", "fish"])
@pytest.mark.parametrize(("line", "offered"), CASES, ids=[line or "nothing" for line, _ in CASES])
def test_offered(home: Path, complete: object, line: str, offered: set[str]) -> None:
    """The same in both shells, names with a space included."""
    assert callable(complete)
    places = {"config": home / "config.toml", "directory": home}
    assert complete(line.format(**places)) == {each.format(**places) for each in offered}


def test_a_broken_configuration_offers_only_commands(home: Path) -> None:
    """Nothing is printed into the line that is being typed."""
    (home / "config.toml").write_text("[pairs")
    assert bash("") == set(COMMAND_NAMES)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", ["office", "branch", "verdict and both servers, once"]),
        ("plan ", ACTIONS),
        ("plan shutdown ", ["office", "branch"]),
        ("plan shutdown office --server ", ["north", "south", "10.0.1.20"]),
        ("office --th", ["dhcptui office --theme"]),
    ],
    ids=["nothing", "action", "pair", "server", "option"],
)
def test_zsh(home: Path, line: str, words: list[str]) -> None:
    """An interactive zsh shows commands with what they do, actions, pairs and servers."""
    (home / ".zshrc").write_text(
        f"fpath=({SHARE}/zsh/site-functions $fpath)\nautoload -Uz compinit\ncompinit -u -D\nPS1='ready> '\n"
    )
    with Terminal([shell("zsh"), "-d", "-i"], env={"HOME": str(home), "ZDOTDIR": str(home)}) as terminal:
        terminal.until("ready>")
        terminal.send(f"dhcptui {line}\t")
        terminal.until(lambda: all(word in terminal.text() for word in words))
