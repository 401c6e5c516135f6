"""Who served clients, and when: from every witness with its time, and *not known* where none was looking. Pure.

Witnesses are the log of the server itself (its lives, assess/history/lives.py), its partner's log (which notes the end of the
link), its lease file (the state it was in), what a console saw over OMAPI and in the process table, and how it is now.
A life ends at its last sign of life: from there to the next start the server is down where somebody saw that, and not
known where nobody did. A log that was not read tells nothing, and then nothing is known of the time it should tell of.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dhcptui.assess.history.lives import Life, Loss, Move, losses_of, read_lives
from dhcptui.logs.lease_file import FailoverRecord
from dhcptui.model.log_line import LogLine
from dhcptui.model.role import Role
from dhcptui.model.states import SERVING, FailoverState, serves

_S = FailoverState
CROSSING_SECONDS = 5.0
"""The lines of two logs about one moment are no further apart."""
SAME_SECONDS = 3.0
"""A record of the lease file and a line of the log tell of the same move."""
SILENCE_SECONDS = 60.0
"""How long a partner waits for a word before it notes the loss, where its max-response-delay is not known."""
EXIT_SECONDS = 30.0
"""A dhcpd that was told to exit is gone so long after it has lost its partner."""
AGE_SECONDS = 2.0
"""Process ages are whole seconds."""
_UNTOLD = frozenset({_S.RECOVER, _S.RECOVER_WAIT, _S.STARTUP, _S.UNKNOWN})
"""States whose record keeps another time, or that are never recorded."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which nothing changed. `begin`, `end`: epoch seconds of the console's clock."""

    begin: float
    end: float
    primary: bool | None
    """Whether it served; None: not known."""
    secondary: bool | None

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end - self.begin

    @property
    def word(self) -> str:
        """`both`, `one`, `nobody`, or `unknown` where a missing answer decides."""
        both = (self.primary, self.secondary)
        if all(both):
            return "both"
        if None in both:
            return "unknown"
        return "one" if any(both) else "nobody"


@dataclass(frozen=True, slots=True)
class Present:
    """How a server is at the end of the window. Times are epoch seconds of the console's clock."""

    serving: bool | None = None
    local: FailoverState | None = None
    """The state it reads; None: it does not tell."""
    partner: FailoverState | None = None
    born: float | None = None
    """When its process began, where that was seen."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a console saw of one server again and again from `begin` to `end` (epoch seconds of the console's clock)."""

    role: Role
    begin: float
    end: float
    serves: bool | None
    """None: it was there and did not answer."""
    gone: bool = False
    """No dhcpd was there, or it was stopped: that outweighs what a log says."""


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What the witnesses of one server have to say. Stamps in `lines` and `records` are by that server's clock."""

    lines: Sequence[LogLine] | None = None
    """Its log, in its order; None: it could not be read."""
    offset: float = 0.0
    """Its clock minus the console's."""
    records: Sequence[FailoverRecord] = ()
    sightings: Sequence[Sighting] = ()
    present: Present = field(default_factory=Present)
    silence_seconds: float = SILENCE_SECONDS
    """How long it waits for its partner before it notes the loss."""


Change = tuple[float, bool | None]


def serving_spans(witnesses: Mapping[Role, Witnesses], peer: str, *, begin: float, end: float) -> tuple[Span, ...]:
    """What each server did from `begin` to `end`, in spans without a gap. Logs may begin earlier."""
    lives = {role: read_lives(witnesses[role].lines or (), peer, witnesses[role].offset) for role in Role}
    known = {
        role: _with_sightings(
            _Server(
                lives[role], losses_of(lives[role.other]), witnesses[role], witnesses[role.other].silence_seconds, end
            ).said(),
            witnesses[role].sightings,
        )
        for role in Role
    }
    times = sorted({begin, end, *(at for each in known.values() for at, _ in each if begin < at < end)})
    spans: list[Span] = []
    for start, stop in pairwise(times):
        made = Span(start, stop, *(_value(known[role], start) for role in Role))
        if spans and (spans[-1].primary, spans[-1].secondary) == (made.primary, made.secondary):
            made = Span(spans.pop().begin, stop, made.primary, made.secondary)
        spans.append(made)
    return tuple(spans)


