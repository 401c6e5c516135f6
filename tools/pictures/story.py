"""What the pictures show: three nights of a practice pair, watched and acted upon by the real engine."""

from __future__ import annotations

import getpass
import os
import re
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from dhcptui.act.plan import Outcome, Progress, StepState
from dhcptui.assess.comparison import Comparison
from dhcptui.config.loading import PairSettings, load
from dhcptui.engine.thread import EngineThread
from dhcptui.model.action import Action
from dhcptui.model.audit import AuditEntry, AuditEvent
from dhcptui.model.log_line import LogLine
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.sentence import Sentence
from dhcptui.model.snapshot import PairSnapshot
from dhcptui.practice.dhcpd import balance
from dhcptui.practice.drills import PracticeDrills
from dhcptui.watch.clocks import mono
from dhcptui.watch.first import first_snapshot
from tests.lab.driving import Driver
from tests.practice.pair import WatchedPair
from tests.ui.feed import MONO
from tools.pictures.posing import PIDS, Pose, Timeline, at

P, S = Role.PRIMARY, Role.SECONDARY
SPEED, MCLT_SECONDS = 8.0, 60
KEY_TEXT = "cGljdHVyZXMgbmVlZCBubyBzZWNyZXQgYXQgYWxsISE="
CLIENTS = {
    "02:00:5e:10:00:01": "09:12:01",
    "02:00:5e:10:00:02": "09:47:33",
    "02:00:5e:10:00:03": "10:14:40",
    "02:00:5e:10:00:05": "10:41:19",
}
"""Who comes, and when."""
STEPS_DONE = 4
"""So many steps of the sync-restart are done in the picture of a running action."""


@dataclass(frozen=True)
class Take:
    """Everything the console knows at one moment of the story; drawn as often as wanted."""

    settings: PairSettings
    snapshot: PairSnapshot
    logs: Mapping[Role, list[LogLine]]
    wall: float
    """The console's clock."""
    comparison: Comparison | None = None
    progress: Progress | None = None
    """What a run of the prompted action leads to."""
    audit: list[AuditEntry] = field(default_factory=list)
    review: tuple[Sentence, ...] = ()


class Watcher(Driver):
    """Remembers the audit log too."""

    def __init__(self, engine: EngineThread) -> None:
        super().__init__(engine)
        self.audit: list[AuditEntry] = []

    def on_audit(self, entry: AuditEntry) -> None:
        """Remember."""
        self.audit.append(entry)


