"""Remote command lines: every name stays a word, and the changing ones keep their promises."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcptui.servers.ssh import commands
from dhcptui.servers.ssh.commands import Command
from dhcptui.servers.ssh.session import SshSession
from tests.remote.ssh_server import running_session

ODD_NAMES = ["plain", "-rf two  words", 'it\'s "b" $HOME `id`; *', "new\nline ümläut \\"]


@pytest.fixture
async def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SshSession]:
    """A session with a running server."""
    async with running_session(tmp_path, monkeypatch) as (_, connected):
        yield connected


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_words_stay_words(words: list[str]) -> None:
    """What a shell makes of the wire text are the very words."""
    printf = Command(("printf", "%s\\0", *words))
    for line in (printf.line, printf.wire):
        out = subprocess.run(["/bin/sh", "-c", line], check=True, capture_output=True).stdout
        assert out.removeprefix(commands.BEGIN_LINE) == b"".join(word.encode() + b"\0" for word in words)


async def test_odd_file_names(session: SshSession, tmp_path: Path) -> None:
    """Files with odd names are read and listed by the real commands."""
    place = tmp_path / "odd dir's"
    place.mkdir()
    for name in ODD_NAMES:
        (place / name).write_text(name)
        path = str(place / name)
        assert (await session.run(commands.read_file(path), check=True)).stdout.decode() == name
        assert (await session.run(commands.last_lines(path, 5), check=True)).stdout.decode() == name
    listed = (await session.run(commands.list_glob(f"{place}/*"), check=True)).stdout
    assert sorted(listed.decode().split("\0")[:-1]) == sorted(f"{place}/{name}" for name in ODD_NAMES)
    assert (await session.run(commands.list_glob(f"{place}/*.none"), check=True)).stdout == b""


async def test_relative_name_with_dash(session: SshSession) -> None:
    """A name that looks like an option is not one."""
    done = await session.run(commands.read_file("--version"))
    assert b"No such file" in done.stderr


async def test_our_own_tree_is_removed(session: SshSession, tmp_path: Path) -> None:
    """With everything in it."""
    own = tmp_path / ".dhcptui-copy"
    (own / "below").mkdir(parents=True)
    for name in ODD_NAMES:
        (own / "below" / name).touch()
    await session.run(commands.remove_tree(str(own)), check=True)
    assert not own.exists()


@pytest.mark.parametrize(
    "path", ["/", "/etc/dhcp", ".dhcptui-x", "/etc/.dhcptui-x/..", "/.dhcptui-x/etc", "/a/../.dhcptui-x", ""]
)
def test_only_our_own_is_removed(path: str) -> None:
    """Any path that is not plainly ours cannot even be made into a command."""
    with pytest.raises(ValueError, match="may be removed"):
        commands.remove_tree(path)


def test_lines() -> None:
    """The commands as a plan shows them."""
    assert commands.tail_file("/var/log/a b", 500).line == "tail -n 500 -F -- '/var/log/a b'"
    assert commands.dhcpd_test("/etc/dhcp/dhcpd.conf").line == "dhcpd -t -4 -cf /etc/dhcp/dhcpd.conf"
    assert commands.restart("systemctl restart x").as_root().line == "sudo -n systemctl restart x"
    assert commands.restart("a").as_root(False).line == "a"
    assert commands.follow_journal("-x", 5).argv[-1] == "--unit=-x"
    assert commands.restart("reboot; rm '-rf /'").argv == ("reboot;", "rm", "-rf /")


@pytest.mark.parametrize("words", ["", "  ", "'open"])
def test_restart_needs_words(words: str) -> None:
    """An empty restart command or an open quote is an error when it is built."""
    with pytest.raises(ValueError, match=r"program|quotation"):
        commands.restart(words)


def test_nul_is_refused() -> None:
    """No word can hold a NUL."""
    with pytest.raises(ValueError, match="NUL"):
        commands.read_file("a\0b")
