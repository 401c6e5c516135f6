"""Runs one group of faults: a lab of its own, a console in this process, and a verdict on each fault.

A group has a process to itself, so that descriptors and threads can be counted.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dhcptui.assess.visibility import assess, process_running
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ServerView
from tests.lab.faults import census
from tests.lab.faults.row import Fault, Group
from tests.lab.faults.scene import Scene
from tests.lab.pair import Lab

WELL = (
    r"^ok: both servers serve$",
    *(rf"^{name} {what}" for name in ("dhcp1", "dhcp2") for what in
      ("is normal", "sees normal", "omapi ok", "ssh ok", "log ok", "clock [+-]0", "process 1$")),
)  # fmt: skip
START_SECONDS = 30.0
LATE_SECONDS = {"omapi": 3.5, "ssh": 8.0, "log": 8.0}
"""From when on a way that bears nothing must be said to; until then its last value carries its age."""
CLEAN_SECONDS = 20.0
"""For what is left on a server to go: sshd notices the end of a connection that was cut off when it is sent again."""
BACK_SECONDS = 15.0


@dataclass(frozen=True)
class Result:
    """What became of one fault."""

    name: str
    trouble: str = ""
    """Empty: all as it should be."""
    before: str = ""
    """What was not as it should be when it was tried first; empty: it was tried once."""
    said_after: float = 0.0
    back_after: float = 0.0
    """Seconds."""


class NotSaid(AssertionError):
    """What must be said was not, in time."""


def run_named(name: str, wanted: frozenset[str]) -> list[Result]:
    """`run_group` for another process: a table of functions does not travel."""
    from tests.lab.faults.table import GROUPS

    return run_group(next(each for each in GROUPS if each.name == name), wanted)


def run_group(group: Group, wanted: frozenset[str]) -> list[Result]:
    """Run the faults of a group that are wanted, one after the other on one lab.

    A fault that went wrong is tried once more, first on a lab of its own: what it left on the other one is not known.
    """
    results: list[Result] = []
    faults = [each for each in group.faults if each.name in wanted]
    before = ""
    while faults:
        with _own_environment(), ExitStack() as stack:
            lab = stack.enter_context(Lab(mclt=20, key_algorithm="hmac-sha256", **group.lab))
            scene = Scene(lab)
            lab.wait_settled()
            group.prepare(scene)
            lab.wait_settled()
            errors = stack.enter_context(_asyncio_errors())
            while faults:
                result = _judged(scene, group, faults[0], errors)
                if result.trouble and not before:
                    before = result.trouble
                    break
                results.append(replace(result, before=before))
                before = ""
                faults.pop(0)
                if result.trouble:
                    break
    return results


def _judged(scene: Scene, group: Group, fault: Fault, errors: list[str]) -> Result:
    try:
        found = _wrong_console(scene, group, fault) if fault.console is not None else _fault(scene, group, fault)
    except Exception as error:
        logs = "\n".join("\n".join(each.log_lines()[-5:]) for each in scene.lab.servers.values())
        return Result(fault.name, f"{error}\n{traceback.format_exc()}\n{logs}")
    if errors:
        return Result(fault.name, "asyncio complained: " + "; ".join(errors))
    return found


def _fault(scene: Scene, group: Group, fault: Fault) -> Result:
    """A console on a healthy pair, the fault, what is said, the cure, and what is left.

    A console for each fault: what one leaves behind is found at once, and each begins with nothing known.
    """
    bare = census.quiet(scene)
    with scene.watching(group.console):
        _until(scene, WELL, START_SECONDS)
        _logs_flow(scene)
        before = census.quiet(scene)
        fault.cause(scene)
        caused, watch = scene.watcher.now().mono, _Watch(scene, fault)
        try:
            said = _until(scene, fault.says, fault.within, watch)
            _stay(fault.hold, watch)
        finally:
            fault.cure(scene)
        cured = scene.watcher.now().mono
        _until(scene, (fault.lingers or WELL[0], *WELL[1:]), fault.back)
        back = scene.watcher.now().mono - cured
        assert cured - caused >= said
        _logs_flow(scene)
        if left := census.left_over(scene, before, CLEAN_SECONDS):
            raise AssertionError(f"left behind by the fault: {dict(left)}")
    if left := census.left_over(scene, bare, CLEAN_SECONDS):
        raise AssertionError(f"left behind by the console: {dict(left)}")
    return Result(fault.name, "", "", said, back)


def _wrong_console(scene: Scene, group: Group, fault: Fault) -> Result:
    """A console that is told wrong things says so, leaves nothing, and one that is told right finds a healthy pair."""
    bare = census.quiet(scene)
    fault.cause(scene)
    with scene.watching({**group.console, **(fault.console or {})}):
        watch = _Watch(scene, fault)
        said = _until(scene, fault.says, fault.within, watch)
        _stay(fault.hold, watch)
    fault.cure(scene)
    if left := census.left_over(scene, bare, CLEAN_SECONDS):
        raise AssertionError(f"left behind by the console: {dict(left)}")
    with scene.watching(group.console):
        back = _until(scene, WELL, fault.back)
    return Result(fault.name, "", "", said, back)


class _Watch:
    """While a fault lasts nothing that it makes unknown may look fresh."""

    def __init__(self, scene: Scene, fault: Fault) -> None:
        self._scene = scene
        self._since = scene.watcher.now().mono
        self._mute = [(name, way) for name, _, way in (each.partition(" ") for each in fault.mute)]

    def look(self) -> None:
        """Raises AssertionError with what looks fresh and is not."""
        snapshot, now = self._scene.watcher.engine.snapshot(), self._scene.watcher.now()
        for name, way in self._mute:
            view = next(each for each in snapshot.servers if each.name == name)
            late = now.mono - self._since > LATE_SECONDS[way]
            fresh = self._fresh(view, way, late)
            assert not fresh, f"{name}: {fresh} {now.mono - self._since:.1f} s into the fault\n{self._scene.report()}"

    def _fresh(self, view: ServerView, way: str, late: bool) -> str:
        now = self._scene.watcher.now()
        newest = self._since + 0.3  # what was under way when the fault came
        if way == "omapi":
            if view.status and view.status.at > newest:
                return "a status was read"
            return "it counts as live" if late and (view.omapi.ok or assess(view, now).live) else ""
        if way == "ssh":
            if any(seen is not None and seen.at > newest for seen in (view.clock, view.process)):
                return "clock or process table were read"
            return (
                "the process table counts" if late and (view.ssh.ok or process_running(view, now) is not None) else ""
            )
        return "the log counts as followed" if late and view.log.ok else ""


def _until(scene: Scene, patterns: tuple[str, ...], timeout: float, watch: _Watch | None = None) -> float:
    """Wait until all of it is said at one moment; returns the seconds it took."""
    began = time.monotonic()
    searches: list[Callable[[str], object]] = [re.compile(each, re.MULTILINE).search for each in patterns]
    while True:
        text = scene.report()
        if all(search(text) for search in searches):
            return time.monotonic() - began
        if watch is not None:
            watch.look()
        if time.monotonic() - began > timeout:
            lacking = [each for each, search in zip(patterns, searches, strict=True) if not search(text)]
            raise NotSaid(f"not said within {timeout:g} s: {lacking}; said:\n{text}")
        time.sleep(0.05)


def _stay(seconds: float, watch: _Watch) -> None:
    ends = time.monotonic() + seconds
    while True:
        watch.look()
        if time.monotonic() >= ends:
            return
        time.sleep(0.05)


def _logs_flow(scene: Scene) -> None:
    """What is written to either log now arrives, and nothing ever arrived twice."""
    for role in Role:
        scene.until_log(role, BACK_SECONDS)
        for text in scene.lock_files[role]:
            assert scene.heard(role, text) <= 1, f"{text!r} was told twice"


@contextmanager
def _own_environment() -> Iterator[None]:
    """No configuration, key or state of whoever runs this; a warning is an error."""
    with tempfile.TemporaryDirectory() as home, warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in [each for each in os.environ if each.startswith(("XDG_", "DHCPTUI", "SSH_"))]:
            del os.environ[name]
        os.environ |= {"HOME": home, "XDG_STATE_HOME": str(Path(home) / "state")}
        yield


@contextmanager
def _asyncio_errors() -> Iterator[list[str]]:
    """What asyncio reports because nobody else would: forgotten exceptions, destroyed tasks."""
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    handler = Keep(logging.WARNING)
    logger = logging.getLogger("asyncio")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