class Night:
    """One practice pair, an engine on it, and the clock on the wall of the pictures."""

    def __init__(self, pair: WatchedPair, engine: EngineThread, settings: PairSettings) -> None:
        self.pair, self.watcher, self._settings = pair, Watcher(engine), settings
        self._timeline = Timeline()
        self._pose = Pose(self._timeline, _words(pair, settings))

    def stretch(self, clock: str) -> None:
        """What happens from now on happens at that time."""
        self._timeline.begin(clock, self._line_counts() if self._timeline.begun else dict.fromkeys(Role, 0))

    def clients(self) -> None:
        """Some machines get an address, one after the other."""
        for mac, clock in CLIENTS.items():
            self.stretch(clock)
            assert self.pair.dhcp_client(mac), mac
            self.pair.wait_settled(quiet=0.1)

    def run(self, action: Action, acting: Role) -> None:
        """An action, confirmed as asked, to its verified end."""
        plan = self.watcher.plan(action, acting)
        told = self.watcher.run(action, acting, sentence=plan.ruling.sentence)
        assert told.outcome is Outcome.VERIFIED, told

    def take(self, clock: str) -> Take:
        """Everything, once it has all been read anew."""
        counts = self.read_anew()
        watcher = self.watcher
        logs = {role: list(lines[: counts[role]]) for role, lines in watcher.logs.items()}
        return Take(
            self._pose.settings(self._settings),
            self._pose.snapshot(watcher.engine.snapshot(), logs),
            {role: self._pose.lines(role, logs[role]) for role in Role},
            at(clock),
        )

    def read_anew(self) -> dict[Role, int]:
        """Wait until everything that can be read has been; returns how many lines each log has."""
        since, counts, watcher = mono(), self._line_counts(), self.watcher
        watcher.engine.probe_links()

        def complete() -> bool:
            views = watcher.engine.snapshot().servers
            fresh: list[Seen[Any] | None] = [v for view in views if view.omapi.ok for v in (view.status, view.pools)]
            fresh += [v for view in views if view.ssh.ok for v in (view.process, view.clock)]
            if not all(view.omapi.ok for view in views):
                fresh += [view.reach for view in views if view.ssh.ok]
            read = all(each is not None and each.at > since for each in fresh)
            return read and all(len(watcher.logs[role]) >= counts[role] for role in Role if views[role is S].log.ok)

        watcher.until(complete, 20, "everything read anew")
        return counts

    def tells(self, words: str) -> None:
        """Wait for the secondary's trouble to be told in these words."""
        views = self.watcher.engine.snapshot

        def told() -> bool:
            view = views().secondary
            return words in view.omapi.detail + view.ssh.detail

        self.watcher.until(told, 40, words)

    def compared(self) -> Comparison:
        """What a sync-restart would copy."""
        engine = self.watcher.engine
        engine.prepare(Action.SYNC_RESTART, P)
        self.watcher.until(lambda: engine.plan(Action.SYNC_RESTART, P).allowed, 20, "a comparison")
        assert engine._engine is not None
        assert engine._engine.comparison is not None
        return replace(self._pose.texts(engine._engine.comparison), read_at=MONO - 1)

    def progress(self, plan_is: Action, steps_done: int | None = None) -> Progress:
        """How the last run stood after so many steps; None: at its end."""
        for _, told in self.watcher.progress:
            done = sum(each.state is StepState.DONE for each in told.steps)
            running = any(each.state is StepState.RUNNING for each in told.steps)
            if told.plan.action is plan_is and (
                told.outcome is Outcome.VERIFIED if steps_done is None else done == steps_done and running
            ):
                return self._pose.progress(told)
        raise AssertionError(f"{plan_is.value} never stood so")

    def audit(self, clock: str, until_step: int) -> list[AuditEntry]:
        """The audit log of the last run, up to the beginning of a step."""
        upto = [each for each in self.watcher.audit if each.step <= until_step and each.event is not AuditEvent.END]
        return self._pose.audit(upto, at(clock))

    def _line_counts(self) -> dict[Role, int]:
        return {role: len(self.pair.servers[role.value].log_lines()) for role in Role}


def _words(pair: WatchedPair, settings: PairSettings) -> list[tuple[str, str]]:
    """What is written for what differs from pair to pair."""
    ports = [(str(settings[role].omapi_port), "7911") for role in Role]
    ports += [(str(settings[role].port), "22") for role in Role]
    roots = [(re.escape(str(machine.root)), "") for machine in pair.machines.values()]
    return [
        *roots,
        (re.escape(str(pair.dir)), "~/.config/dhcptui"),
        *((rf"\b{port}\b", instead) for port, instead in ports),
        *((rf"\b5{digit}\d{{5}}\b", str(PIDS[role])) for role, digit in ((P, 0), (S, 5))),
        (r"pool [0-9a-f]{12}\b", "pool 55d2c3f6a1b0"),
        (rf"\b{re.escape(getpass.getuser())}(@| on ){re.escape(socket.gethostname())}", r"anna\1ops1"),
        (r"\b\d+\.\d s after", "2.3 s after"),
        (r"\bclocks \d+\.\d s apart", "clocks 0.0 s apart"),
        (r"\b20\d{6}T\d{6}Z?(-[0-9a-f]+)?", "20241122T105900Z"),
    ]


_STATE = threading.Lock()


def _engine(settings: PairSettings, state: Path) -> EngineThread:
    """One whose audit log is its own: the review of a drill tells of what was done to its pair, not of another night's."""
    with _STATE:
        before, os.environ["XDG_STATE_HOME"] = os.environ["XDG_STATE_HOME"], str(state)
        try:
            return EngineThread(settings)
        finally:
            os.environ["XDG_STATE_HOME"] = before


@contextmanager
def night(state: Path) -> Iterator[Night]:
    """A healthy pair since half past seven, and the engine on it. Its pools are balanced once: when else, chance decides."""
    once = patch.object(balance, "MIN_BALANCE_SECONDS", 86400)
    with once, WatchedPair(mclt=MCLT_SECONDS, speed=SPEED, key_secret=KEY_TEXT) as pair:
        pair.wait_settled()
        settings = load(pair.write_config()).pair(None)
        engine = _engine(settings, state)
        this = Night(pair, engine, settings)
        this.stretch("07:31:05")
        engine.start(this.watcher)
        try:
            this.watcher.settled()
            this.clients()
            this.read_anew()
            yield this
        finally:
            engine.stop()
    if engine.failure is not None:
        raise engine.failure


