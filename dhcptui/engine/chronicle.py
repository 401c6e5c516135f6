"""What an engine remembers of its pair while it watches: pool counters over time, and the notes of the timeline."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from dhcptui.model.forecast import PoolSample
from dhcptui.model.incident import PoolLow
from dhcptui.model.loglines import LogLine
from dhcptui.model.snapshot import Moment, PairSnapshot, Role, ServerView
from dhcptui.model.timeline import Event, EventKind, Note, from_line, from_status, merge

SAMPLES = 400
"""Pool readings kept of each server: half an hour."""
NOTES = 2000
STEADY_SECONDS = 0.5
"""A clock offset that changed by less does not move the events."""


class Chronicle:
    """Filled on the engine's loop; `events` and `samples` may be read from any thread."""

    def __init__(self, peer: str) -> None:
        self._peer = peer
        self._notes: dict[Note, None] = {}
        self._offsets: dict[Role, float] = {}
        self._pools: dict[Role, deque[PoolSample]] = {role: deque(maxlen=SAMPLES) for role in Role}
        self.samples: dict[Role, tuple[PoolSample, ...]] = dict.fromkeys(Role, ())
        self.events: tuple[Event, ...] = ()

    def looked(self, view: ServerView, wall: float) -> None:
        """A new view of a server; `wall`: now, in epoch seconds of the console."""
        status = view.status.value if view.status else None
        if view.pools and status and view.omapi.ok:
            self._sample(view.role, PoolSample(view.pools.at, status.local_state, view.pools.value))
        fresh = False
        if view.clock is not None:
            offset = view.clock.value.seconds
            if abs(offset - self._offsets.get(view.role, 1e9)) > STEADY_SECONDS:
                self._offsets[view.role] = offset
                fresh = True
        if status is not None and view.omapi.ok and status.name == self._peer:
            fresh = self._note_state(from_status(view.role, status, wall + self._offsets.get(view.role, 0.0))) or fresh
        if fresh:
            self._merge()

    def logged(self, role: Role, lines: Sequence[LogLine]) -> None:
        """New log lines of a server."""
        self.add(note for line in lines if (note := from_line(role, line, self._peer)))

    def add(self, notes: Iterable[Note]) -> None:
        """Notes from anywhere; known ones change nothing."""
        fresh = [note for note in notes if note not in self._notes]
        if not fresh:
            return
        self._notes.update(dict.fromkeys(fresh))
        while len(self._notes) > NOTES:
            self._drop_one()
        self._merge()

    def low_waters(self, snapshot: PairSnapshot, now: Moment) -> tuple[PoolLow, ...]:
        """The reading with the fewest addresses left, of each pool that a server still has; `at` by that server's clock."""
        found: list[PoolLow] = []
        for view in snapshot.servers:
            there = {pool.network for pool in view.pools.value} if view.pools else set()
            lows: dict[str, PoolLow] = {}
            for sample in self.samples[view.role]:
                at = view.server_time(now) - (now.mono - sample.at)
                for pool in sample.pools:
                    low = lows.get(pool.network)
                    if pool.network in there and (low is None or pool.free + pool.backup < low.free + low.backup):
                        lows[pool.network] = PoolLow(
                            pool.network, view.name, pool.total, pool.free, pool.backup, at, "OMAPI"
                        )
            found += lows.values()
        return tuple(found)

    def _drop_one(self) -> None:
        """From the middle of a flood of refused connections, so that its beginning and its end stay; else the oldest."""
        floods = [note for note in self._notes if note.kind is EventKind.LINK]
        victim = floods[len(floods) // 2] if len(floods) > NOTES // 4 else next(iter(self._notes))
        del self._notes[victim]

    def _sample(self, role: Role, sample: PoolSample) -> None:
        kept = self._pools[role]
        if not kept or kept[-1].at < sample.at:
            kept.append(sample)
            self.samples = {**self.samples, role: tuple(kept)}

    def _note_state(self, note: Note) -> bool:
        """A state read again and again is one note: one whose time is that of the look counts once in a row."""
        if note in self._notes:
            return False
        if not note.exact and note.or_at is None:
            last = next((each for each in reversed(self._notes) if _same_state(each, note)), None)
            if last is not None and last.to_state is note.to_state:
                return False
        self._notes[note] = None
        return True

    def _merge(self) -> None:
        self.events = merge(self._notes, self._offsets)


def _same_state(known: Note, note: Note) -> bool:
    return known.source is note.source and known.role is note.role
