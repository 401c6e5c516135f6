"""Two watchers -> one stream of frozen snapshots. Lives on the engine's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from dhcptui.assess.since import changed
from dhcptui.config.loading import PairSettings
from dhcptui.model.audit import Interrupted
from dhcptui.model.log_line import LogLine
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot, ServerView
from dhcptui.watch.clocks import moment
from dhcptui.watch.first import first_snapshot
from dhcptui.watch.history import History
from dhcptui.watch.links import ReachWatch
from dhcptui.watch.machine import Machines
from dhcptui.watch.server import ServerWatcher

if TYPE_CHECKING:
    from dhcptui.assess.comparison import Comparison


class PairEngine:
    """Watches one pair; `changed` and `logged` are called on the event loop."""

    def __init__(
        self,
        settings: PairSettings,
        changed: Callable[[PairSnapshot], None] = lambda snapshot: None,
        logged: Callable[[Role, Sequence[LogLine]], None] = lambda role, lines: None,
        *,
        follow_log: bool = True,
        machines: Machines | None = None,
    ) -> None:
        """`machines`: those that are shared with the engines of other pairs on the same loop; None: of its own."""
        machines = machines or Machines()
        self.settings = settings
        self.snapshot = first_snapshot(settings)
        self.history = History(settings.peer)
        self._changed = changed
        self._logged = logged
        self._listeners: set[asyncio.Event] = set()
        self.comparison: Comparison | None = None
        """Both shared directories, as last compared for a sync-restart."""
        self.observers: set[Callable[[ServerView, ServerView], None]] = set()
        """Called with the old and the new view of a server."""
        self.log_observers: set[Callable[[Role, Sequence[LogLine]], None]] = set()
        """Called with each batch of log lines."""
        self.watchers = {
            role: ServerWatcher(
                settings,
                role,
                self._view_changed,
                self._lines_came,
                noted=self.history.recalled,
                follow_log=follow_log,
                machines=machines,
            )
            for role in Role
        }

        self._reach = ReachWatch(self.watchers, lambda: self.snapshot)

    async def run(self) -> None:
        """Watch both servers until cancelled."""
        async with asyncio.TaskGroup() as group:
            for role, watcher in self.watchers.items():
                group.create_task(watcher.run(), name=f"watch {role.value}")
            group.create_task(self._reach.run(), name="watch the ways between them")

    def probe_links(self) -> None:
        """Look at the ways between the servers now."""
        self._reach.probe_links()

    def left_behind(self, run: Interrupted | None) -> None:
        """Keep what the audit log of this machine knows of an action that stopped half-way."""
        if run is not None:
            role = next((view.role for view in self.snapshot.servers if view.name == run.acting), None)
            run = replace(run, role=role)
        self.snapshot = replace(self.snapshot, left=run, sequence=self.snapshot.sequence + 1)
        self._changed(self.snapshot)

    def dismissed(self, runs: frozenset[str]) -> None:
        """Nothing is told of these runs any more, whatever is read of them later."""
        if not runs <= self.snapshot.dismissed:
            known = self.snapshot.dismissed | runs
            self.snapshot = replace(self.snapshot, dismissed=known, sequence=self.snapshot.sequence + 1)
            self._changed(self.snapshot)

    def compared(self, comparison: Comparison | None) -> None:
        """Keep a comparison; a new snapshot goes out, so that whoever shows a plan makes it anew."""
        self.comparison = comparison
        self.snapshot = replace(self.snapshot, sequence=self.snapshot.sequence + 1)
        self._changed(self.snapshot)

    def _lines_came(self, role: Role, lines: Sequence[LogLine]) -> None:
        self.history.logged(role, lines, moment().wall)
        for observer in tuple(self.log_observers):
            observer(role, lines)
        self._logged(role, lines)

    def _view_changed(self, view: ServerView) -> None:
        old, now = self.snapshot[view.role], moment()
        self.history.looked(view, now.wall)
        view = replace(view, changes=changed(old, view, now, self.history.changed.get(view.role)))
        self.snapshot = self.snapshot.with_view(view)
        if _moved(old, view):
            # The partner feels it within milliseconds; do not wait a second to see it.
            self.watchers[view.role.other].refresh()
        for observer in tuple(self.observers):
            observer(old, view)
        self._changed(self.snapshot)
        for event in self._listeners:
            event.set()

    @asynccontextmanager
    async def attention(self) -> AsyncIterator[None]:
        """Poll both servers fast while the block runs."""
        for watcher in self.watchers.values():
            watcher.poll_fast(True)
        try:
            yield
        finally:
            for watcher in self.watchers.values():
                watcher.poll_fast(False)

    async def until(self, holds: Callable[[PairSnapshot, Moment], bool], timeout: float) -> bool:
        """Wait until `holds` is true of a snapshot; False when it was not within `timeout` seconds."""
        event = asyncio.Event()
        self._listeners.add(event)
        try:
            async with asyncio.timeout(timeout):
                while not holds(self.snapshot, moment()):
                    event.clear()
                    # A condition may also come true by ageing alone.
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.25):
                            await event.wait()
        except TimeoutError:
            return False
        finally:
            self._listeners.discard(event)
        return True


def _moved(old: ServerView, new: ServerView) -> bool:
    if old.omapi.ok and not new.omapi.ok:
        return True
    before, after = old.status, new.status
    return before is not None and after is not None and before.value.local_state is not after.value.local_state