def quiet_night(state: Path) -> dict[str, Take]:
    """Healthy; a sync-restart from its diff to its end; a drill and its review."""
    with night(state) as this:
        healthy = this.take("10:59:02")
        master = this.pair.primary.etc / "shared/master.conf"
        text = master.read_text().replace("10.0.0.200", "10.0.0.220")
        master.write_text(text.replace("  option routers", "  option domain-name-servers 10.0.0.2;\n  option routers"))
        different = replace(healthy, comparison=this.compared())
        this.stretch("10:59:10")
        this.run(Action.SYNC_RESTART, P)
        running = this.progress(Action.SYNC_RESTART, STEPS_DONE)
        told = this.progress(Action.SYNC_RESTART)
        audit_log = this.audit("10:59:05", STEPS_DONE + 1)
        this.pair.wait_settled()
        this.stretch("11:02:00")
        drills = PracticeDrills(this.pair, audit=state / "dhcptui/audit.jsonl")
        drills.begin("secondary-crashes")
        this.watcher.until_words("communications-interrupted", "dhcpd not running", 20)
        time.sleep(1.5)  # long enough to be told
        this.run(Action.START, S)
        this.watcher.until(lambda: drills.running() is None, 20, "the end of the drill")
        drills.close()
        normal = this.take("11:02:40")
        seconds = [(r"after \d+ s", "after 24 s"), (r"did for \d+ s", "did for 19 s")]
        review = tuple(Pose(Timeline(), seconds).texts(line) for line in drills.review())
        unread = replace(healthy, snapshot=first_snapshot(healthy.settings), logs={})
        return {
            "unread": unread,
            "healthy": healthy,
            "different": different,
            "running": replace(different, progress=running, audit=audit_log),
            "verified": replace(different, progress=told),
            "review": replace(normal, review=review),
        }


def crash(state: Path) -> dict[str, Take]:
    """The secondary's dhcpd dies, is declared down, and comes back."""
    with night(state) as this:
        this.stretch("10:58:51")
        this.pair.secondary.kill()
        this.watcher.until_words("communications-interrupted", "dhcpd not running", 20)
        this.tells("nothing listens")
        one_down = this.take("10:59:02")
        this.stretch("10:59:30")
        this.run(Action.PARTNER_DOWN, P)
        this.stretch("11:06:10")
        this.pair.secondary.start()
        this.watcher.until_words("partner-down", "recover-wait", 20)
        return {"one-down": one_down, "recover-wait": this.take("11:06:26")}


def lost_host(state: Path) -> dict[str, Take]:
    """The secondary's host is gone: nothing can be proven. It is declared down with a sentence, and locked out."""
    with night(state) as this:
        this.stretch("10:57:27")
        this.pair.cut("operator", "secondary")
        this.pair.cut("primary", "secondary")
        this.pair.secondary.kill()
        this.watcher.until_words("communications-interrupted", "unreachable", 60)
        this.tells("did not answer within")
        cut_off = this.take("10:59:02")
        this.stretch("10:59:40")
        this.run(Action.PARTNER_DOWN, P)
        marked = this.watcher.engine.snapshot
        this.watcher.until(
            lambda: (lock_files := marked().primary.lock_files) is not None and lock_files.value.lockout is not None,
            20,
            "the marker",
        )
        return {"cut-off": cut_off, "lock-out": this.take("11:26:00")}


def tell() -> dict[str, Take]:
    """The whole story, in about half a minute. Audit logs go to a directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="dhcptui-pictures-") as state:
        before = os.environ.get("XDG_STATE_HOME")
        os.environ["XDG_STATE_HOME"] = state
        try:
            with ThreadPoolExecutor(3) as pool:
                nights = [pool.submit(each, Path(state) / each.__name__) for each in (lost_host, quiet_night, crash)]
                return {name: take for night in nights for name, take in night.result().items()}
        finally:
            del os.environ["XDG_STATE_HOME"]
            if before is not None:
                os.environ["XDG_STATE_HOME"] = before
