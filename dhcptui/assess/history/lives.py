"""The lives of one dhcpd, as its log tells them: from its start to its last sign of life. Pure.

A life is a line of moves between two signs of life; what it did between them is known, what was behind the last is not.
A new life begins with "Server starting service.", or with a move of another process; the pid alone tells nothing where it
never changes, as in a container. `dhcpd -t` writes into the same log and is no life.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dhcptui.model.log_line import LineKind, LogLine, Mover
from dhcptui.model.messages import POOL_COUNTS, MessageId
from dhcptui.model.states import FailoverState

_S = FailoverState
_RUNNING = frozenset({LineKind.CLIENT, LineKind.STATE, LineKind.LINK})
_RUNS = POOL_COUNTS | {MessageId.UPDATE_REJECTED, MessageId.ACK_WITHOUT_UPDATE}


@dataclass(frozen=True, slots=True)
class Move:
    """A change of a server's own state, or of the state it recorded of its partner."""

    at: float
    own: bool
    before: FailoverState | None
    after: FailoverState


@dataclass(slots=True)
class Life:
    """One process. Times are epoch seconds of the console's clock."""

    begin: float
    """Its first line: of its start where that was seen."""
    pid: int | None
    started: bool
    """Its start was seen."""
    signs: list[float] = field(default_factory=list)
    """When it wrote a line, in order."""
    moves: list[Move] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    """When it noted that the link was lost."""
    timeouts: list[float] = field(default_factory=list)
    """When it noted that its partner was silent for too long."""
    last_client: float | None = None
    """When it last wrote of a client."""
    ended: bool = False
    """It said that it ends."""
    hole: bool = False
    """What stands behind its last line cannot be read."""
    unsure: bool = False
    """Another process started behind its last line: another dhcpd of this host, or its own successor."""

    @property
    def end(self) -> float:
        """The last sign of life."""
        return self.signs[-1] if self.signs else self.begin


@dataclass(frozen=True, slots=True)
class Loss:
    """A server noted that its partner was gone from the link."""

    at: float
    silent: bool
    """It met silence; else the connection was closed, as the end of a process does."""


class _Reader:
    """Takes the lines of one log in their order."""

    def __init__(self, peer: str, offset: float) -> None:
        self.lives: list[Life] = []
        self._peer, self._offset = peer, offset
        self._preface: tuple[int | None, float] | None = None
        """A banner that was read last: of a start, or of a test of the configuration."""
        self._startup: tuple[float, int, int] | None = None
        """A move to startup, with the signs and moves before it: a start whose banner is missing?"""

    def take(self, line: LogLine) -> None:
        """The next line."""
        if line.stamp is None:
            self._unreadable(line)
            return
        if line.kind is LineKind.OTHER or line.teller:
            return
        at = line.stamp - self._offset
        if line.message is MessageId.BANNER:
            self._preface = (line.pid, at)
        elif self._preface is not None and self._preface[0] == line.pid:
            self._in_preface(line, at, self._preface[1])
        else:
            self._plain(line, at)

    def _unreadable(self, line: LogLine) -> None:
        """Whatever it says, it may be an end and a start: the life before it is over, as far as is known."""
        if self.lives and line.text.strip():
            self.lives[-1].hole = True

    def _in_preface(self, line: LogLine, at: float, begun: float) -> None:
        if line.message is MessageId.SERVER_STARTING or self._to_startup(line):
            self._begin(line.pid, begun, started=True)
            self._sign(line, at)
        elif line.message is MessageId.EXITING or line.kind is LineKind.FATAL:
            self._preface = None  # a test, or a start that failed
            return
        elif _runs(line):  # only a test stood there
            self._plain(line, at)
        else:
            return
        self._preface = None

    def _plain(self, line: LogLine, at: float) -> None:
        life = self.lives[-1] if self.lives else None
        mine = line.transition is not None and line.transition.peer == self._peer
        same = life is not None and life.pid == line.pid
        if life is None or life.hole or life.ended or not same:
            if not (mine or (_runs(line) and (life is None or same))):
                if life is not None and line.message is MessageId.SERVER_STARTING:
                    life.unsure = True
                return
            started = line.message is MessageId.SERVER_STARTING or self._to_startup(line)
            self._begin(line.pid, at, started=started)
        elif line.message is MessageId.SERVER_STARTING:
            self._restarted(line, at)
        self.lives[-1].unsure = False
        self._sign(line, at)

    def _restarted(self, line: LogLine, at: float) -> None:
        """The same pid starts, and no banner was seen: the move to startup right before it belongs to the start."""
        life, moved = self.lives[-1], None
        if life.started and not any(move.own and move.after is not _S.STARTUP for move in life.moves):
            return  # the start that this life began with
        if self._startup is not None:
            begun, signs, moves = self._startup
            moved = life.moves[moves]
            del life.signs[signs:], life.moves[moves:]
            at = begun
        self._begin(line.pid, at, started=True)
        if moved is not None:
            self.lives[-1].moves.append(moved)

    def _begin(self, pid: int | None, at: float, *, started: bool) -> None:
        self.lives.append(Life(at, pid, started))
        self._startup = None

    def _sign(self, line: LogLine, at: float) -> None:
        life, move = self.lives[-1], line.transition
        if move is not None and move.peer == self._peer:
            own = move.who is Mover.ME
            if own:
                startup = (at, len(life.signs), len(life.moves))
                self._startup = startup if self._to_startup(line) else None
            life.moves.append(Move(at, own, move.from_state, move.to_state))
        elif line.message is MessageId.DISCONNECTED and line.peer == self._peer:
            life.losses.append(at)
        elif line.message is MessageId.PARTNER_TIMEOUT and line.peer == self._peer:
            life.timeouts.append(at)
        elif line.message is MessageId.EXITING:
            life.ended = True
        if line.kind is LineKind.CLIENT:
            life.last_client = at
        life.signs.append(max(at, life.end))

    def _to_startup(self, line: LogLine) -> bool:
        move = line.transition
        return move is not None and move.peer == self._peer and move.who is Mover.ME and move.to_state is _S.STARTUP


def _runs(line: LogLine) -> bool:
    """Whether only a dhcpd that serves, or would, writes it."""
    return line.transition is not None or line.kind in _RUNNING or line.message in _RUNS


def read_lives(lines: Iterable[LogLine], peer: str, offset: float) -> tuple[Life, ...]:
    """The lives in a log. `offset`: the server's clock minus the console's."""
    reader = _Reader(peer, offset)
    for line in lines:
        reader.take(line)
    return tuple(reader.lives)


def losses_of(lives: Sequence[Life]) -> list[Loss]:
    """What a server noted of its partner's end."""
    return [Loss(at, any(0 <= at - timeout < 1 for timeout in life.timeouts)) for life in lives for at in life.losses]
