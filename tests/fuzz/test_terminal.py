"""Ten thousand hostile log lines through the real program in a terminal: none of their control bytes arrives there."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.hostile import ATTACKS, foreign, lines
from tests.practice.pair import WatchedPair
from tests.terminal import ESC, Terminal

ROOT = Path(__file__).parents[2]
LINES, BATCH, PAUSE = 10_000, 40, 0.04
COLUMNS, ROWS = 120, 40


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[tuple[WatchedPair, Terminal]]:
    """The console on a practice pair."""
    with WatchedPair(key_algorithm="hmac-sha256", mclt=60) as pair:
        pair.wait_states()
        env = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "SSH_AUTH_SOCK": "", "TERM_PROGRAM": ""}
        argv = [sys.executable, "-m", "dhcptui", "--config", str(pair.write_config())]
        with Terminal(argv, columns=COLUMNS, rows=ROWS, env=env) as terminal:
            terminal.until(r"both servers serve", 20)
            terminal.until(r"ssh ok[\s\S]*log live|log live", 10)
            yield pair, terminal


def test_ten_thousand_hostile_lines(terminal: tuple[WatchedPair, Terminal]) -> None:
    """Everything the terminal received is the program's own; the lines can be read, escapes shown as text."""
    pair, screen = terminal
    files = [server.log_file for server in (pair.primary, pair.secondary)]
    sources = [lines(LINES // 2, "left"), lines(LINES // 2, "right")]
    began = time.monotonic()
    seen: set[str] = set()
    for _ in range(LINES // 2 // BATCH):
        for path, source in zip(files, sources, strict=True):
            with path.open("ab") as log:
                log.writelines(next(source) + b"\n" for _ in range(BATCH))
        time.sleep(PAUSE)
        seen |= set(
            re.findall(
                r"\\x1b|\\x9b|\\u202e|\\u200b|\\xff|\\u2028|\\x00|\[bold red\]|\[/666\]|\{\+\d+\}", screen.text()
            )
        )
    for path in files:
        with path.open("ab") as log:
            log.write(b"2026-11-22T11:33:06+00:00 dhcp1 dhcpd[77]: and that was the last one\n")
    screen.until(r"that was the last one.*that was the last one", 15)
    print(f"{LINES} lines in {time.monotonic() - began:.1f} s, {len(screen.received)} bytes; seen: {sorted(seen)}")
    assert {"\\x1b", "\\u202e", "\\xff", "[bold red]"} <= seen
    screen.send("/666")
    screen.until(r"\d+ of \d+|\d+ found|\d+/\d+|666", 5)
    for _ in range(2):  # out of the search, and a key of its own each time: ESC and q in one read would be Alt-q
        screen.send(ESC)
        time.sleep(0.5)
    screen.send("q")
    assert screen.exit_code() == 0
    assert foreign(bytes(screen.received), COLUMNS, ROWS) == []


TOLERATED = ("\u0301", "\u0489", "\ufe0f", "\u6f22", "\r", "\t", "\ufffd")
"""Not to be told from the program's own by bytes alone: marks, wide letters, line ends."""
PLAIN = [each for each in ATTACKS if all(0x20 <= byte < 0x7F for byte in each)]
"""Dangerous to parsers, not to terminals."""
SEEN = [
    each
    for each in ATTACKS
    if each not in PLAIN
    and (foreign(each, 120, 40) or not any(c in each.decode("utf-8", "replace") for c in TOLERATED))
]


@pytest.mark.parametrize("attack", SEEN)
def test_the_judge_sees(attack: bytes) -> None:
    """What would arrive if nothing were sanitised is found by the check above, attack by attack."""
    assert len(SEEN) >= 30
    assert foreign(b"text " + attack, COLUMNS, ROWS)
