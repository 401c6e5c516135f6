"""What happened, on one clock: notes from both logs, both lease files, OMAPI and the audit log, merged into events.

A note is what one source says. The same transition told by several sources is one event that names them all; its time is
that of the best source: the log of the server itself, then what its partner's log heard, then the whole seconds of lease
file and OMAPI. Nothing here reads a clock.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from dhcptui.logs.lease_file import FailoverRecord
from dhcptui.model.audit import AuditEntry, AuditEvent
from dhcptui.model.failover import FailoverStatus
from dhcptui.model.log_line import LineKind, LogLine, Mover
from dhcptui.model.messages import MessageId
from dhcptui.model.role import Role
from dhcptui.model.states import FailoverState

SAME_SECONDS = 3.0
"""Two sources mean the same transition when their times, on one clock, are no further apart."""
LOOSE_SECONDS = 20.0
"""The same, where one time is only that of the first look."""
FOLD_SECONDS = 120.0
"""Lines about the link that say the same are one event when no more than this lies between them."""

END_SECONDS = 10.0
"""What a process says within this of its first complaint belongs to the same end."""

_S = FailoverState
_REFUSALS = frozenset({MessageId.CONNECT_REFUSED, MessageId.CONNECT_REJECTED, MessageId.CONNECTACK_REFUSED})
"""Of a link, although they weigh as errors."""


class EventKind(Enum):
    """What an event is about."""

    MOVE = "state"
    START = "start"
    LINK = "link"
    END = "end"
    FAILED = "failed start"
    """Of another process than the one that ran: a start that failed, or a test of the configuration."""
    ACTION = "action"


class Source(Enum):
    """Where a note comes from, the best one first. The value is the word on the screen."""

    LOG = "log"
    PARTNER_LOG = "partner's log"
    LEASE_FILE = "lease file"
    OMAPI = "OMAPI"
    AUDIT = "audit log"


_WHOLE_SECONDS = frozenset({Source.LEASE_FILE, Source.OMAPI})
_RANK = {source: rank for rank, source in enumerate(Source)}


@dataclass(frozen=True, slots=True)
class Note:
    """What one source says. Equal notes are the same note, read twice."""

    kind: EventKind
    source: Source
    role: Role | None
    """The server it is about; None: the pair."""
    teller: Role | None
    """The server whose clock `stamp` is of; None: the console."""
    stamp: float
    """Epoch seconds."""
    text: str
    """Sanitised."""
    from_state: FailoverState | None = None
    to_state: FailoverState | None = None
    exact: bool = True
    """False: the time is that of the first look, or of an earlier state."""
    or_at: float | None = None
    """Another time that the source may mean (dhcpd backdates a state by mclt when it leaves shutdown)."""
    place: int = field(default=0, compare=False)
    """Where it stands in its source: lines of one second have their order from this."""
    pid: int | None = None
    """The process that wrote it, where dhcpd wrote it."""
    line: LogLine | None = field(default=None, compare=False)
    """The line of a log that says it, where it is no state change."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `at` is epoch seconds of the console's clock, offsets of the servers taken out."""

    at: float
    kind: EventKind
    role: Role | None
    text: str
    sources: tuple[Source, ...]
    stamp: float
    """The time as its best source has it, by the clock of `teller`: what the log says."""
    teller: Role | None
    from_state: FailoverState | None = None
    to_state: FailoverState | None = None
    exact: bool = True
    count: int = 1
    until: float | None = None
    """`at` of the last of several; None for one."""
    place: int = 0
    """Of its note."""
    doubt: str = ""
    """Why its time is not to be relied on, in words."""
    line: LogLine | None = field(default=None, compare=False)
    """Of its note."""

    @property
    def words(self) -> str:
        """What happened; `text` is what its source says of it."""
        failed = "a start or a test of dhcpd failed: " if self.kind is EventKind.FAILED else ""
        return failed + self.text


