"""From the engine's thread to the screen: newest values win, at most one wake-up is under way.

A terminal that stops reading stops the ui's loop; nothing here ever waits for it. Frames are dropped, not queued:
when the ui comes back it finds one snapshot, one progress and a bounded heap of log lines.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.message import Message

from dhcptui.act.plan import Progress
from dhcptui.model.audit import AuditEntry
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot

AUDIT_BACKLOG = 1000
"""Entries of the audit log kept while the terminal does not read; the file has them all."""
LOG_BACKLOG = 5000
"""Log lines kept per server while the terminal does not read; older ones are dropped and counted."""


class Wake(Message, bubble=False):
    """There is news in the bridge of a pair; `pair` is empty where there is one only."""

    def __init__(self, pair: str = "") -> None:
        super().__init__()
        self.pair = pair


class FleetWake(Message, bubble=False):
    """There is news of some pairs in the fleet's bridge."""


@dataclass(frozen=True, slots=True)
class News:
    """What has happened since the last look; None: nothing new."""

    snapshot: PairSnapshot | None
    progress: Progress | None
    audit: tuple[AuditEntry, ...] = ()


class Bridge:
    """The ui's `Listener`. `post` puts a message into the app's queue and may be called from any thread."""

    def __init__(self, post: Callable[[Message], bool], pair: str = "") -> None:
        """`pair`: whose news the message tells of."""
        self._post, self._pair = post, pair
        self._lock = threading.Lock()
        self._woken = False
        self._snapshot: PairSnapshot | None = None
        self._progress: Progress | None = None
        self._audit: deque[AuditEntry] = deque(maxlen=AUDIT_BACKLOG)
        self._logs: dict[Role, deque[LogLine]] = {role: deque(maxlen=LOG_BACKLOG) for role in Role}
        self._dropped = dict.fromkeys(Role, 0)

    def on_snapshot(self, snapshot: PairSnapshot) -> None:
        """Keep the newest snapshot."""
        with self._lock:
            self._snapshot = snapshot
        self._wake()

    def on_log(self, role: Role, lines: Sequence[LogLine]) -> None:
        """Keep log lines until the screen takes them."""
        with self._lock:
            heap = self._logs[role]
            self._dropped[role] += max(0, len(heap) + len(lines) - LOG_BACKLOG)
            heap.extend(lines)
        self._wake()

    def on_audit(self, entry: AuditEntry) -> None:
        """Keep the entry for the command log."""
        with self._lock:
            self._audit.append(entry)
        self._wake()

    def on_progress(self, progress: Progress) -> None:
        """Keep the newest progress; it holds every step."""
        with self._lock:
            self._progress = progress
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            if self._woken:
                return
            self._woken = True
        try:
            self._post(Wake(self._pair))
        except RuntimeError:  # the ui's loop has ended; the engine has not noticed yet
            return

    def take(self) -> News:
        """The news; from now on the next event wakes again."""
        with self._lock:
            news = News(self._snapshot, self._progress, tuple(self._audit))
            self._snapshot = self._progress = None
            self._audit.clear()
            self._woken = False
        return news

    @property
    def has_logs(self) -> bool:
        """Whether log lines wait."""
        return any(self._logs.values())

    def take_logs(self, role: Role) -> tuple[list[LogLine], int]:
        """One server's waiting lines, and how many older ones were dropped."""
        with self._lock:
            lines, dropped = list(self._logs[role]), self._dropped[role]
            self._logs[role].clear()
            self._dropped[role] = 0
        return lines, dropped


KEPT_LINES, FEWEST_LINES = 40_000, 100
"""Log lines kept of all servers together for the consoles that are not open, and of one server at least."""
KEPT_AUDIT = 200


class FleetBridge:
    """The fleet's `FleetListener`: each pair's newest snapshot, its last log lines, and the bridge of each open console."""

    def __init__(self, post: Callable[[Message], bool], pairs: Sequence[str]) -> None:
        self._post = post
        self._lock = threading.Lock()
        self._woken = False
        self._snapshots: dict[str, PairSnapshot] = {}
        self._progress: dict[str, Progress] = {}
        kept = max(FEWEST_LINES, min(LOG_BACKLOG, KEPT_LINES // max(1, 2 * len(pairs))))
        self._logs: dict[tuple[str, Role], deque[LogLine]] = {
            (pair, role): deque(maxlen=kept) for pair in pairs for role in Role
        }
        self._audit: dict[str, deque[AuditEntry]] = {pair: deque(maxlen=KEPT_AUDIT) for pair in pairs}
        self._open: dict[str, Bridge] = {}

    def open(self, pair: str) -> Bridge:
        """A bridge for the console of a pair, which begins with what is kept."""
        bridge = Bridge(self._post, pair)
        with self._lock:
            for role in Role:
                bridge.on_log(role, self._logs[pair, role])
            for entry in self._audit[pair]:
                bridge.on_audit(entry)
            self._open[pair] = bridge
        return bridge

    def close(self, pair: str) -> None:
        """The console of a pair is closed."""
        with self._lock:
            self._open.pop(pair, None)

    def on_snapshot(self, pair: str, snapshot: PairSnapshot) -> None:
        """Keep the newest snapshot of each pair."""
        with self._lock:
            self._snapshots[pair] = snapshot
            bridge = self._open.get(pair)
        if bridge is not None:
            bridge.on_snapshot(snapshot)
        self._wake()

    def on_log(self, pair: str, role: Role, lines: Sequence[LogLine]) -> None:
        """Keep the last lines of each server; no row of the fleet shows them."""
        with self._lock:
            self._logs[pair, role].extend(lines)
            bridge = self._open.get(pair)
            if bridge is not None:
                bridge.on_log(role, lines)

    def on_progress(self, pair: str, progress: Progress) -> None:
        """Keep the newest progress of each pair."""
        with self._lock:
            self._progress[pair] = progress
            bridge = self._open.get(pair)
        if bridge is not None:
            bridge.on_progress(progress)
        self._wake()

    def on_audit(self, pair: str, entry: AuditEntry) -> None:
        """Keep the entry for the command log of that pair's console."""
        with self._lock:
            self._audit[pair].append(entry)
            bridge = self._open.get(pair)
            if bridge is not None:
                bridge.on_audit(entry)

    def _wake(self) -> None:
        with self._lock:
            if self._woken:
                return
            self._woken = True
        try:
            self._post(FleetWake())
        except RuntimeError:  # the ui's loop has ended; the engine has not noticed yet
            return

    def take(self) -> tuple[dict[str, PairSnapshot], dict[str, Progress]]:
        """The news of all pairs; from now on the next event wakes again."""
        with self._lock:
            news = self._snapshots, self._progress
            self._snapshots, self._progress = {}, {}
            self._woken = False
        return news
