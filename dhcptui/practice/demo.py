"""`dhcptui demo` as a guest of the machine: one directory for everything, and nothing left when it ends."""

from __future__ import annotations

import fcntl
import getpass
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from dhcptui.config.loading import PairSettings
from dhcptui.engine.loop import EngineLoop
from dhcptui.engine.thread import EngineThread
from dhcptui.practice.pair import PracticePair
from dhcptui.practice.services.fake_programs import release

PREFIX = "dhcptui-demo-"
_LOCK = "owner"
CLIENTS_PER_MINUTE = 3.0
"""New machines that want an address: enough that the logs and the pool counters live."""
LEAVE_SECONDS = 5.0
"""How long an end by a signal may take."""
_OURS: set[Path] = set()
"""The directories of demos that run in this process."""
_YOUNG_SECONDS = 60.0
"""A directory without an owner's lock is left alone for so long: it may be one that is just being made."""


class Demo:
    """A practice pair that comes up while nobody waits. `config` is the console's configuration of it."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        self.directory = directory
        self.pair = PracticePair(directory / "pair", **settings)
        self.config = self.pair.write_config()
        self._failure: BaseException | None = None
        self._starter = threading.Thread(target=self._start, name="dhcptui-practice-start", daemon=True)

    def start(self) -> None:
        """Let it come up."""
        self._starter.start()

    def wait(self) -> None:
        """Return when the pair is up. Raises what kept it from coming up."""
        self._starter.join()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Take the pair down."""
        if self._starter.is_alive():
            self._starter.join()
        self.pair.stop()

    def _start(self) -> None:
        try:
            self.pair.start()
            self.pair.clients.rate_per_minute = CLIENTS_PER_MINUTE
        except BaseException as error:  # a thread has no caller: `wait` raises it
            self._failure = error


class DemoEngine(EngineThread):
    """The engine of a pair that may still be coming up: the console's first frame does not wait for it."""

    def __init__(self, settings: PairSettings, demo: Demo) -> None:
        super().__init__(settings, home=EngineLoop(demo.wait))

    def stop(self) -> None:
        """End watching. The screen has gone, and with it the screen's way to take signals."""
        ignore_signals()
        super().stop()


@contextmanager
def practice(**settings: Any) -> Iterator[Demo]:
    """A practice pair for as long as the block runs; `settings` are PracticePair's.

    HOME and the console's state lie in the pair's directory meanwhile: no ~/.ssh/config or agent of the user's has a
    say, and nothing is written outside. SIGTERM and SIGHUP end the block. Call it on the main thread.
    """
    remove_leftovers()
    silence = logging.NullHandler()
    logging.getLogger().addHandler(silence)  # without any handler warnings of libraries would go to the screen
    before = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.getsignal(signal.SIGINT)
    try:
        with _directory() as directory, _environment(directory):
            demo = Demo(directory, **settings)
            try:
                demo.start()
                yield demo
            finally:
                ignore_signals()
                demo.stop()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        logging.getLogger().removeHandler(silence)


def ignore_signals() -> None:
    """From here on everything is being cleared away, which takes seconds at most: nothing interrupts that."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _directory() -> Iterator[Path]:
    """A new directory, with a lock in it that lives as long as we do."""
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    _OURS.add(directory)
    lock = -1
    try:
        lock = os.open(directory / "new", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        (directory / "new").rename(directory / _LOCK)  # who sees it sees it locked
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        _OURS.discard(directory)
        if lock >= 0:
            os.close(lock)


def _leave(number: int, _frame: FrameType | None) -> None:
    threading.Thread(target=_insist, args=(number,), name="dhcptui-insist", daemon=True).start()
    sys.exit(128 + number)


def _insist(number: int) -> None:
    """The exception may land in code that swallows it, as a screen half-way up: then this is the end."""
    time.sleep(LEAVE_SECONDS)
    for directory in _OURS:
        _remove(directory)
    os._exit(128 + number)


@contextmanager
def _environment(directory: Path) -> Iterator[None]:
    """The console's own, for as long as the block runs."""
    kept = dict(os.environ)
    for name in ("SSH_AUTH_SOCK", "DHCPTUI_CONFIG"):
        os.environ.pop(name, None)
    for name, place in (("HOME", "home"), ("XDG_STATE_HOME", "state"), ("XDG_CONFIG_HOME", "config")):
        (directory / place).mkdir(mode=0o700)
        os.environ[name] = str(directory / place)
    try:
        getpass.getuser()
    except (KeyError, OSError):  # a container's user without a line in passwd; SSH wants a name
        os.environ["LOGNAME"] = f"uid{os.getuid()}"
    try:
        yield
    finally:
        faults = directory / "state/dhcptui/fault.log"
        if faults.exists():  # it goes with the rest, and whoever reports it needs it
            print(faults.read_text(), file=sys.stderr)  # noqa: T201
        os.environ.clear()
        os.environ.update(kept)


def remove_leftovers() -> None:
    """Remove what killed demos of this user left; a living one holds a lock."""
    for directory in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        with suppress(OSError):
            if directory.is_symlink() or directory.stat().st_uid != os.getuid() or not directory.is_dir():
                continue
            if not _owned(directory):
                _remove(directory)


def _remove(directory: Path) -> None:
    """The directory of a demo that is no more, and what still waits for it."""
    for run in directory.glob("pair/*/run"):
        release(run)
    shutil.rmtree(directory, ignore_errors=True)


def _owned(directory: Path) -> bool:
    """Whether somebody lives in it, or may be about to move in."""
    try:
        lock = os.open(directory / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return time.time() - directory.stat().st_mtime < _YOUNG_SECONDS
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
