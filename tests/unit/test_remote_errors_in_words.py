"""How an error over SSH reads: one line, whole sentences, no full stop behind a question mark, no escaped line ends."""

from __future__ import annotations

import pytest

from dhcptui.servers.ssh.errors import CommandFailed, CommandNotBegun, RemoteError, in_full
from dhcptui.servers.ssh.target import SshTarget
from dhcptui.watch.survey import explain


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RemoteError("the shell ended", "Does `ssh h` work?"), "the shell ended. Does `ssh h` work?"),
        (RemoteError("only sftp.", "See `ssh h true`."), "only sftp. See `ssh h true`."),
        (RemoteError("it is full", "Make room"), "it is full. Make room."),
        (RemoteError("no such key", ""), "no such key"),
    ],
)
def test_an_error_with_its_advice(error: RemoteError, words: str) -> None:
    """As a sentence of its own, and within brackets without the last full stop."""
    assert explain(error) == words
    assert in_full(error) == words.rstrip(".")


@pytest.mark.parametrize("error", [
    CommandFailed("dhcpd -t", 1, b"line 3: semicolon expected.\n  option\r\n\n   ^\n"),
    CommandNotBegun(SshTarget("h"), 1, b"line 3: semicolon expected.\n  option\r\n\n   ^\n"),
])  # fmt: skip
def test_several_lines_are_one(error: RemoteError) -> None:
    """What a command said on several lines reads as one, with nothing escaped that is only a line end."""
    assert "line 3: semicolon expected.; option; ^" in str(error)
    assert "\\x" not in str(error)


def test_what_is_no_line_end_is_escaped() -> None:
    """A terminal's sequences stay visible."""
    assert r"a\x1b[2Jb" in str(CommandFailed("x", 1, b"a\x1b[2Jb"))
