"""A practice pair comes and goes within one process: what it opens it closes, and what it borrows it gives back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dhcptui.config.loading import load
from dhcptui.engine.thread import EngineThread
from dhcptui.practice.demo import DemoEngine, practice
from tests.lab.driving import Driver
from tests.practice.pair import WatchedPair

from .driving import driving

ROOT = Path(__file__).parents[2]


def children() -> list[str]:
    """Processes of ours that live."""
    rows = subprocess.run(["ps", "-A", "-o", "ppid=,stat=,comm="], capture_output=True, text=True, check=True).stdout
    mine = [row.split(None, 2) for row in rows.splitlines() if row.split(None, 1)[0] == str(os.getpid())]
    return [words[2] for words in mine if not words[1].startswith("Z") and words[2] != "ps"]


def test_it_leaves_nothing_behind() -> None:
    """No thread, no process, no open file, no directory; its ports are free again."""
    before = set(threading.enumerate()), children()
    with WatchedPair() as pair:
        ports = [*pair.entrance.ports.values(), pair.primary.omapi_port, pair.secondary.omapi_port]
        with driving(pair) as driver:
            driver.settled()
            assert len(children()) >= len(before[1]) + 4  # on each server a shell and a tail
        directory = pair.dir
    deadline = time.monotonic() + 10
    while (set(threading.enumerate()), children()) != before and time.monotonic() < deadline:
        time.sleep(0.02)  # a thread that waited for a child ends a moment after it
    assert (set(threading.enumerate()), children()) == before
    assert not directory.exists()
    for port in ports:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", port))


def test_who_connects_early_waits() -> None:
    """Before the pair is up its SSH ports take connections: nobody is refused."""
    pair = WatchedPair()
    try:
        early = socket.create_connection(("127.0.0.1", pair.entrance.ports[next(iter(pair.machines))]), 2)
        pair.start()
        early.settimeout(5)
        assert early.recv(4) == b"SSH-"
        early.close()
    finally:
        pair.stop()


def test_a_pair_that_was_never_started(recwarn: pytest.WarningsRecorder) -> None:
    """It can be stopped all the same."""
    pair = WatchedPair()
    pair.stop()
    assert not pair.dir.exists()
    assert not recwarn.list


def test_the_block_of_a_demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """HOME and state lie within; everything is as before when it ends; a fault of ours is told, since its file goes too."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent")
    before = dict(os.environ), [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
    with practice(mclt=20) as demo:
        assert Path(os.environ["HOME"]).parent == Path(os.environ["XDG_STATE_HOME"]).parent == demo.directory
        assert "SSH_AUTH_SOCK" not in os.environ
        engine: EngineThread = DemoEngine(load(demo.config).pair(None), demo)
        driver = Driver(engine)
        engine.start(driver)
        driver.until_words("normal", "normal")
        engine.stop()
        assert engine.failure is None
        fault = demo.directory / "state/dhcptui/fault.log"
        fault.parent.mkdir(exist_ok=True)
        fault.write_text("what went wrong\n")
    assert "what went wrong" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    after = dict(os.environ), [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
    assert after == before


def test_a_pair_that_cannot_come_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The engine ends with the reason, which ends the console; it does not wait for ever."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with practice(peer='a"b') as demo:  # no name that dhcpd.conf can hold
        engine = DemoEngine(load(demo.config).pair(None), demo)
        engine.start(Driver(engine))
        deadline = time.monotonic() + 10
        while engine.failure is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert engine.failure is not None
        engine.stop()
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_stays_light() -> None:
    """What `demo` imports before the first frame: the heavy ones come on the pair's own thread."""
    code = "import dhcptui.practice.demo, dhcptui.cli.main, sys; print(*{m.partition('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"asyncssh", "textual", "lark", "cryptography"} & set(done.stdout.split())