def from_line(role: Role, line: LogLine, peer: str) -> Note | None:
    """The note in a log line of `role`, if it tells of this relationship's states, its link, or of dhcpd's life."""
    if line.stamp is None or line.kind is LineKind.CLIENT:
        return None
    move = line.transition
    if move is not None:
        if move.peer != peer or move.from_state is move.to_state:
            return None
        mine = move.who is Mover.ME
        return Note(
            EventKind.MOVE,
            Source.LOG if mine else Source.PARTNER_LOG,
            role if mine else role.other,
            role,
            line.stamp,
            f"moves from {move.from_state.word} to {move.to_state.word}",
            move.from_state,
            move.to_state,
            pid=line.pid,
        )
    if line.message is MessageId.SERVER_STARTING:
        return Note(EventKind.START, Source.LOG, role, role, line.stamp, "dhcpd started", pid=line.pid, line=line)
    kind = None
    if line.kind is LineKind.FATAL or line.message is MessageId.CONFIGURATION_ERROR:
        kind = EventKind.END
    elif peer in {line.peer, line.slot("their_name")} and (line.kind is LineKind.LINK or line.message in _REFUSALS):
        kind = EventKind.LINK
    pid = None if line.teller else line.pid
    return Note(kind, Source.LOG, role, role, line.stamp, line.text, pid=pid, line=line) if kind else None


def from_lines(role: Role, lines: Iterable[LogLine], peer: str, start: int = 0) -> list[Note]:
    """The notes in lines of one log, which begin at place `start` of it."""
    return [
        replace(note, place=place)
        for place, line in enumerate(lines, start)
        if line.kind is not LineKind.CLIENT and (note := from_line(role, line, peer)) is not None  # most are clients'
    ]


def from_record(role: Role, record: FailoverRecord, mclt_seconds: int = 0) -> tuple[Note, ...]:
    """Notes of one failover record in a server's lease file: its own state only; what it heard is in its log."""
    if record.my_since is None or record.my_state in {_S.RECOVER_WAIT, _S.UNKNOWN}:
        return ()  # recover-wait keeps the time of the state before it
    return (_moved(Source.LEASE_FILE, role, record.my_state, record.my_since, record.mclt_seconds or mclt_seconds),)


def from_status(role: Role, status: FailoverStatus, seen_at: float) -> Note:
    """The note in what a server says over OMAPI; `seen_at`: by that server's clock, in epoch seconds."""
    state = status.local_state
    if state in {_S.STARTUP, _S.RECOVER_WAIT}:  # these keep the time of the state before them
        text = f"is in {state.word}"
        return Note(EventKind.MOVE, Source.OMAPI, role, role, seen_at, text, to_state=state, exact=False)
    return _moved(Source.OMAPI, role, state, float(status.local_stos), status.mclt_seconds)


def from_audit(entry: AuditEntry, roles: Mapping[str, Role], who: str = "") -> Note | None:
    """The note in an audit entry: an action's beginning and its end."""
    if entry.event not in {AuditEvent.BEGIN, AuditEvent.END}:
        return None
    by = f" by {who}" if who else ""
    begun = entry.event is AuditEvent.BEGIN
    text = f"{entry.action} begun{by}: {entry.text}" if begun else f"{entry.action} ended: {entry.text}"
    return Note(EventKind.ACTION, Source.AUDIT, roles.get(entry.server), None, entry.at, text)


def merge(
    notes: Iterable[Note], offsets: Mapping[Role, float], doubt: Callable[[Note], str] = lambda note: ""
) -> tuple[Event, ...]:
    """Events in their order. `offsets`: each server's clock minus the console's, in seconds; 0 where it is missing.

    `doubt` says why the time of a note is not to be relied on.
    """
    moves = _Moves()
    links: dict[tuple[Role | None, str], Event] = {}
    events: list[Event] = []
    # Lines of one whole second stand in the order of their log. (A set would lose the first of equal ones.)
    for note in sorted(_ends(dict.fromkeys(notes)), key=lambda note: (_RANK[note.source], note.stamp, note.place)):
        event = replace(_event(note, offsets), doubt=why) if (why := doubt(note)) else _event(note, offsets)
        if note.kind is EventKind.MOVE:
            moves.add(note, event, _offset(note, offsets))
        elif note.kind is EventKind.LINK:
            last = links.get((note.role, note.text))
            if last is not None and event.at - (last.until or last.at) <= FOLD_SECONDS:
                links[note.role, note.text] = replace(last, count=last.count + 1, until=event.at)
            else:
                if last is not None:
                    events.append(last)
                links[note.role, note.text] = event
        else:
            events.append(event)
    return tuple(sorted([*events, *links.values(), *moves.events], key=lambda event: (event.at, event.place)))