def _value(changes: Sequence[Change], at: float) -> bool | None:
    index = bisect_right(changes, at, key=lambda each: each[0])
    return changes[index - 1][1] if index else None


class _Server:
    """One server's past from logs and lease file: changes in the order of their time, nothing known before the first."""

    def __init__(
        self, lives: Sequence[Life], losses: Sequence[Loss], witnesses: Witnesses, silence_seconds: float, end: float
    ) -> None:
        self._lives, self._losses, self._told, self._silence, self._end = lives, losses, witnesses, silence_seconds, end
        self._changes: list[Change] = []

    def said(self) -> list[Change]:
        """Everything."""
        for index, life in enumerate(self._lives):
            following = self._lives[index + 1] if index + 1 < len(self._lives) else None
            self._add(life.begin, *self._states(index, life))
            self._hung(life)
            self._end_of(life, following)
            if following or not self._goes_on(life):
                self._told_to_exit(life)
        return self._changes

    # -- inside a life -----------------------------------------------------------------------------------------------

    def _states(self, index: int, life: Life) -> list[Change]:
        """What its moves mean, from its first line on."""
        local, partner = self._first_states(index, life)
        changes = [(life.begin, _serves(local, partner))]
        for move in self._moves(life):
            if local is _S.NORMAL:
                partner = partner or _S.NORMAL  # nothing else lets it into normal
            if move.own:
                local = move.after
            else:
                partner = move.after
            changes.append((move.at, _serves(local, partner)))
        return changes

    def _moves(self, life: Life) -> list[Move]:
        """With those that only the lease file tells: of a life in which the log has lost lines."""
        own = [move for each in self._lives for move in each.moves if move.own]
        more = [
            Move(at, True, None, record.my_state)
            for record in self._told.records
            if record.my_since is not None
            and record.my_state not in _UNTOLD
            and life.begin < (at := record.my_since - self._told.offset) < life.end
            and not any(abs(move.at - at) <= SAME_SECONDS and move.after is record.my_state for move in own)
        ]
        return sorted([*life.moves, *more], key=lambda move: move.at) if more else life.moves

    def _first_states(self, index: int, life: Life) -> tuple[FailoverState | None, FailoverState | None]:
        """Own state and that of the partner as a life begins; None: not known."""
        later = [move for each in self._lives[index:] for move in each.moves]
        heard = next((move.before for move in later if not move.own), self._written(life).partner)
        if life.started:
            return _S.STARTUP, heard
        mine = next((move for move in life.moves if move.own), None)
        if mine is not None:
            return mine.before, heard
        following = self._lives[index + 1] if index + 1 < len(self._lives) else None
        if following is None:
            return (self._told.present.local if self._goes_on(life) else self._written(life).local), heard
        first = next((move for move in following.moves if move.own), None)
        # A start names the state that lay in the lease file: the last one of the life before.
        return (first.before if first and following.started and first.after is _S.STARTUP else None), heard

    def _written(self, life: Life) -> Present:
        """What the lease file, or the server itself, says of the time at which a life without a move was."""
        if life is self._lives[-1] and self._goes_on(life):
            return self._told.present
        past = [
            record
            for record in self._told.records
            if record.written is not None and record.written - self._told.offset <= life.begin + 1
        ]
        return Present(None, past[-1].my_state, past[-1].partner_state) if past else Present()

    def _hung(self, life: Life) -> None:
        """Its partner met silence, and it wrote nothing of that for a while: it may have been held."""
        for loss in self._losses:
            if not life.begin < loss.at < life.end or self._mutual(life, loss):
                continue
            index = bisect_right(life.signs, loss.at)
            since = max(life.signs[index - 1], loss.at - self._silence) if loss.silent else loss.at
            self._unknown(since, life.signs[index])

    def _mutual(self, life: Life, loss: Loss) -> bool:
        """Whether the server knew of the end of the link by itself: its partner's note then tells nothing of it."""
        if loss.silent and any(abs(at - loss.at) <= self._silence for at in life.timeouts):
            return True
        late = 0.0 if loss.silent else CROSSING_SECONDS
        own = max((at for at in life.losses if at <= loss.at + late), default=None)
        return own is not None and not any(
            move.own and move.after is _S.NORMAL and own < move.at <= loss.at for move in life.moves
        )

    # -- its end -----------------------------------------------------------------------------------------------------

    def _end_of(self, life: Life, following: Life | None) -> None:
        """From its last sign of life to the next start, or to the end of the window."""
        until = following.begin if following else self._end
        if following is None and self._goes_on(life):
            return
        if life.ended:
            self._add(life.end, (life.end, False))
            return
        loss = next(
            (
                loss
                for loss in self._losses
                if life.end - CROSSING_SECONDS < loss.at <= until and not self._mutual(life, loss)
            ),
            None,
        )
        if loss is None:
            self._add(life.end, (life.end, None))
        elif loss.silent:
            at = max(life.end, loss.at - self._silence)
            self._add(at, (at, None))
        else:
            at = max(life.end, loss.at)
            self._add(at, (at, None if self._answers_now(following) else False))

    def _told_to_exit(self, life: Life) -> None:
        """It lost its partner to silence, wrote of no client any more, and ended: a dhcpd that was told to end over OMAPI
        serves nobody from that moment on, keeps still for ten seconds or more, and still reads a serving state."""
        lost = next((at for at in life.timeouts if at > (life.last_client or life.begin)), None)
        if lost is None or life.end - lost > EXIT_SECONDS:
            return
        index = bisect_left(life.signs, lost)  # its partner waits no longer than this for a word of it, nor it for one
        since = max(life.signs[index - 1] if index else life.begin, lost - self._told.silence_seconds)
        was = _value(self._changes, since)
        self._changes = [
            *(each for each in self._changes if each[0] < since),
            (since, None if was else was),
            *((at, None if value and at < life.end else value) for at, value in self._changes if at > since),
        ]

    def _answers_now(self, following: Life | None) -> bool:
        return following is None and self._told.present.local is not None

    def _goes_on(self, life: Life) -> bool:
        """Whether the last life of the log is the one that is there now, and was all the time."""
        now = self._told.present
        if now.local is None or life.ended or life.hole or life.unsure:
            return False
        if now.born is not None and now.born > life.end + AGE_SECONDS:
            return False
        if any(loss.at > life.end + CROSSING_SECONDS and not self._mutual(life, loss) for loss in self._losses):
            return False
        last = next((move.after for move in reversed(life.moves) if move.own), now.local)
        return last is now.local

    # -- the changes -------------------------------------------------------------------------------------------------

    def _add(self, at: float, *changes: Change) -> None:
        """From `at` on it is as these say, whatever was said before."""
        while self._changes and self._changes[-1][0] > at:
            self._changes.pop()
        for when, value in sorted(changes, key=lambda each: each[0]):
            while self._changes and self._changes[-1][0] >= when:
                self._changes.pop()
            self._changes.append((when, value))

    def _unknown(self, begin: float, end: float) -> None:
        """Nothing is known between the two."""
        after = _value(self._changes, end)
        inside = [each for each in self._changes if each[0] <= begin]
        behind = [each for each in self._changes if each[0] > end]
        self._changes = [*inside, (begin, None), (end, after), *behind]


def _serves(local: FailoverState | None, partner: FailoverState | None) -> bool | None:
    if local is None or (local in SERVING and local is not _S.NORMAL and partner is None):
        return None
    return serves(local, partner or _S.NORMAL)


# -- what consoles saw ------------------------------------------------------------------------------------------------


def _with_sightings(changes: Sequence[Change], sightings: Iterable[Sighting]) -> list[Change]:
    """A sighting fills what no log tells. A dhcpd that was gone, held or silent outweighs the silence of its log."""
    made = list(changes)
    for seen in sightings:
        if seen.end <= seen.begin:
            continue
        inside = [(seen.begin, _value(made, seen.begin)), *(each for each in made if seen.begin < each[0] < seen.end)]
        made = [
            *(each for each in made if each[0] < seen.begin),
            *((at, _weighed(value, seen)) for at, value in inside),
            (seen.end, _value(made, seen.end)),
            *(each for each in made if each[0] > seen.end),
        ]
    return made


def _weighed(value: bool | None, seen: Sighting) -> bool | None:
    if seen.gone:
        return False
    if seen.serves is None:
        return None if value else value
    return seen.serves if value is None else value
