"""What an engine remembers of its pair while it watches: pool counters over time, and the notes of the timeline."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from dhcptui.assess.forecast import PoolSample
from dhcptui.assess.history.post_mortem import PoolLow
from dhcptui.assess.history.timeline import Event, EventKind, Note, Source, from_lines, from_status, merge
from dhcptui.logs.clock_lines import LogClock
from dhcptui.model.log_line import LogLine
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot, ServerView

SAMPLES = 400
"""Pool readings kept of each server: half an hour."""
NOTES = 2000
STEADY_SECONDS = 0.5
"""A clock offset that changed by less does not move the events."""
_CHANGES = frozenset({EventKind.MOVE, EventKind.START})
_LOGS = frozenset({Source.LOG, Source.PARTNER_LOG})


class History:
    """Filled on the engine's loop; `events` and `samples` may be read from any thread."""

    def __init__(self, peer: str) -> None:
        self._peer = peer
        self._notes: dict[Note, None] = {}
        self._offsets: dict[Role, float] = {}
        self._places: dict[Role, int] = dict.fromkeys(Role, 0)
        """How many lines of each log have come."""
        self._clocks = {role: LogClock() for role in Role}
        self._walls: dict[Role, float] = {}
        """When the last lines of each log came, by the console's clock."""
        self._pools: dict[Role, deque[PoolSample]] = {role: deque(maxlen=SAMPLES) for role in Role}
        self.samples: dict[Role, tuple[PoolSample, ...]] = dict.fromkeys(Role, ())
        self.events: tuple[Event, ...] = ()
        self.changed: dict[Role, float] = {}
        """When each server last moved or started, as far as it is told. By the console's clock."""

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

    def logged(self, role: Role, lines: Sequence[LogLine], wall: float | None = None) -> None:
        """New log lines of a server; `wall`: now, in epoch seconds of the console."""
        start, clock = self._places[role], self._clocks[role]
        self._places[role] += len(lines)
        if wall is not None:
            self._walls[role] = wall
        before = clock.before
        notes = from_lines(role, lines, self._peer, start)
        # The time of most lines is looked at by nobody: a batch's first and last one tell of a step as well.
        for place, line in ((start, lines[0]), (start + len(lines) - 1, lines[-1])) if lines else ():
            clock.add(place, line.stamp)
        self.add(notes, again=clock.before != before)

    def recalled(self, notes: Iterable[Note]) -> None:
        """Notes of what was before the lines that the console follows; their places are negative."""
        kept = list(notes)
        tellers = {note.teller for note in kept if note.place < 0 and note.teller is not None}
        for role in tellers:
            clock = LogClock()
            for note in sorted({**dict.fromkeys(kept), **self._notes}, key=lambda note: note.place):
                if note.teller is role and note.source in _LOGS:
                    clock.add(note.place, note.stamp)
            known = self._clocks[role].before
            if known is not None:
                clock.before = max(known, clock.before or known)
            self._clocks[role] = clock
        self.add(kept, again=bool(tellers))

    def add(self, notes: Iterable[Note], *, again: bool = False) -> None:
        """Notes from anywhere; known ones change nothing, unless what is known of a log's clock is new (`again`)."""
        fresh = [note for note in notes if note not in self._notes]
        if not fresh and not again:
            return
        self._notes.update(dict.fromkeys(fresh))
        while len(self._notes) > NOTES:
            self._drop_one()
        self._merge()

    def _doubt(self, note: Note) -> str:
        """Why the time of a line is not to be relied on."""
        role = note.teller
        if note.source not in _LOGS or role is None:
            return ""
        known = role in self._walls and role in self._offsets
        return self._clocks[role].doubt(
            note.place, note.stamp, self._walls[role] + self._offsets[role] if known else None
        )

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
        self.events = merge(self._notes, self._offsets, self._doubt)
        moved = [event for event in self.events if event.kind in _CHANGES and event.role and not event.doubt]
        self.changed = {event.role: event.at for event in moved if event.role}


def _same_state(known: Note, note: Note) -> bool:
    return known.source is note.source and known.role is note.role