def _ends(notes: Iterable[Note]) -> list[Note]:
    """The same notes, where the lines of one end are one note with the first complaint, and another process's is no end."""
    kept: list[Note] = []
    running: dict[Role | None, int | None] = {}
    ending: dict[tuple[Role | None, int | None], float] = {}
    for note in sorted(notes, key=lambda note: (note.stamp, note.place)):
        who = (note.teller, note.pid)
        if note.kind is not EventKind.END:
            if note.pid is not None:
                running[note.teller] = note.pid
                ending.pop(who, None)
            kept.append(note)
        elif who not in ending or note.stamp > ending[who] + END_SECONDS:
            ending[who] = note.stamp
            other = note.pid is not None and running.get(note.teller, note.pid) != note.pid
            kept.append(replace(note, kind=EventKind.FAILED) if other else note)
    return kept


class _Moves:
    """State changes while they are merged. They come best source first, each source in the order of its clock."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._near: dict[tuple[Role | None, FailoverState | None, int], list[int]] = {}
        """Indices of events by role, state and slice of time."""
        self._own: dict[Role | None, list[tuple[float, int]]] = {}
        """(at, index) of what each server's own log tells."""

    def add(self, note: Note, event: Event, offset: float) -> None:
        """Join the event that says the same, or be a new one."""
        times = [event.at] if note.or_at is None else [event.at, note.or_at - offset]
        index = self._same(note, event, times)
        if index is None and note.source is Source.PARTNER_LOG:
            index = self._heard_late(event)
        if index is not None:
            self.events[index] = _joined(self.events[index], event)
            return
        self.events.append(event)
        index = len(self.events) - 1
        self._near.setdefault((note.role, note.to_state, int(event.at // LOOSE_SECONDS)), []).append(index)
        if note.source is Source.LOG:
            self._own.setdefault(note.role, []).append((event.at, index))

    def _same(self, note: Note, event: Event, times: Iterable[float]) -> int | None:
        """The nearest known event that this one repeats from another source."""
        gap = SAME_SECONDS if event.exact else LOOSE_SECONDS
        best = None
        for at in times:
            middle = int(at // LOOSE_SECONDS)
            for part in (middle - 1, middle, middle + 1):
                for index in self._near.get((note.role, note.to_state, part), ()):
                    known = self.events[index]
                    away = abs(known.at - at)
                    repeated = note.source in known.sources and not (away < 1 and note.source in _WHOLE_SECONDS)
                    if away <= gap and not repeated:
                        best, gap = index, away
        return best

    def _heard_late(self, event: Event) -> int | None:
        """A server back on the link hears of the state its partner has been in for long: that move."""
        own = self._own.get(event.role, [])
        first = bisect_left(own, (event.at - SAME_SECONDS, 0))
        last = bisect_left(own, (event.at + SAME_SECONDS, 0))
        near = [index for _, index in (*own[first:last], *own[max(0, first - 1) : first])]
        return next((index for index in near if self.events[index].to_state is event.to_state), None)


def _event(note: Note, offsets: Mapping[Role, float]) -> Event:
    return Event(
        note.stamp - _offset(note, offsets),
        note.kind,
        note.role,
        note.text,
        (note.source,),
        note.stamp,
        note.teller,
        note.from_state,
        note.to_state,
        note.exact,
        place=note.place,
        line=note.line,
    )


def _offset(note: Note, offsets: Mapping[Role, float]) -> float:
    return offsets.get(note.teller, 0.0) if note.teller else 0.0


def _joined(known: Event, event: Event) -> Event:
    """Notes come best source first: the known time stays."""
    more = tuple(source for source in event.sources if source not in known.sources)
    return replace(known, sources=(*known.sources, *more), from_state=known.from_state or event.from_state)


def _moved(source: Source, role: Role, state: FailoverState, since: float, mclt_seconds: int) -> Note:
    backdated = state is _S.RECOVER and mclt_seconds > 0
    return Note(
        EventKind.MOVE,
        source,
        role,
        role,
        since,
        f"in {state.word}",
        to_state=state,
        exact=not backdated,
        or_at=since + mclt_seconds if backdated else None,
    )
